"""The ``ner`` component: named entities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spanloom.components.columns import lookup
from spanloom.errors import DataError
from spanloom.plugins.factory import component_defaults
from spanloom.tokens.batch import Batch
from spanloom.vocab.columns import IOB_BEGIN, IOB_IN, IOB_OUT

from ..transition_based.component import TransitionComponent, transition_model
from ..transition_based.document_groups import join_groups
from ..transitions.biluo import Actions, Entities, Places, decode, state_ids
from ..transitions.biluo_oracle import GoldEntities, States, gold_states, predicted_states
from ..transitions.gold import GoldSpans, check_wrong, gold_spans, spaces_of
from ..transitions.loss import oracle_gradient

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab
    from spanloom.vocab.protocols import PipelineLike

    from ..transition_based.types import StateModel

__all__ = ["EntityRecognizer", "make_ner"]

NER_MODEL = transition_model("ner")
"""The default model."""


class EntityRecognizer(TransitionComponent):
    """Sets ``doc.ents``: entities that don't overlap, each with a label.

    Entities that are there already stay, as do tokens that are blocked (``doc.set_ents(blocked=``);
    others are found among the rest, be it annotated as outside of any or not. No entity goes over
    the start of a sentence that is set.

    In training, tokens without annotation give no gradient. ``recall_margin`` is added to the score
    of Out where an entity begins (softmax-margin, Gimpel and Smith 2010,
    https://aclanthology.org/N10-1112): with 0, fewer entities are found and more of them are right;
    little data makes recall fall far behind. ``hidden_dropout`` is the share of the hidden layer of
    each state that is dropped, in a training that has dropout at all. The span group
    ``incorrect_spans_key`` of a reference holds spans that are no entities.
    """

    kind: ClassVar[str] = "entities"
    state_type: ClassVar = "ner"

    def __init__(
        self,
        vocab: Vocab,
        model: StateModel,
        name: str = "ner",
        *,
        incorrect_spans_key: str | None = None,
        recall_margin: float = 1.0,
        hidden_dropout: float = 0.3,
        **settings: Any,
    ) -> None:
        cfg = {
            "incorrect_spans_key": incorrect_spans_key,
            "recall_margin": recall_margin,
            "hidden_dropout": hidden_dropout,
        }
        super().__init__(vocab, model, name, cfg, **settings)

    # -- labels

    @property
    def move_names(self) -> list[str]:
        """Names of the actions, in the order of the model's output."""
        return ["O", *(f"{kind}-{label}" for kind in "BUIL" for label in self.labels)]

    def _index_labels(self) -> None:
        strings = self.vocab.strings
        self._ids = np.asarray([strings.add(label) for label in self.labels], dtype=np.uint64)
        self._actions = Actions(len(self._ids))

    # -- running

    def predict(self, docs: Sequence[Doc]) -> Entities:
        """The entities of all documents: tokens are numbered through the batch."""
        return join_groups(self._by_group(docs, self._decode), numbered=("starts", "ends"))

    def _decode(self, batch: Batch, scorer: Any) -> Entities:
        return decode(scorer, self._places(batch), self._actions)

    def _places(self, batch: Batch) -> Places:
        """Where entities may be: what is in one already, or blocked, is closed."""
        return Places.of(
            batch.lengths,
            closed=_flags(batch, "ENT_IOB", _taken),
            space=_space(batch),
            starts=_flags(batch, "SENT_START", lambda values: values == 1),
            system=self._system,
        )

    @property
    def _system(self) -> str:
        return str(self.cfg.get("system"))

    def set_annotations(self, docs: Sequence[Doc], predictions: Entities) -> None:
        """Write the entities on the documents, as views on two columns of the batch."""
        batch = Batch.of(docs)
        size = int(batch.lengths.sum())
        marks = np.full(size, IOB_OUT, dtype=np.int8)
        types = np.zeros(size, dtype=np.uint64)
        sizes = predictions.ends - predictions.starts
        offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        tokens = np.repeat(predictions.starts, sizes) + offsets
        marks[tokens] = IOB_IN
        marks[predictions.starts] = IOB_BEGIN
        types[tokens] = np.repeat(self._ids[predictions.labels], sizes)
        start = 0
        for doc in batch:
            end = start + len(doc)
            _write(doc, marks[start:end], types[start:end])
            start = end

    # -- learning

    def read_labels(self, examples: Iterable[Example]) -> list[str]:
        """The entity labels of the references, most frequent first. Raises :class:`DataError` for
        spans that are entities and wrong at once, and for labels of spaCy 2 that deny one."""
        counts: Counter[int] = Counter()
        for example in examples:
            check_wrong(example.reference, self.cfg["incorrect_spans_key"])
            types = example.reference.column("ENT_TYPE")
            if types is not None:
                counts.update(types[types != 0].tolist())
        names = {self.vocab.strings[key]: number for key, number in counts.items()}
        if denied := sorted(name for name in names if name.startswith("!")):
            raise DataError(
                f"'{self.name}': the label '{denied[0]}' starts with '!', which meant in spaCy 2 "
                "that there is no such entity. Put such spans into a span group of the reference, "
                "and give its name as the setting incorrect_spans_key."
            )
        return sorted(names, key=lambda name: (-names[name], name))

    def _gold(self, examples: Sequence[Example], batch: Batch) -> GoldEntities | None:
        pairs = [gold_spans(eg, wrong_key=self.cfg["incorrect_spans_key"]) for eg in examples]
        offsets = np.cumsum(batch.lengths) - batch.lengths
        known = np.concatenate([right.known for right, _ in pairs])
        entities, unknown = self._entities([right for right, _ in pairs], offsets)
        for start, end in unknown:
            known[start:end] = False
        wrong, _ = self._entities([each for _, each in pairs], offsets)
        if not known.any() and not len(wrong.starts):
            return None
        return GoldEntities(entities, known, wrong)

    def _entities(
        self, spans: Sequence[GoldSpans], offsets: NDArray[np.int64]
    ) -> tuple[Entities, list[tuple[int, int]]]:
        """Spans of documents in the tokens of the batch, and the bounds of those whose label the
        model doesn't have."""
        starts = np.concatenate([each.starts + at for each, at in zip(spans, offsets)])
        ends = np.concatenate([each.ends + at for each, at in zip(spans, offsets)])
        labels = lookup(self._ids, np.concatenate([each.labels for each in spans]))
        some = labels >= 0
        strange = list(zip(starts[~some].tolist(), ends[~some].tolist()))
        return Entities(starts[some], ends[some], labels[some]), strange

    def _visit(
        self, scorer: Any, gold: GoldEntities, batch: Batch
    ) -> tuple[float, tuple[Any, Any, Any] | None]:
        """States on the way of the true entities, and of those that the model predicts now."""
        places = Places.of(batch.lengths, space=_space(batch), system=self._system)
        predicted = decode(scorer, places, self._actions)
        states = gold_states(gold) + predicted_states(predicted, gold)
        valid, good = gold.judge(states, places, self._actions)
        useful = np.flatnonzero((good & valid).any(axis=1) & (valid & ~good).any(axis=1))
        if not len(useful):
            return 0.0, None
        states = states.at(useful)
        ids = self._state_ids(states, places, scorer.none)
        mask = self._hidden_mask(len(ids), scorer.width)
        scores = scorer.scores(ids, mask)
        missed = np.flatnonzero((valid & ~good)[useful, 0])
        scores[missed, 0] += self.cfg["recall_margin"]
        loss, gradient = oracle_gradient(scores, valid[useful], good[useful])
        return loss, (ids, gradient, mask)

    def _hidden_mask(self, states: int, width: int) -> Any:
        """Dropout of the hidden layer of so many states; ``None`` where nothing is dropped, as in a
        training without dropout."""
        attrs = self.model.attrs
        if not (attrs["has_upper"] and attrs["dropout_rate"]):
            return None
        from thinc.api import NumpyOps

        from spanloom.layers.dense import dropout_mask

        return dropout_mask(NumpyOps(), (states, width), self.cfg["hidden_dropout"])

    def _state_ids(self, states: States, places: Places, none: int) -> Any:
        first = np.where(states.first < 0, none, states.first)
        ends = places.ends_of(states.tokens)
        return state_ids(states.tokens, first, ends, none, self._size)


def _flags(batch: Batch, column: str, test: Any) -> NDArray[np.bool_] | None:
    """Flags of all tokens from a column, or ``None`` if no document has it."""
    values = [doc.column(column) for doc in batch]
    if all(each is None for each in values):
        return None
    parts = [
        np.zeros(len(doc), dtype=bool) if each is None else test(each)
        for doc, each in zip(batch, values)
    ]
    flags: NDArray[np.bool_] = np.concatenate(parts)
    return flags


def _taken(marks: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Which tokens are in an entity, or blocked (at the beginning of one without a label)."""
    taken: NDArray[np.bool_] = (marks == IOB_BEGIN) | (marks == IOB_IN)
    return taken


def _space(batch: Batch) -> NDArray[np.bool_] | None:
    """Which tokens are whitespace; ``None`` if there are none."""
    if not batch:
        return None
    lexicon = batch[0].lexicon
    if any(doc.lexicon is not lexicon for doc in batch):
        return np.concatenate([spaces_of(doc) for doc in batch])
    spaces: NDArray[np.bool_] = lexicon.column("IS_SPACE")[batch.rows].astype(bool)
    return spaces if spaces.any() else None


def _write(doc: Doc, marks: NDArray[np.int8], types: NDArray[np.uint64]) -> None:
    """Set the entity columns of a document; tokens of entities that are there keep them."""
    present = doc.column("ENT_IOB")
    if present is not None and present.any():
        free = ~_taken(present)
        marks = np.where(free, marks, present)
        known = doc.column("ENT_TYPE")
        if known is not None:
            types = np.where(free, types, known)
    doc.set_column("ENT_IOB", marks)
    doc.set_column("ENT_TYPE", types)


@component_defaults(
    {"model": NER_MODEL, "scorer": {"@scorers": "spanloom.ner_scorer.v1"}},
    settings_of=EntityRecognizer,
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_ner(
    nlp: PipelineLike,
    name: str,
    model: StateModel,
    update_with_oracle_cut_size: int = 100,  # noqa: ARG001
    **settings: Any,
) -> EntityRecognizer:
    """Factory of ``ner``.

    The other settings are those of :class:`EntityRecognizer`.
    ``update_with_oracle_cut_size`` is taken so that configs of spaCy run: all states are learnt at
    once here, and long documents need no cut.
    """
    return EntityRecognizer(nlp.vocab, model, name, **settings)
