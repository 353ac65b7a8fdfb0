"""Components whose output has a place for each label: how labels are added, found and saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import PipelineError
from .base import GetExamples, TrainableComponent

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..tokens.batch import Batch
    from ..vocab.protocols import PipelineLike

__all__ = ["LabelledComponent"]


class LabelledComponent(TrainableComponent):
    """A trainable component with labels. They lie in its settings ``cfg``, with which they are
    saved.

    A subclass says which labels the examples have (:meth:`read_labels`), what else follows from
    its labels (:meth:`_index_labels`), and allocates the weights (:meth:`_allocate`).
    """

    kind: ClassVar[str] = "label"
    """What the labels name, for messages."""

    label_keys: ClassVar[tuple[str, ...]] = ("labels",)
    """The settings that hold labels: lists in the order of the model's output."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the model's output."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> Any:
        """What ``initialize(labels=...)`` takes to skip the reading of labels."""
        return list(self.labels)

    def add_label(self, label: str) -> int:
        """Add a label: 1 if it is new, else 0.

        Raises :class:`PipelineError` for what is no label, and where the output can't take it.
        """
        if not isinstance(label, str) or not label:
            raise PipelineError(f"'{self.name}': a label must be a string, not {label!r}")
        lists = self._label_lists()
        if all(label in labels for labels in lists):
            return 0
        self._extend(label, [dict.fromkeys([*labels, label]) for labels in lists])
        return 1

    def read_labels(self, examples: Iterable[Example]) -> Any:
        """The labels of the reference annotation: a list, in a fixed order."""
        raise NotImplementedError(f"{type(self).__name__} must define read_labels")

    def initialize(
        self, get_examples: GetExamples, *, nlp: PipelineLike | None = None, labels: Any = None
    ) -> None:
        """Take ``labels``, or read them from the examples, and allocate the weights."""
        sample = self.sample(get_examples, nlp)
        self._init_labels(get_examples, labels)
        self._allocate(self.ready([example.x for example in sample]))

    def _allocate(self, batch: Batch) -> None:
        """Allocate the weights, for these documents and the labels."""
        raise NotImplementedError(f"{type(self).__name__} must define initialize or _allocate")

    def _extend(self, label: str, lists: Iterable[Iterable[str]]) -> None:
        """Take ``lists``, to which ``label`` was added, before the output layer has its size."""
        size = self.model.maybe_get_dim("nO")
        if size is not None and len(self.labels) >= size:
            raise PipelineError(
                f"'{self.name}' can't add the label '{label}': its output layer already has {size} "
                "classes. Add labels before calling nlp.initialize()."
            )
        self._set_labels(*lists)

    def _init_labels(self, get_examples: GetExamples, labels: Any = None) -> None:
        """Take ``labels``, or add to those that are set what the examples have. Raises
        :class:`PipelineError` where there are none."""
        if labels is not None:
            self._set_labels(*self._given_labels(labels))
        else:
            found = self._found_labels(get_examples())
            pairs = zip(self._label_lists(), found, strict=True)
            self._set_labels(*(dict.fromkeys([*known, *new]) for known, new in pairs))
        if not any(self._label_lists()):
            raise PipelineError(
                f"'{self.name}' found no {self.kind} in the training examples: check that the "
                "corpus is annotated, or pass 'labels' to initialize"
            )

    def _given_labels(self, labels: Any) -> Iterable[Iterable[str]]:
        """A list for each of :attr:`label_keys`, from what was given to ``initialize``."""
        return [dict.fromkeys(labels)]

    def _found_labels(self, examples: Iterable[Example]) -> Iterable[Iterable[str]]:
        """A list for each of :attr:`label_keys`, from the examples."""
        return [self.read_labels(examples)]

    def _label_lists(self) -> list[list[str]]:
        return [self.cfg[key] for key in self.label_keys]

    def _set_labels(self, *lists: Iterable[str]) -> None:
        for key, labels in zip(self.label_keys, lists, strict=True):
            self.cfg[key] = list(labels)
        self._index_labels()

    def _index_labels(self) -> None:
        """Make what follows from the labels: called whenever they change."""

    def take(self, cfg: Any, weights: bytes | Mapping[str, Any], source: str) -> None:
        """See :class:`TrainableComponent`."""
        super().take(cfg, weights, source)
        self._set_labels(*(cfg.get(key, []) for key in self.label_keys))
