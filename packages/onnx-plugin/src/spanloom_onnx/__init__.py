"""Transformers that run without torch: what `spanloom transformers export` wrote, in ONNX Runtime.

And what any transformer in a pipeline needs beside its encoder: span getters, word pieces and
their alignment, windows, listeners, and what stays on documents. spanloom-transformers builds on
it. Importing this package imports none of ONNX Runtime, tokenizers and NumPy: each public name is
loaded when it is first used.
"""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "annotation_setters": ["null_annotation_setter"],
        "component": ["OnnxTransformer"],
        "data": ["FullTransformerBatch", "Pieces", "TransformerData", "Truncation"],
        "listener": ["TransformerListener"],
        "model": ["OnnxModel", "Tok2VecOnnx"],
        "shared": ["TransformerComponent"],
        "span_getters": ["get_doc_spans", "get_sent_spans", "get_strided_spans"],
        "token_splitter": ["TokenSplitter"],
        "vectors": ["embedding"],
    },
)
