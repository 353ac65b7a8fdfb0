"""Every loader with data that was damaged at random: it reads something, or raises our errors.

Nothing is executed either: what is read never gets to ``pickle``, ``eval`` or an import.
"""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spanloom
from spanloom import Config, Doc, Example, Pipeline, Vocab
from spanloom.config import find_problems, init_config, load_config
from spanloom.corpora.corpus import read_docs, read_labels
from spanloom.corpora.writing import writer_for
from spanloom.tokens import Span
from spanloom.training.checkpoint import Checkpoint, find_checkpoint
from spanloom.vocab.strings import StringStore
from spanloom_spacy import DocBin

from .fuzzing import FUZZ, damage, damaged, survives


def a_doc(vocab: Vocab) -> Doc:
    doc = Doc(
        vocab,
        words=["Ann", "can't", "fly", ".", "日本"],
        spaces=[True, True, False, True, False],
        tags=list("ABCDE"),
        pos=["PROPN", "AUX", "VERB", "PUNCT", "PROPN"],
        morphs=["Number=Sing", "", "VerbForm=Inf", "", ""],
        lemmas=["Ann", "can", "fly", ".", "日本"],
        heads=[2, 2, 2, 2, 4],
        deps=["nsubj", "aux", "ROOT", "punct", "ROOT"],
        ents=["B-PER", "O", "O", "O", "B-GPE"],
        user_data={"n": [1, 2.5, None], ("._.", "seen", None, None): True},
    )
    doc.cats = {"travel": 1.0}
    doc.spans["sc"] = [Span(doc, 0, 2, "X", "Q1", "s1"), Span(doc, 1, 3, "Y")]
    return doc


FORMATS = ["conllu", "conll", "iob", "biluo", "jsonl", "jsonl.gz", "loom", "spacy"]
FORMATS += ["conllu.gz", "conll.gz", "parquet", "arrow"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("fuzz")
    vocab = Vocab("en")
    docs = [a_doc(vocab), Doc(vocab, words=["no", "spaces"]), a_doc(vocab)]
    found = {}
    for suffix in FORMATS:
        if suffix in ("parquet", "arrow"):
            pytest.importorskip("pyarrow")
        path = folder / f"a.{suffix}"
        writer_for(path)(path, docs)
        found[suffix] = path.read_bytes()
    return found


@pytest.mark.parametrize("suffix", FORMATS)
@given(harm=damage(), inside=st.booleans())
@FUZZ
def test_files_of_documents(
    tmp_path: Path, files: dict[str, bytes], suffix: str, harm: Any, inside: bool
) -> None:
    data = files[suffix]
    if suffix == "spacy" and inside:  # what is compressed
        changed = zlib.compress(harm(zlib.decompress(data)))
    elif suffix.endswith(".gz") and inside:
        changed = gzip.compress(harm(gzip.decompress(data)))
    else:
        changed = harm(data)
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(changed)

    def load() -> None:
        for doc in read_docs(path, Vocab("en")):
            doc.to_json()

    survives(load, len(changed))


def _rules(data: bytes) -> None:
    spanloom.blank("en").tokenizer.from_bytes(data)


def _packed(data: bytes) -> None:
    for doc in DocBin().from_bytes(data).get_docs(Vocab("en")):
        doc.to_json()


def _plain(data: bytes) -> None:
    _packed(zlib.compress(data))


BYTES = {
    "doc": lambda data: Doc(Vocab("en")).from_bytes(data).to_json(),
    "vocab": lambda data: Vocab("en").from_bytes(data),
    "strings": lambda data: StringStore().from_bytes(data),
    "tokenizer": _rules,
    "docbin": _packed,
    "docbin inside": _plain,
}


@pytest.fixture(scope="module")
def parts() -> dict[str, bytes]:
    vocab = Vocab("en")
    doc = a_doc(vocab)
    packed = DocBin(docs=[doc], store_user_data=True).to_bytes()
    return {
        "doc": doc.to_bytes(),
        "vocab": vocab.to_bytes(),
        "strings": vocab.strings.to_bytes(),
        "tokenizer": spanloom.blank("en").tokenizer.to_bytes(),
        "docbin": packed,
        "docbin inside": zlib.decompress(packed),
    }


@pytest.mark.parametrize("kind", BYTES)
@given(harm=damage())
@FUZZ
def test_bytes(parts: dict[str, bytes], kind: str, harm: Any) -> None:
    changed = harm(parts[kind])
    survives(lambda: BYTES[kind](changed), len(changed))


@given(harm=damage())
@FUZZ
def test_files_of_labels(tmp_path: Path, harm: Any) -> None:
    path = tmp_path / "labels.json"
    changed = harm(json.dumps({"labels": ["A", "B"], "n": 3, "of": {"é": 1.5}}).encode("utf8"))
    path.write_bytes(changed)

    def load() -> None:
        labels = read_labels(path, require=True)
        nlp = spanloom.blank("en")
        nlp.add_pipe("tagger", config=SMALL)
        examples = [Example.from_dict(nlp.make_doc("a b"), {"tags": ["A", "B"]})]
        nlp.get_pipe("tagger").initialize(lambda: examples, nlp=nlp, labels=labels)

    survives(load, len(changed))


TEXT = init_config("en", ["tagger", "parser", "ner", "textcat"]).to_str().encode("utf8")


@given(harm=damage())
@FUZZ
def test_texts_of_configs(tmp_path: Path, harm: Any) -> None:
    path = tmp_path / "a.cfg"
    path.write_bytes(changed := harm(TEXT))

    def load() -> None:
        config = load_config(path)
        find_problems(config)
        Pipeline.from_config(config)

    survives(load, len(changed))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pipeline, Path]:
    folder = tmp_path_factory.mktemp("saved")
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger", config=SMALL)
    nlp.add_pipe("sentencizer")
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("a b"), {"tags": ["A", "B"]})])
    nlp.to_disk(folder / "model")
    nlp.to_disk(folder / "unlisted")
    meta = json.loads((folder / "unlisted" / "meta.json").read_text("utf8"))
    del meta["files"]
    (folder / "unlisted" / "meta.json").write_text(json.dumps(meta), "utf8")
    return nlp, folder / "model"


SMALL = {
    "model": {
        "@architectures": "spanloom.Tagger.v2",
        "tok2vec": {
            "@architectures": "spanloom.HashEmbedCNN.v2",
            "width": 4,
            "depth": 1,
            "embed_size": 10,
            "window_size": 1,
            "maxout_pieces": 2,
            "subword_features": True,
            "pretrained_vectors": None,
        },
    }
}


def one_of(data: st.DataObject, folder: Path) -> Path:
    """A file in a folder, or below."""
    found: Path = data.draw(
        st.sampled_from(sorted(path for path in folder.rglob("*") if path.is_file()))
    )
    return found


def all_of(folder: Path) -> int:
    """The size of a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("listed", [True, False])
@given(data=st.data(), harm=damage())
@FUZZ
def test_folders_of_pipelines(
    saved: tuple[Pipeline, Path], listed: bool, data: st.DataObject, harm: Any
) -> None:
    folder = saved[1] if listed else saved[1].with_name("unlisted")
    with damaged(one_of(data, folder), harm):
        survives(lambda: spanloom.load(folder), all_of(folder))


@given(harm=damage())
@FUZZ
def test_bytes_of_pipelines(saved: tuple[Pipeline, Path], harm: Any) -> None:
    nlp, _ = saved
    changed = harm(nlp.to_bytes())
    fresh = Pipeline.from_config(nlp.config)
    survives(lambda: fresh.from_bytes(changed), len(changed))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Path]:
    folder = tmp_path_factory.mktemp("trained")
    vocab = Vocab("en")
    writer_for("a.loom")(folder / "a.loom", [a_doc(vocab)] * 4)
    config = init_config("en", ["tagger"])
    config["components"]["tagger"].update(SMALL)
    config["components"].pop("tok2vec")
    config["nlp"]["pipeline"] = ["tagger"]
    config["paths"].update(train=str(folder / "a.loom"), dev=str(folder / "a.loom"))
    config["training"].update(max_steps=2, eval_frequency=1)
    spanloom.train(config, folder / "out", quiet=True)
    return config, folder / "out"


@given(data=st.data())
@FUZZ
def test_checkpoints(checkpoint: tuple[Config, Path], data: st.DataObject) -> None:
    config, output = checkpoint
    folder = find_checkpoint(output)
    assert folder is not None
    path = one_of(data, folder)
    with damaged(path, data.draw(damage())):
        survives(lambda: Checkpoint.read(folder), all_of(folder))
        if path.name == "state.json":
            again = lambda: spanloom.train(config, output, quiet=True, resume=True)  # noqa: E731
            survives(again, all_of(folder))
