"""The blocks of docs/vectors.md that need libraries which train vectors, as they are written."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from spanloom_vectors import Table

pytestmark = pytest.mark.slow

GUIDE = Path(__file__).parents[3] / "docs" / "vectors.md"
BEFORE = "sentences = [line.split() for line in open('text.txt', encoding='utf8')]\n"


@pytest.mark.parametrize("library", ["gensim", "fasttext", "floret"])
def test_training_with(library, tmp_path):
    if find_spec(library) is None:
        pytest.skip(f"{library} isn't installed")
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf8"), re.S)
    (code,) = (block for block in blocks if block.startswith(f"import {library}\n"))
    random.seed(0)
    syllables = [a + b for a in "kmnprst" for b in "aeiou"]
    words = [a + b for a in syllables for b in syllables[::5]]
    lines = [" ".join(random.choices(words, k=8)) for _ in range(3000)]
    (tmp_path / "text.txt").write_text("\n".join(lines), encoding="utf8")
    # A process for each: two of the libraries can't live in one.
    run = subprocess.run(
        [sys.executable, "-c", BEFORE + code], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    table = Table.open(tmp_path / f"{library}.wlv")
    assert table.width == 50 and table[words[0]].any()
    assert ("never_seen" in table) == (library != "gensim")
    check = {
        "gensim": "print(model.wv[word].tolist())",
        "fasttext": "print(fasttext.load_model('fasttext.bin').get_word_vector(word).tolist())",
        "floret": "print(model.get_word_vector(word).tolist())",
    }[library]
    run = subprocess.run(
        [sys.executable, "-c", f"{BEFORE}{code}\nword = {words[0]!r}\n{check}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    theirs = [float(number) for number in run.stdout.splitlines()[-1].strip("[]").split(",")]
    ours = Table.open(tmp_path / f"{library}.wlv")[words[0]].tolist()
    assert ours == pytest.approx(theirs, abs=2e-3)


def test_gensim_reads_what_we_write(tmp_path, data):
    pytest.importorskip("gensim")
    from gensim.models import KeyedVectors
    from gensim.models.fasttext import load_facebook_vectors

    from spanloom_vectors import from_gensim, read_vectors, to_gensim, write_vectors

    table = read_vectors(data / "glove_200.txt")
    write_vectors(tmp_path / "x.bin", table, format="word2vec-binary")
    write_vectors(tmp_path / "x.txt", table)
    for name, binary in (("x.bin", True), ("x.txt", False)):
        keyed = KeyedVectors.load_word2vec_format(str(tmp_path / name), binary=binary)
        assert keyed["the"].tolist() == table["the"].tolist()
    assert Table.from_source(from_gensim(to_gensim(table.source()))).hash == table.hash
    subwords = read_vectors(data / "ff_fasttext.bin")
    write_vectors(tmp_path / "m.bin", subwords)
    theirs = load_facebook_vectors(str(tmp_path / "m.bin"))
    for word in ("und", "überlauf"):
        assert theirs[word].tolist() == pytest.approx(subwords[word].tolist(), abs=1e-5)
    again = Table.from_source(from_gensim(theirs))
    assert again["überlauf"].tolist() == pytest.approx(subwords["überlauf"].tolist(), abs=1e-5)
