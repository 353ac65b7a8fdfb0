"""Documents as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

from ..errors import DataError

if TYPE_CHECKING:
    from .forward import Doc

__all__ = ["can_render", "to_html"]


def can_render() -> bool:
    """Whether something is installed that makes HTML of documents."""
    from ..plugins.registries import registry

    return "html" in registry.renderers


def to_html(doc: Doc, style: str | Sequence[str], options: Mapping[str, Any]) -> str:
    """See :meth:`Doc.render`."""
    from ..plugins.registries import registry

    render = registry.renderers.get("html")
    known = list(signature(render).parameters)[2:]
    if wrong := [name for name in options if name not in known]:
        raise DataError(f"there is no option {wrong[0]!r} of render: there are {', '.join(known)}")
    text: str = render(doc, style, **{"page": False, **options})
    return text
