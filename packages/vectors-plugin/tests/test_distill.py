from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import spanloom
from spanloom import registry
from spanloom.cli.main import cli
from spanloom.errors import DataError, FormatError, UnknownNameError
from spanloom.vocab.encoding import TextEncoder, open_encoder
from spanloom_vectors import Table, Vocabulary, count_words, distill, open_vectors, read_vocabulary

WIDTH = 12


class Letters:
    """Encodes a text by its letters; sees nothing where there are none."""

    width = WIDTH

    def encode(self, texts):
        rows = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for place, letter in enumerate(text):
                if letter.isalpha():
                    row[ord(letter) % WIDTH] += 1 + place / 3
        return rows


@registry.encoders("spanloom-vectors-tests.Letters.v1")
def letters():
    return lambda source: Letters()


WORDS = ["the", "a", "cat", "dog", "mouse", "elephant", "tiger", "lion", "bird", "horse"]


def cosines(rows: np.ndarray) -> np.ndarray:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


def test_each_word_has_what_the_encoder_gives_for_it():
    table, found = distill(Letters(), WORDS, pca=False)
    np.testing.assert_array_equal(table.vectors_for(WORDS), Letters().encode(WORDS))
    assert isinstance(Letters(), TextEncoder)
    assert found.words == len(WORDS) and found.width == found.encoder_width == WIDTH
    assert list(table.words) == WORDS and found.empty == [] and found.variance == 1


@pytest.mark.lengthy
@settings(max_examples=30, deadline=None)
@given(st.lists(st.text("abcdefghij", min_size=1, max_size=6), min_size=2, unique=True))
def test_components_are_those_of_the_singular_vectors(words):
    table, found = distill(Letters(), words, dims=4)
    rows = Letters().encode(words).astype(np.float64)
    left, values, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    dims = min(4, len(words) - 1)
    expected = (left * values)[:, :dims]
    assert found.width == table.width == dims
    np.testing.assert_allclose(
        table.vectors_for(words) @ table.vectors_for(words).T, expected @ expected.T, atol=1e-2
    )
    share = (values[:dims] ** 2).sum() / max((values**2).sum(), 1e-9)
    assert found.variance == pytest.approx(share, abs=1e-3)


def test_full_turn_keeps_distances():
    table, found = distill(Letters(), WORDS, dims=100)
    rows, turned = Letters().encode(WORDS), table.vectors_for(WORDS)
    assert found.width == len(WORDS) - 1 and found.variance == pytest.approx(1)
    for i in range(len(WORDS)):
        np.testing.assert_allclose(
            np.linalg.norm(turned - turned[i], axis=1),
            np.linalg.norm(rows - rows[i], axis=1),
            atol=1e-3,
        )


def test_frequency_changes_lengths_and_no_cosine():
    plain = distill(Letters(), WORDS)[0].vectors_for(WORDS)
    counts = np.array([900, 500, 90, 50, 9, 5, 4, 3, 2, 1])
    counted = Vocabulary(WORDS, counts, True)
    zipf = distill(Letters(), WORDS, frequency="zipf")[0].vectors_for(WORDS)
    sif = distill(Letters(), counted, frequency="sif")[0].vectors_for(WORDS)
    for rows in (zipf, sif):
        np.testing.assert_allclose(cosines(rows), cosines(plain), atol=1e-4)
    length = np.linalg.norm(plain, axis=1)
    np.testing.assert_allclose(
        np.linalg.norm(zipf, axis=1) / length, np.log(np.arange(2, 12)), rtol=1e-4
    )
    share = counts / counts.sum()
    np.testing.assert_allclose(
        np.linalg.norm(sif, axis=1) / length, 0.001 / (0.001 + share), rtol=1e-4
    )
    by_rank = distill(Letters(), WORDS, frequency="sif")[0].vectors_for(WORDS)
    factors = np.linalg.norm(by_rank, axis=1) / length
    assert (np.diff(factors) > 0).all()


def test_words_without_a_vector_are_named():
    table, found = distill(Letters(), ["cat", "123", "dog", "?"])
    assert found.empty == ["123", "?"] and list(table.words) == ["cat", "dog"]
    with pytest.raises(DataError, match="nothing"):
        distill(Letters(), ["1", "2"])


def test_it_is_the_same_each_time_and_tells_how_far_it_is():
    done: list[int] = []
    words = [f"{a}{b}{c}" for a in "abcdefgh" for b in "ijklmnop" for c in "qrstuvwxyzabcdefghi"]
    first, _ = distill(Letters(), words, advance=done.append, name="x", attrs=["LOWER"])
    again, _ = distill(Letters(), words, name="x", attrs=["LOWER"])
    assert first.hash == again.hash and sum(done) == len(words) == 1216 and len(done) > 1
    assert first.name == "x" and first.attrs == ("LOWER",)


def test_what_cannot_be_is_said():
    unknown_order = Vocabulary(WORDS)
    with pytest.raises(DataError, match="frequent"):
        distill(Letters(), unknown_order, frequency="zipf")
    with pytest.raises(DataError, match="'often'"):
        distill(Letters(), WORDS, frequency="often")
    with pytest.raises(DataError, match="dimensions"):
        distill(Letters(), WORDS, dims=0)
    with pytest.raises(DataError, match="no words"):
        distill(Letters(), [])


# -- vocabularies


def test_words_are_counted_in_texts(tmp_path):
    (tmp_path / "a.txt").write_text("the cat saw the dog\nThe dog ran\n")
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": "the cat  sat"}) + "\n")
    nlp = spanloom.blank("en")
    (tmp_path / "c.conllu").write_text("1\tcat\t_\t_\t_\t_\t0\troot\t_\t_\n\n")
    found = count_words([tmp_path / "a.txt", tmp_path / "b.jsonl", tmp_path / "c.conllu"], nlp)
    counts = dict(zip(found.words, found.counts.tolist(), strict=True))
    assert counts == {"the": 3, "cat": 3, "dog": 2, "saw": 1, "The": 1, "ran": 1, "sat": 1}
    assert found.ranked and found.counts.tolist() == sorted(counts.values(), reverse=True)
    low = found.lowered()
    assert low.words[0] == "the" and low.counts[0] == 4
    assert list(found.cut(2).words) == list(found.words[:2])
    assert set(found.cut(None, 2).words) == {"the", "cat", "dog"}


@pytest.mark.lengthy
def test_distilling_again_in_another_process_gave_another_table(tmp_path):
    # Words seen equally often came in an order that the hashes of strings decided.
    (tmp_path / "a.txt").write_text("zebra apple mango fig zebra pear\n")
    code = (
        "import sys, spanloom; from spanloom_vectors import count_words;"
        "print(*count_words([sys.argv[1]], spanloom.blank('en')).words)"
    )
    for seed in ("1", "2", "3"):
        found = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "a.txt")],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert found.stdout.split() == ["zebra", "apple", "fig", "mango", "pear"]


def test_vocabularies_of_files(tmp_path, table):
    (tmp_path / "words.txt").write_text("cat\n\nNew York\ncat\ndog\n")
    assert list(read_vocabulary(tmp_path / "words.txt").words) == ["cat", "New York", "dog"]
    (tmp_path / "counts.txt").write_text("cat\t2\ndog\t9\ncat\t1\n")
    counted = read_vocabulary(tmp_path / "counts.txt")
    assert list(counted.words) == ["dog", "cat"] and counted.counts.tolist() == [9, 3]
    (tmp_path / "bad.txt").write_text("cat\t2\ndog\tmany\n")
    with pytest.raises(FormatError, match=r"line 2.*many"):
        read_vocabulary(tmp_path / "bad.txt")
    (tmp_path / "mixed.txt").write_text("cat\t2\ndog\n")
    with pytest.raises(FormatError, match=r"line 2.*'dog'"):
        read_vocabulary(tmp_path / "mixed.txt")
    (tmp_path / "none.txt").write_text("\n")
    with pytest.raises(DataError, match="no words"):
        read_vocabulary(tmp_path / "none.txt")
    table.save(tmp_path / "t.wlv")
    assert list(read_vocabulary(tmp_path / "t.wlv").words) == list(table.words)
    words = read_vocabulary(tmp_path / "words.txt").counted(counted)
    assert list(words.words) == ["dog", "cat", "New York"] and words.counts.tolist() == [9, 3, 0]


def test_vocabulary_of_a_pipeline(tmp_path, table):
    nlp = spanloom.blank("en")
    nlp.vocab.strings.add("zebra")
    nlp.to_disk(tmp_path / "plain")
    found = read_vocabulary(tmp_path / "plain")
    assert "zebra" in found.words and not found.ranked
    nlp.vocab.vectors = table
    nlp.to_disk(tmp_path / "vectors")
    found = read_vocabulary(tmp_path / "vectors")
    assert list(found.words) == list(table.words) and found.ranked


# -- the command


def invoked(code: int, *args: object) -> str:
    result = CliRunner().invoke(cli, [str(arg) for arg in args], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.skipif(find_spec("spanloom_transformers") is not None, reason="it is installed")
def test_without_an_encoder_it_says_what_to_install(tmp_path):
    output = invoked(1, "vectors", "distill", tmp_path, tmp_path / "out.wlv")
    assert "pip install spanloom-transformers" in output
    with pytest.raises(UnknownNameError, match="pip install spanloom-transformers"):
        open_encoder("any")


def test_encoders_are_a_registry():
    encoder = open_encoder("any", "spanloom-vectors-tests.Letters.v1")
    assert encoder.encode(["ab"]).shape == (1, encoder.width)


def test_the_table_works_in_a_pipeline(tmp_path):
    table, _ = distill(Letters(), WORDS, attrs=["LOWER"])
    table.save(tmp_path / "t.wlv")
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = open_vectors(tmp_path / "t.wlv")
    doc = nlp("The CAT")
    assert doc[1].has_vector
    assert isinstance(nlp.vocab.vectors, Table)
    assert doc[1].similarity(nlp.vocab["cat"]) == pytest.approx(1)
