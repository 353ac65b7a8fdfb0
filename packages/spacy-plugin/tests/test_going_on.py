"""Pipelines that spaCy trained in use: they learn on, are sources, and commands take them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import spanloom
from spanloom import Doc, Example, Pipeline
from spanloom.cli.main import cli
from spanloom_spacy import DocBin

from .pipelines import NAME, by_spacy, needs_pipeline

pytestmark = needs_pipeline

RULES = ["attribute_ruler", "lemmatizer"]
BAKER = "Fiddlewick bakes bread in London."


def entities(docs: Sequence[Any]) -> set[tuple[int, int, int, str]]:
    return {(i, ent.start, ent.end, ent.label_) for i, doc in enumerate(docs) for ent in doc.ents}


def kept(nlp: Pipeline, known: Sequence[Doc]) -> float:
    """The share of the entities of ``known`` that a pipeline still finds."""
    before = entities(known)
    return len(before & entities(list(nlp.pipe([doc.text for doc in known])))) / len(before)


def trained(known: Sequence[Doc], steps: int) -> Pipeline:
    """The pipeline's ner after a new label, learnt beside examples of what it said before."""
    nlp = spanloom.load(NAME, enable=["ner"], exclude=[*RULES, "parser", "senter", "tagger"])
    nlp.get_pipe("ner").add_label("BAKER")
    for _ in range(steps):
        doc = nlp.make_doc(BAKER)
        new = Example.from_dict(doc, {"entities": [(0, 10, "BAKER"), (26, 32, "GPE")]})
        nlp.update([new, *(Example(nlp.make_doc(doc.text), doc) for doc in known)])
    return nlp


def test_a_new_label_is_learnt_and_examples_of_the_old_keep_them() -> None:
    known = [doc for doc in by_spacy() if doc.ents][:12]
    alone, beside = trained([], 100), trained(known, 12)
    for nlp in (alone, beside):
        assert ("Fiddlewick", "BAKER") in [(ent.text, ent.label_) for ent in nlp(BAKER).ents]
    assert kept(beside, known) > 0.9
    assert kept(alone, known) < kept(beside, known)


def test_the_parser_learns_on() -> None:
    nlp = spanloom.load(NAME, enable=["parser"], exclude=[*RULES, "ner", "senter", "tagger"])
    parser = nlp.get_pipe("parser")
    assert parser.cfg["system"] == "spacy"
    words = ["Old", "bread", "sells", "itself", "."]
    heads, deps = [1, 2, 2, 2, 2], ["amod", "nsubj", "ROOT", "npadvmod", "punct"]
    example = Example.from_dict(
        Doc(nlp.vocab, words=words), {"heads": heads, "deps": deps, "sent_starts": [1, 0, 0, 0, 0]}
    )
    losses = [nlp.update([example])["parser"] for _ in range(15)]
    assert losses[-1] < losses[0]
    doc = nlp(Doc(nlp.vocab, words=words))
    assert [token.head.i for token in doc] == heads
    assert [token.dep_ for token in doc] == deps


def test_components_of_it_are_frozen_listened_to_and_replaced_by_a_config() -> None:
    config = {
        "nlp": {"lang": "en", "pipeline": ["tok2vec", "tagger", "ner"]},
        "components": {
            "tok2vec": {"source": NAME},
            "tagger": {"source": NAME},
            "ner": {"source": NAME, "replace_listeners": ["model.tok2vec"]},
        },
    }
    nlp = Pipeline.from_config(config)
    doc = nlp("She saw Berlin.")
    assert [token.tag_ for token in doc] == ["PRP", "VBD", "NNP", "."]
    assert [ent.text for ent in doc.ents] == ["Berlin"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", NAME],
        ["apply", NAME, "in.jsonl", "out.spacy"],
        ["evaluate", NAME, "gold.spacy", "--output", "scores.json"],
        ["render", NAME, "--text", "She saw Berlin.", "--output", "page.html"],
        ["benchmark", "speed", NAME, "gold.spacy", "--rounds", "1"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_take_it(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("spanloom_formats")
    pytest.importorskip("spanloom_display")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": "She saw Berlin."}) + "\n", "utf8")
    DocBin(docs=by_spacy()[:4]).to_disk(tmp_path / "gold.spacy")
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    if arguments[0] == "info":
        assert "ner" in result.output
    if arguments[0] == "apply":
        (doc,) = DocBin().from_disk("out.spacy").get_docs(spanloom.Vocab("en"))
        assert [ent.text for ent in doc.ents] == ["Berlin"]
    if arguments[0] == "evaluate":
        scores = json.loads(Path("scores.json").read_text("utf8"))
        assert scores["tag_acc"] == scores["ents_f"] == scores["dep_las"] == 1.0
    if arguments[0] == "render":
        assert "Berlin" in Path("page.html").read_text("utf8")
