"""``Tok2VecTransformer``: an encoder of Hugging Face inside one component."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thinc.api import Model
from thinc.types import Floats2d, Ragged

from spanloom.tokens import Doc
from spanloom_onnx.listener import with_pooling
from spanloom_onnx.span_getters import get_doc_spans

from .model import MAX_BATCH_ITEMS, TransformerModel
from .settings import takes_settings

__all__ = ["Tok2VecTransformer"]


@takes_settings
def Tok2VecTransformer(
    name: str,
    pooling: Model[Ragged, Floats2d],
    get_spans: Callable[..., Any] = get_doc_spans,
    *,
    grad_factor: float = 1.0,
    max_batch_items: int = MAX_BATCH_ITEMS,
    **settings: Any,
) -> Model[list[Doc], list[Floats2d]]:
    """An encoder of Hugging Face and its pooling inside one component, shared with nobody.

    The arguments are those of :func:`TransformerModel` and
    :func:`~spanloom_onnx.TransformerListener`, and ``max_batch_items`` of the component
    ``transformer``.
    """
    transformer = TransformerModel(name, get_spans, **settings)
    return with_pooling(transformer, pooling, grad_factor, max_batch_items)
