"""The ``parser`` component: a dependency tree for each sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from spanloom.errors import PipelineError
from spanloom.plugins.factory import component_defaults
from spanloom.tokens.batch import Batch

from ..transition_based.component import TransitionComponent, transition_model
from ..transition_based.document_groups import join_groups
from ..transitions.arc_eager import ParserActions
from ..transitions.arc_eager_open import OpenActions
from ..transitions.projective import DELIMITER
from .open_trees import open_parse
from .training import explore
from .trees import (
    GoldTrees,
    NonSpaceTokens,
    Parse,
    count_relations,
    finished,
    gold_trees,
    parse_tokens,
    write_parse,
)

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab
    from spanloom.vocab.protocols import PipelineLike

    from ..transition_based.types import StateModel

__all__ = ["DependencyParser", "check_learn_tokens", "make_parser"]

PARSER_MODEL = transition_model("parser")
"""The default model."""


class DependencyParser(TransitionComponent):
    """Sets ``token.head``, ``token.dep`` and the starts of sentences.

    Sentences that begin or don't begin at a token by what is annotated already stay so. Whitespace
    tokens aren't parsed: each hangs on the token before it, with the relation ``dep``. Trees that
    aren't projective are learnt by lifting arcs, see :mod:`spanloom_tasks.transitions.projective`.

    Documents are cut for training where a sentence begins, into parts of at least
    ``update_with_oracle_cut_size`` tokens. ``exploration`` is how often training follows the
    model's own action, right or wrong, rather than its best right one. Labelled actions that are
    rarer in the examples than ``min_action_freq``, and than one in a thousand arcs, are left out.
    """

    kind: ClassVar[str] = "dependencies"
    label_keys: ClassVar[tuple[str, ...]] = ("left", "right")
    state_type: ClassVar = "parser"

    def __init__(
        self,
        vocab: Vocab,
        model: StateModel,
        name: str = "parser",
        *,
        min_action_freq: int = 30,
        update_with_oracle_cut_size: int = 100,
        exploration: float = 0.9,
        **settings: Any,
    ) -> None:
        cfg = {
            "root": "ROOT",
            "min_action_freq": min_action_freq,
            "update_with_oracle_cut_size": update_with_oracle_cut_size,
            "exploration": exploration,
            # The actions that start a sentence: parsers of spaCy's may have several.
            "breaks": ["ROOT"],
        }
        super().__init__(vocab, model, name, cfg, **settings)

    # -- labels

    @property
    def labels(self) -> tuple[str, ...]:
        """The relations, sorted, with that of roots."""
        names = {name.partition(DELIMITER)[0] for name in self._names}
        return tuple(sorted({*names, self.cfg["root"]}))

    @property
    def move_names(self) -> list[str]:
        """Names of the actions, in the order of the model's output."""
        left, right, breaks = (self.cfg[key] for key in ("left", "right", "breaks"))
        names = ["S", "D", *("B" if name == "ROOT" else f"B-{name}" for name in breaks)]
        return [*names, *(f"L-{name}" for name in left), *(f"R-{name}" for name in right)]

    @property
    def label_data(self) -> Any:
        """What ``initialize(labels=...)`` takes to skip the reading of labels."""
        return {key: self.cfg[key] for key in ("left", "right", "root")}

    def take(self, cfg: Any, weights: bytes | Mapping[str, Any], source: str) -> None:
        """See :class:`TrainableComponent`."""
        # A parser that was saved when there was one system has neither setting.
        if isinstance(cfg, dict):
            earlier: dict[str, Any] = {"breaks": ["ROOT"], "system": "spanloom"}
            # Behind the others, so that what is saved again has the same bytes.
            cfg = {**cfg, **{key: earlier[key] for key in earlier if key not in cfg}}
        super().take(cfg, weights, source)

    def _index_labels(self) -> None:
        self._names = list(dict.fromkeys([*self.cfg["left"], *self.cfg["right"]]))
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._ids = np.asarray(
            [self.vocab.strings.add(name.partition(DELIMITER)[0]) for name in self._names],
            dtype=np.uint64,
        )
        self._lifted = np.asarray([DELIMITER in name for name in self._names], dtype=bool)
        kind = OpenActions if self.cfg["system"] == "spacy" else ParserActions
        self._actions = kind(
            [self._numbers[name] for name in self.cfg["left"]],
            [self._numbers[name] for name in self.cfg["right"]],
            breaks=len(self.cfg["breaks"]),
        )

    # -- running

    def predict(self, docs: Sequence[Doc]) -> Parse:
        """Heads, relations and starts of sentences of all documents; tokens are numbered through
        the batch."""
        return join_groups(self._by_group(docs, self._parse), numbered=("heads",))

    def _parse(self, batch: Batch, scorer: Any) -> Parse:
        with self._scores_are_finite():
            if isinstance(self._actions, OpenActions):
                return open_parse(batch, scorer, self._actions, self._names, self._lifted)
            return self._trees(NonSpaceTokens.of(batch), scorer)

    @contextmanager
    def _scores_are_finite(self) -> Iterator[None]:
        try:
            yield
        except FloatingPointError as error:
            raise PipelineError(
                f"'{self.name}' can't parse: {error}. Its weights, or those of the encoder that it "
                "listens to, are damaged, or grew without bound in training: load an earlier "
                "pipeline."
            ) from error

    def _trees(self, tokens: NonSpaceTokens, scorer: Any) -> Parse:
        trees = parse_tokens(tokens, scorer, self._actions)
        return finished(tokens, trees, self._names, self._lifted)

    def set_annotations(self, docs: Sequence[Doc], predictions: Parse) -> None:
        """Write the columns HEAD, DEP and SENT_START."""
        root = self.vocab.strings.add(self.cfg["root"])
        write_parse(Batch.of(docs), predictions, self._ids, root, self.vocab.strings.add("dep"))

    # -- learning

    def _given_labels(self, labels: Any) -> Iterable[Iterable[str]]:
        if isinstance(labels, Mapping) and "left" in labels:
            self.cfg["root"] = labels.get("root", "ROOT")
            return labels["left"], labels["right"]
        return super()._given_labels(labels)

    def _flat_labels(self, labels: Any) -> list[str]:
        return [name for name in super()._flat_labels(labels) if name and name != self.cfg["root"]]

    def _found_labels(self, examples: Iterable[Example]) -> Iterable[Iterable[str]]:
        left, right, root = count_relations(examples, self.cfg["min_action_freq"])
        self.cfg["root"] = root or self.cfg["root"]
        return left, right

    def _gold(
        self, examples: Sequence[Example], batch: Batch
    ) -> tuple[NonSpaceTokens, GoldTrees] | None:
        tokens = NonSpaceTokens.of(batch, constrained=False)
        cut = self.cfg["update_with_oracle_cut_size"]
        trees = gold_trees(examples, tokens, self._numbers, cut)
        return None if trees is None else (tokens, trees)

    def _visit(
        self, scorer: Any, gold: tuple[NonSpaceTokens, GoldTrees], batch: Batch
    ) -> tuple[float, tuple[Any, Any, Any] | None]:
        """States on the model's own way."""
        tokens, trees = gold
        mapped = tokens.scorer(scorer)
        loss, visited = self._explore(mapped, trees)
        if visited is None:
            return loss, None
        ids, gradient = visited
        return loss, (mapped.to_table(ids), gradient, None)

    def _explore(self, scorer: Any, trees: GoldTrees) -> tuple[float, tuple[Any, Any] | None]:
        """The loss, and the tokens of states to learn from with the gradients of their scores."""
        return explore(scorer, trees, self._actions, self.cfg["exploration"])


@component_defaults(
    {"model": PARSER_MODEL, "scorer": {"@scorers": "spanloom.parser_scorer.v1"}},
    settings_of=DependencyParser,
    assigns=["token.dep", "token.head", "token.is_sent_start", "doc.sents"],
    score_weights={
        "dep_uas": 0.5,
        "dep_las": 0.5,
        "dep_las_per_type": None,
        "sents_p": None,
        "sents_r": None,
        "sents_f": 0.0,
    },
)
def make_parser(
    nlp: PipelineLike, name: str, model: StateModel, learn_tokens: bool = False, **settings: Any
) -> DependencyParser:
    """Factory of ``parser``.

    The other settings are those of :class:`DependencyParser`.
    ``learn_tokens`` isn't offered: it must be false.
    """
    check_learn_tokens(name, learn_tokens)
    return DependencyParser(nlp.vocab, model, name, **settings)


def check_learn_tokens(name: str, learn_tokens: bool) -> None:
    """Raise :class:`PipelineError` for what isn't offered."""
    if learn_tokens:
        raise PipelineError(f"'{name}': learn_tokens isn't supported, set it to false")
