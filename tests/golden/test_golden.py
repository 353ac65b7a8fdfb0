"""Artefacts of released formats load forever, and say what they said then.

``version1`` holds what this version writes: a trained pipeline of all components (as a folder
and as bytes), documents in each format, a vocab and a checkpoint. They must never be written anew
to make a test pass: keep reading them, and put the next format into a folder of its own, with::

    python tests/golden/test_golden.py FOLDER
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import spanloom
from spanloom import Doc, Pipeline, Vocab
from spanloom.config import Config, init_config
from spanloom.corpora.corpus import read_docs
from spanloom.corpora.writing import writer_for
from spanloom.tokens import Span
from spanloom.training.checkpoint import Checkpoint, find_checkpoint

GOLDEN = Path(__file__).parent / "version1"
VERSIONS = pytest.mark.parametrize("folder", [GOLDEN], ids=lambda folder: folder.name)
FORMATS = ("arrow", "jsonl", "loom", "parquet", "spacy")
COMPONENTS = ("tagger", "morphologizer", "senter", "parser", "ner", "textcat", "textcat_multilabel")
TEXTS = ["Ann sees red dogs. Bob can't sleep.", "The big dog sleeps.", "日本 Ann", ""]


def annotated(doc: Doc) -> dict[str, Any]:
    """What a document says, with scores that needn't be equal to the last bit."""
    facts: dict[str, Any] = doc.to_json()
    facts["cats"] = {label: round(score, 3) for label, score in doc.cats.items()}
    facts["norms"] = [token.norm_ for token in doc]
    facts["user_data"] = {str(key): value for key, value in doc.user_data.items()}
    plain: dict[str, Any] = json.loads(json.dumps(facts))
    return plain


@VERSIONS
def test_pipelines_annotate_as_they_did(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text("utf8"))
    nlp = spanloom.load(folder / "pipeline")
    assert [annotated(doc) for doc in nlp.pipe(TEXTS)] == expected["pipeline"]
    fresh = Pipeline.from_config(nlp.config)
    # Without the rules of the tokenizer, which are large.
    fresh.from_bytes((folder / "pipeline.bytes").read_bytes(), exclude=["tokenizer"])
    assert [annotated(doc) for doc in fresh.pipe(TEXTS)] == expected["pipeline"]


@VERSIONS
@pytest.mark.parametrize("suffix", FORMATS)
def test_documents_are_read_as_they_were(folder: Path, suffix: str) -> None:
    if suffix in ("arrow", "parquet"):
        pytest.importorskip("pyarrow")
    expected = json.loads((folder / "expected.json").read_text("utf8"))["docs"]
    docs = list(read_docs(folder / f"docs.{suffix}", spanloom.blank("en").vocab))
    assert [doc.text for doc in docs] == [each["text"] for each in expected]
    if suffix != "jsonl":  # which doesn't keep norms and user data
        assert [annotated(doc) for doc in docs] == expected
    doc = Doc(Vocab("en")).from_bytes((folder / "doc.bytes").read_bytes())
    assert annotated(doc) == expected[0]


@VERSIONS
def test_vocabs_are_read(folder: Path) -> None:
    vocab = Vocab().from_bytes((folder / "vocab.bytes").read_bytes())
    assert vocab.lang == "en" and {"Ann", "NNP"} <= set(vocab.strings)


@VERSIONS
def test_training_goes_on_from_a_checkpoint(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "training", tmp_path / "out")
    path = find_checkpoint(tmp_path / "out")
    assert path is not None
    found = Checkpoint.read(path)
    assert found.progress.step == 4
    docs = str(folder / "docs.loom")
    result = spanloom.train(
        Config(dict(found.config)),
        tmp_path / "out",
        quiet=True,
        resume=True,
        overrides={"training.max_steps": 6, "corpora.train.path": docs, "corpora.dev.path": docs},
    )
    assert [each.step for each in result.history.evaluations] == [4, 6]
    assert result.history.evaluations[0].score == found.history.evaluations[0].score


# -- writing them


def config(train: Path, *pipeline: str) -> Config:
    """A config of layers as small as can be."""
    made = init_config("xx", pipeline)
    for name, block in made["components"].items():
        model = block.get("model", {})
        if name == "tok2vec":
            model["embed"].update(width=8, rows=[40, 40, 40, 40])
            model["encode"].update(width=8, depth=1, maxout_pieces=2)
        else:
            model["tok2vec"]["width"] = 8
        if "hidden_width" in model:
            model["hidden_width"] = 8
        if "linear_model" in model:
            model["linear_model"]["length"] = 64
    made["paths"].update(train=str(train), dev=str(train))
    made["training"].update(max_steps=60, eval_frequency=60, dropout=0.0)
    made["training"]["optimizer"]["learn_rate"] = 0.02
    return made


def some_docs(vocab: Vocab) -> list[Doc]:
    docs = []
    for name, colour, thing in [("Ann", "red", "dogs"), ("Bob", "big", "cats")]:
        doc = Doc(
            vocab,
            words=[name, "sees", colour, thing, ".", "Eve", "sleeps", "."],
            spaces=[True, True, True, False, True, True, False, False],
            tags=["NNP", "VBZ", "JJ", "NNS", ".", "NNP", "VBZ", "."],
            pos=["PROPN", "VERB", "ADJ", "NOUN", "PUNCT", "PROPN", "VERB", "PUNCT"],
            morphs=["Number=Sing", "", "", "Number=Plur", "", "Number=Sing", "", ""],
            lemmas=[name, "see", colour, thing, ".", "Eve", "sleep", "."],
            heads=[1, 1, 3, 1, 1, 6, 6, 6],
            deps=["nsubj", "ROOT", "amod", "obj", "punct", "nsubj", "ROOT", "punct"],
            ents=["B-PERSON", "O", "O", "O", "O", "B-PERSON", "O", "O"],
            sent_starts=[True, False, False, False, False, True, False, False],
            user_data={"source": [1, "a"]},
        )
        doc.cats = {"RED": float(colour == "red"), "BIG": float(colour == "big")}
        doc.spans["sc"] = [Span(doc, 2, 4, "THING", "Q1", "s1")]
        docs.append(doc)
    return docs


def write(folder: Path) -> None:
    """Write a folder of artefacts as this version does."""
    folder.mkdir(parents=True)
    with contextlib.chdir(folder):  # so that no path of this machine gets into them
        _write(Path())


def _write(folder: Path) -> None:
    docs = some_docs(spanloom.blank("en").vocab)
    for suffix in FORMATS:
        path = folder / f"docs.{suffix}"
        writer_for(path)(path, docs)
    (folder / "doc.bytes").write_bytes(docs[0].to_bytes())
    (folder / "vocab.bytes").write_bytes(docs[0].vocab.to_bytes())
    trained = spanloom.train(config(folder / "docs.loom", *COMPONENTS), quiet=True).nlp
    trained.to_disk(folder / "pipeline")
    (folder / "pipeline.bytes").write_bytes(trained.to_bytes(exclude=["tokenizer"]))
    small = config(Path("docs.loom"), "tagger", "ner")
    small["nlp"]["tokenizer"] = {"@tokenizers": "spanloom.WhitespaceTokenizer.v1"}
    small["training"].update(max_steps=4, eval_frequency=4)
    small["training"]["optimizer"]["use_averages"] = True
    spanloom.train(small, folder / "training", quiet=True)
    for name in ("model-best", "model-last"):
        shutil.rmtree(folder / "training" / name)
    expected = {
        "docs": [annotated(doc) for doc in docs],
        "pipeline": [annotated(doc) for doc in spanloom.load(folder / "pipeline").pipe(TEXTS)],
    }
    text = json.dumps(expected, indent=1, ensure_ascii=False)
    (folder / "expected.json").write_text(text + "\n", "utf8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
