# Made by tools/make_stubs.py from the table in __init__.py.

from .archive import Archive as Archive
from .fetching import Source as Source
from .fetching import fetched as fetched
from .installing import install as install
from .installing import is_ours as is_ours
from .installing import unmet as unmet

__all__ = [
    "Archive",
    "Source",
    "__version__",
    "fetched",
    "install",
    "is_ours",
    "unmet",
]
__version__: str
