"""Hugging Face encoders as shared components of Spanloom pipelines.

Importing this package imports neither torch nor transformers: each public name is loaded when it is
first used.
"""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "annotation_setters": ["null_annotation_setter"],
        "component": ["Transformer"],
        "data": ["FullTransformerBatch", "Pieces", "TransformerData", "Truncation"],
        "listener": ["Tok2VecTransformer", "TransformerListener"],
        "model": ["TransformerModel"],
        "quantization": ["Quantized", "quantize"],
        "span_getters": ["get_doc_spans", "get_sent_spans", "get_strided_spans"],
        "token_splitter": ["TokenSplitter"],
        "vectors": ["embedding"],
        "spanloom.plugins.registries": ["registry"],
    },
)
