# Made by tools/make_stubs.py from the table in __init__.py.

from .making import Made as Made
from .making import package as package

__all__ = [
    "Made",
    "package",
]
