"""Every loader with data that was damaged at random: it reads something, or raises our errors.

Nothing is executed either: what is read never gets to ``pickle``, ``eval`` or an import.
"""

from __future__ import annotations

import gc
import gzip
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spanloom
from spanloom import Config, Doc, Example, Pipeline, Vocab
from spanloom.config import find_problems, init_config, load_config
from spanloom.corpora.corpus import read_docs
from spanloom.corpora.writing import writer_for
from spanloom.errors import SpanloomError
from spanloom.tokens import Span
from spanloom.training.checkpoint import Checkpoint, find_checkpoint
from spanloom_spacy import DocBin

#: More with, say, SPANLOOM_FUZZ=2000.
MANY = int(os.environ.get("SPANLOOM_FUZZ", "25"))
FUZZ = settings(
    max_examples=MANY,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

_executed: list[str] = []
_watching = [False]


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if _watching[0] and event in ("pickle.find_class", "os.system", "subprocess.Popen"):
        _executed.append(f"{event} {args!r:.200}")


sys.addaudithook(_watch)


def survives(load: Callable[[], Any]) -> None:
    """Loading gives something or an error of ours, runs nothing, and leaves the process as it
    was."""
    _executed.clear()
    _watching[0] = True
    try:
        load()
    except SpanloomError as error:
        assert str(error)  # noqa: PT017
    finally:
        _watching[0] = False
    assert not _executed
    assert gc.isenabled()


@st.composite
def damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """A function that changes, removes, doubles or adds some bytes."""
    kind = draw(st.sampled_from(["flip", "set", "cut", "drop", "insert", "double", "swap"]))
    places = draw(st.lists(st.floats(0, 1), min_size=2, max_size=6))
    some = draw(st.binary(min_size=1, max_size=8))

    def apply(data: bytes) -> bytes:
        at = sorted(int(place * len(data)) for place in places)
        start, end = at[0], min(at[1], at[0] + 40)
        changed = bytearray(data)
        if kind == "cut":
            return data[: at[0]]
        if kind == "drop":
            del changed[start:end]
        elif kind == "insert":
            changed[start:start] = some
        elif kind == "double":
            changed[start:start] = changed[start:end]
        elif kind == "swap":
            changed[start:end] = changed[start:end][::-1]
        else:
            for i, place in enumerate(at):
                if place < len(changed):
                    byte = some[i % len(some)]
                    changed[place] = byte if kind == "set" else changed[place] ^ (1 << byte % 8)
        return bytes(changed)

    return apply


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
FORMATS += ["parquet", "arrow"]


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
    elif suffix == "jsonl.gz" and inside:
        changed = gzip.compress(harm(gzip.decompress(data)))
    else:
        changed = harm(data)
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(changed)

    def load() -> None:
        for doc in read_docs(path, Vocab("en")):
            doc.to_json()

    survives(load)


@given(harm=damage())
@FUZZ
def test_bytes_of_documents_vocabs_and_rules(harm: Any) -> None:
    vocab = Vocab("en")
    doc = a_doc(vocab)
    survives(lambda: Doc(Vocab("en")).from_bytes(harm(doc.to_bytes())))
    survives(lambda: Vocab("en").from_bytes(harm(vocab.to_bytes())))
    nlp = spanloom.blank("en")
    rules = nlp.tokenizer.to_bytes()
    survives(lambda: nlp.tokenizer.from_bytes(harm(rules)))
    packed = DocBin(docs=[doc], store_user_data=True).to_bytes()
    survives(lambda: list(DocBin().from_bytes(harm(packed)).get_docs(Vocab("en"))))


TEXT = init_config("en", ["tagger", "parser", "ner", "textcat"]).to_str().encode("utf8")


@given(harm=damage())
@FUZZ
def test_texts_of_configs(tmp_path: Path, harm: Any) -> None:
    path = tmp_path / "a.cfg"
    path.write_bytes(harm(TEXT))

    def load() -> None:
        config = load_config(path)
        find_problems(config)
        Pipeline.from_config(config)

    survives(load)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pipeline, Path]:
    folder = tmp_path_factory.mktemp("saved")
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger", config=SMALL)
    nlp.add_pipe("sentencizer")
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("a b"), {"tags": ["A", "B"]})])
    nlp.to_disk(folder / "model")
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


@given(data=st.data())
@FUZZ
def test_folders_of_pipelines(saved: tuple[Pipeline, Path], data: st.DataObject) -> None:
    _, folder = saved
    path = data.draw(st.sampled_from(sorted(p for p in folder.rglob("*") if p.is_file())))
    before = path.read_bytes()
    path.write_bytes(data.draw(damage())(before))
    try:
        survives(lambda: spanloom.load(folder))
    finally:
        path.write_bytes(before)


@given(harm=damage())
@FUZZ
def test_bytes_of_pipelines(saved: tuple[Pipeline, Path], harm: Any) -> None:
    nlp, _ = saved
    changed = harm(nlp.to_bytes())
    fresh = Pipeline.from_config(nlp.config)
    survives(lambda: fresh.from_bytes(changed))


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
    path = data.draw(st.sampled_from(sorted(p for p in folder.rglob("*") if p.is_file())))
    before = path.read_bytes()
    path.write_bytes(data.draw(damage())(before))
    try:
        survives(lambda: Checkpoint.read(folder))
        if path.name == "state.json":
            survives(lambda: spanloom.train(config, output, quiet=True, resume=True))
    finally:
        path.write_bytes(before)
