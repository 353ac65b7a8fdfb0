"""Dense blocks: maxout or mish, then layer normalisation, computed over flat arrays.

The weights live in the nodes that thinc's ``Maxout(normalize=True)`` and ``Mish(normalize=True)``
make, so trees, names and saved weights are thinc's; the arithmetic is written here, with one
matrix product for each result and the array library's own ``matmul``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from thinc.api import Model, NumpyOps

__all__ = ["DenseBlock", "add_gradient", "dropout_mask"]

_EPSILON = 1e-8

_SHORT = 64
"""Up to so many rows, what is done once for each call costs more than what is done for each row."""

Array = Any
"""An array of NumPy or CuPy."""


def add_gradient(node: Model[Any, Any], name: str, value: Array) -> None:
    """Add ``value``, which becomes the node's own, to the gradient of a parameter."""
    if node.has_grad(name) or node._params.proxy is not None:
        node.inc_grad(name, value)
    else:  # `inc_grad` would copy it
        node.set_grad(name, node.ops.xp.ascontiguousarray(value))


def dropout_mask(ops: Any, shape: tuple[int, ...], rate: float | None) -> Array | None:
    """A mask of zeros and ``1 / (1 - rate)``, or ``None`` where nothing is dropped.

    It draws from the array library's global generator, like thinc's, but on a CPU 16 bits for each
    cell, which costs a quarter of ``ops.get_dropout_mask``.
    """
    if not rate or rate <= 0.0:
        return None
    if rate >= 1.0 or not isinstance(ops, NumpyOps):
        return ops.get_dropout_mask(shape, rate)
    threshold = min(round(rate * 65536), 65535)
    keep = np.random.randint(0, 65536, shape, dtype=np.uint16) >= np.uint16(threshold)
    return np.multiply(keep, np.float32(65536 / (65536 - threshold)), dtype=np.float32)


class DenseBlock:
    """A view on the node ``chain(chain(activation, layernorm), dropout)`` of thinc.

    Inputs have shape ``(n, nI)`` and are never changed; outputs are new, shape ``(n, nO)``.
    Dropout isn't applied here: ask :meth:`dropout` for the mask.
    """

    __slots__ = ("activation", "drop", "norm", "ops", "pieces")

    def __init__(self, node: Model[Any, Any]) -> None:
        inner, self.drop = node.layers
        self.activation, self.norm = inner.layers
        self.ops = node.ops
        self.pieces = self.activation.get_dim("nP") if self.activation.has_dim("nP") else 0

    @property
    def width(self) -> int:
        """Width of the output."""
        return int(self.activation.get_dim("nO"))

    def dropout(self, shape: tuple[int, ...]) -> Array | None:
        """The dropout mask for an output in training, or ``None``."""
        attrs = self.drop.attrs
        return dropout_mask(self.ops, shape, attrs["dropout_rate"]) if attrs["is_enabled"] else None

    def weights(self) -> tuple[Array, Array]:
        """Weights of shape ``(pieces * nO, nI)``, all outputs of a piece together, and biases.

        The copy takes microseconds, and parameters are updated in place: so it isn't kept.
        """
        W: Array = self.activation.get_param("W")
        b: Array = self.activation.get_param("b")
        if not self.pieces:
            return W, b
        xp = self.ops.xp
        return xp.ascontiguousarray(W.transpose(1, 0, 2)).reshape(-1, W.shape[2]), b.T.ravel()

    def predict(self, X: Array) -> Array:
        """The block's output."""
        xp = self.ops.xp
        if len(X) > _SHORT:
            W, b = self.weights()
            Z = xp.matmul(X, W.T)
            Z += b
            pieces = [Z[:, i * self.width : (i + 1) * self.width] for i in range(self.pieces)]
        else:  # strided maxima cost less than weights in another order
            weights: Array = self.activation.get_param("W")
            Z = xp.matmul(X, weights.reshape((-1, weights.shape[-1])).T)
            Z += self.activation.get_param("b").ravel()
            pieces = [Z[:, i :: self.pieces] for i in range(self.pieces)]
        if not pieces:
            Y = _mish_gate(xp, Z)[0]
            Y *= Z
        elif len(pieces) == 1:
            Y = Z
        else:
            Y = xp.maximum(pieces[0], pieces[1])
            for piece in pieces[2:]:
                xp.maximum(Y, piece, out=Y)
        _center_and_scale(xp, Y)
        Y *= self.norm.get_param("G")
        Y += self.norm.get_param("b")
        return Y

    def begin(self, X: Array) -> tuple[Array, Callable[[Array], Array]]:
        """The block's output, and a function from its gradient to that of ``X``, which also adds
        to the gradients of the parameters. It doesn't change what it is given."""
        W, b = self.weights()
        xp = self.ops.xp
        Z = xp.matmul(X, W.T)
        Z += b
        hidden, backprop_activation = self._maxout(Z) if self.pieces else self._mish(Z)
        scale = _center_and_scale(xp, hidden)
        G = self.norm.get_param("G")
        Y = hidden * G
        Y += self.norm.get_param("b")

        def backprop(dY: Array) -> Array:
            add_gradient(self.norm, "b", dY.sum(axis=0))
            add_gradient(self.norm, "G", xp.einsum("ij,ij->j", dY, hidden))
            d_hidden = dY * G
            projection = xp.einsum("ij,ij->i", d_hidden, hidden)
            projection /= hidden.shape[1]
            d_hidden -= d_hidden.mean(axis=1, keepdims=True)
            d_hidden -= hidden * projection[:, None]
            d_hidden *= scale[:, None]
            dZ = backprop_activation(d_hidden)
            self._add_gradients(dZ, X)
            return xp.matmul(dZ, W)

        return Y, backprop

    def _maxout(self, Z: Array) -> tuple[Array, Callable[[Array], Array]]:
        xp, pieces = self.ops.xp, self.pieces
        width = Z.shape[1] // pieces
        best = Z[:, :width].copy()
        better = []  # for each piece after the first: where it is above all before it
        for start in range(width, Z.shape[1], width):
            other = Z[:, start : start + width]
            better.append(other > best)
            xp.maximum(best, other, out=best)

        def backprop(d_best: Array) -> Array:
            dZ = xp.empty((len(d_best), pieces * width), dtype=d_best.dtype)
            rest = dZ[:, :width]
            rest[...] = d_best
            for piece in range(pieces - 1, 0, -1):
                part = dZ[:, piece * width : (piece + 1) * width]
                xp.multiply(rest, better[piece - 1], out=part)
                rest -= part
            return dZ

        return best, backprop

    def _mish(self, Z: Array) -> tuple[Array, Callable[[Array], Array]]:
        gate, e = _mish_gate(self.ops.xp, Z)

        def backprop(dY: Array) -> Array:
            slope = e + 1.0
            slope *= 4.0 * e
            n = e * (e + 2.0)
            n += 2.0
            n *= n
            slope /= n
            slope *= Z
            slope += gate
            slope *= dY
            return slope

        return Z * gate, backprop

    def _add_gradients(self, dZ: Array, X: Array) -> None:
        xp = self.ops.xp
        dW, db = xp.matmul(dZ.T, X), dZ.sum(axis=0)
        if self.pieces:
            shape = (self.pieces, -1, X.shape[1])
            dW, db = dW.reshape(shape).transpose(1, 0, 2), db.reshape(self.pieces, -1).T
        add_gradient(self.activation, "W", dW)
        add_gradient(self.activation, "b", db)


def _mish_gate(xp: Any, X: Array) -> tuple[Array, Array]:
    """``tanh(log(1 + e))`` for ``e = exp(X)``, and ``e``.

    It equals ``n / (n + 2)`` for ``n = e * (e + 2)``, which is 1 in single precision where ``X`` is
    above 20, so ``e`` is cut there."""
    e = xp.minimum(X, 20.0)
    xp.exp(e, out=e)
    gate = e + 2.0
    gate *= e
    gate /= gate + 2.0
    return gate, e


def _center_and_scale(xp: Any, X: Array) -> Array:
    """Give each row of ``X`` mean 0 and variance 1, in place; returns ``1 / deviation``."""
    mean = X.sum(axis=1, keepdims=True)
    mean /= X.shape[1]
    X -= mean
    scale = xp.einsum("ij,ij->i", X, X)
    scale /= X.shape[1]
    scale += _EPSILON
    xp.sqrt(scale, out=scale)
    xp.reciprocal(scale, out=scale)
    X *= scale[:, None]
    return scale
