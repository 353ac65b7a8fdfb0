"""The ``beam_parser`` component: a parser that follows several readings, with scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spanloom.errors import PipelineError
from spanloom.plugins.factory import component_defaults, factory_info
from spanloom.tokens.batch import Batch

from ..transitions.arc_eager_beam import Beam, Bounds
from ..transitions.arc_eager_open import OpenActions
from .beam_training import beam_update
from .component import DependencyParser, check_learn_tokens, make_parser
from .trees import GoldTrees, NonSpaceTokens, Parse, finished

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab
    from spanloom.vocab.protocols import PipelineLike

    from ..transition_based.types import StateModel

__all__ = ["BeamDependencyParser", "make_beam_parser"]

Scores = dict[tuple[int, Any], float]


class BeamDependencyParser(DependencyParser):
    """As ``parser``, but it follows the ``beam_width`` most likely readings of a document, sets the
    best one, and gives the chances of heads and relations.

    Readings less likely than ``beam_density`` times the best are left out. With ``beam_width`` 1 it
    is ``parser``, and weights can be taken from one to the other. A batch is learnt by beams with
    the chance ``beam_update_prob``, see :func:`~spanloom_tasks.parser.beam_training.beam_update`,
    else as ``parser`` does. The other ``settings`` are those of :class:`DependencyParser`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: StateModel,
        name: str = "beam_parser",
        *,
        beam_width: int = 8,
        beam_density: float = 0.0001,
        beam_update_prob: float = 0.5,
        **settings: Any,
    ) -> None:
        if beam_width < 1 or not 0.0 <= beam_density < 1.0 or not 0.0 <= beam_update_prob <= 1.0:
            raise PipelineError(
                f"'{name}': beam_width is {beam_width}, beam_density {beam_density} and "
                f"beam_update_prob {beam_update_prob}: the width must be 1 or more, and the others "
                f"between 0 and 1"
            )
        super().__init__(vocab, model, name, **settings)
        self.cfg["beam_width"] = beam_width
        self.cfg["beam_density"] = beam_density
        self.cfg["beam_update_prob"] = beam_update_prob

    def _index_labels(self) -> None:
        if self.cfg["system"] == "spacy":
            raise PipelineError(
                f"'{self.name}': a beam_parser has no system 'spacy': take 'parser' for weights "
                f"that spaCy trained"
            )
        super()._index_labels()

    # -- running

    def _beam(self, tokens: NonSpaceTokens, scorer: Any) -> Beam:
        beam = Beam(
            tokens.scorer(scorer),
            tokens.lengths,
            self._actions,
            int(self.cfg["beam_width"]),
            float(self.cfg["beam_density"]),
            Bounds(tokens.bounds, tokens.breaks),
        )
        while beam.goes_on:
            beam.advance()
        return beam

    def _trees(self, tokens: NonSpaceTokens, scorer: Any) -> Parse:
        beam = self._beam(tokens, scorer)
        return self._whole(tokens, beam, beam.ranked()[0][:, 0])

    def _whole(self, tokens: NonSpaceTokens, beam: Beam, slots: Any) -> Parse:
        return finished(tokens, beam.trees(slots), self._names, self._lifted)

    def scored_parses(self, docs: Sequence[Doc]) -> tuple[list[Scores], list[Scores]]:
        """For each document the chances of heads, by token and head (a root is its own), and of
        relations, by token and name, among the readings of its beam. The documents aren't changed.
        """
        groups = self._by_group(docs, self._scored)
        found = [pair for _, group in groups for pair in group]
        return [heads for heads, _ in found], [labels for _, labels in found]

    def _scored(self, batch: Batch, scorer: Any) -> list[tuple[Scores, Scores]]:
        tokens = NonSpaceTokens.of(batch)
        with self._scores_are_finite():
            beam = self._beam(tokens, scorer)
        order, shares = beam.ranked()
        names = [*(name.partition("||")[0] for name in self._names), "dep", self.cfg["root"]]
        found: list[tuple[Scores, Scores]] = [({}, {}) for _ in batch]
        ends = batch.lengths.cumsum().tolist()
        # A document of white space alone has one reading.
        share_of = np.zeros((len(batch), order.shape[1]))
        share_of[:, 0] = 1.0
        share_of[tokens.docs] = shares
        for rank in range(order.shape[1]):
            parse = self._whole(tokens, beam, order[:, rank])
            heads, relations = parse.heads.tolist(), parse.relations.tolist()
            for doc, (end, share) in enumerate(zip(ends, share_of[:, rank].tolist())):
                start = end - len(batch[doc])
                if not share:
                    continue
                for at in range(start, end):
                    pairs = zip(found[doc], (heads[at] - start, names[relations[at]]))
                    for scores, value in pairs:
                        key = at - start, value
                        scores[key] = scores.get(key, 0.0) + share
        return found

    # -- learning

    def _explore(self, scorer: Any, trees: GoldTrees) -> Any:
        # As spaCy's: by the generator that fix_random_seed sets.
        own = isinstance(self._actions, OpenActions)  # a beam doesn't know these
        if own or np.random.random() >= self.cfg["beam_update_prob"]:
            return super()._explore(scorer, trees)
        width, density = int(self.cfg["beam_width"]), float(self.cfg["beam_density"])
        return beam_update(scorer, trees, self._actions, width, density)


@component_defaults(
    factory_info(make_parser).defaults,
    settings_of=BeamDependencyParser,
    assigns=factory_info(make_parser).assigns,
    score_weights=factory_info(make_parser).score_weights,
)
def make_beam_parser(
    nlp: PipelineLike, name: str, model: StateModel, learn_tokens: bool = False, **settings: Any
) -> BeamDependencyParser:
    """Factory of ``beam_parser``; see :class:`BeamDependencyParser`. ``learn_tokens`` isn't
    offered: it must be false."""
    check_learn_tokens(name, learn_tokens)
    return BeamDependencyParser(nlp.vocab, model, name, **settings)
