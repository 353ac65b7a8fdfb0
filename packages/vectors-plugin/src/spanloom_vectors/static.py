"""Static vectors as features: a learned projection of a table that itself never learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model, glorot_uniform_init
from thinc.types import Floats2d

from spanloom.errors import PipelineError
from spanloom.layers.flat import unwrap
from spanloom.tokens.batch import Batch, FloatsList

from .table import Table

if TYPE_CHECKING:
    from spanloom import Doc, Vocab

__all__ = ["StaticVectors", "TokenVectors", "check_tables"]

NAME = "static_vectors"


class TokenVectors(FloatsList):
    """Token vectors as a list of arrays, that can be taken for thinc's ``Ragged`` as well."""

    __slots__ = ()

    @property
    def dataXd(self) -> Any:
        """All rows, shape ``(n, width)``."""
        return self.flat

    @property
    def data(self) -> Any:
        """All rows, shape ``(n, width)``."""
        return self.flat


def StaticVectors(
    nO: int | None = None,
    nM: int | None = None,
    *,
    dropout: float | None = None,
    init_W: Callable[..., Any] = glorot_uniform_init,
    key_attr: str = "ORTH",
) -> Model[list[Doc], list[Floats2d]]:
    """The vectors of ``doc.vocab.vectors``, projected from their width ``nM`` to ``nO``.

    Gathered and projected once for each word type of a batch; no gradient goes into the table. With
    ``dropout``, whole dimensions are dropped for a batch. By which attribute words are looked up
    is said by the table, and ``key_attr`` has no effect. The model remembers the hash of the table
    that it was initialized with, and refuses another: :class:`~spanloom.errors.PipelineError`.
    """
    return Model(
        NAME,
        forward,
        init=partial(init, init_W),
        params={"W": None},
        attrs={"key_attr": key_attr, "dropout_rate": dropout, "table": ""},
        dims={"nO": nO, "nM": nM},
    )


def init(
    init_W: Callable[..., Any],
    model: Model[Any, Any],
    X: Sequence[Doc] | None = None,
    Y: Any = None,
) -> Model[Any, Any]:
    """Take the width of the table and allocate the projection."""
    if X is not None and len(X):
        table = _table(X[0].vocab)
        model.set_dim("nM", table.width)
        model.attrs["table"] = table.hash
    if Y is not None:
        model.set_dim("nO", unwrap(Y, model.ops)[0].shape[1])
    if not model.has_dim("nM") or not model.has_dim("nO"):
        raise PipelineError(
            "static vectors need their widths before they are initialized: give nO and nM, or "
            "initialize on documents whose vocab has vectors"
        )
    model.set_param("W", init_W(model.ops, (model.get_dim("nO"), model.get_dim("nM"))))
    return model


def forward(
    model: Model[Any, Any], docs: Sequence[Doc], is_train: bool
) -> tuple[TokenVectors, Callable[[Any], list[Doc]]]:
    """Forward of :func:`StaticVectors`."""
    ops: Any = model.ops
    batch = Batch.of(docs)
    if not int(batch.lengths.sum()):
        return TokenVectors(ops.alloc2f(0, model.get_dim("nO")), batch.lengths), lambda dY: []
    table = _checked(model, batch[0].vocab)
    vectors, inverse = _gathered(table, batch)
    W = ops.as_contig(model.get_param("W"))
    V = ops.as_contig(ops.asarray(vectors))
    types = ops.gemm(V, W, trans2=True)
    index = None if inverse is None else ops.xp.asarray(inverse)
    Y = types if index is None else types[index]
    mask = None
    rate = model.attrs.get("dropout_rate")
    if is_train and rate:
        mask = ops.get_dropout_mask((W.shape[0],), rate)
        Y = Y * mask

    def backprop(dY: Any) -> list[Doc]:
        d_tokens = unwrap(dY, ops)[0]
        if mask is not None:
            d_tokens = d_tokens * mask
        d_types = d_tokens
        if index is not None:
            d_types = ops.alloc2f(len(V), W.shape[0])
            ops.scatter_add(d_types, index.astype(np.int32), ops.xp.ascontiguousarray(d_tokens))
        model.inc_grad("W", ops.gemm(ops.as_contig(d_types), V, trans1=True))
        return []

    return TokenVectors(Y, batch.lengths), backprop


def _gathered(table: Any, batch: Batch) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
    """Vectors of word types, and the type of each token; None where they are the tokens' own."""
    if "LEMMA" in table.attrs:
        return np.concatenate([table.token_vectors(doc)[0] for doc in batch]), None
    types, inverse = batch.types
    if len(types) == len(batch.rows):
        return table.vectors_at(batch[0].lexicon, batch.rows), None
    return table.vectors_at(batch[0].lexicon, types), inverse


def _table(vocab: Vocab) -> Table:
    table = vocab.vectors
    if table is None:
        raise PipelineError(
            "A model of this pipeline uses static vectors, but its vocab has none: name a table "
            'in the config ([initialize] vectors = "..."), set nlp.vocab.vectors, or set '
            "include_static_vectors = false"
        )
    if not isinstance(table, Table):
        raise PipelineError(
            "Static vectors need a table of spanloom-vectors, but vocab.vectors is a "
            f"{type(table).__name__}"
        )
    return table


def _checked(model: Model[Any, Any], vocab: Vocab) -> Table:
    table = _table(vocab)
    wanted = model.attrs.get("table")
    if wanted and table.hash != wanted:
        raise PipelineError(
            f"This model was trained with a different table of vectors: its hash is {wanted}, but "
            f"that of vocab.vectors is {table.hash}. Load the table that it was trained with, or "
            "train the model again."
        )
    if table.width != model.get_dim("nM"):
        raise PipelineError(
            f"This model takes vectors of {model.get_dim('nM')} dimensions, but vocab.vectors has "
            f"{table.width}"
        )
    return table


def check_tables(nlp: Any) -> None:
    """Check that each model of a pipeline has the table that it was trained with. Raises
    :class:`~spanloom.errors.PipelineError`, naming the component and both hashes."""
    for name, component in nlp.components:
        model = getattr(component, "model", None)
        for node in model.walk() if isinstance(model, Model) else ():
            if node.name == NAME and node.has_param("W"):
                try:
                    _checked(node, nlp.vocab)
                except PipelineError as error:
                    raise PipelineError(f"component '{name}': {error}") from error
