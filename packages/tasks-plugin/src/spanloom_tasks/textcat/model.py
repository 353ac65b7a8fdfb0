"""Models that score labels for whole documents: ``Model[list[Doc], Floats2d]``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from thinc.api import (
    Dropout,
    Gelu,
    LayerNorm,
    Linear,
    Logistic,
    Maxout,
    Model,
    ParametricAttention,
    ParametricAttention_v2,
    Softmax,
    SparseLinear,
    SparseLinear_v2,
    chain,
    concatenate,
    list2ragged,
    reduce_first,
    reduce_last,
    reduce_max,
    reduce_mean,
    reduce_sum,
    residual,
    resizable,
    softmax_activation,
    with_cpu,
)
from thinc.layers.resizable import resize_linear_weighted
from thinc.types import Floats2d, Ragged

from spanloom.errors import ConfigError, ConfigProblem
from spanloom.layers.types import TextModel, TokenModel

from .ngrams import extract_ngrams
from .resizing import OUTPUT

__all__ = [
    "TextCatBOW",
    "TextCatBOW_v1",
    "TextCatBOW_v2",
    "TextCatCNN",
    "TextCatCNN_v1",
    "TextCatEnsemble",
    "TextCatParametricAttention",
    "TextCatReduce",
    "pool_texts",
]


def TextCatBOW(
    exclusive_classes: bool = True,
    ngram_size: int = 1,
    no_output_layer: bool = False,
    length: int = 262144,
    nO: int | None = None,
) -> TextModel:
    """A linear model of the n-grams in a document ("bag of words"): fast, and hard to beat on long
    texts. Weights lie in a hash table of ``length`` rows, which is rounded up to a power of two.

    With ``exclusive_classes`` the scores of a document sum to one; else each lies between 0 and 1
    by itself. Without the output layer they can be any number.
    """
    if length < 1:
        problem = ConfigProblem("length", f"a table of {length} rows can't be", "use 262144")
        raise ConfigError([problem], source="TextCatBOW")
    sparse = SparseLinear_v2(nO=nO, length=1 << (length - 1).bit_length())
    return _bag_of_words(sparse, exclusive_classes, ngram_size, no_output_layer, nO)


def TextCatBOW_v2(
    exclusive_classes: bool = True,
    ngram_size: int = 1,
    no_output_layer: bool = False,
    nO: int | None = None,
) -> TextModel:
    """:func:`TextCatBOW` with thinc's first sparse layer, which uses a part of its table only."""
    return _bag_of_words(SparseLinear(nO=nO), exclusive_classes, ngram_size, no_output_layer, nO)


def TextCatBOW_v1(
    exclusive_classes: bool = True,
    ngram_size: int = 1,
    no_output_layer: bool = False,
    nO: int | None = None,
) -> TextModel:
    """:func:`TextCatBOW_v2`, in the tree that spaCy 3.0 saved."""
    sparse = SparseLinear(nO=nO)
    return _bag_of_words(sparse, exclusive_classes, ngram_size, no_output_layer, nO, nested=False)


# The trees of these models are spaCy's, so that weights can be carried over.


def _bag_of_words(
    sparse: Model[Any, Any],
    exclusive: bool,
    ngram_size: int,
    bare: bool,
    nO: int | None,
    *,
    nested: bool = True,
) -> TextModel:
    layer = _resizable(sparse) if nested else sparse
    scores: Model[Any, Any] = chain(extract_ngrams(ngram_size), layer)
    # thinc's sparse layer needs the CPU.
    model: Model[Any, Any] = with_cpu(scores, scores.ops)
    if not bare:
        output: Model[Any, Any] = softmax_activation() if exclusive else Logistic()
        model = chain(model, with_cpu(output, output.ops))
    if nO is not None:
        model.set_dim("nO", nO)
    model.set_ref(OUTPUT, sparse)
    model.attrs["multi_label"] = not exclusive
    model.attrs["output"] = "none" if bare else "softmax_activation" if exclusive else "logistic"
    return model


def _resizable(layer: Model[Any, Any]) -> Model[Any, Any]:
    return resizable(layer, resize_layer=resize_linear_weighted)


def TextCatReduce(
    tok2vec: TokenModel,
    exclusive_classes: bool = True,
    use_reduce_first: bool = False,
    use_reduce_last: bool = False,
    use_reduce_max: bool = False,
    use_reduce_mean: bool = True,
    nO: int | None = None,
) -> TextModel:
    """Pool the token vectors of a document in one or several ways, and score the pooled vectors.

    Raises :class:`ConfigError` if no way of pooling is chosen.
    """
    chosen = {
        reduce_first: use_reduce_first,
        reduce_last: use_reduce_last,
        reduce_max: use_reduce_max,
        reduce_mean: use_reduce_mean,
    }
    layers = [pool_texts(layer()) for layer, used in chosen.items() if used]
    if not layers:
        problem = ConfigProblem(
            "use_reduce_mean", "no way of pooling is chosen", "set at least one use_reduce_ to true"
        )
        raise ConfigError([problem], source="TextCatReduce")
    output = _linear(exclusive_classes, nO)
    pooled = _pooled(tok2vec, concatenate(*layers))
    return _scored(pooled, _resizable(output), output, tok2vec, exclusive_classes)


def TextCatCNN(
    tok2vec: TokenModel, exclusive_classes: bool = True, nO: int | None = None
) -> TextModel:
    """:func:`TextCatReduce` by the mean."""
    return TextCatReduce(tok2vec, exclusive_classes, nO=nO)


def TextCatCNN_v1(
    tok2vec: TokenModel, exclusive_classes: bool = True, nO: int | None = None
) -> TextModel:
    """:func:`TextCatCNN`, in the tree that spaCy 3.0 saved."""
    output = _linear(exclusive_classes, nO)
    pooled = _pooled(tok2vec, pool_texts(reduce_mean()))
    return _scored(pooled, output, output, tok2vec, exclusive_classes)


def _pooled(tok2vec: TokenModel, pool: Model[Any, Any]) -> Model[Any, Any]:
    return chain(chain(tok2vec, list2ragged()), pool)


def _scored(
    pooled: Model[Any, Any],
    layer: Model[Any, Any],
    output: Model[Any, Any],
    tok2vec: TokenModel,
    exclusive: bool,
) -> TextModel:
    """Scores of pooled vectors by ``layer``, which holds ``output`` or is it."""
    model: Model[Any, Any] = chain(pooled, layer)
    if not exclusive:
        model = chain(model, Logistic())
    model.set_ref("tok2vec", tok2vec)
    model.set_ref(OUTPUT, output)
    model.attrs["multi_label"] = not exclusive
    return model


def _linear(exclusive: bool, nO: int | None) -> Model[Any, Any]:
    return Softmax(nO=nO) if exclusive else Linear(nO=nO)


def _output(exclusive: bool, nO: int | None) -> Model[Any, Any]:
    output = _linear(exclusive, nO)
    return output if exclusive else chain(output, Logistic())


def pool_texts(layer: Model[Ragged, Floats2d]) -> Model[Ragged, Floats2d]:
    """Let ``layer``, which pools documents, give a vector of zeros for one without tokens."""
    layer.replace_callbacks(partial(_pool, layer._func), init=layer.init)
    return layer


def _pool(
    reduce: Callable[..., Any], model: Model[Ragged, Floats2d], X: Ragged, is_train: bool
) -> tuple[Floats2d, Callable[[Any], Ragged]]:
    filled = X.lengths > 0
    Y, backprop = reduce(model, Ragged(X.dataXd, X.lengths[filled]), is_train)
    if filled.all():
        return Y, backprop
    spread = model.ops.alloc2f(len(X.lengths), Y.shape[1])
    spread[filled] = Y

    def backprop_filled(dY: Any) -> Ragged:
        return Ragged(backprop(dY[filled]).dataXd, X.lengths)

    return spread, backprop_filled


def TextCatEnsemble(
    linear_model: TextModel, tok2vec: TokenModel, nO: int | None = None
) -> TextModel:
    """A linear model of n-grams beside a pooled token-to-vector layer with attention, and an output
    layer over both. Whether labels exclude each other is what ``linear_model`` says.
    """
    exclusive = not linear_model.attrs.get("multi_label", False)
    width = tok2vec.maybe_get_dim("nO")
    attention: Model[Any, Any] = ParametricAttention(width)
    deep, mix = _attended(tok2vec, attention)
    model: Model[Any, Any] = chain(concatenate(linear_model, deep), _output(exclusive, nO))
    return _with_refs(model, mix, exclusive, tok2vec=tok2vec, attention=attention)


def TextCatParametricAttention(
    tok2vec: TokenModel, exclusive_classes: bool = True, nO: int | None = None
) -> TextModel:
    """Pool the token vectors of a document by attention, whose keys come from a layer of their own,
    and score the pooled vectors."""
    width = tok2vec.maybe_get_dim("nO")
    key: Model[Any, Any] = Gelu(nO=width, nI=width)
    attention: Model[Any, Any] = ParametricAttention_v2(key_transform=key, nO=width)
    deep, mix = _attended(tok2vec, attention)
    output = _output(exclusive_classes, nO)
    model: Model[Any, Any] = chain(deep, output)
    model.set_ref(OUTPUT, output.layers[0] if output.layers else output)
    refs = {"tok2vec": tok2vec, "attention": attention, "key_transform": key}
    return _with_refs(model, mix, exclusive_classes, **refs)


def _attended(
    tok2vec: TokenModel, attention: Model[Any, Any]
) -> tuple[Model[Any, Any], Model[Any, Any]]:
    """Token vectors pooled by attention and mixed, and the layer that mixes them."""
    width = tok2vec.maybe_get_dim("nO")
    mix: Model[Any, Any] = chain(Maxout(nO=width, nI=width), LayerNorm(nI=width))
    attended = _pooled(tok2vec, attention)
    pooled: Model[Any, Any] = chain(attended, pool_texts(reduce_sum()))
    return chain(pooled, residual(chain(mix, Dropout(0.0)))), mix


def _with_refs(
    model: Model[Any, Any], mix: Model[Any, Any], exclusive: bool, **refs: Model[Any, Any]
) -> TextModel:
    """``model`` with what its initialization and the component ask of it."""
    for name, part in {**refs, "maxout": mix.layers[0], "norm": mix.layers[1]}.items():
        model.set_ref(name, part)
    model.attrs["multi_label"] = not exclusive
    model.init = partial(_init_ensemble, model.init)
    return model


def _init_ensemble(
    init: Callable[..., Any], model: Model[Any, Any], X: Any = None, Y: Any = None
) -> None:
    """A listener knows its width only once it is linked: hand it on first."""
    tok2vec = model.get_ref("tok2vec")
    if not tok2vec.has_dim("nO"):
        tok2vec.initialize(X=X)
    width = tok2vec.get_dim("nO")
    refs = ("attention", "key_transform", "maxout", "norm")
    for layer in (model.get_ref(ref) for ref in refs if model.has_ref(ref)):
        for dim in ("nI", "nO"):
            if layer.has_dim(dim) is None:
                layer.set_dim(dim, width)
    init(model, X, Y)
