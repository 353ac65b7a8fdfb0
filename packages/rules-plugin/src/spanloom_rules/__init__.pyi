# Made by tools/make_stubs.py from the table in __init__.py.

from .cleaning import DocCleaner as DocCleaner
from .merging import merge_entities as merge_entities
from .merging import merge_subtokens as merge_subtokens

__all__ = [
    "DocCleaner",
    "__version__",
    "merge_entities",
    "merge_subtokens",
]
__version__: str
