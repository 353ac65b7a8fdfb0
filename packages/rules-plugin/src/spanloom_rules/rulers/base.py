"""What rulers have in common: patterns, and what is found with them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from spanloom.components.base import DocAnnotator, GetExamples, Scorer
from spanloom.tokens import Doc

from ..fuzzy import FuzzyCompare, levenshtein_compare
from ..matching.prepared import Match
from ..matching.validation import UnknownRuleError
from .entries import Entry, RulerPatterns

if TYPE_CHECKING:
    from spanloom.tokens.batch import Batch
    from spanloom.vocab.protocols import PipelineLike

__all__ = ["Ruler"]


class Ruler(DocAnnotator):
    """A component that finds phrases and token patterns. A subclass says in which order they count
    (:meth:`ordered`) and what becomes of them (:meth:`set_annotations`)."""

    def __init__(
        self,
        nlp: PipelineLike,
        name: str,
        *,
        phrase_matcher_attr: str | int | None = None,
        matcher_fuzzy_compare: FuzzyCompare = levenshtein_compare,
        validate: bool = False,
        scorer: Scorer | None = None,
        regex_timeout: float | None = None,
    ) -> None:
        self.nlp, self.name, self.scorer = nlp, name, scorer
        self.phrase_matcher_attr = phrase_matcher_attr
        self.matcher_fuzzy_compare = matcher_fuzzy_compare
        self.validate, self.regex_timeout = validate, regex_timeout
        self.clear()

    # -- patterns

    def clear(self) -> None:
        """Take all patterns away."""
        self._patterns = RulerPatterns(
            self.nlp,
            self,
            self._rule,
            attr=self.phrase_matcher_attr,
            fuzzy_compare=self.matcher_fuzzy_compare,
            validate=self.validate,
            regex_timeout=self.regex_timeout,
        )
        #: What finds the token patterns.
        self.matcher = self._patterns.matcher
        #: What finds the phrases.
        self.phrase_matcher = self._patterns.phrase_matcher

    def _rule(self, label: str, ent_id: str) -> str:
        """The name of the matchers' rule for a label and an id."""
        return repr((label, ent_id))

    def add_patterns(self, patterns: Iterable[Entry]) -> None:
        """Add patterns, dicts with a ``label``, a ``pattern`` (a text, or a list with a dict for
        each token) and maybe an ``id``. Raises :class:`DataError` for one that can't be."""
        self._patterns.add(patterns)

    def _remove_id(self, ent_id: str) -> None:
        if not self._patterns.remove(ent_id=ent_id):
            raise UnknownRuleError(f"'{self.name}' has no pattern of the id {ent_id!r}")

    def initialize(
        self,
        get_examples: GetExamples,
        *,
        nlp: PipelineLike | None = None,
        patterns: Sequence[Entry] | None = None,
    ) -> None:
        """Have these patterns and no others."""
        self.clear()
        if patterns:
            self.add_patterns(patterns)

    @property
    def patterns(self) -> list[Entry]:
        """The patterns as they were added."""
        return self._patterns.entries

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the patterns, sorted."""
        return self._patterns.labels

    def __len__(self) -> int:
        return len(self._patterns.entries)

    def __contains__(self, label: object) -> bool:
        return label in self.labels

    # -- running

    def annotate(self, batch: Batch) -> None:
        """Set what is found in the documents of a batch."""
        if not len(self):
            warnings.warn(f"'{self.name}' has no patterns: add some first", stacklevel=2)
        for doc, matches in zip(batch, self._patterns.matches(batch)):
            self.set_annotations(doc, self.ordered(doc, matches))

    def match(self, doc: Doc) -> list[Any]:
        """All that is found in a document, as :meth:`ordered` gives it."""
        return self.ordered(doc, self._patterns.matches([doc])[0])

    def ordered(self, doc: Doc, matches: list[Match]) -> list[Any]:
        """The matches of a document as :meth:`set_annotations` takes them."""
        raise NotImplementedError(f"{type(self).__name__} must define ordered")

    def set_annotations(self, doc: Doc, matches: list[Any]) -> None:
        """Set what :meth:`ordered` returned."""
        raise NotImplementedError(f"{type(self).__name__} must define set_annotations")
