"""Raw text: formats, lengths, bad lines, order, memory."""

from __future__ import annotations

import bz2
import gzip
import json
import logging
import lzma
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spanloom
from spanloom.config import Config, fill_config, find_problems, init_config, parse_config
from spanloom.errors import DataError, FormatError, MissingFileError
from spanloom_pretrain import JsonlCorpus, PlainTextCorpus, read_settings
from spanloom_pretrain.stream import held_out_docs, shuffled, training_docs

LINES = ["A first line .", "The second one is longer than that .", "Three"]


def _texts(corpus: JsonlCorpus) -> list[str]:
    return [example.reference.text for example in corpus(spanloom.blank("en"))]


def _jsonl(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    return path


@pytest.mark.parametrize(
    ("suffix", "opener"), [("", open), (".gz", gzip.open), (".bz2", bz2.open), (".xz", lzma.open)]
)
def test_lines_of_text_compressed_or_not(tmp_path: Path, suffix: str, opener: Any) -> None:
    for name, lines in (
        ("t.jsonl", [json.dumps({"text": line, "source": 1}) for line in LINES]),
        ("t.txt", LINES),
    ):
        path = tmp_path / f"{name}{suffix}"
        with opener(path, "wb") as file:
            file.write("\n\n".join(lines).encode() + b"\r\n")
        assert _texts(JsonlCorpus(path)) == LINES


def test_tokens_are_taken_as_given(tmp_path: Path) -> None:
    nlp = spanloom.blank("en")
    rows = [
        {"tokens": ["can't", "stop"]},
        {"tokens": ["no", "!"], "spaces": [False, False]},
        nlp("A whole document.").to_json(),
        {"text": "can't"},
    ]
    corpus = JsonlCorpus(_jsonl(tmp_path / "t.jsonl", rows))
    words = [doc.words for doc in corpus.docs(nlp)]
    assert words == [["can't", "stop"], ["no", "!"], ["A", "whole", "document", "."], ["ca", "n't"]]


def test_folders_are_read_in_order_with_annotated_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.txt").write_text("last\n", encoding="utf8")
    (tmp_path / "a.conllu").write_text(
        "1\tFirst\tfirst\tADJ\tJJ\t_\t0\troot\t_\t_\n\n", encoding="utf8"
    )
    (tmp_path / "notes.pdf").write_text("no", encoding="utf8")
    (tmp_path / ".hidden.txt").write_text("no\n", encoding="utf8")
    docs = list(JsonlCorpus(tmp_path).docs(spanloom.blank("en")))
    assert [doc.words for doc in docs] == [["First"], ["last"]]
    assert docs[0].column("TAG") is None


def test_plain_text_is_a_document_on_each_line(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("One two.\n\nThree\n", encoding="utf8")
    assert _texts(PlainTextCorpus(tmp_path / "raw")) == ["One two.", "Three"]
    assert _texts(PlainTextCorpus(tmp_path / "raw", min_length=2, max_length=3)) == ["One two."]
    assert _texts(PlainTextCorpus(tmp_path / "raw", max_length=2)) == ["Three"]
    with pytest.raises(MissingFileError, match=r"contains no raw text"):
        _texts(PlainTextCorpus(tmp_path))
    with gzip.open(tmp_path / "b.txt.gz", "wb") as file:
        file.write(b"Four\n")
    (tmp_path / "c.jsonl").write_text('{"text": "Five"}\n')
    assert _texts(PlainTextCorpus(tmp_path)) == ["Four"]


def test_lengths_and_limit(tmp_path: Path) -> None:
    path = _jsonl(tmp_path / "t.jsonl", [{"text": "x " * n} for n in (1, 2, 3, 4, 5, 2)])
    nlp = spanloom.blank("en")
    corpus = JsonlCorpus(path, min_length=2, max_length=5)
    assert [len(doc) for doc in corpus.docs(nlp)] == [2, 3, 4, 2]
    corpus.limit = 2
    assert [len(doc) for doc in corpus.docs(nlp)] == [2, 3]


BAD = [
    "{",
    '"text"',
    '{"txt": "x"}',
    '{"text": 3}',
    '{"tokens": ["a", 1]}',
    '{"tokens": ["", "b"]}',
]


@pytest.mark.parametrize("line", [*(text.encode() for text in BAD), b'{"text": "\xff"}'])
def test_bad_lines_are_named_and_skipped_if_wanted(
    tmp_path: Path, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"text": "one"}\n' + line + b'\n{"text": "two"}\n')
    with pytest.raises(FormatError, match=r"t\.jsonl, line 2: "):
        _texts(JsonlCorpus(path))
    corpus = JsonlCorpus(path, skip_bad_lines=True)
    with caplog.at_level(logging.WARNING, "spanloom"):
        assert _texts(corpus) == _texts(corpus) == ["one", "two"]
    assert [problem.line for problem in corpus.problems] == [2]
    assert caplog.text.count("line 2") == 1


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no/such"):
        _texts(JsonlCorpus("no/such"))
    with pytest.raises(MissingFileError, match="no raw text"):
        _texts(JsonlCorpus(tmp_path))
    (tmp_path / "x.pdf").write_text("x", encoding="utf8")
    with pytest.raises(DataError, match="format of .* isn't supported"):
        _texts(JsonlCorpus(tmp_path / "x.pdf"))
    (tmp_path / "x.txt.gz").write_bytes(gzip.compress(b"some text\n" * 1000)[:-20])
    with pytest.raises(FormatError, match="damaged"):
        _texts(JsonlCorpus(tmp_path / "x.txt.gz"))


@given(st.lists(st.integers()), st.integers(0, 12), st.integers(0, 99))
def test_shuffling_gives_each_item_once(items: list[int], size: int, seed: int) -> None:
    given = list(shuffled(items, size, np.random.default_rng(seed)))
    assert sorted(given) == sorted(items)
    assert list(shuffled(items, size, np.random.default_rng(seed))) == given
    if size <= 1:
        assert given == items


def test_shuffling_holds_no_more_than_its_buffer() -> None:
    taken: list[int] = []

    def stream() -> Iterator[int]:
        for number in range(10**6):
            taken.append(number)
            yield number

    numbers = shuffled(stream(), 100, np.random.default_rng(0))
    for count in range(1, 500):
        next(numbers)
        assert len(taken) - count <= 101


def test_held_out_text_is_not_trained_on(make_config: Callable[..., Config]) -> None:
    config = make_config().interpolate()
    nlp = spanloom.Pipeline.from_config(config)
    settings = read_settings(config)
    held_out = {doc.text for doc in held_out_docs(nlp, settings)}
    epochs = [[doc.text for doc in training_docs(nlp, settings, epoch)] for epoch in (0, 1, 0)]
    assert 10 < len(held_out) < 80
    assert not held_out & set(epochs[0])
    assert len(held_out) + len(set(epochs[0])) == 400
    assert sorted(epochs[0]) == sorted(epochs[1])
    assert epochs[0] == epochs[2] != epochs[1]


@pytest.mark.lengthy
def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    peaks = []
    for count in (2000, 8000):
        rows: list[object] = [{"text": f"{i % 500} is one of the numbers"} for i in range(count)]
        path = _jsonl(tmp_path / f"{count}.jsonl", rows)
        nlp = spanloom.blank("en")
        corpus = JsonlCorpus(path)
        for _ in corpus.docs(nlp):
            pass
        tracemalloc.start()
        docs = shuffled(corpus.docs(nlp), 200, np.random.default_rng(0))
        for _ in docs:
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_the_section_brings_its_corpus_and_path() -> None:
    config = init_config("en", ["tagger"], sections=("pretraining",))
    assert config["paths"]["raw"] is None
    assert config["corpora"]["pretrain"]["path"] == "${paths.raw}"
    assert fill_config(config) == config
    assert find_problems(config) == []
    bare = init_config("en", ["tagger"])
    assert "pretraining" not in bare
    assert "pretrain" not in bare["corpora"]
    assert fill_config(bare, sections=("pretraining",)) == config


def test_an_empty_section_as_spacy_writes_it_stays_empty() -> None:
    config = init_config("en", ["tagger"])
    config["pretraining"] = {}
    filled = fill_config(config)
    assert filled["pretraining"] == {}
    assert "pretrain" not in filled["corpora"]


SPACY = """
[paths]
raw_text = null
[nlp]
lang = "en"
pipeline = ["tok2vec"]
[components.tok2vec]
factory = "tok2vec"
[corpora.pretrain]
@readers = "spacy.JsonlCorpus.v1"
path = ${paths.raw_text}
min_length = 5
max_length = 500
limit = 0
[pretraining]
max_epochs = 1000
dropout = 0.2
n_save_every = null
n_save_epoch = null
component = "tok2vec"
layer = ""
corpus = "corpora.pretrain"
[pretraining.batcher]
@batchers = "spacy.batch_by_words.v1"
size = 3000
discard_oversize = false
tolerance = 0.2
get_length = null
[pretraining.objective]
@architectures = "spacy.PretrainVectors.v1"
maxout_pieces = 3
hidden_size = 300
loss = "cosine"
"""


def test_a_section_as_spacy_has_it_is_right_as_written() -> None:
    config = parse_config(SPACY)
    assert find_problems(config) == []
    filled = fill_config(config)
    assert filled["corpora"]["pretrain"]["path"] == "${paths.raw_text}"
    assert filled["pretraining"]["objective"]["@architectures"] == "spacy.PretrainVectors.v1"
    assert filled["pretraining"]["patience"] == 6000


def test_files_of_a_folder_are_read_side_by_side(tmp_path: Path) -> None:
    for name, count in (("a.jsonl", 4000), ("b.txt", 1000), ("c/d.jsonl.gz", 200)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        rows = [f"{name[0]} {number:04}" for number in range(count)]
        if ".jsonl" in name:
            rows = [json.dumps({"text": text}) for text in rows]
        opener: Any = gzip.open if name.endswith("gz") else open
        with opener(path, "wb") as file:
            file.write("\n".join(rows).encode())
    texts = _texts(JsonlCorpus(tmp_path))
    assert len(texts) == 5200
    for letter, count in (("a", 4000), ("b", 1000)):
        own = [place for place, text in enumerate(texts) if text.startswith(letter)]
        assert [int(texts[place][2:]) for place in own] == list(range(count))
        assert own[count // 2] == pytest.approx(2600, abs=300)


@pytest.mark.lengthy
def test_held_out_text_comes_from_all_parts_of_a_corpus(
    make_config: Callable[..., Config], tmp_path: Path
) -> None:
    path = _jsonl(tmp_path / "t.jsonl", [{"text": f"the number {n}"} for n in range(20000)])
    config = make_config(paths__raw=str(path), corpora__pretrain__min_length=0).interpolate()
    config["pretraining"].update(held_out=0.2, held_out_words=600)
    nlp = spanloom.Pipeline.from_config(config)
    settings = read_settings(config)
    found = held_out_docs(nlp, settings)
    assert sum(map(len, found)) == 600
    numbers = [int(doc.text.split()[-1]) for doc in found]
    assert numbers == sorted(numbers)
    assert np.mean(numbers) == pytest.approx(10000, abs=1500)
    settings.corpus = lambda nlp: JsonlCorpus(path)(nlp)  # a reader of another kind
    assert [doc.text for doc in held_out_docs(nlp, settings)] == [doc.text for doc in found]
    theirs = {doc.text for doc in training_docs(nlp, settings, 0)}
    assert not theirs & {doc.text for doc in found}
