"""A spaCy user's configs and data, as the real spaCy writes them. Run with ``nox -s compat``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spanloom import Vocab, load
from spanloom.errors import ConfigError
from spanloom.training import train
from spanloom_spacy import DocBin, to_spacy

spacy = pytest.importorskip("spacy", minversion="3.8", reason="spaCy isn't installed beside us")

pytestmark = pytest.mark.slow

OVERRIDES: dict[str, Any] = {"training.max_steps": 12, "training.eval_frequency": 6}


def spacys_docs(count: int = 8) -> list[Any]:
    from spacy.tokens import Doc, Span

    nlp = spacy.blank("en")
    docs = []
    for who in ["Anna", "Bob", "Carla", "Dan"] * (count // 4):
        doc = Doc(
            nlp.vocab,
            words=[who, "sees", "a", "dog", ".", "Dogs", "like", "me"],
            spaces=[True, True, True, False, True, True, True, False],
            tags=["NNP", "VBZ", "DT", "NN", ".", "NNS", "VBP", "PRP"],
            pos=["PROPN", "VERB", "DET", "NOUN", "PUNCT", "NOUN", "VERB", "PRON"],
            morphs=["Number=Sing", "", "", "Number=Sing", "", "Number=Plur", "", ""],
            lemmas=[who, "see", "a", "dog", ".", "dog", "like", "I"],
            heads=[1, 1, 3, 1, 1, 6, 6, 6],
            deps=["nsubj", "ROOT", "det", "obj", "punct", "nsubj", "ROOT", "obj"],
            ents=["B-PER", "O", "O", "O", "O", "O", "O", ""],
            user_data={"id": len(docs)},
        )
        doc.cats = {"a": float(len(docs) % 2), "b": 1.0 - len(docs) % 2}
        doc.spans["sc"] = [Span(doc, 0, 2, label="X", kb_id="Q1", span_id="s"), Span(doc, 1, 4)]
        docs.append(doc)
    return docs


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from spacy.tokens import DocBin as TheirDocBin

    path = tmp_path_factory.mktemp("data") / "train.spacy"
    TheirDocBin(docs=spacys_docs(24), store_user_data=True).to_disk(path)
    return path


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline of spaCy's with vectors, as the accuracy configs expect one."""
    folder = tmp_path_factory.mktemp("vectors") / "en_vectors"
    nlp = spacy.blank("en")
    numbers = np.random.default_rng(0)
    for word in ("Anna", "Bob", "sees", "a", "dog", "Dogs", "."):
        nlp.vocab.set_vector(word, numbers.random(16, dtype=np.float32))
    nlp.to_disk(folder)
    return folder


def init_config(folder: Path, pipeline: str, optimize: str) -> Path:
    path = folder / "spacy.cfg"
    command = ["-m", "spacy", "init", "config", str(path), "-l", "en", "-p", pipeline]
    subprocess.run(
        [sys.executable, *command, "-o", optimize, "--force"], check=True, capture_output=True
    )
    return path


@pytest.mark.parametrize("optimize", ["efficiency", "accuracy"])
@pytest.mark.parametrize(
    "pipeline", ["tagger,morphologizer,parser,ner", "senter,textcat", "textcat_multilabel,tagger"]
)
def test_configs_of_spacy_train_unchanged(
    tmp_path: Path, data: Path, vectors: Path, pipeline: str, optimize: str
) -> None:
    config = init_config(tmp_path, pipeline, optimize)
    overrides = {**OVERRIDES, "paths.train": str(data), "paths.dev": str(data)}
    if optimize == "accuracy":
        pytest.importorskip("spanloom_vectors")
        overrides["paths.vectors"] = str(vectors)
    result = train(config, tmp_path / "out", overrides=overrides, quiet=True)
    assert result.history.best is not None
    nlp = load(tmp_path / "out" / "model-best")
    assert set(pipeline.split(",")) <= set(nlp.pipe_names)
    doc = nlp("Anna sees a dog. Dogs like me")
    if "ner" in pipeline:
        assert doc.has_annotation("DEP") and doc.has_annotation("ENT_IOB")
    if "textcat" in pipeline:
        assert set(doc.cats) == {"a", "b"}


def test_what_spacy_has_and_we_do_not_is_told_at_once(tmp_path: Path, data: Path) -> None:
    config = init_config(tmp_path, "tagger,spancat,trainable_lemmatizer", "efficiency")
    with pytest.raises(ConfigError) as caught:
        train(config, overrides={"paths.train": str(data), "paths.dev": str(data)}, quiet=True)
    problems = {problem.path: problem for problem in caught.value.problems}
    assert set(problems) == {
        "components.spancat.factory",
        "components.trainable_lemmatizer.factory",
    }
    assert "'ner'" in problems["components.spancat.factory"].fix


TRAINED = {
    "tagger": {},
    "ner": {},
    "textcat_multilabel": {},
    "spancat": {"threshold": 0.01},
    "sentencizer": {"system": "spacy"},
}


def test_what_is_trained_here_runs_in_spacy(tmp_path: Path) -> None:
    pytest.importorskip("spanloom_tasks")
    import spanloom

    nlp = spanloom.blank("en")
    for name, config in TRAINED.items():
        nlp.add_pipe(name, config=config)
    from spacy.tokens import DocBin as TheirDocBin

    path = tmp_path / "train.spacy"
    TheirDocBin(docs=spacys_docs(16)).to_disk(path)
    written = list(DocBin().from_disk(path).get_docs(nlp.vocab))
    examples = [spanloom.Example(nlp.make_doc(doc.text), doc) for doc in written]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(8):
        nlp.update(examples, sgd=optimizer)
    to_spacy(nlp, tmp_path / "theirs")
    theirs = spacy.load(tmp_path / "theirs")
    assert theirs.pipe_names == list(TRAINED)
    for text in ("Anna sees a dog. Dogs like me", "Bob likes Carla. They see", "dogs"):
        ours, other = nlp(text), theirs(text)
        assert [token.tag_ for token in ours] == [token.tag_ for token in other]
        assert [sent.start for sent in ours.sents] == [sent.start for sent in other.sents]
        assert [(e.start, e.end, e.label_) for e in ours.ents] == [
            (e.start, e.end, e.label_) for e in other.ents
        ]
        assert [(s.start, s.end, s.label_) for s in ours.spans["sc"]] == [
            (s.start, s.end, s.label_) for s in other.spans["sc"]
        ]
        assert ours.cats == pytest.approx(other.cats, abs=1e-5)


def test_docbin_goes_from_spacy_to_us_and_back(tmp_path: Path) -> None:
    from spacy.tokens import Doc
    from spacy.tokens import DocBin as TheirDocBin

    vocab = spacy.blank("en").vocab
    docs = [
        *spacys_docs(4),
        spacy.blank("en")("We don't know, do we? 日本 👍"),
        Doc(vocab, words=["no", "spaces"]),
        Doc(vocab, words=["Go"], heads=[0], deps=["ROOT"]),
        Doc(vocab),
    ]
    TheirDocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "theirs.spacy")
    ours = list(DocBin().from_disk(tmp_path / "theirs.spacy").get_docs(Vocab("en")))
    DocBin(docs=ours, store_user_data=True).to_disk(tmp_path / "ours.spacy")
    again = TheirDocBin().from_disk(tmp_path / "ours.spacy").get_docs(spacy.blank("xx").vocab)
    attrs = TheirDocBin().attrs
    for before, ours_, after in zip(docs, ours, again, strict=True):
        assert ours_.text == before.text == after.text
        assert (before.to_array(attrs) == after.to_array(attrs)).all()
        assert after.has_unknown_spaces == before.has_unknown_spaces
        assert (after.cats, after.user_data) == (before.cats, before.user_data)
        assert after.spans.to_bytes() == before.spans.to_bytes()
        assert [token.norm_ for token in ours_] == [token.norm_ for token in before]
        assert [str(token.morph) for token in ours_] == [str(token.morph) for token in after]
        assert [token.head.i for token in ours_] == [token.head.i for token in after]
        assert [ent.text for ent in ours_.ents] == [ent.text for ent in after.ents]
