"""What the parser and the entity recognizer do alike."""

from __future__ import annotations

import pytest

import spanloom
from spanloom import Doc

from .support import SENTENCES, TOK2VEC, TREES, arcs, entities, learn, named, parsed, taught
from .support import transitions as model

TASKS = {
    "ner": (named, [text for text, _ in SENTENCES], entities),
    "parser": (parsed, [text for text, _, _ in TREES], arcs),
}


@pytest.fixture(scope="module", params=TASKS)
def trained(request):
    """A trained pipeline, its examples, their texts, and what a document says."""
    make, texts, says = TASKS[request.param]
    nlp, _, examples = taught(request.param, model(request.param), make, 60)
    return nlp, examples, texts, says


def docs(nlp, texts):
    return [Doc(nlp.vocab, words=text.split()) for text in texts]


@pytest.mark.lengthy
def test_together_and_alone_give_the_same(trained):
    nlp, _, texts, says = trained
    texts = [*texts * 8, "", "Rome", "she"]
    alone = [says(nlp(doc)) for doc in docs(nlp, texts)]
    assert [says(doc) for doc in nlp.pipe(docs(nlp, texts))] == alone


def test_large_batches_are_worked_on_in_groups(trained, monkeypatch):
    from spanloom_tasks.transition_based import document_groups

    nlp, _, texts, says = trained
    texts = [*texts, ""] * 3
    whole = [says(doc) for doc in nlp.pipe(docs(nlp, texts))]
    for size in (1, 6, 11):
        monkeypatch.setattr(document_groups, "GROUP_TOKENS", size)
        assert [says(doc) for doc in nlp.pipe(docs(nlp, texts))] == whole


def test_they_are_saved_and_loaded(trained, tmp_path):
    nlp, _, texts, says = trained
    nlp.to_disk(tmp_path / "model")
    loaded = spanloom.load(tmp_path / "model")
    (name,) = nlp.pipe_names
    assert loaded.get_pipe(name).labels == nlp.get_pipe(name).labels
    assert [says(loaded(doc)) for doc in docs(loaded, texts)] == [
        says(nlp(doc)) for doc in docs(nlp, texts)
    ]


@pytest.mark.lengthy
@pytest.mark.parametrize(("name", "score"), [("ner", "ents_f"), ("parser", "dep_las")])
def test_they_send_their_gradient_to_a_shared_layer(name, score):
    nlp = spanloom.blank("en")
    tok2vec = nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    listener = {"@architectures": "spanloom.Tok2VecListener.v1", "width": 32}
    nlp.add_pipe(name, config={"model": model(name, tok2vec=listener)})
    examples = TASKS[name][0](nlp)
    nlp.initialize(lambda: examples)
    # The output layer starts at zero and lets nothing through at first.
    sgd = nlp.create_optimizer()
    learn(nlp, examples, 1, sgd)
    before = tok2vec.model.to_bytes()
    learn(nlp, examples, 1, sgd)
    assert tok2vec.model.to_bytes() != before
    learn(nlp, examples, 60, sgd)
    assert nlp.evaluate(examples)[score] == 1.0


@pytest.mark.parametrize("width", [None, 32])
@pytest.mark.parametrize("name", ["ner", "parser", "textcat"])
def test_a_head_is_initialized_by_its_own_method(name, width):
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    listener = {"@architectures": "spanloom.Tok2VecListener.v1", "width": width}
    pooled = {"@architectures": "spanloom.TextCatReduce.v1", "tok2vec": listener}
    nlp.add_pipe(
        name, config={"model": pooled if name == "textcat" else model(name, tok2vec=listener)}
    )
    examples = parsed(nlp) if name == "parser" else named(nlp)
    for i, example in enumerate(examples):
        example.reference.cats = {"A": float(i % 2), "B": float(not i % 2)}
    for part in ("tok2vec", name):
        nlp.get_pipe(part).initialize(lambda: examples, nlp=nlp)
    assert nlp("Anna met Bob").has_annotation("SENT_START" if name == "parser" else "ORTH")
    nlp.update(examples)


@pytest.mark.parametrize("factory", ["parser", "ner"])
def test_what_was_loaded_is_saved_in_the_same_bytes(factory: str) -> None:
    first = spanloom.blank("en").add_pipe(factory)
    again = spanloom.blank("en").add_pipe(factory).from_bytes(first.to_bytes())
    assert again.to_bytes() == first.to_bytes()
