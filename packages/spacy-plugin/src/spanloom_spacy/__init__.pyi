# Made by tools/make_stubs.py from the table in __init__.py.

from .dialect import SPACY as SPACY
from .dialect import SpacyDialect as SpacyDialect
from .docbin import DocBin as DocBin
from .files import read_spacy as read_spacy
from .files import write_spacy as write_spacy
from .glossary import explain as explain
from .writing import to_spacy as to_spacy

__all__ = [
    "DocBin",
    "SPACY",
    "SpacyDialect",
    "__version__",
    "explain",
    "read_spacy",
    "to_spacy",
    "write_spacy",
]
__version__: str
