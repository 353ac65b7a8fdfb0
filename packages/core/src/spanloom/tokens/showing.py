"""Documents as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from .doc import Doc

__all__ = ["ShowingMixin"]


class ShowingMixin:
    """How a document shows itself; part of :class:`~spanloom.tokens.Doc`."""

    __slots__ = ()

    def render(
        self,
        style: str | Sequence[str] = "auto",
        *,
        page: bool = False,
        spans_key: str = "sc",
    ) -> str:
        """HTML of the document, as a fragment or a whole page; see
        :func:`spanloom.display.render_html`."""
        from ..plugins.registries import registry

        render = registry.renderers.get("html")
        text: str = render(cast("Doc", self), style, page=page, spans_key=spans_key)
        return text

    def _repr_html_(self) -> str:
        return self.render()
