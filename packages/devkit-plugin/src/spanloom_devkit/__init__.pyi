# Made by tools/make_stubs.py from the table in __init__.py.

from .deep import load_everything as load_everything
from .doctor import examine as examine

__all__ = [
    "__version__",
    "examine",
    "load_everything",
]
__version__: str
