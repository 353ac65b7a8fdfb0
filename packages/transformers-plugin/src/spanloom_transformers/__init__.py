"""Hugging Face encoders as shared components of Spanloom pipelines.

Importing this package imports neither torch nor transformers: each public name is loaded when it is
first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanloom import registry

    from .annotation_setters import null_annotation_setter
    from .component import Transformer
    from .data import FullTransformerBatch, Pieces, TransformerData, Truncation
    from .listener import Tok2VecTransformer, TransformerListener
    from .model import TransformerModel
    from .quantization import Quantized, quantize
    from .span_getters import get_doc_spans, get_sent_spans, get_strided_spans
    from .token_splitter import TokenSplitter
    from .vectors import embedding

__version__ = "0.1.0"

_HOMES = {
    "FullTransformerBatch": ".data",
    "Pieces": ".data",
    "Quantized": ".quantization",
    "Tok2VecTransformer": ".listener",
    "TokenSplitter": ".token_splitter",
    "Transformer": ".component",
    "TransformerData": ".data",
    "TransformerListener": ".listener",
    "TransformerModel": ".model",
    "Truncation": ".data",
    "embedding": ".vectors",
    "get_doc_spans": ".span_getters",
    "get_sent_spans": ".span_getters",
    "get_strided_spans": ".span_getters",
    "null_annotation_setter": ".annotation_setters",
    "quantize": ".quantization",
    "registry": "spanloom",
}

__all__ = [
    "FullTransformerBatch",
    "Pieces",
    "Quantized",
    "Tok2VecTransformer",
    "TokenSplitter",
    "Transformer",
    "TransformerData",
    "TransformerListener",
    "TransformerModel",
    "Truncation",
    "__version__",
    "embedding",
    "get_doc_spans",
    "get_sent_spans",
    "get_strided_spans",
    "null_annotation_setter",
    "quantize",
    "registry",
]


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'") from None
    value = getattr(import_module(home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
