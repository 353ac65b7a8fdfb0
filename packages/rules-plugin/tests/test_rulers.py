"""Rulers: patterns, ids, what is overwritten, files, errors."""

from __future__ import annotations

import json
import pickle

import pytest

import spanloom
from spanloom import Doc, Example
from spanloom.errors import DataError, FormatError, SerializationError
from spanloom.tokens import Span
from spanloom_rules import EntityRuler, SpanRuler, UnknownRuleError, prioritize_new_ents_filter

PATTERNS = [
    {"label": "HELLO", "pattern": "hello world"},
    {"label": "BYE", "pattern": [{"LOWER": "bye"}, {"LOWER": "bye"}]},
    {"label": "HELLO", "pattern": [{"ORTH": "HELLO"}]},
    {"label": "TECH", "pattern": "Apple", "id": "a1"},
    {"label": "TECH", "pattern": [{"LOWER": "microsoft"}], "id": "a2"},
]
FACTORIES = ["entity_ruler", "future_entity_ruler", "span_ruler"]


@pytest.fixture
def nlp():
    return spanloom.blank("en")


def made(nlp, factory="entity_ruler", patterns=PATTERNS, **config):
    ruler = nlp.add_pipe(factory, config=config)
    ruler.add_patterns(patterns)
    return ruler


def ents(doc):
    return [(ent.text, ent.label_, ent.id_) for ent in doc.ents]


@pytest.mark.parametrize("factory", FACTORIES[:2])
def test_entities_get_label_and_id(nlp, factory) -> None:
    made(nlp, factory)
    doc = nlp("hello world and Apple and microsoft bye bye HELLO")
    assert ents(doc) == [
        ("hello world", "HELLO", ""),
        ("Apple", "TECH", "a1"),
        ("microsoft", "TECH", "a2"),
        ("bye bye", "BYE", ""),
        ("HELLO", "HELLO", ""),
    ]
    assert [token.ent_iob_ for token in nlp("no match here")] == ["O", "O", "O"]


@pytest.mark.parametrize("factory", FACTORIES[:2])
@pytest.mark.parametrize("overwrite", [False, True])
def test_entities_that_are_there_stay_unless_overwritten(nlp, factory, overwrite) -> None:
    ruler = made(nlp, factory, overwrite_ents=overwrite)
    doc = nlp.make_doc("say hello world to Apple")
    doc.ents = [Span(doc, 0, 2, "MINE", kb_id="Q1")]
    ruler(doc)
    assert ents(doc) == (
        [("hello world", "HELLO", ""), ("Apple", "TECH", "a1")]
        if overwrite
        else [("say hello", "MINE", ""), ("Apple", "TECH", "a1")]
    )
    assert [ent.kb_id_ for ent in doc.ents] == (["", ""] if overwrite else ["Q1", ""])


def test_the_longest_of_matches_that_overlap_counts(nlp) -> None:
    made(
        nlp,
        patterns=[
            {"label": "A", "pattern": "x y"},
            {"label": "B", "pattern": "y z w"},
            {"label": "C", "pattern": "z w v u t"},
        ],
    )
    assert ents(nlp("x y z w")) == [("y z w", "B", "")]
    assert ents(nlp("x y z w v u t")) == [("x y", "A", ""), ("z w v u t", "C", "")]


def test_spans_may_overlap_and_are_filtered(nlp) -> None:
    patterns = [{"label": "A", "pattern": "x"}, {"label": "B", "pattern": "x y", "id": "b"}]
    ruler = made(nlp, "span_ruler", patterns)
    spans = nlp("x y x").spans["ruler"]
    assert [(s.text, s.label_, s.id_) for s in spans] == [
        ("x", "A", ""),
        ("x y", "B", "b"),
        ("x", "A", ""),
    ]
    ruler.spans_filter = prioritize_new_ents_filter
    assert sorted(s.text for s in nlp("x y x").spans["ruler"]) == ["x", "x y"]
    ruler.spans_filter, ruler.overwrite = None, False
    doc = nlp.make_doc("x y")
    doc.spans["ruler"] = [doc[1:2]]
    assert [s.text for s in ruler(doc).spans["ruler"]] == ["y", "x", "x y"]


def test_entities_that_overlap_after_a_filter_are_named(nlp) -> None:
    patterns = [{"label": "A", "pattern": "x"}, {"label": "B", "pattern": "x y"}]
    ruler = made(nlp, "span_ruler", patterns, annotate_ents=True)
    assert ents(nlp("x y x")) == [("x y", "B", ""), ("x", "A", "")]
    ruler.ents_filter = lambda there, found: found
    with pytest.raises(DataError, match="entities can't overlap"):
        nlp("x y")


def test_patterns_labels_and_ids_are_told(nlp) -> None:
    ruler = made(nlp)
    assert ruler.labels == ("BYE", "HELLO", "TECH") and ruler.ent_ids == ("a1", "a2")
    assert len(ruler) == 5 and "BYE" in ruler and "NO" not in ruler
    # Of tokens first, then phrases, label by label.
    assert [each["label"] for each in ruler.patterns] == ["BYE", "HELLO", "TECH", "HELLO", "TECH"]
    spans = made(nlp, "span_ruler")
    assert spans.patterns == PATTERNS and spans.ids == ("a1", "a2") and spans.key == "ruler"


def test_patterns_are_removed_by_label_and_id(nlp) -> None:
    ruler = made(nlp)
    ruler.remove("a1")
    assert ents(nlp("Apple microsoft")) == [("microsoft", "TECH", "a2")]
    with pytest.raises(UnknownRuleError, match="no pattern of the id 'a1'"):
        ruler.remove("a1")
    spans = made(nlp, "span_ruler")
    spans.remove("HELLO")
    spans.remove_by_id("a2")
    assert [each["label"] for each in spans.patterns] == ["BYE", "TECH"]
    assert len(nlp("hello world HELLO microsoft Apple").spans["ruler"]) == 1
    for remove in (spans.remove, spans.remove_by_id):
        with pytest.raises(ValueError, match="no pattern of the"):
            remove("HELLO")
    spans.clear()
    with pytest.warns(UserWarning, match="'span_ruler' has no patterns"):
        nlp("hello")


def test_phrases_are_compared_by_annotation_that_components_before_set(nlp) -> None:
    @spanloom.Pipeline.component("tagging_by_case")
    def tagging(doc):
        for token in doc:
            token.tag_ = "CAPS" if token.text.isupper() else "x"
        return doc

    nlp.add_pipe("tagging_by_case")
    made(nlp, patterns=[{"label": "A", "pattern": "AB cd"}], phrase_matcher_attr="TAG")
    assert ents(nlp("EF gh EF GH")) == [("EF gh", "A", "")]


@pytest.mark.parametrize("factory", FACTORIES)
def test_rulers_are_saved_loaded_and_pickled(nlp, factory, tmp_path) -> None:
    ruler = made(nlp, factory, phrase_matcher_attr="LOWER")
    text = "HELLO world bye bye apple"
    expected = ents(nlp(text)) + [(s.text, s.label_) for s in nlp(text).spans.get("ruler", ())]
    assert expected
    nlp.to_disk(tmp_path / "model")
    fresh = spanloom.blank("en")
    fresh.add_pipe(factory, config={"phrase_matcher_attr": "LOWER"}).from_bytes(ruler.to_bytes())
    for again in (
        spanloom.load(tmp_path / "model"),
        fresh,
        pickle.loads(pickle.dumps(nlp)),  # noqa: S301
    ):
        doc = again(text)
        assert ents(doc) + [(s.text, s.label_) for s in doc.spans.get("ruler", ())] == expected
        assert again.get_pipe(factory).patterns == ruler.patterns


@pytest.mark.lengthy
def test_two_processes_find_the_same(nlp) -> None:
    made(nlp)
    texts = ["hello world", "bye bye Apple"] * 3
    alone = [ents(doc) for doc in nlp.pipe(texts)]
    assert [ents(doc) for doc in nlp.pipe(texts, n_process=2, batch_size=2)] == alone


def test_a_file_of_patterns_is_read_and_written(nlp, tmp_path) -> None:
    ruler = made(nlp, overwrite_ents=True)
    ruler.to_disk(tmp_path / "patterns.jsonl")
    assert len((tmp_path / "patterns.jsonl").read_text("utf-8").splitlines()) == 5
    again = EntityRuler(nlp, overwrite_ents=True).from_disk(tmp_path / "patterns.jsonl")
    assert again.patterns == ruler.patterns and again.overwrite


def test_spacy_s_saved_folders_are_read(nlp, tmp_path) -> None:
    folder = tmp_path / "entity_ruler"
    folder.mkdir()
    lines = "".join(json.dumps(each) + "\n" for each in PATTERNS)
    (folder / "patterns.jsonl").write_text(lines, "utf-8")
    cfg = {"overwrite": True, "phrase_matcher_attr": "LOWER", "ent_id_sep": "**"}
    (folder / "cfg").write_text(json.dumps(cfg), "utf-8")
    ruler = EntityRuler(nlp).from_disk(folder)
    assert (ruler.overwrite, ruler.phrase_matcher_attr, ruler.ent_id_sep) == (True, "LOWER", "**")
    assert ents(ruler(nlp.make_doc("APPLE"))) == [("APPLE", "TECH", "a1")]
    (folder / "patterns").write_text(lines, "utf-8")
    assert SpanRuler(nlp).from_disk(folder).patterns == PATTERNS


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "isn't valid JSON"),
        ('{"label": "A"}', "a pattern is a dict with a 'label' and a 'pattern'"),
        ('{"label": "A", "pattern": 5}', "a pattern is a dict"),
        ('{"label": "A", "pattern": "x", "id": 5}', "the 'id' must be a string"),
        ('{"label": "A", "pattern": [{"COLOUR": "red"}]}', "no attribute 'COLOUR'"),
        ('["A"]', "a pattern is a dict"),
    ],
)
def test_bad_lines_are_named_with_file_line_and_pattern(nlp, tmp_path, line, message) -> None:
    path = tmp_path / "patterns.jsonl"
    path.write_text('{"label": "A", "pattern": "good"}\n\n' + line + "\n", "utf-8")
    with pytest.raises(FormatError, match=message) as error:
        EntityRuler(nlp).from_disk(path)
    assert (error.value.path, error.value.line) == (path, 3)


def test_bad_entries_and_bytes_are_named(nlp) -> None:
    ruler = nlp.add_pipe("entity_ruler")
    with pytest.raises(
        DataError, match="'entity_ruler' has patterns that can't be:\n  pattern 1: {"
    ):
        ruler.add_patterns([PATTERNS[0], {"label": "A"}])
    assert len(ruler) == 0
    for each in (ruler, SpanRuler(nlp)):
        with pytest.raises(SerializationError):
            each.from_bytes(b"nonsense")


def test_fuzzy_comparison_is_one_s_own(nlp) -> None:
    @spanloom.registry.misc("test_rulers.never.v1")
    def never():
        return lambda a, b, k: False

    patterns = [{"label": "A", "pattern": [{"LOWER": {"FUZZY": "hello"}}]}]
    made(nlp, patterns=patterns)
    assert ents(nlp("helloo")) == [("helloo", "A", "")]
    other = spanloom.blank("en")
    config = {"@misc": "test_rulers.never.v1"}
    made(other, patterns=patterns, matcher_fuzzy_compare=config)
    assert ents(other("helloo")) == []


def test_rulers_are_initialized_with_patterns_and_scored(nlp) -> None:
    ruler = nlp.add_pipe("entity_ruler")
    ruler.initialize(list, patterns=PATTERNS)
    spans = nlp.add_pipe("span_ruler")
    spans.initialize(list, nlp=nlp, patterns=PATTERNS)
    reference = nlp.make_doc("hello world Apple")
    reference.ents = [Span(reference, 0, 2, "HELLO"), Span(reference, 2, 3, "X")]
    reference.spans["ruler"] = [Span(reference, 0, 2, "HELLO")]
    scores = nlp.evaluate([Example(Doc(nlp.vocab, words=reference.words), reference)])
    assert scores["ents_f"] == 0.5 and scores["spans_ruler_r"] == 1.0
