"""Pages and pictures of annotated text: tokens, entities, spans, dependency trees, training curves.

>>> from spanloom.display import render_html
>>> page = render_html(nlp("She saw it."), style="tokens")  # doctest: +SKIP
"""

from __future__ import annotations

from .curve import plot_training
from .page import STYLES, render_html, save_html, styles_of

__all__ = ["STYLES", "plot_training", "render_html", "save_html", "styles_of"]
