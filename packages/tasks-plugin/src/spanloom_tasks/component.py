"""What the components that choose actions share: labels that give actions, and learning."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from spanloom.components.base import Scorer, TrainableComponent
from spanloom.components.tagger import TAGGER_MODEL
from spanloom.errors import PipelineError

if TYPE_CHECKING:
    from thinc.api import Model

    from spanloom.examples.example import Example
    from spanloom.tokens.batch import Batch
    from spanloom.vocab import Vocab

    from .types import StateModel

__all__ = ["TransitionComponent", "transition_model"]

StateType = Literal["ner", "parser"]


def transition_model(state_type: StateType) -> dict[str, Any]:
    """The default model: small, with an encoder of its own."""
    return {
        "@architectures": "spanloom.TransitionBasedParser.v2",
        "state_type": state_type,
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
        "nO": None,
        "tok2vec": TAGGER_MODEL["tok2vec"],
    }


class TransitionComponent(TrainableComponent):
    """Scores actions for states, with a model of
    :func:`~spanloom_tasks.model.TransitionBasedParser`.

    A subclass says which actions its labels make (:meth:`_extend`, :attr:`move_names`), what is
    true of examples (:meth:`_gold`), and which states to learn from (:meth:`_visit`).
    """

    state_type: ClassVar[StateType]

    def __init__(
        self, vocab: Vocab, model: StateModel, name: str, scorer: Scorer | None = None
    ) -> None:
        super().__init__(vocab, model, name, scorer)
        from .model import claim_states

        self._size = claim_states(model, self.state_type, name)

    # -- labels

    @property
    @abstractmethod
    def move_names(self) -> list[str]:
        """Names of the actions, in the order of the model's output."""

    @abstractmethod
    def _extend(self, label: str) -> bool:
        """Take a label, unless it is there already; returns whether it is new."""

    def add_label(self, label: str) -> int:
        """Add a label: 1 if it is new, else 0. A trained model keeps what it knows of the others,
        and scores the new actions 0 until it is trained on."""
        if not isinstance(label, str) or not label:
            raise PipelineError(f"'{self.name}': a label is a string, not {label!r}")
        before = self.move_names
        if not self._extend(label):
            return 0
        if self._output.has_dim("nO"):
            from .model import resize_actions

            resize_actions(self.model, before, self.move_names)
        return 1

    @property
    def _output(self) -> Model[Any, Any]:
        return self.model.get_ref("upper" if self.model.attrs["has_upper"] else "lower")

    def _check_labels(self) -> None:
        if not self._output.has_dim("nO"):
            raise PipelineError(f"'{self.name}' has no labels yet: call nlp.initialize first")

    def _allocate(self, sample: Sequence[Example], actions: int) -> None:
        """Initialize the model for so many actions."""
        if not self._output.has_dim("nO"):
            self._output.set_dim("nO", actions)
        self.model.initialize(X=self.ready([example.x for example in sample]))

    # -- learning

    @abstractmethod
    def _gold(self, examples: Sequence[Example], batch: Batch) -> Any:
        """What is true of the predicted documents; ``None`` if nothing is known."""

    @abstractmethod
    def _visit(self, scorer: Any, gold: Any, batch: Batch) -> tuple[float, Any]:
        """The loss, and ``(ids, d_scores, mask)`` of the states to learn from, or ``None``."""

    def learn(self, examples: Sequence[Example], batch: Batch) -> float:
        """See :class:`TrainableComponent`: the model learns from all visited states at once."""
        gold = self._gold(examples, batch)
        if gold is None:
            return 0.0
        scorer, backprop = self.model.begin_update(batch)
        loss, visited = self._visit(scorer, gold, batch)
        if visited is not None:
            backprop(visited)
        return loss
