# Made by tools/make_stubs.py from the table in __init__.py.

from .archive import Archive as Archive
from .fetching import Source as Source
from .fetching import fetched as fetched
from .installing import install as install
from .installing import is_ours as is_ours
from .installing import unmet as unmet
from .making import Made as Made
from .making import package as package

__all__ = [
    "Archive",
    "Made",
    "Source",
    "__version__",
    "fetched",
    "install",
    "is_ours",
    "package",
    "unmet",
]
__version__: str
