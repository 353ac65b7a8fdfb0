"""The model of parser and entity recognizer: scores of actions for states of a transition system.

A state is a few tokens (the next of the input, the top of the stack, ...). What each token adds to
the hidden layer, in each place where it may stand, is computed once for a batch; a state is then a
gather and a sum, a maxout, and a linear layer over the actions. After Honnibal's parser in spaCy,
whose tree of layers is kept; the precomputation is from Chen and Manning (2014),
https://aclanthology.org/D14-1082.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from thinc.api import (
    Linear,
    Model,
    NumpyOps,
    chain,
    glorot_uniform_init,
    list2array,
    noop,
    zero_init,
)
from thinc.types import Floats2d

from spanloom.errors import PipelineError
from spanloom.layers.dense import add_gradient, dropout_mask
from spanloom.tokens import Doc
from spanloom.tokens.batch import FloatsList, flatten

from .state_scorer import StateScorer, contributions
from .types import StateModel

__all__ = ["STATE_SIZES", "TransitionBasedParser", "claim_states", "resize_actions"]

Array = Any

#: Tokens of a state, without and with ``extra_state_tokens``.
STATE_SIZES: Mapping[str, tuple[int, int]] = {"ner": (3, 6), "parser": (8, 13)}


def TransitionBasedParser(
    tok2vec: Model[list[Doc], list[Floats2d]],
    state_type: Literal["ner", "parser"] | None = None,
    extra_state_tokens: bool = False,
    hidden_width: int = 64,
    maxout_pieces: int = 2,
    use_upper: bool = True,
    nO: int | None = None,
) -> StateModel:
    """Scores of actions for the states of a parser or an entity recognizer.

    ``state_type`` says which tokens make a state; left out, the component that gets the model
    decides. With ``extra_state_tokens`` more of them are looked at. ``hidden_width`` and
    ``maxout_pieces`` are the sizes of the hidden layer; without ``use_upper`` it has a maxout unit
    for each action itself. ``nO``, the number of actions, is the component's to set.

    The model maps documents to a
    :class:`~spanloom_tasks.transition_based.state_scorer.StateScorer`; its backward takes ``(ids,
    d_scores, mask)`` of visited states, see there.
    """
    sizes = STATE_SIZES.get(state_type) if state_type is not None else None
    if state_type is not None and sizes is None:
        raise PipelineError(
            f"TransitionBasedParser knows the state_type 'ner' and 'parser', not '{state_type}'"
        )
    width = tok2vec.get_dim("nO") if tok2vec.has_dim("nO") else None
    project: Model[Any, Any] = Linear(hidden_width, width)
    lower = _affine(
        nF=sizes[extra_state_tokens] if sizes else None,
        nO=hidden_width if use_upper else nO,
        nI=hidden_width,
        nP=maxout_pieces,
    )
    upper: Model[Any, Any] = Linear(nO, hidden_width, init_W=zero_init) if use_upper else noop()
    tokens: Model[Any, Any] = chain(tok2vec, list2array(), project)
    return Model(
        "parser_model",
        forward,
        init=init,
        layers=[tokens, lower, upper],
        refs={"tok2vec": tokens, "lower": lower, "upper": upper},
        attrs={
            "has_upper": use_upper,
            "dropout_rate": 0.0,
            "state_type": state_type,
            "extra_state_tokens": extra_state_tokens,
        },
    )


def claim_states(model: Model[Any, Any], kind: Literal["ner", "parser"], component: str) -> int:
    """Make sure that ``model`` scores states of ``kind``; returns the number of tokens in one.

    Raises :class:`PipelineError` if it was made for another component.
    """
    if "state_type" not in model.attrs:
        raise PipelineError(
            f"'{component}' needs the architecture spanloom.TransitionBasedParser.v2, and its "
            f"model is '{model.name}'"
        )
    present = model.attrs["state_type"]
    if present not in (None, kind):
        raise PipelineError(
            f"the model of '{component}' has state_type = '{present}': set it to '{kind}'"
        )
    model.attrs["state_type"] = kind
    lower = model.get_ref("lower")
    size = STATE_SIZES[kind][bool(model.attrs["extra_state_tokens"])]
    if not lower.has_dim("nF"):
        lower.set_dim("nF", size)
    return size


def resize_actions(model: Model[Any, Any], old: Sequence[str], new: Sequence[str]) -> None:
    """Give the output layer of an initialized model the actions ``new``; those of ``old`` keep
    their weights, and the others start at zero."""
    xp = model.ops.xp
    upper = model.attrs["has_upper"]
    node = model.get_ref("upper" if upper else "lower")
    places = {name: at for at, name in enumerate(new)}
    pairs = [(at, places[name]) for at, name in enumerate(old) if name in places]
    source, target = (xp.asarray(each, dtype="i") for each in zip(*pairs))
    sizes = {**{dim: node.get_dim(dim) for dim in node.dim_names}, "nO": len(new)}
    larger: Model[Any, Any] = (
        Linear(sizes["nO"], sizes["nI"], init_W=zero_init) if upper else _affine(**sizes)
    )
    # In which axis the actions are.
    axes = {"W": 0, "b": 0} if upper else {"W": 1, "b": 0, "pad": 2}
    for name, axis in axes.items():
        before = node.get_param(name)
        shape = (*before.shape[:axis], len(new), *before.shape[axis + 1 :])
        after = xp.zeros(shape, dtype=before.dtype)
        xp.moveaxis(after, axis, 0)[target] = xp.moveaxis(before, axis, 0)[source]
        larger.set_param(name, after)
    model.replace_node(node, larger)


def forward(
    model: Model[Any, Any], docs: Sequence[Doc], is_train: bool
) -> tuple[StateScorer, Callable[[Any], Any]]:
    """Forward of :func:`TransitionBasedParser`.

    The backward takes ``(ids, d_scores, mask)``, arrays of shape ``(states, nF)`` and
    ``(states, actions)`` and the mask that was given to ``scores``, or ``None``. They may be on the
    CPU.
    """
    tokens, lower, upper = model.layers
    project = tokens.layers[-1]
    xp = model.ops.xp
    vectors, backprop_vectors = tokens.layers[0](docs, is_train)
    lengths = vectors.lengths if isinstance(vectors, FloatsList) else _lengths(vectors)
    X = flatten(vectors, xp)
    if not len(X):
        X = xp.zeros((0, project.get_dim("nI")), dtype="f")
    H = xp.matmul(X, project.get_param("W").T)
    H += project.get_param("b")
    mask = dropout_mask(model.ops, H.shape, model.attrs["dropout_rate"]) if is_train else None
    if mask is not None:
        H *= mask
    weights, nothing = _piecewise(lower)
    bias = xp.ascontiguousarray(lower.get_param("b").T).ravel()
    top = None
    if model.attrs["has_upper"]:
        top = xp.ascontiguousarray(upper.get_param("W").T), upper.get_param("b")
    size, pieces = lower.get_dim("nF"), lower.get_dim("nP")
    scorer = StateScorer(H, (weights, nothing, bias), pieces, size, top, xp)

    def backprop(visited: tuple[Array, Array, Array]) -> Any:
        ids, d_scores, kept = (None if each is None else xp.asarray(each) for each in visited)
        d_sums = _backprop_scores(model, scorer, ids, d_scores, kept)
        d_table = _scatter(ids, d_sums, scorer, model.ops)
        dH = _backprop_contributions(lower, H, weights, d_sums, d_table)
        if mask is not None:
            dH *= mask
        add_gradient(project, "W", xp.matmul(dH.T, X))
        add_gradient(project, "b", dH.sum(axis=0))
        return backprop_vectors(FloatsList(xp.matmul(dH, project.get_param("W")), lengths))

    return scorer, backprop


def _lengths(vectors: Sequence[Any]) -> Any:
    return np.fromiter(map(len, vectors), dtype=np.int64, count=len(vectors))


def _backprop_scores(
    model: Model[Any, Any], scorer: StateScorer, ids: Array, d_scores: Array, mask: Array
) -> Array:
    """From the gradient of scores to that of the maxout's inputs, ``(states, pieces * width)``."""
    xp = scorer.xp
    sums = scorer.sums(ids)
    hidden = scorer.activate(sums)
    d_hidden = d_scores
    if model.attrs["has_upper"]:
        upper = model.get_ref("upper")
        kept = hidden if mask is None else hidden * mask
        add_gradient(upper, "W", xp.matmul(d_scores.T, kept))
        add_gradient(upper, "b", d_scores.sum(axis=0))
        d_hidden = xp.matmul(d_scores, upper.get_param("W"))
        if mask is not None:
            d_hidden *= mask
    d_sums = xp.empty_like(sums)
    width, taken = scorer.width, None
    for start in range(0, sums.shape[1], width):
        best = sums[:, start : start + width] == hidden
        if taken is None:
            taken = best.copy()
        else:
            best &= ~taken
            taken |= best
        xp.multiply(d_hidden, best, out=d_sums[:, start : start + width])
    return d_sums


def _scatter(ids: Array, d_sums: Array, scorer: StateScorer, ops: Any) -> Array:
    """Sum the gradients of states over their tokens: ``(tokens + 1, nF * pieces * width)``."""
    xp, size = scorer.xp, scorer.size
    keys = (ids * size + xp.arange(size)).ravel()
    table = xp.zeros(((scorer.none + 1) * size, d_sums.shape[1]), dtype="f")
    if not isinstance(ops, NumpyOps):
        ops.scatter_add(table, keys, xp.repeat(d_sums, size, axis=0))
    elif len(keys):
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        table[ordered[starts]] = np.add.reduceat(d_sums[order // size], starts, axis=0)
    return table.reshape(scorer.none + 1, -1)


# The layer of contributions


def _affine(nF: int | None, nO: int | None, nI: int, nP: int) -> Model[Any, Any]:
    """Weights ``(nF, nO, nP, nI)``, biases ``(nO, nP)``, and what no token contributes, ``pad``,
    ``(1, nF, nO, nP)``."""
    return Model(
        "precomputable_affine",
        _affine_forward,
        init=_init_affine,
        dims={"nF": nF, "nO": nO, "nI": nI, "nP": nP},
        params={"W": None, "b": None, "pad": None},
    )


def _affine_forward(
    model: Model[Any, Any], H: Array, is_train: bool
) -> tuple[Array, Callable[[Array], Array]]:
    weights, nothing = _piecewise(model)
    table = contributions(H, weights, nothing, model.ops.xp)

    def backprop(d_table: Array) -> Array:
        unused = model.ops.xp.zeros((0, model.get_dim("nP") * model.get_dim("nO")), dtype="f")
        return _backprop_contributions(model, H, weights, unused, d_table)

    return table, backprop


def _piecewise(lower: Model[Any, Any]) -> tuple[Array, Array]:
    """Weights and ``pad`` in the order of the table: place, piece, output."""
    W: Array = lower.get_param("W")
    pad: Array = lower.get_param("pad")
    weights = lower.ops.xp.ascontiguousarray(W.transpose(0, 2, 1, 3)).reshape(-1, W.shape[3])
    return weights, pad[0].transpose(0, 2, 1).ravel()


def _backprop_contributions(
    lower: Model[Any, Any], H: Array, weights: Array, d_sums: Array, d_table: Array
) -> Array:
    xp = lower.ops.xp
    nF, nO, nP, nI = (lower.get_dim(name) for name in ("nF", "nO", "nP", "nI"))
    d_tokens = d_table[:-1]
    dW = xp.matmul(d_tokens.T, H).reshape(nF, nP, nO, nI).transpose(0, 2, 1, 3)
    add_gradient(lower, "W", xp.ascontiguousarray(dW))
    d_pad = d_table[-1].reshape(1, nF, nP, nO).transpose(0, 1, 3, 2)
    add_gradient(lower, "pad", xp.ascontiguousarray(d_pad))
    add_gradient(lower, "b", xp.ascontiguousarray(d_sums.sum(axis=0).reshape(nP, nO).T))
    return xp.matmul(d_tokens, weights)


def _init_affine(model: Model[Any, Any], X: Any = None, Y: Any = None) -> Model[Any, Any]:
    """Weights such that a state's sum has the spread of a token's vector."""
    nF, nO, nP, nI = (model.get_dim(name) for name in ("nF", "nO", "nP", "nI"))
    ops = model.ops
    W: Array = glorot_uniform_init(ops, (nF * nO * nP, nI))
    W = W.reshape(nF, nO, nP, nI)
    # Glorot's bound is for nI inputs of one token; nF tokens are summed.
    bound = np.sqrt(6.0 / (nI + nF * nO * nP))
    wanted = np.sqrt(3.0 / (nI * np.sqrt(nF)))
    model.set_param("W", W * np.float32(wanted / bound))
    model.set_param("b", ops.alloc2f(nO, nP))
    model.set_param("pad", ops.alloc(shape=(1, nF, nO, nP)))
    return model


def init(model: Model[Any, Any], X: Any = None, Y: Any = None) -> Model[Any, Any]:
    """Initialize the layers; the number of actions must have been set on the output layer."""
    tokens, lower, upper = model.layers
    tok2vec, _, project = tokens.layers
    tok2vec.initialize(X=X)
    if not project.has_dim("nI"):
        width = tok2vec.maybe_get_dim("nO")
        if width is None:  # a listener that was linked before its encoder had one
            width = flatten(tok2vec.predict(X), model.ops.xp).shape[1]
        project.set_dim("nI", width)
    project.initialize()
    lower.initialize()
    if model.attrs["has_upper"]:
        upper.initialize()
    return model
