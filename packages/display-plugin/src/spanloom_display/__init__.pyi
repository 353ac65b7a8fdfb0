# Made by tools/make_stubs.py from the table in __init__.py.

from .curve import plot_training as plot_training
from .graphs import save_graph as save_graph
from .page import STYLES as STYLES
from .page import render_html as render_html
from .page import save_html as save_html
from .page import styles_of as styles_of

__all__ = [
    "STYLES",
    "__version__",
    "plot_training",
    "render_html",
    "save_graph",
    "save_html",
    "styles_of",
]
__version__: str
