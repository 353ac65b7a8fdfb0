# Made by tools/make_stubs.py from the table in __init__.py.

from .annotator import Annotator as Annotator
from .annotator import Options as Options
from .annotator import Settings as Settings
from .columns import COLUMNS as COLUMNS
from .columns import annotation_arrays as annotation_arrays
from .columns import annotation_fields as annotation_fields

__all__ = [
    "Annotator",
    "COLUMNS",
    "Options",
    "Settings",
    "__version__",
    "annotation_arrays",
    "annotation_fields",
]
__version__: str
