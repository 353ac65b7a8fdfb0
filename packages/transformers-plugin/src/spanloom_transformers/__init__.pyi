# Made by tools/make_stubs.py from the table in __init__.py.

from .checkpoints.texts import HfTextClassifier as HfTextClassifier
from .checkpoints.tokens import HfTokenClassifier as HfTokenClassifier
from .component import Transformer as Transformer
from .listener import Tok2VecTransformer as Tok2VecTransformer
from .model import TransformerModel as TransformerModel
from .onnx_export.exporting import Exported as Exported
from .onnx_export.exporting import export as export
from .quantization import Quantized as Quantized
from .quantization import quantize as quantize
from spanloom.plugins.registries import registry as registry
from spanloom_onnx.annotation_setters import null_annotation_setter as null_annotation_setter
from spanloom_onnx.data import FullTransformerBatch as FullTransformerBatch
from spanloom_onnx.data import Pieces as Pieces
from spanloom_onnx.data import TransformerData as TransformerData
from spanloom_onnx.data import Truncation as Truncation
from spanloom_onnx.listener import TransformerListener as TransformerListener
from spanloom_onnx.span_getters import get_doc_spans as get_doc_spans
from spanloom_onnx.span_getters import get_sent_spans as get_sent_spans
from spanloom_onnx.span_getters import get_strided_spans as get_strided_spans
from spanloom_onnx.token_splitter import TokenSplitter as TokenSplitter
from spanloom_onnx.vectors import embedding as embedding

__all__ = [
    "Exported",
    "FullTransformerBatch",
    "HfTextClassifier",
    "HfTokenClassifier",
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
    "export",
    "get_doc_spans",
    "get_sent_spans",
    "get_strided_spans",
    "null_annotation_setter",
    "quantize",
    "registry",
]
__version__: str
