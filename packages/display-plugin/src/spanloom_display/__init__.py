"""Pages and pictures of annotated text: tokens, entities, spans, dependency trees, training curves.

>>> from spanloom_display import render_html
>>> page = render_html(nlp("She saw it."), style="tokens")  # doctest: +SKIP"""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "curve": ["plot_training"],
        "graphs": ["save_graph"],
        "page": ["STYLES", "render_html", "save_html", "styles_of"],
    },
)
