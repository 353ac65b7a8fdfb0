"""Documents as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .forward import Doc

__all__ = ["can_render", "to_html"]


def can_render() -> bool:
    """Whether something is installed that makes HTML of documents."""
    from ..plugins.registries import registry

    return "html" in registry.renderers


def to_html(doc: Doc, style: str | Sequence[str], *, page: bool, spans_key: str) -> str:
    """See :meth:`Doc.render`."""
    from ..plugins.registries import registry

    text: str = registry.renderers.get("html")(doc, style, page=page, spans_key=spans_key)
    return text
