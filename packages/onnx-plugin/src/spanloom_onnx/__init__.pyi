# Made by tools/make_stubs.py from the table in __init__.py.

from .annotation_setters import null_annotation_setter as null_annotation_setter
from .component import OnnxTransformer as OnnxTransformer
from .data import FullTransformerBatch as FullTransformerBatch
from .data import Pieces as Pieces
from .data import TransformerData as TransformerData
from .data import Truncation as Truncation
from .listener import TransformerListener as TransformerListener
from .model import OnnxModel as OnnxModel
from .model import Tok2VecOnnx as Tok2VecOnnx
from .shared import TransformerComponent as TransformerComponent
from .span_getters import get_doc_spans as get_doc_spans
from .span_getters import get_sent_spans as get_sent_spans
from .span_getters import get_strided_spans as get_strided_spans
from .token_splitter import TokenSplitter as TokenSplitter
from .vectors import embedding as embedding

__all__ = [
    "FullTransformerBatch",
    "OnnxModel",
    "OnnxTransformer",
    "Pieces",
    "Tok2VecOnnx",
    "TokenSplitter",
    "TransformerComponent",
    "TransformerData",
    "TransformerListener",
    "Truncation",
    "__version__",
    "embedding",
    "get_doc_spans",
    "get_sent_spans",
    "get_strided_spans",
    "null_annotation_setter",
]
__version__: str
