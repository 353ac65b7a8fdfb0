# Made by tools/make_stubs.py from the table in __init__.py.

from .annotation_setters import null_annotation_setter as null_annotation_setter
from .component import Transformer as Transformer
from .data import FullTransformerBatch as FullTransformerBatch
from .data import Pieces as Pieces
from .data import TransformerData as TransformerData
from .data import Truncation as Truncation
from .listener import Tok2VecTransformer as Tok2VecTransformer
from .listener import TransformerListener as TransformerListener
from .model import TransformerModel as TransformerModel
from .quantization import Quantized as Quantized
from .quantization import quantize as quantize
from .span_getters import get_doc_spans as get_doc_spans
from .span_getters import get_sent_spans as get_sent_spans
from .span_getters import get_strided_spans as get_strided_spans
from spanloom.plugins.registries import registry as registry
from .token_splitter import TokenSplitter as TokenSplitter
from .vectors import embedding as embedding

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
__version__: str
