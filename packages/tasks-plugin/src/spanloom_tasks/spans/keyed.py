"""What components that write a group of spans have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from spanloom.components.base import Scorer, TrainableComponent

if TYPE_CHECKING:
    from thinc.api import Model

    from spanloom.examples.example import Example
    from spanloom.vocab import Vocab

__all__ = ["KeyedSpans"]


class KeyedSpans(TrainableComponent):
    """A trainable component of the group ``spans_key`` of ``doc.spans``."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[Any, Any],
        name: str,
        *,
        spans_key: str = "sc",
        scorer: Scorer | None = None,
    ) -> None:
        super().__init__(vocab, model, name, scorer)
        self.cfg["spans_key"] = spans_key

    @property
    def key(self) -> str:
        """The name of the group of spans."""
        return str(self.cfg["spans_key"])

    def score(self, examples: Iterable[Example], **_: Any) -> dict[str, Any]:
        """The scores of the group of spans."""
        scorer: Any = self.scorer
        return {} if scorer is None else dict(scorer(examples, key=self.key))
