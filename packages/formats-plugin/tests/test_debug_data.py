"""The command ``debug data``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spanloom import Doc, Vocab
from spanloom.config import init_config
from spanloom.tokens.storage.docfile import write_docs

from .support import run

ROWS = "1\tdogs\t_\tNOUN\tNNS\t_\t2\tnsubj\t_\t_\n2\trun\t_\tVERB\t{tag}\t_\t0\troot\t_\t_\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "my.cfg"
    path.write_text(init_config("en", ["tagger"]).to_str(interpolate=False), "utf8")
    return path


def test_data_is_counted_and_judged(config: Path, tmp_path: Path) -> None:
    train, dev = tmp_path / "train.conllu", tmp_path / "dev.conllu"
    train.write_text("\n".join([ROWS.format(tag="VBP")] * 30), "utf8")
    dev.write_text(ROWS.format(tag="VBX"), "utf8")
    sentences = ["--corpora.train.gold_preproc", "true"]
    paths = ["--paths.train", train, "--paths.dev", dev]
    told = run("debug", "data", config, *paths, *sentences)
    assert "29 documents in train have the text of another" in told.output
    assert "1 of 1 documents in dev have the same text as one in train" in told.output
    assert "labels of 'tagger' are only in dev, so they can't be predicted: VBX" in told.output
    found = json.loads(run("debug", "data", config, *paths, *sentences, "--json").output)
    assert found["train"]["documents"] == 30 and found["train"]["words"] == 60
    assert found["train"]["labels"]["tags"] == {"NNS": 30, "VBP": 30}
    assert found["shared"] == 1 and found["unseen"] == 0


def test_sentences_that_are_in_both_are_found_in_other_documents(
    config: Path, tmp_path: Path
) -> None:
    train, dev = tmp_path / "train.conllu", tmp_path / "dev.conllu"
    words = ["we", "saw", "the", "old", "red", "dogs"]

    def sentence(last: str) -> str:
        rows = [f"{i}\t{word}\t_\t_\tX" for i, word in enumerate([*words, last], 1)]
        return "\n".join(f"{row}\t_\t_\t_\t_\t_" for row in rows) + "\n\n"

    train.write_text("".join(sentence(last) for last in "abcdefghijkl"), "utf8")
    dev.write_text(sentence("z") + sentence("c"), "utf8")
    told = run("debug", "data", config, "--paths.train", train, "--paths.dev", dev)
    assert "1 of 2 sentences of 5 words or more in dev are in train too" in told.output
    dev.write_text(sentence("z"), "utf8")
    told = run("debug", "data", config, "--paths.train", train, "--paths.dev", dev)
    assert "in train too" not in told.output


def test_what_cannot_be_learned_is_an_error(config: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.conllu"
    bare.write_text("1\tdogs\t_\t_\t_\t_\t_\t_\t_\t_\n", "utf8")
    told = run("debug", "data", config, "--paths.train", bare, "--paths.dev", bare, code=1)
    assert "'tagger' learns tags, but train has none annotated" in told.output


def test_heads_in_a_circle_are_an_error(config: Path, tmp_path: Path) -> None:
    doc = Doc(Vocab("en"), words=["a", "b"], heads=[1, 1], deps=["x", "ROOT"], tags=["A", "B"])
    doc[1].head = doc[0]
    write_docs(tmp_path / "a.loom", [doc])
    paths = ["--paths.train", tmp_path / "a.loom", "--paths.dev", tmp_path / "a.loom"]
    told = run("debug", "data", config, *paths, code=1)
    assert "1 documents in train have heads that go in a circle" in told.output


def test_null_paths_are_told_as_train_tells_them(config: Path, tmp_path: Path) -> None:
    (tmp_path / "train.conllu").write_text(ROWS.format(tag="VBP"), "utf8")
    told = run("debug", "data", config, code=1).output
    assert "corpora.train.path: is null" in told and "give --paths.train" in told
    assert "corpora.dev.path: is null" in told and "TypeError" not in told
    told = run("debug", "data", config, "--paths.train", tmp_path / "train.conllu", code=1).output
    assert "corpora.train" not in told and "corpora.dev.path: is null" in told
