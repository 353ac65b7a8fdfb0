"""What the components that choose actions share: labels that give actions, and learning."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from spanloom.components.base import Scorer
from spanloom.components.labels import LabelledComponent
from spanloom.components.tok2vec import TOK2VEC_MODEL
from spanloom.errors import PipelineError

from .document_groups import document_groups

if TYPE_CHECKING:
    from thinc.api import Model

    from spanloom.examples.example import Example
    from spanloom.tokens import Doc
    from spanloom.tokens.batch import Batch
    from spanloom.vocab import Vocab

    from .types import StateModel

__all__ = ["TransitionComponent", "transition_model"]

StateType = Literal["ner", "parser"]
System = Literal["spanloom", "spacy"]
R = TypeVar("R")


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
        "tok2vec": TOK2VEC_MODEL,
    }


class TransitionComponent(LabelledComponent):
    """Scores actions for states, with a model of
    :func:`~spanloom_tasks.transition_based.model.TransitionBasedParser`.

    A subclass says which actions its labels make (:attr:`move_names`), what is true of examples
    (:meth:`_gold`), and which states to learn from (:meth:`_visit`). ``system`` says which actions
    are possible when: ``spacy`` is for weights that spaCy trained. A trained model takes new
    labels: it keeps what it knows of the others, and scores the new actions 0 until it is trained
    on. ``moves`` are labels to begin with; ``initialize`` takes a list of labels, or spaCy's
    ``label_data``.
    """

    state_type: ClassVar[StateType]
    _actions: Any

    def __init__(
        self,
        vocab: Vocab,
        model: StateModel,
        name: str,
        cfg: Mapping[str, Any],
        *,
        moves: list[str] | None = None,
        scorer: Scorer | None = None,
        system: System = "spanloom",
    ) -> None:
        super().__init__(vocab, model, name, scorer)
        from .model import claim_states

        self._size = claim_states(model, self.state_type, name)
        self.cfg = {**{key: [] for key in self.label_keys}, **cfg, "system": system}
        self._index_labels()
        for label in moves or ():
            self.add_label(label)

    # -- labels

    @property
    @abstractmethod
    def move_names(self) -> list[str]:
        """Names of the actions, in the order of the model's output."""

    def _extend(self, label: str, lists: Iterable[Iterable[str]]) -> None:
        before = self.move_names
        self._set_labels(*lists)
        if self._output.has_dim("nO"):
            from .model import resize_actions

            resize_actions(self.model, before, self.move_names)

    def _given_labels(self, labels: Any) -> Iterable[Iterable[str]]:
        return [self._flat_labels(labels)] * len(self.label_keys)

    def _flat_labels(self, labels: Any) -> list[str]:
        """Labels from a list, or from spaCy's counts of labels for each kind of action."""
        if isinstance(labels, Mapping):
            kinds = [value for value in labels.values() if isinstance(value, Mapping)]
            labels = [label for kind in kinds for label in kind if label]
        return list(dict.fromkeys(labels))

    @property
    def _output(self) -> Model[Any, Any]:
        return self.model.get_ref("upper" if self.model.attrs["has_upper"] else "lower")

    def _allocate(self, batch: Batch) -> None:
        if not self._output.has_dim("nO"):
            self._output.set_dim("nO", self._actions.size)
        self.model.initialize(X=batch)

    # -- running

    def _by_group(
        self, docs: Sequence[Doc], function: Callable[[Batch, Any], R]
    ) -> list[tuple[int, R]]:
        """What ``function`` gives for each group of documents and their scorer, with the number of
        the group's first token; see :func:`document_groups`."""
        batch = self.ready(docs)
        if not self._output.has_dim("nO"):
            raise PipelineError(f"'{self.name}' has no labels yet: call nlp.initialize() first")
        groups = document_groups(batch, self.model.predict(batch))
        return [(first, function(group, scorer.on_host())) for first, group, scorer in groups]

    # -- learning

    @abstractmethod
    def _gold(self, examples: Sequence[Example], batch: Batch) -> Any:
        """What is true of the predicted documents; ``None`` if nothing is known."""

    @abstractmethod
    def _visit(self, scorer: Any, gold: Any, batch: Batch) -> tuple[float, Any]:
        """The loss, and ``(ids, d_scores, mask)`` of the states to learn from, or ``None``. The
        scorer and the arrays are on the CPU."""

    def learn(self, examples: Sequence[Example], batch: Batch) -> float:
        """See :class:`TrainableComponent`: the model learns from all visited states at once."""
        gold = self._gold(examples, batch)
        if gold is None:
            return 0.0
        scorer, backprop = self.model.begin_update(batch)
        loss, visited = self._visit(scorer.on_host(), gold, batch)
        if visited is not None:
            backprop(visited)
        return loss
