"""The entity recognizer as a component."""

from __future__ import annotations

import numpy as np
import pytest

import spanloom
from spanloom import Doc, Example
from spanloom.errors import DataError, PipelineError, SerializationError
from spanloom.tokens import Span

from .support import SENTENCES, entities, has_gradient, learn, named, taught, transitions

MODEL = transitions("ner")


def pipeline(sentences=SENTENCES, **settings):
    return taught("ner", MODEL, named, 60, sentences, **settings)


@pytest.fixture(scope="module")
def trained():
    return pipeline()


def test_it_learns_its_examples(trained):
    nlp, ner, examples = trained
    assert set(ner.labels) == {"PER", "LOC", "ORG"}
    scores = nlp.evaluate(examples)
    assert scores["ents_f"] == 1.0
    doc = nlp(Doc(nlp.vocab, words=["Bank", "of", "New", "York", "pays", "Anna"]))
    assert entities(doc) == [("Bank of New York", "ORG"), ("Anna", "PER")]


def test_empty_documents_and_documents_of_one_token(trained):
    nlp, ner, _ = trained
    assert nlp("").ents == ()
    assert entities(nlp("Rome")) == [("Rome", "LOC")]
    empty = Example(Doc(nlp.vocab, words=[]), Doc(nlp.vocab, words=[]))
    losses = ner.update([empty], losses={})
    assert losses == {"ner": 0.0}


def test_entities_that_are_there_stay(trained):
    nlp, _, _ = trained
    doc = Doc(nlp.vocab, words=["Bank", "of", "New", "York", "pays", "Anna"])
    doc.set_ents([Span(doc, 2, 3, label="THING")], default="missing")
    doc = nlp(doc)
    assert ("New", "THING") in entities(doc)
    assert all(ent.label_ == "THING" or ent.end <= 2 or ent.start >= 3 for ent in doc.ents)
    doc = Doc(nlp.vocab, words=["Bank", "of", "New", "York", "pays", "Anna"])
    doc.set_ents([], blocked=[doc[0:4]], default="outside")
    assert entities(nlp(doc)) == [("Anna", "PER")]


@pytest.mark.lengthy
@pytest.mark.parametrize("default", ["outside", "missing"])
@pytest.mark.parametrize("factory", ["ner", "beam_ner"])
def test_entities_are_found_among_tokens_that_are_outside_of_others(factory, default):
    nlp, _, _ = taught(factory, MODEL, named, 60, SENTENCES)
    doc = Doc(nlp.vocab, words=["friends", "of", "Bob", "like", "Rome"])
    doc.set_ents([Span(doc, 2, 3, label="THING")], default=default)
    assert entities(nlp(doc)) == [("Bob", "THING"), ("Rome", "LOC")]
    doc = Doc(nlp.vocab, words=["friends", "of", "Bob", "like", "Rome"])
    doc.set_ents([], default=default)
    assert entities(nlp(doc)) == [("Bob", "PER"), ("Rome", "LOC")]


def test_a_second_recognizer_finds_what_the_first_leaves():
    parts = []
    for label in ("PER", "LOC"):
        marks = [(text, [m if m[2:] == label else "O" for m in tags]) for text, tags in SENTENCES]
        parts.append(pipeline(marks)[0])
    doc = Doc(parts[0].vocab, words=["friends", "of", "Bob", "like", "Rome"])
    assert entities(parts[0](doc)) == [("Bob", "PER")]
    again = Doc(parts[1].vocab, words=doc.words, ents=["O", "O", "B-PER", "O", "O"])
    assert entities(parts[1](again)) == [("Bob", "PER"), ("Rome", "LOC")]


def test_texts_without_entities_teach_that_there_are_none():
    texts = [("Paris is nice", [(0, 5, "LOC")]), ("Monday is nice", []), ("go to bed", [])]

    def make(nlp):
        return [
            Example.from_dict(nlp.make_doc(text), {"entities": ents})
            for text, ents in [*texts, ("go to Berlin", [(6, 12, "LOC")])]
        ]

    nlp, _, examples = taught("ner", MODEL, make, 60)
    assert [entities(nlp(text)) for text, _ in texts] == [[("Paris", "LOC")], [], []]
    assert nlp.evaluate(examples)["ents_f"] == 1.0


def test_no_entity_goes_over_the_start_of_a_sentence(trained):
    nlp, _, _ = trained
    words = ["Bank", "of", "New", "York", "pays", "Anna"]
    doc = nlp(Doc(nlp.vocab, words=words, sent_starts=[True, False, True, False, False, False]))
    assert all(not ent.start < 2 < ent.end for ent in doc.ents)


def test_whitespace_is_within_entities_but_not_at_their_edges():
    words = ["Bank", "\n", "of", "  ", "York", "\n", "pays"]
    tags = ["B-ORG", "I-ORG", "I-ORG", "I-ORG", "I-ORG", "I-ORG", "O"]
    nlp = spanloom.blank("en")
    nlp.add_pipe("ner", config={"model": MODEL})
    spaces = [False] * 7
    make = lambda **more: Doc(nlp.vocab, words=words, spaces=spaces, **more)  # noqa: E731
    examples = [Example(make(), make(ents=tags))]
    learn(nlp, examples, 40, nlp.initialize(lambda: examples))
    doc = nlp(make())
    assert [(ent.start, ent.end) for ent in doc.ents] == [(0, 5)]


def test_missing_annotation_gives_no_gradient(trained):
    nlp, ner, _ = trained
    words = ["Anna", "met", "New", "York", "friends"]
    unknown = Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words))
    assert ner.update([unknown], losses={}) == {"ner": 0.0}
    assert not has_gradient(ner)
    partly = Doc(nlp.vocab, words=words)
    partly.set_ents([], outside=[Span(partly, 1, 2)], default="missing")
    ner.update([Example(Doc(nlp.vocab, words=words), partly)])
    assert has_gradient(ner)
    ner.finish_update(nlp.create_optimizer())


def test_it_learns_from_partly_annotated_documents():
    partial = [
        ("Anna met New York friends", ["B-PER", "O", "", "", ""]),
        ("Anna met New York friends", ["", "", "B-LOC", "I-LOC", "O"]),
    ]
    nlp, _, _ = pipeline(partial)
    doc = nlp(Doc(nlp.vocab, words=["Anna", "met", "New", "York", "friends"]))
    assert entities(doc) == [("Anna", "PER"), ("New York", "LOC")]


@pytest.mark.lengthy
def test_spans_that_are_said_to_be_wrong_are_unlearnt():
    nlp, _, _examples = pipeline(incorrect_spans_key="wrong")
    words = ["Anna", "met", "New", "York", "friends"]
    assert ("Anna", "PER") in entities(nlp(Doc(nlp.vocab, words=words)))
    reference = Doc(nlp.vocab, words=words)
    reference.spans["wrong"] = [Span(reference, 0, 1, label="PER")]
    learn(nlp, [Example(Doc(nlp.vocab, words=words), reference)], 40)
    assert ("Anna", "PER") not in entities(nlp(Doc(nlp.vocab, words=words)))


def test_other_tokens_than_those_of_the_reference():
    nlp = spanloom.blank("en")
    nlp.add_pipe("ner", config={"model": MODEL})
    reference = Doc(
        nlp.vocab,
        words=["New", "York", "City", "is", "big"],
        spaces=[1, 0, 1, 1, 0],
        ents=["B-LOC", "I-LOC", "O", "O", "O"],
    )
    split = Doc(
        nlp.vocab, words=["N", "ew", "Yo", "rk", "City", "is", "big"], spaces=[0, 1, 0, 0, 1, 1, 0]
    )
    from spanloom_tasks.transitions.gold import gold_spans

    spans, _ = gold_spans(Example(split, reference))
    assert (spans.starts.tolist(), spans.ends.tolist()) == ([0], [4])
    assert spans.known.all()
    joined = Doc(nlp.vocab, words=["New", "YorkCity", "is", "big"], spaces=[1, 1, 1, 0])
    spans, _ = gold_spans(Example(joined, reference))
    assert len(spans.starts) == 0
    assert spans.known.tolist() == [False, False, True, True]


@pytest.mark.lengthy
def test_labels_are_added_before_and_after_training():
    nlp, ner, examples = pipeline()
    before = nlp.evaluate(examples)["ents_f"]
    assert ner.add_label("NEW") == 1 and ner.add_label("NEW") == 0
    assert ner.labels[-1] == "NEW"
    assert nlp.evaluate(examples)["ents_f"] == before == 1.0
    new = named(nlp, [*SENTENCES, ("zork is odd", ["B-NEW", "O", "O"])])
    learn(nlp, new, 60)
    assert nlp.evaluate(new)["ents_f"] == 1.0
    with pytest.raises(PipelineError, match="a label must be a string"):
        ner.add_label(3)


def test_initialize_takes_labels(trained):
    _, ner, _ = trained
    nlp = spanloom.blank("en")
    other = nlp.add_pipe("ner", config={"model": MODEL})
    examples = named(nlp)
    other.initialize(lambda: examples, labels=ner.label_data)
    assert other.labels == ner.labels
    third = spanloom.blank("en").add_pipe("ner", config={"model": MODEL})
    third.initialize(lambda: examples, labels={"0": {"": 3}, "1": {"PER": 2, "LOC": 1}})
    assert third.labels == ("PER", "LOC")


def test_it_is_made_of_bytes(trained):
    _, ner, _ = trained
    other = spanloom.blank("en").add_pipe("ner", config={"model": MODEL})
    other.from_bytes(ner.to_bytes())
    assert other.labels == ner.labels and other.move_names == ner.move_names
    with pytest.raises(SerializationError):
        other.from_bytes(b"nothing")


def test_a_long_document(trained):
    nlp, _, _ = trained
    words = ["Anna", "met", "New", "York", "friends"] * 2_000
    doc = nlp(Doc(nlp.vocab, words=words))
    assert len(doc.ents) > 3_000


@pytest.mark.slow
def test_a_very_long_document(trained):
    nlp, ner, _ = trained
    words = ["Anna", "met", "New", "York", "friends"] * 20_000
    doc = nlp(Doc(nlp.vocab, words=words))
    assert len(doc.ents) > 30_000
    ner.update([Example(Doc(nlp.vocab, words=words), doc)])


def test_what_is_an_entity_and_none_is_refused():
    nlp = spanloom.blank("en")
    ner = nlp.add_pipe("ner", config={"model": MODEL, "incorrect_spans_key": "wrong"})
    gold = {"entities": [(0, 3, "PER")], "spans": {"wrong": [(0, 3, "PER")]}}
    data = [Example.from_dict(nlp.make_doc("Ann left"), gold)]
    with pytest.raises(DataError, match=r"'Ann' \(PER\) .* is an entity, and in the span group"):
        nlp.initialize(lambda: data)
    ner.initialize(lambda: data, labels=["PER"])
    with pytest.raises(DataError, match="is an entity, and in the span group"):
        nlp.update(data)
    gold["spans"]["wrong"] = [(0, 3, "LOC")]
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("Ann left"), gold)])


def test_labels_that_denied_an_entity_once_are_refused():
    nlp = spanloom.blank("en")
    nlp.add_pipe("ner", config={"model": MODEL})
    data = [Example.from_dict(nlp.make_doc("Ann left"), {"entities": [(0, 3, "!PER")]})]
    with pytest.raises(DataError, match="'!PER' .*incorrect_spans_key"):
        nlp.initialize(lambda: data)


def margin_of(recall_margin):
    """The gradient for the action Out at the first token of an entity, before any training."""
    nlp = spanloom.blank("en")
    ner = nlp.add_pipe("ner", config={"model": MODEL, "recall_margin": recall_margin})
    data = named(nlp, [("Rome", ["B-LOC"])])
    nlp.initialize(lambda: data)
    for node in ner.model.walk():
        if node.name == "linear":
            node.set_param("W", node.get_param("W") * 0)
    batch = ner.ready([example.x for example in data])
    scorer, _ = ner.model.begin_update(batch)
    loss, (_, gradient, _) = ner._visit(scorer, ner._gold(data, batch), batch)
    return loss, float(gradient[0, 0])


def test_recall_margin_pushes_out_down_where_an_entity_begins():
    loss, out = margin_of(0.0)
    # Out and Unit can be taken, with equal scores.
    assert (loss, out) == (pytest.approx(np.log(2)), pytest.approx(0.5))
    loss, out = margin_of(1.0)
    chance = np.e / (np.e + 1)
    assert (loss, out) == (pytest.approx(-np.log(1 - chance)), pytest.approx(chance))
