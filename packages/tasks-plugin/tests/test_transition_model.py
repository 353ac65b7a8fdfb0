"""The model of parser and entity recognizer: gradients, sizes, resizing."""

from __future__ import annotations

import numpy as np
import pytest
from thinc.api import Model

from spanloom.errors import PipelineError
from spanloom.tokens.batch import FloatsList
from spanloom_tasks.transition_based.model import (
    TransitionBasedParser,
    claim_states,
    resize_actions,
)
from spanloom_tasks.transitions import oracle_gradient

WIDTH, ACTIONS = 6, 5


def vectors(lengths, seed=0):
    flat = np.random.default_rng(seed).normal(size=(sum(lengths), WIDTH)).astype("f")
    return FloatsList(flat, np.array(lengths))


def build(values, state_type="parser", **settings):
    """A model whose token layer returns ``values`` and keeps what gradient came."""
    gradients = []

    def forward(model, docs, is_train):
        return values, lambda dY: gradients.append(dY.flat.copy()) or []

    tok2vec = Model("vectors", forward, dims={"nO": WIDTH})
    model = TransitionBasedParser(
        tok2vec, state_type, hidden_width=4, maxout_pieces=3, nO=ACTIONS, **settings
    )
    model.initialize(X=[])
    rng = np.random.default_rng(1)
    for node in model.walk():
        for name in node.param_names:
            value = node.get_param(name)
            node.set_param(name, rng.normal(size=value.shape).astype("f"))
    return model, gradients


def random_states(size, tokens, count=7):
    return np.random.default_rng(2).integers(0, tokens + 1, size=(count, size))


@pytest.mark.parametrize(("use_upper", "masked"), [(True, False), (True, True), (False, False)])
@pytest.mark.parametrize(
    ("state_type", "extra"), [("ner", False), ("ner", True), ("parser", False)]
)
def test_gradients_agree_with_finite_differences(use_upper, masked, state_type, extra):
    values = vectors([3, 0, 2])
    model, gradients = build(values, state_type, use_upper=use_upper, extra_state_tokens=extra)
    scorer, backprop = model.begin_update([])
    ids = random_states(scorer.size, 5)
    rng = np.random.default_rng(3)
    weights = rng.normal(size=(len(ids), ACTIONS)).astype("f")
    mask = rng.choice(np.array([0.0, 1.5], dtype="f"), size=(len(ids), 4)) if masked else None

    def loss():
        return float((model.predict([]).scores(ids, mask).astype("d") * weights).sum())

    backprop((ids, weights, mask))

    def difference(array, place):
        before = array[place]
        found = []
        for step in (1e-2, -1e-2):
            array[place] = before + step
            found.append(loss())
        array[place] = before
        return (found[0] - found[1]) / 2e-2

    checked = [(values.flat, gradients[0])]
    for node in model.walk():
        checked += [(node.get_param(name), node.get_grad(name)) for name in node.param_names]
    assert len(checked) == (8 if use_upper else 6)
    rng = np.random.default_rng(4)
    for array, gradient in checked:
        assert array.shape == gradient.shape
        for _ in range(4):
            place = tuple(rng.integers(0, n) for n in array.shape)
            assert gradient[place] == pytest.approx(difference(array, place), abs=2e-2, rel=2e-2)


def test_dropout_is_that_of_training_only_and_its_gradient_agrees():
    values = vectors([4])
    model, gradients = build(values)
    plain = model.predict([]).scores(random_states(8, 4))
    model.attrs["dropout_rate"] = 0.5
    assert np.array_equal(model.predict([]).scores(random_states(8, 4)), plain)
    scorer, backprop = model.begin_update([])
    assert not np.allclose(scorer.scores(random_states(8, 4)), plain)
    backprop((random_states(8, 4), np.ones((7, ACTIONS), dtype="f"), None))
    assert gradients[0].shape == (4, WIDTH)


def test_states_of_one_token_score_as_any_others():
    model, _ = build(vectors([5]), "ner")
    scorer = model.predict([])
    ids = np.full((5, 3), scorer.none)
    ids[:, 0] = np.arange(5)
    assert np.allclose(scorer.outside_scores(), scorer.scores(ids), atol=1e-5)


def test_what_is_never_visited_gets_no_gradient():
    model, gradients = build(vectors([2, 2]))
    scorer, backprop = model.begin_update([])
    ids = np.full((1, 8), scorer.none)
    ids[0, 0] = 1
    backprop((ids, np.ones((1, ACTIONS), dtype="f"), None))
    assert gradients[0][1].any() and not gradients[0][[0, 2, 3]].any()


def test_no_documents_and_empty_documents():
    for lengths in ([], [0], [0, 0]):
        model, _ = build(vectors(lengths), "ner")
        assert model.predict([]).none == 0


def test_new_actions_start_at_zero_and_old_ones_stay():
    for use_upper in (True, False):
        model, _ = build(vectors([3]), use_upper=use_upper)
        ids = random_states(8, 3)
        before = model.predict([]).scores(ids)
        resize_actions(model, list("abcde"), list("xbdaec"))
        after = model.predict([]).scores(ids)
        assert np.allclose(after[:, [1, 2, 3, 4, 5]], before[:, [1, 3, 0, 4, 2]], atol=1e-6)
        assert np.allclose(after[:, 0], 0.0)


def test_the_tree_of_layers_is_that_of_configs_of_spacy():
    model, _ = build(vectors([3]))
    assert model.name == "parser_model"
    assert [node.name for node in model.layers] == [
        "vectors>>list2array>>linear",
        "precomputable_affine",
        "linear",
    ]
    assert model.get_ref("lower").get_param("W").shape == (8, 4, 3, 4)
    assert model.get_ref("lower").get_param("pad").shape == (1, 8, 4, 3)


def test_weights_are_saved_and_loaded():
    model, _ = build(vectors([3]))
    other, _ = build(vectors([3]))
    other.get_ref("upper").set_param("W", np.zeros((ACTIONS, 4), dtype="f"))
    other.from_bytes(model.to_bytes())
    ids = random_states(8, 3)
    assert np.array_equal(model.predict([]).scores(ids), other.predict([]).scores(ids))


def test_a_model_for_another_component_is_refused():
    model, _ = build(vectors([1]), "ner")
    with pytest.raises(PipelineError, match="set it to 'parser'"):
        claim_states(model, "parser", "parser")
    with pytest.raises(PipelineError, match="TransitionBasedParser"):
        claim_states(Model("other", None), "parser", "parser")
    with pytest.raises(PipelineError, match="state_type"):
        TransitionBasedParser(Model("v", None), "tagger")


def test_a_model_without_a_state_type_takes_that_of_its_component():
    model = TransitionBasedParser(Model("v", None, dims={"nO": 3}))
    assert claim_states(model, "parser", "parser") == 8
    assert model.get_ref("lower").get_dim("nF") == 8
    extra = TransitionBasedParser(Model("v", None, dims={"nO": 3}), extra_state_tokens=True)
    assert claim_states(extra, "ner", "ner") == 6


# -- the loss


def test_the_loss_is_minus_the_log_of_the_chance_of_good_actions():
    scores = np.random.default_rng(0).normal(size=(4, ACTIONS)).astype("f")
    valid = np.array([[1, 1, 1, 0, 1]] * 4, dtype=bool)
    good = np.array(
        [[1, 0, 0, 0, 1], [0, 0, 0, 1, 0], [1, 1, 1, 0, 1], [0, 1, 0, 0, 0]], dtype=bool
    )
    loss, gradient = oracle_gradient(scores, valid, good)
    chance = np.exp(scores) * valid
    chance /= chance.sum(axis=1, keepdims=True)
    wanted = -np.log(chance[0, [0, 4]].sum()) - np.log(chance[3, 1])
    assert loss == pytest.approx(wanted, rel=1e-5)
    assert not gradient[1].any(), "nothing good is valid"
    assert np.allclose(gradient[2], 0.0, atol=1e-6), "everything valid is good"
    for place in [(0, 0), (0, 1), (0, 3), (3, 1)]:
        moved = scores.astype("d").copy()
        moved[place] += 1e-4
        slope = (oracle_gradient(moved, valid, good)[0] - loss) / 1e-4
        assert gradient[place] == pytest.approx(slope, abs=2e-2)


def test_scores_of_any_size_give_finite_losses():
    scores = np.array([[1e4, -1e4, 0.0]], dtype="f")
    loss, gradient = oracle_gradient(
        scores, np.ones((1, 3), bool), np.array([[False, True, False]])
    )
    assert np.isfinite(loss) and np.isfinite(gradient).all()
