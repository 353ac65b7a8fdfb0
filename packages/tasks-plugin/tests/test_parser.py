"""The dependency parser as a component."""

from __future__ import annotations

import numpy as np
import pytest

import spanloom
from spanloom import Doc, Example
from spanloom.errors import DataError, PipelineError
from spanloom_tasks.transitions.gold import gold_heads

from .support import TREES, arcs, has_gradient, learn, parsed, taught, transitions

MODEL = transitions("parser", hidden_width=32)


def pipeline(trees=TREES, model=MODEL, **settings):
    return taught("parser", model, parsed, 80, trees, **settings)


@pytest.fixture(scope="module")
def trained():
    return pipeline()


def parse(nlp, text, **annotation):
    return nlp(Doc(nlp.vocab, words=text.split(), **annotation))


@pytest.mark.lengthy
def test_it_learns_its_examples_the_ones_that_are_not_projective_too(trained):
    nlp, parser, _ = trained
    for text, heads, deps in TREES:
        assert arcs(parse(nlp, text)) == (heads, deps)
    assert {"nsubj", "obj", "ROOT"} <= set(parser.labels)
    assert not any("||" in label for label in parser.labels)


def test_scores(trained):
    nlp, _, examples = trained
    scores = nlp.evaluate(examples)
    assert (scores["dep_uas"], scores["dep_las"], scores["sents_f"]) == (1.0, 1.0, 1.0)


def spoiled(value):
    """A parser, taught a little, of which one kind of weights has a value."""
    nlp, parser, examples = taught("parser", MODEL, parsed, 3, TREES)
    for node in parser.model.walk():
        if node.name == "linear" or "upper" in node.name:
            node.set_param("b", node.get_param("b") * 0 + value)
    return nlp, parser, examples


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("copies", [1, 40])
def test_weights_that_are_not_finite_are_an_error_and_no_endless_loop(value, copies):
    nlp, parser, examples = spoiled(value)
    docs = [Doc(nlp.vocab, words=text.split()) for text, _, _ in TREES] * copies
    with pytest.raises(PipelineError, match="'parser' can't parse: the scores .* NaN or infinite"):
        list(parser.pipe(docs, batch_size=len(docs)))
    assert np.isnan(parser.update(examples)["parser"])


def test_a_weight_that_becomes_nan_stops_training_in_words():
    nlp, _, examples = taught("parser", MODEL, parsed, 1, TREES)
    sgd = nlp.create_optimizer()
    sgd.learn_rate = np.nan
    learn(nlp, examples, 1, sgd)
    losses = nlp.update(examples, sgd=sgd)
    assert np.isnan(losses["parser"])


def test_heads_in_a_circle_are_refused_before_training():
    nlp = spanloom.blank("en")
    nlp.add_pipe("parser", config={"model": MODEL})
    examples = parsed(nlp)
    reference = examples[2].reference
    reference[3].head = reference[2]
    reference[2].head = reference[3]
    with pytest.raises(DataError, match=r"circle at word \d .*'A hearing is scheduled"):
        nlp.initialize(lambda: examples)


def test_white_space_is_no_word_of_a_tree(trained):
    nlp, _, _ = trained
    words = ["she", "  ", "reads", "\n\n", "books", "\n"]
    doc = nlp(Doc(nlp.vocab, words=words))
    assert [token.head.text for token in doc if not token.is_space] == ["reads"] * 3
    assert [token.is_sent_start for token in doc] == [True] + [False] * 5


def test_sentences_come_from_the_trees(trained):
    nlp, _, _ = trained
    doc = parse(nlp, "she sings birds read books")
    assert [sentence.text for sentence in doc.sents] == ["she sings", "birds read books"]


def test_empty_documents_and_documents_of_one_token(trained):
    nlp, parser, _ = trained
    assert len(nlp("")) == 0
    assert arcs(nlp("she")) == ([0], ["ROOT"])
    empty = Example(Doc(nlp.vocab, words=[]), Doc(nlp.vocab, words=[]))
    assert parser.update([empty], losses={}) == {"parser": 0.0}


def test_known_starts_of_sentences_are_kept(trained):
    nlp, _, _ = trained
    doc = parse(nlp, "she reads books", sent_starts=[True, False, True])
    assert [token.is_sent_start for token in doc] == [True, False, True]
    assert doc[2].head.i == 2
    doc = parse(nlp, "she sings birds read books", sent_starts=[True, False, False, False, False])
    assert len(list(doc.sents)) == 1
    assert sum(token.head.i == token.i for token in doc) == 1


def test_whitespace_hangs_on_the_token_before_it(trained):
    nlp, _, _ = trained
    words = ["\n", "she", " ", "reads", "  ", "books", "\n"]
    doc = nlp(Doc(nlp.vocab, words=words, spaces=[False] * 7))
    heads, deps = arcs(doc)
    assert [heads[i] for i in (0, 2, 4, 6)] == [1, 1, 3, 5]
    assert {deps[i] for i in (0, 2, 4, 6)} == {"dep"}
    solid = [1, 3, 5]
    plain = arcs(parse(nlp, "she reads books"))
    assert [solid.index(heads[i]) for i in solid] == plain[0]
    assert [deps[i] for i in solid] == plain[1]
    assert [token.is_sent_start for token in doc] == [True] + [False] * 6


def test_documents_of_whitespace_alone(trained):
    nlp, _, _ = trained
    doc = nlp(Doc(nlp.vocab, words=["\n", "  "], spaces=[False, False]))
    assert all(0 <= token.head.i < 2 for token in doc)
    assert len(list(doc.sents)) == 1


def test_missing_annotation_gives_no_gradient(trained):
    nlp, parser, _ = trained
    words = ["she", "reads", "books"]
    losses = parser.update([Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words))])
    assert losses == {"parser": 0.0}
    assert not has_gradient(parser)


@pytest.mark.lengthy
def test_it_learns_from_partly_annotated_documents():
    partial = [
        ("she reads books", [1, 1, 2], ["nsubj", "ROOT", ""]),
        ("she reads books", [0, 1, 1], ["", "ROOT", "obj"]),
    ]
    nlp, _, _ = pipeline(partial)
    assert arcs(parse(nlp, "she reads books")) == ([1, 1, 1], ["nsubj", "ROOT", "obj"])


def test_heads_in_other_tokens_than_those_of_the_reference(trained):
    nlp, _, _ = trained
    reference = Doc(
        nlp.vocab,
        words=["she", "reads", "book", "s"],
        spaces=[True, True, False, False],
        heads=[1, 1, 1, 2],
        deps=["nsubj", "ROOT", "obj", "x"],
    )
    doc = Doc(nlp.vocab, words=["she", "reads", "books"])
    heads, relations = gold_heads(Example(doc, reference))
    assert heads.tolist() == [1, 1, -1]
    assert [nlp.vocab.strings[int(r)] if r else "" for r in relations] == ["nsubj", "ROOT", ""]
    other = Doc(
        nlp.vocab,
        words=["she", " ", "reads", "book", "s"],
        spaces=[True, False, True, False, False],
    )
    heads, _ = gold_heads(Example(other, reference))
    assert heads.tolist() == [2, -1, 2, 2, 3]


def test_long_documents_are_cut_where_sentences_start():
    from spanloom.tokens.batch import Batch
    from spanloom_tasks.parser.trees import NonSpaceTokens, gold_trees

    nlp = spanloom.blank("en")
    text, heads = " ".join(["she reads books"] * 10), [3 * i + 1 for i in range(10) for _ in "abc"]
    examples = parsed(nlp, [(text, heads, ["nsubj", "ROOT", "obj"] * 10)])
    tokens = NonSpaceTokens.of(Batch([examples[0].predicted]), constrained=False)
    numbers = {"nsubj": 0, "obj": 1}
    assert gold_trees(examples, tokens, numbers, 8).lengths.tolist() == [9, 9, 9, 3]
    assert gold_trees(examples, tokens, numbers, 100).lengths.tolist() == [30]
    assert gold_trees(examples, tokens, numbers, 8).starts.sum() == 10


def test_labels(trained):
    nlp, parser, _examples = trained
    other = spanloom.blank("en").add_pipe("parser", config={"model": MODEL})
    other.initialize(lambda: parsed(nlp), labels=parser.label_data)
    assert other.labels == parser.labels and other.move_names == parser.move_names
    third = spanloom.blank("en").add_pipe("parser", config={"model": MODEL})
    assert third.add_label("nsubj") == 1 and third.add_label("nsubj") == 0
    third.initialize(lambda: parsed(nlp), labels=["obj", "ROOT"])
    assert third.labels == ("ROOT", "obj")
    with pytest.raises(PipelineError, match="a label must be a string"):
        third.add_label("")


@pytest.mark.lengthy
def test_a_label_is_added_after_training():
    nlp, parser, examples = pipeline()
    assert parser.add_label("new") == 1
    assert nlp.evaluate(examples)["dep_las"] == 1.0
    assert "L-new" in parser.move_names and "R-new" in parser.move_names
    nlp.update(examples, sgd=nlp.create_optimizer())


def test_rare_relations_are_left_out_of_large_corpora():
    trees = [*TREES[:1] * 700, ("a b", [1, 1], ["odd", "ROOT"])]
    nlp = spanloom.blank("en")
    parser = nlp.add_pipe("parser", config={"model": MODEL, "min_action_freq": 2})
    parser.initialize(lambda: parsed(nlp, trees))
    assert "odd" in parser.labels
    parser = nlp.add_pipe("parser", "two", config={"model": MODEL, "min_action_freq": 2})
    parser.initialize(lambda: parsed(nlp, [*TREES[:1] * 1100, trees[-1]]))
    assert "odd" not in parser.labels


def test_tokens_are_not_learnt():
    nlp = spanloom.blank("en")
    with pytest.raises(PipelineError, match="learn_tokens"):
        nlp.add_pipe("parser", "other", config={"model": MODEL, "learn_tokens": True})


@pytest.mark.lengthy
@pytest.mark.parametrize("settings", [{"extra_state_tokens": True}, {"use_upper": False}])
def test_other_settings_learn_too(settings):
    nlp, _, examples = pipeline(model={**MODEL, **settings})
    assert nlp.evaluate(examples)["dep_uas"] > 0.9


def test_a_long_document(trained):
    nlp, _, _ = trained
    doc = parse(nlp, " ".join(["she reads books"] * 1_000))
    heads = doc.column("HEAD")
    assert heads.min() >= 0 and heads.max() < len(doc)


@pytest.mark.slow
def test_a_very_long_document(trained):
    nlp, parser, _ = trained
    words = ["she", "reads", "books"] * 33_000
    doc = nlp(Doc(nlp.vocab, words=words))
    assert np.asarray(doc.column("HEAD")).max() < len(words)
    parser.update([Example(Doc(nlp.vocab, words=words), doc)])
