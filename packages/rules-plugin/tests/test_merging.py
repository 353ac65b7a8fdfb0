"""Components that merge tokens."""

from __future__ import annotations

import pickle

import pytest

import spanloom
from spanloom import Doc
from spanloom.errors import DataError
from spanloom_rules import merge_entities, merge_subtokens


@pytest.fixture
def doc() -> Doc:
    words = ["This", "is", "New", "York", "City", "."]
    heads = [1, 1, 4, 4, 1, 1]
    deps = ["nsubj", "ROOT", "compound", "compound", "attr", "punct"]
    tags = ["DT", "VBZ", "NNP", "NNP", "NNX", "."]
    return Doc(spanloom.blank("en").vocab, words=words, heads=heads, deps=deps, tags=tags)


def test_an_entity_becomes_a_token_with_its_root_s_annotation(doc: Doc) -> None:
    doc.ents = [("GPE", 2, 5)]
    merge_entities(doc)
    assert [token.text for token in doc] == ["This", "is", "New York City", "."]
    assert (doc[2].tag_, doc[2].dep_, doc[2].ent_type_) == ("NNX", "attr", "GPE")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("New York City", "GPE")]


@pytest.mark.parametrize(
    ("deps", "words"),
    [
        (["x", "subtok", "subtok", "x", "subtok", "x"], ["This", "is New York", "City ."]),
        (["x", "x", "x", "x", "x", "subtok"], ["This", "is", "New", "York", "City", "."]),
        (["subtok"] * 6, ["This is New York City ."]),
    ],
)
def test_runs_of_parts_and_what_follows_become_tokens(doc: Doc, deps: list, words: list) -> None:
    for token, dep in zip(doc, deps, strict=True):
        token.dep_ = dep
    merge_subtokens(doc)
    assert [token.text for token in doc] == words


def test_another_label_of_parts(doc: Doc) -> None:
    merge_subtokens(doc, label="compound")
    assert [token.text for token in doc] == ["This", "is", "New York City", "."]
    with pytest.raises(DataError, match="needs a label"):
        merge_subtokens(doc, label="")
    with pytest.raises(DataError, match="the document has none"):
        merge_subtokens(Doc(doc.vocab, words=["a"]))


def test_merging_components_are_saved_and_pickled(tmp_path) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("merge_entities")
    nlp.add_pipe("merge_subtokens", config={"label": "part"})
    nlp.to_disk(tmp_path / "model")
    assert spanloom.load(tmp_path / "model").pipe_names == ["merge_entities", "merge_subtokens"]
    again = pickle.loads(pickle.dumps(nlp.get_pipe("merge_subtokens")))  # noqa: S301
    assert again.keywords == {"label": "part"}
