"""The laws of shared layers: activations and gradients are data on the batch."""

from __future__ import annotations

import numpy as np
import pytest

from spanloom import Doc, Example, Pipeline
from spanloom.errors import PipelineError

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    ".",
    "dogs",
    "bark",
    "at",
    "night",
    ",",
    "they",
    "do",
]
TAGS = ["A", "B", "C"]

EMBED = {
    "@architectures": "spanloom.MultiHashEmbed.v2",
    "width": 8,
    "attrs": ["NORM", "PREFIX", "SUFFIX"],
    "rows": [50, 20, 20],
    "include_static_vectors": False,
}
ENCODE = {
    "@architectures": "spanloom.MaxoutWindowEncoder.v2",
    "width": 8,
    "depth": 2,
    "window_size": 1,
    "maxout_pieces": 2,
}
TOK2VEC = {"@architectures": "spanloom.Tok2Vec.v2", "embed": EMBED, "encode": ENCODE}


def listener(**settings):
    return {"@architectures": "spanloom.Tok2VecListener.v1", "width": 8, **settings}


def tagger(tok2vec):
    return {"model": {"@architectures": "spanloom.Tagger.v2", "tok2vec": tok2vec}}


def examples_for(nlp, count=4, seed=0):
    rng = np.random.default_rng(seed)
    examples = []
    for _ in range(count):
        words = list(rng.choice(WORDS, size=rng.integers(1, 9)))
        reference = Doc(nlp.vocab, words=words, tags=list(rng.choice(TAGS, size=len(words))))
        examples.append(Example(Doc(nlp.vocab, words=words), reference))
    return examples


def shared(heads=("one", "two"), factors=None, seed=0):
    """A pipeline of taggers that share an encoder, with weights drawn from a seed."""
    nlp = Pipeline("en")
    nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    for head in heads:
        settings = {"grad_factor": (factors or {}).get(head, 1.0)}
        nlp.add_pipe("tagger", name=head, config=tagger(listener(**settings)))
    data = examples_for(nlp, 8)
    nlp.initialize(lambda: data)
    randomize(nlp, seed)
    return nlp, data


def randomize(nlp, seed):
    rng = np.random.default_rng(seed)
    for _, component in nlp.components:
        for node in component.model.walk():
            for param in node.param_names:
                shape = node.get_param(param).shape
                node.set_param(param, rng.normal(size=shape, scale=0.3).astype("f"))


def gradients(nlp, data, name="tok2vec", **kwargs):
    """The flat gradient of a component's model after one update on `data`."""
    for _, component in nlp.components:
        for node in component.model.walk():
            for param in node.param_names:
                if node.has_grad(param):
                    node.get_grad(param)[:] = 0
    nlp.update(data, sgd=False, **kwargs)
    model = nlp.get_pipe(name).model
    parts = [
        node.get_grad(param).ravel()
        if node.has_grad(param)
        else np.zeros(node.get_param(param).size)
        for node in model.walk()
        for param in node.param_names
    ]
    return np.concatenate(parts)


def weights_of(nlp, name):
    return nlp.get_pipe(name).model.to_bytes()


def test_gradient_of_two_heads_is_the_sum_of_each_alone():
    nlp, data = shared()
    both = gradients(nlp, data)
    first = gradients(nlp, data, exclude=["two"])
    second = gradients(nlp, data, exclude=["one"])
    assert np.abs(first).max() > 0 and np.abs(second).max() > 0
    np.testing.assert_allclose(both, first + second, atol=1e-4)


def test_listeners_equal_tied_private_copies():
    nlp, data = shared()
    private = Pipeline("en", vocab=nlp.vocab)
    for head in ("one", "two"):
        private.add_pipe("tagger", name=head, config=tagger(TOK2VEC))
    private.initialize(lambda: data)
    encoder = nlp.get_pipe("tok2vec").model
    total = 0.0
    for head in ("one", "two"):
        model = private.get_pipe(head).model
        copy = model.get_ref("tok2vec")
        copy.from_bytes(encoder.to_bytes())
        output = nlp.get_pipe(head).model.get_ref("softmax")
        model.get_ref("softmax").from_bytes(output.to_bytes())
    private.update(data, sgd=False)
    for head in ("one", "two"):
        copy = private.get_pipe(head).model.get_ref("tok2vec")
        total = total + np.concatenate(
            [node.get_grad(p).ravel() for node in copy.walk() for p in node.param_names]
        )
    np.testing.assert_allclose(gradients(nlp, data), total, atol=1e-4)


def test_order_of_heads_does_not_matter():
    nlp, data = shared()
    swapped = Pipeline("en", vocab=nlp.vocab)
    swapped.add_pipe("tok2vec", config={"model": TOK2VEC})
    for head in ("two", "one"):
        swapped.add_pipe("tagger", name=head, config=tagger(listener()))
    swapped.initialize(lambda: data)
    for name in ("tok2vec", "one", "two"):
        swapped.get_pipe(name).from_bytes(nlp.get_pipe(name).to_bytes())
    np.testing.assert_allclose(gradients(nlp, data), gradients(swapped, data), atol=1e-5)


@pytest.mark.parametrize("last", ["one", "two"])
def test_excluding_the_last_listener_does_not_lose_the_encoders_gradient(last):
    nlp, data = shared()
    assert np.abs(gradients(nlp, data, exclude=[last])).max() > 0


def test_excluded_head_keeps_its_weights_and_others_their_gradient():
    nlp, data = shared()
    before = weights_of(nlp, "two")
    alone = gradients(nlp, data, "one")
    nlp.update(data, sgd=nlp.create_optimizer(), exclude=["two"])
    assert weights_of(nlp, "two") == before
    nlp, data = shared()
    np.testing.assert_allclose(gradients(nlp, data, "one", exclude=["two"]), alone, atol=1e-6)


def test_frozen_encoder_runs_and_keeps_its_weights():
    nlp, data = shared()
    encoder, head = weights_of(nlp, "tok2vec"), weights_of(nlp, "one")
    losses = nlp.update(data, sgd=nlp.create_optimizer(), exclude=["tok2vec"])
    assert weights_of(nlp, "tok2vec") == encoder
    assert weights_of(nlp, "one") != head
    assert losses["one"] > 0


def test_grad_factor_scales_one_listeners_share():
    nlp, data = shared(factors={"one": 2.0})
    plain, _ = shared()
    plain.from_bytes(nlp.to_bytes())
    doubled = gradients(nlp, data)
    first = gradients(plain, data, exclude=["two"])
    second = gradients(plain, data, exclude=["one"])
    np.testing.assert_allclose(doubled, 2 * first + second, atol=1e-4)


def test_grad_factor_zero_from_all_means_no_backward_of_the_encoder():
    nlp, data = shared(factors={"one": 0.0, "two": 0.0})
    called = []
    model = nlp.get_pipe("tok2vec").model
    forward = model._func

    def watched(model, X, is_train):
        Y, backprop = forward(model, X, is_train)
        return Y, lambda dY: called.append(True) or backprop(dY)

    model._func = watched
    assert not gradients(nlp, data).any()
    assert not called


def test_grad_factor_as_a_schedule_freezes_the_encoder_at_first():
    schedule = {"@schedules": "constant_then.v1", "rate": 0.0, "steps": 2}
    schedule["schedule"] = {"@schedules": "constant.v1", "rate": 1.0}
    nlp, data = shared(heads=["one"], factors={"one": schedule})
    sgd = nlp.create_optimizer()
    seen = []
    for _ in range(5):
        before = weights_of(nlp, "tok2vec")
        nlp.update(data, sgd=sgd)
        seen.append(weights_of(nlp, "tok2vec") != before)
    assert seen[0] is False and seen[-1] is True


def test_gradients_agree_with_finite_differences_through_the_listeners():
    nlp, data = shared(seed=3)
    exact = gradients(nlp, data)
    model = nlp.get_pipe("tok2vec").model
    places = [(node, param) for node in model.walk() for param in node.param_names]
    rng = np.random.default_rng(0)
    offset, checked = 0, 0
    for node, param in places:
        values = node.get_param(param)
        flat = values.reshape(-1)
        for index in rng.choice(flat.size, size=min(4, flat.size), replace=False):
            old = float(flat[index])
            losses = []
            for value in (old + 2e-3, old - 2e-3):
                flat[index] = value
                node.set_param(param, values)
                losses.append(sum(nlp.update(data, sgd=False).values()))
            flat[index] = old
            node.set_param(param, values)
            numeric = (losses[0] - losses[1]) / 4e-3
            analytic = exact[offset + index]
            assert abs(numeric - analytic) < 0.03 + 0.05 * abs(analytic), (node.name, param)
            checked += 1
        offset += flat.size
    assert checked > 20


def test_several_updates_before_one_step_equal_one_batch():
    nlp, data = shared()
    whole = gradients(nlp, data)
    gradients(nlp, data[:3])
    nlp.update(data[3:], sgd=False)
    model = nlp.get_pipe("tok2vec").model
    parts = np.concatenate(
        [node.get_grad(p).ravel() for node in model.walk() for p in node.param_names]
    )
    np.testing.assert_allclose(whole, parts, atol=1e-4)


def test_empty_document_in_the_middle_changes_nothing_for_the_others():
    nlp, data = shared()
    empty = Example(Doc(nlp.vocab, words=[]), Doc(nlp.vocab, words=[]))
    with_empty = [*data[:2], empty, *data[2:]]
    np.testing.assert_allclose(gradients(nlp, data), gradients(nlp, with_empty), atol=1e-5)


def test_batch_equals_one_by_one():
    nlp, data = shared()
    texts = [example.predicted.text for example in data]
    together = [[t.tag_ for t in doc] for doc in nlp.pipe(texts, batch_size=3)]
    alone = [[t.tag_ for t in nlp(text)] for text in texts]
    assert together == alone


def test_encoder_feeds_an_encoder():
    nlp = Pipeline("en")
    nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    second = {"@architectures": "spanloom.Tok2Vec.v2", "embed": listener(), "encode": ENCODE}
    nlp.add_pipe("tok2vec", name="upper", config={"model": second})
    nlp.add_pipe("tagger", config=tagger(listener(upstream="upper")))
    data = examples_for(nlp, 6)
    nlp.initialize(lambda: data)
    lower, upper = weights_of(nlp, "tok2vec"), weights_of(nlp, "upper")
    nlp.update(data, sgd=nlp.create_optimizer())
    assert weights_of(nlp, "tok2vec") != lower
    assert weights_of(nlp, "upper") != upper
    assert all(token.tag_ for token in nlp("the cat sat"))


def test_two_encoders_of_different_width_feed_their_own_listeners():
    nlp = Pipeline("en")
    nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    wide = {
        "@architectures": "spanloom.Tok2Vec.v2",
        "embed": {**EMBED, "width": 12},
        "encode": {**ENCODE, "width": 12},
    }
    nlp.add_pipe("tok2vec", name="wide", config={"model": wide})
    nlp.add_pipe("tagger", name="narrow_head", config=tagger(listener(upstream="tok2vec")))
    nlp.add_pipe("tagger", name="wide_head", config=tagger(listener(width=12, upstream="wide")))
    data = examples_for(nlp, 6)
    nlp.initialize(lambda: data)
    assert nlp.update(data, sgd=False).keys() == {"narrow_head", "wide_head"}
    doc = nlp("the cat sat")
    assert all(token.tag_ for token in doc)


def test_missing_producer_is_named_with_both_ends():
    nlp = Pipeline("en")
    nlp.add_pipe("tagger", config=tagger(listener()))
    data = examples_for(nlp)
    with pytest.raises(PipelineError, match="'tagger'.*listens to a shared encoder.*add_pipe"):
        nlp.initialize(lambda: data)
    nlp = Pipeline("en")
    nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    nlp.add_pipe("tagger", config=tagger(listener(upstream="tok3vec")))
    with pytest.raises(PipelineError, match="'tagger' listens to 'tok3vec'.*tok2vec"):
        nlp.initialize(lambda: data)


def test_width_that_does_not_fit_is_named_with_both_ends():
    nlp = Pipeline("en")
    nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    nlp.add_pipe("tagger", config=tagger(listener(width=96)))
    data = examples_for(nlp)
    with pytest.raises(PipelineError, match=r"'tagger'.*'tok2vec'.*width 96.*width 8"):
        nlp.initialize(lambda: data)


def test_encoder_that_nobody_listens_to_does_not_run():
    nlp, _ = shared()
    calls = []
    encoder = nlp.get_pipe("tok2vec")
    forward = encoder.model._func
    encoder.model._func = lambda *args, **kw: calls.append(1) or forward(*args, **kw)
    with nlp.select_pipes(disable=["one", "two"]):
        nlp("the cat")
    assert not calls
    nlp("the cat")
    assert calls


def test_a_component_called_alone_runs_its_encoder():
    nlp, _ = shared()
    nlp.get_pipe("two").cfg["overwrite"] = True
    doc = nlp.make_doc("the cat sat")
    nlp.get_pipe("two")(doc)
    assert [token.tag_ for token in doc] == [token.tag_ for token in nlp("the cat sat")]
