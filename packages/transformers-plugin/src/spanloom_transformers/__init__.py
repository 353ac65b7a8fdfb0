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
        "checkpoints.texts": ["HfTextClassifier"],
        "checkpoints.tokens": ["HfTokenClassifier"],
        "component": ["Transformer"],
        "listener": ["Tok2VecTransformer"],
        "model": ["TransformerModel"],
        "onnx_export.exporting": ["Exported", "export"],
        "quantization": ["Quantized", "quantize"],
        "spanloom_onnx.annotation_setters": ["null_annotation_setter"],
        "spanloom_onnx.data": ["FullTransformerBatch", "Pieces", "TransformerData", "Truncation"],
        "spanloom_onnx.listener": ["TransformerListener"],
        "spanloom_onnx.span_getters": ["get_doc_spans", "get_sent_spans", "get_strided_spans"],
        "spanloom_onnx.token_splitter": ["TokenSplitter"],
        "spanloom_onnx.vectors": ["embedding"],
        "spanloom.plugins.registries": ["registry"],
    },
)
