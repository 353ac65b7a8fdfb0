"""What the functions of this package ask of a pipeline, which is their first argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..tokens import Doc
from ..vocab.protocols import PipelineLike

if TYPE_CHECKING:
    from ..config import Config
    from .order import Order
    from .wiring import Links

__all__ = ["ErrorHandler", "P", "PipelineState", "References"]

ErrorHandler = Callable[[str, Any, list[Doc], Exception], None]
"""Called with the component's name, the component, the documents that failed, and the error."""

References = dict[str, tuple[Any, Any]]
"""Dotted path -> a value with ``${references}``, and the same with them resolved."""


class PipelineState(PipelineLike, Protocol):
    """A `spanloom.Pipeline`, as the functions that its methods call see it: what it holds."""

    order: Order
    links: Links
    meta: dict[str, Any]
    batch_size: int
    batch_words: int
    remote_code: bool
    error_handler: ErrorHandler
    references: References
    """Where its config referred to other sections."""
    tokenizer_type: type
    """The class of the tokenizer that the config makes."""

    @property
    def config(self) -> Config:
        """The config from which it can be built again."""

    def make_doc(self, text: str) -> Doc:
        """The tokens of ``text``, without annotation."""


P = TypeVar("P", bound=PipelineState)
"""A class of pipelines."""
