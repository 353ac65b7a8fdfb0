"""The ``beam_ner`` component: an entity recognizer that weighs all readings, with scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from spanloom.errors import PipelineError
from spanloom.plugins.factory import component_defaults, factory_info
from spanloom.tokens.batch import Batch

from ..transitions.biluo import Entities
from ..transitions.biluo_lattice import Candidates, candidates, entity_chances, most_likely
from .component import EntityRecognizer, make_ner

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab
    from spanloom.vocab.protocols import PipelineLike

    from ..transition_based.types import StateModel

__all__ = ["BeamEntityRecognizer", "make_beam_ner"]


class BeamEntityRecognizer(EntityRecognizer):
    """As ``ner``, but it sets the entities of the most likely reading of the whole document, not
    those of the best action at each token, and gives the chance of each entity.

    It learns as ``ner`` does, and weights can be taken from one to the other. Where others use a
    beam, all readings are weighed here, see :mod:`spanloom_tasks.transitions.biluo_lattice`;
    entities of a chance below ``beam_density`` and labels beyond the ``beam_width`` best at one
    token are left out. The other ``settings`` are those of :class:`EntityRecognizer`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: StateModel,
        name: str = "beam_ner",
        *,
        beam_width: int = 32,
        beam_density: float = 0.001,
        **settings: Any,
    ) -> None:
        if beam_width < 1 or not 0.0 < beam_density < 1.0:
            raise PipelineError(
                f"'{name}': beam_width is {beam_width} and beam_density {beam_density}: the width "
                f"must be 1 or more, and the density between 0 and 1"
            )
        super().__init__(vocab, model, name, **settings)
        self.cfg["beam_width"] = beam_width
        self.cfg["beam_density"] = beam_density

    def _candidates(self, batch: Batch, scorer: Any) -> Candidates:
        return candidates(
            scorer,
            self._places(batch),
            self._actions,
            density=float(self.cfg["beam_density"]),
            width=int(self.cfg["beam_width"]),
        )

    def _decode(self, batch: Batch, scorer: Any) -> Entities:
        return most_likely(self._candidates(batch, scorer))

    def scored_ents(self, docs: Sequence[Doc]) -> list[dict[tuple[int, int, str], float]]:
        """For each document the chance of each entity that may be there: first token, token after
        the last, and label. The documents aren't changed."""
        groups = self._by_group(
            docs, lambda group, scorer: self._scores(group, self._candidates(group, scorer))
        )
        return [scores for _, group in groups for scores in group]

    def _scores(self, batch: Batch, found: Candidates) -> list[dict[tuple[int, int, str], float]]:
        entities, ends = found.entities, batch.lengths.cumsum()
        owners = ends.searchsorted(entities.starts, side="right")
        firsts = (ends - batch.lengths)[owners]
        scores: list[dict[tuple[int, int, str], float]] = [{} for _ in batch]
        rows = zip(
            owners.tolist(),
            (entities.starts - firsts).tolist(),
            (entities.ends - firsts).tolist(),
            entities.labels.tolist(),
            entity_chances(found).tolist(),
        )
        for owner, start, end, label, chance in rows:
            scores[owner][start, end, self.labels[label]] = chance
        return scores


@component_defaults(
    factory_info(make_ner).defaults,
    settings_of=BeamEntityRecognizer,
    assigns=factory_info(make_ner).assigns,
    score_weights=factory_info(make_ner).score_weights,
)
def make_beam_ner(
    nlp: PipelineLike,
    name: str,
    model: StateModel,
    update_with_oracle_cut_size: int = 100,  # noqa: ARG001
    beam_update_prob: float = 0.5,  # noqa: ARG001
    **settings: Any,
) -> BeamEntityRecognizer:
    """Factory of ``beam_ner``.

    See :func:`~spanloom_tasks.ner.component.make_ner`. ``beam_update_prob`` is taken so that
    configs of spaCy run: training here is the same for all readings.
    """
    return BeamEntityRecognizer(nlp.vocab, model, name, **settings)
