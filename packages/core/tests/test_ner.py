"""The entity recognizer as a component."""

from __future__ import annotations

import pytest

import spanloom
from spanloom import Doc, Example
from spanloom.errors import PipelineError, SerializationError
from spanloom.tokens import Span

TOK2VEC = {
    "@architectures": "spanloom.HashEmbedCNN.v2",
    "width": 32,
    "depth": 1,
    "embed_size": 300,
}
MODEL = {
    "@architectures": "spanloom.TransitionBasedParser.v2",
    "state_type": "ner",
    "hidden_width": 16,
    "tok2vec": TOK2VEC,
}
SENTENCES = [
    ("Anna met New York friends", ["B-PER", "O", "B-LOC", "I-LOC", "O"]),
    ("friends of Bob like Rome", ["O", "O", "B-PER", "O", "B-LOC"]),
    ("nobody came", ["O", "O"]),
    ("Bank of New York pays Anna", ["B-ORG", "I-ORG", "I-ORG", "I-ORG", "O", "B-PER"]),
]


def examples_for(nlp, sentences=SENTENCES):
    return [
        Example(Doc(nlp.vocab, words=text.split()), Doc(nlp.vocab, words=text.split(), ents=tags))
        for text, tags in sentences
    ]


def pipeline(sentences=SENTENCES, steps=60, **settings):
    nlp = spanloom.blank("en")
    ner = nlp.add_pipe("ner", config={"model": MODEL, **settings})
    examples = examples_for(nlp, sentences)
    sgd = nlp.initialize(lambda: examples)
    for _ in range(steps):
        nlp.update(examples, sgd=sgd)
    return nlp, ner, examples


@pytest.fixture(scope="module")
def trained():
    return pipeline()


def entities(doc):
    return [(ent.text, ent.label_) for ent in doc.ents]


def has_gradient(component):
    return any(
        node.has_grad(name) and node.get_grad(name).any()
        for node in component.model.walk()
        for name in node.param_names
    )


def test_it_learns_its_examples(trained):
    nlp, ner, examples = trained
    assert set(ner.labels) == {"PER", "LOC", "ORG"}
    scores = nlp.evaluate(examples)
    assert scores["ents_f"] == 1.0
    doc = nlp(Doc(nlp.vocab, words=["Bank", "of", "New", "York", "pays", "Anna"]))
    assert entities(doc) == [("Bank of New York", "ORG"), ("Anna", "PER")]


def test_together_and_alone_give_the_same(trained):
    nlp, _, _ = trained
    words = [text.split() for text, _ in SENTENCES] + [[], ["Rome"]]
    together = list(nlp.pipe([Doc(nlp.vocab, words=each) for each in words]))
    alone = [nlp(Doc(nlp.vocab, words=each)) for each in words]
    assert [entities(doc) for doc in together] == [entities(doc) for doc in alone]


def test_large_batches_are_worked_on_in_groups(trained, monkeypatch):
    from spanloom_tasks.transition_based import document_groups

    nlp, _, _ = trained
    words = [each[0].split() for each in SENTENCES] + [[]]
    whole = [entities(doc) for doc in nlp.pipe([Doc(nlp.vocab, words=each) for each in words * 3])]
    for size in (1, 6, 11):
        monkeypatch.setattr(document_groups, "GROUP_TOKENS", size)
        parts = nlp.pipe([Doc(nlp.vocab, words=each) for each in words * 3])
        assert [entities(doc) for doc in parts] == whole


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
    doc = Doc(nlp.vocab, words=["Bank", "of", "New", "York", "pays", "Anna"], ents=["O"] * 6)
    assert nlp(doc).ents == ()


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
    sgd = nlp.initialize(lambda: examples)
    for _ in range(40):
        nlp.update(examples, sgd=sgd)
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


def test_spans_that_are_said_to_be_wrong_are_unlearnt():
    nlp, _, examples = pipeline(incorrect_spans_key="wrong")
    words = ["Anna", "met", "New", "York", "friends"]
    assert ("Anna", "PER") in entities(nlp(Doc(nlp.vocab, words=words)))
    reference = Doc(nlp.vocab, words=words)
    reference.spans["wrong"] = [Span(reference, 0, 1, label="PER")]
    sgd = nlp.create_optimizer()
    for _ in range(40):
        nlp.update([Example(Doc(nlp.vocab, words=words), reference)], sgd=sgd)
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


def test_labels_are_added_before_and_after_training():
    nlp, ner, examples = pipeline()
    before = nlp.evaluate(examples)["ents_f"]
    assert ner.add_label("NEW") == 1 and ner.add_label("NEW") == 0
    assert ner.labels[-1] == "NEW"
    assert nlp.evaluate(examples)["ents_f"] == before == 1.0
    new = examples_for(nlp, [*SENTENCES, ("zork is odd", ["B-NEW", "O", "O"])])
    sgd = nlp.create_optimizer()
    for _ in range(60):
        nlp.update(new, sgd=sgd)
    assert nlp.evaluate(new)["ents_f"] == 1.0
    with pytest.raises(PipelineError, match="a label is a string"):
        ner.add_label(3)


def test_initialize_takes_labels(trained):
    _, ner, _ = trained
    nlp = spanloom.blank("en")
    other = nlp.add_pipe("ner", config={"model": MODEL})
    examples = examples_for(nlp)
    other.initialize(lambda: examples, labels=ner.label_data)
    assert other.labels == ner.labels
    third = spanloom.blank("en").add_pipe("ner", config={"model": MODEL})
    third.initialize(lambda: examples, labels={"0": {"": 3}, "1": {"PER": 2, "LOC": 1}})
    assert third.labels == ("PER", "LOC")


def test_no_entities_in_the_corpus_is_an_error():
    nlp = spanloom.blank("en")
    nlp.add_pipe("ner", config={"model": MODEL})
    words = Example(Doc(nlp.vocab, words=["a"]), Doc(nlp.vocab, words=["a"]))
    with pytest.raises(PipelineError, match="found no entities"):
        nlp.initialize(lambda: [words])


def test_it_is_saved_and_loaded(trained, tmp_path):
    nlp, ner, examples = trained
    nlp.to_disk(tmp_path / "model")
    loaded = spanloom.load(tmp_path / "model")
    assert loaded.get_pipe("ner").labels == ner.labels
    again = examples_for(loaded)
    assert loaded.evaluate(again)["ents_f"] == 1.0
    other = spanloom.blank("en").add_pipe("ner", config={"model": MODEL})
    other.from_bytes(ner.to_bytes())
    assert other.labels == ner.labels and other.move_names == ner.move_names
    with pytest.raises(SerializationError):
        other.from_bytes(b"nothing")


def test_it_sends_its_gradient_to_a_shared_layer():
    nlp = spanloom.blank("en")
    tok2vec = nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    listener = {"@architectures": "spanloom.Tok2VecListener.v1", "width": 32}
    nlp.add_pipe("ner", config={"model": {**MODEL, "tok2vec": listener}})
    examples = examples_for(nlp)
    nlp.initialize(lambda: examples)
    # The output layer starts at zero and lets nothing through at first.
    sgd = nlp.create_optimizer()
    nlp.update(examples, sgd=sgd)
    before = tok2vec.model.to_bytes()
    for _ in range(60):
        nlp.update(examples, sgd=sgd)
    assert tok2vec.model.to_bytes() != before
    assert nlp.evaluate(examples)["ents_f"] == 1.0


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


def test_names_of_spacy_resolve_to_the_same():
    nlp = spanloom.blank("en")
    model = {**MODEL, "@architectures": "spacy.TransitionBasedParser.v1"}
    del model["state_type"]
    assert nlp.add_pipe("ner", config={"model": model}).model.name == "parser_model"
