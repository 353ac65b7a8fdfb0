"""The ``entity_ruler`` component: entities by patterns."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import srsly

from spanloom.components.base import DocAnnotator, GetExamples, Scorer
from spanloom.errors import DataError, SerializationError
from spanloom.io import msgpack as _msgpack
from spanloom.io.files import existing, folder_written, read_json, write_bytes
from spanloom.plugins.factory import component_defaults
from spanloom.tokens import Doc, Span
from spanloom.vocab.columns import IOB_BEGIN, IOB_IN, IOB_OUT

from ..fuzzy import FuzzyCompare, levenshtein_compare
from ..matching.validation import UnknownRuleError
from .entries import Entry, RulerPatterns, loaded, read_entries, write_entries

if TYPE_CHECKING:
    from spanloom.tokens.batch import Batch
    from spanloom.vocab.protocols import PipelineLike

    from ..matcher import Matcher
    from ..phrase_matcher import PhraseMatcher

__all__ = ["DEFAULT_ENT_ID_SEP", "EntityRuler", "make_entity_ruler"]

DEFAULT_ENT_ID_SEP = "||"
_FOUND = list[tuple[int, int, int]]


class EntityRuler(DocAnnotator):
    """Sets ``doc.ents`` by phrases and token patterns.

    >>> ruler = nlp.add_pipe("entity_ruler")  # doctest: +SKIP
    >>> ruler.add_patterns([{"label": "ORG", "pattern": "Apple", "id": "apple"}])

    Of matches that overlap the longest counts, of equally long ones the first. Entities that are
    there stay, unless ``overwrite_ents``. Phrases are compared by ``phrase_matcher_attr`` (None:
    their text). ``ent_id_sep`` stands between label and id in the names of the matchers' rules.
    """

    def __init__(
        self,
        nlp: PipelineLike,
        name: str = "entity_ruler",
        *,
        phrase_matcher_attr: str | int | None = None,
        matcher_fuzzy_compare: FuzzyCompare = levenshtein_compare,
        validate: bool = False,
        overwrite_ents: bool = False,
        ent_id_sep: str = DEFAULT_ENT_ID_SEP,
        patterns: Iterable[Entry] | None = None,
        scorer: Scorer | None = None,
    ) -> None:
        self.nlp = nlp
        self.name = name
        self.phrase_matcher_attr = phrase_matcher_attr
        self.matcher_fuzzy_compare = matcher_fuzzy_compare
        self.validate = validate
        self.overwrite = overwrite_ents
        self.ent_id_sep = ent_id_sep
        self.scorer = scorer
        self.clear()
        if patterns is not None:
            self.add_patterns(patterns)

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
        )

    def _rule(self, label: str, ent_id: str) -> str:
        return f"{label}{self.ent_id_sep}{ent_id}" if ent_id else label

    def add_patterns(self, patterns: Iterable[Entry]) -> None:
        """Add patterns, dicts with a ``label``, a ``pattern`` (a text, or a list with a dict for
        each token) and maybe an ``id``. Raises :class:`DataError` for one that can't be."""
        self._patterns.add(patterns)

    def remove(self, ent_id: str) -> None:
        """Take out the patterns of an id. Raises :class:`UnknownRuleError` if there are none."""
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
        """The patterns: those of tokens, then the phrases, each by label and id."""
        order: dict[tuple[bool, str, str], int] = {}
        keys = [
            (isinstance(each["pattern"], str), each["label"], each.get("id") or "")
            for each in self._patterns.entries
        ]
        for key in keys:
            order.setdefault(key, len(order))
        ranked = sorted(
            zip(keys, self._patterns.entries), key=lambda pair: (pair[0][0], order[pair[0]])
        )
        return [entry for _, entry in ranked]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the patterns, sorted."""
        return self._patterns.labels

    @property
    def ent_ids(self) -> tuple[str, ...]:
        """The ids of the patterns, sorted."""
        return self._patterns.ids

    @property
    def matcher(self) -> Matcher:
        """What finds the token patterns."""
        return self._patterns.matcher

    @property
    def phrase_matcher(self) -> PhraseMatcher:
        """What finds the phrases."""
        return self._patterns.phrase_matcher

    def __len__(self) -> int:
        return len(self._patterns.entries)

    def __contains__(self, label: object) -> bool:
        return label in self.labels

    # -- running

    def annotate(self, batch: Batch) -> None:
        """Set the entities of a batch."""
        if not len(self):
            warnings.warn(f"'{self.name}' has no patterns: add some first", stacklevel=2)
        for doc in batch:
            self.set_annotations(doc, self.match(doc))

    def match(self, doc: Doc) -> _FOUND:
        """All matches, the longest first, of equally long ones the first."""
        found = self._patterns.matches(doc)
        if len(found) > 1:
            found.sort(key=lambda match: (match[1] - match[2], match[1]))
        return found

    def set_annotations(self, doc: Doc, matches: _FOUND) -> None:
        """Set the entities that were found, as far as they don't overlap."""
        there = doc.ents if doc.column("ENT_TYPE") is not None else ()
        taken = set()
        if not self.overwrite:
            taken = {i for ent in there for i in range(ent.start, ent.end)}
        chosen: _FOUND = []
        for match in matches:
            tokens = range(match[1], match[2])
            if taken.isdisjoint(tokens):
                taken.update(tokens)
                chosen.append(match)
        if not there:
            self._set_all(doc, chosen)
            return
        if self.overwrite:
            there = tuple(e for e in there if taken.isdisjoint(range(e.start, e.end)))
        names = self._patterns.names
        fresh = [
            Span(doc, start, end, label=names[rule][0], span_id=names[rule][1])
            for rule, start, end in chosen
        ]
        doc.set_ents([*there, *fresh])

    def _set_all(self, doc: Doc, chosen: _FOUND) -> None:
        """The same for a document without entities: its columns are made anew."""
        size = len(doc)
        marks = np.full(size, IOB_OUT, dtype=np.int8)
        columns = {name: np.zeros(size, dtype=np.uint64) for name in ("ENT_TYPE", "ENT_ID")}
        lookup = self.nlp.vocab.strings
        with_id = False
        for rule, start, end in chosen:
            label, ent_id = self._patterns.names[rule]
            marks[start] = IOB_BEGIN
            marks[start + 1 : end] = IOB_IN
            columns["ENT_TYPE"][start:end] = lookup[label]
            if ent_id:
                columns["ENT_ID"][start:end] = lookup[ent_id]
                with_id = True
        doc.set_column("ENT_IOB", marks)
        doc.set_column("ENT_TYPE", columns["ENT_TYPE"])
        if with_id or doc.column("ENT_ID") is not None:
            doc.set_column("ENT_ID", columns["ENT_ID"])
        if doc.column("ENT_KB_ID") is not None:
            doc.set_column("ENT_KB_ID", np.zeros(size, dtype=np.uint64))

    def score(self, examples: Iterable[Any], **_: Any) -> dict[str, Any]:
        """The scores of the entities; empty without a scorer."""
        return dict(self.scorer(examples)) if self.scorer is not None else {}

    # -- saving, in spaCy's files

    @property
    def _cfg(self) -> dict[str, Any]:
        return {
            "overwrite": self.overwrite,
            "phrase_matcher_attr": self.phrase_matcher_attr,
            "ent_id_sep": self.ent_id_sep,
        }

    def _take(self, cfg: Any, source: str) -> None:
        if not isinstance(cfg, dict):
            raise SerializationError(f"{source}: the settings of '{self.name}' aren't an object")
        self.overwrite = bool(cfg.get("overwrite", False))
        self.phrase_matcher_attr = cfg.get("phrase_matcher_attr")
        self.ent_id_sep = cfg.get("ent_id_sep", DEFAULT_ENT_ID_SEP)
        self.clear()

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """Settings and patterns as msgpack."""
        return _msgpack.dumps({**self._cfg, "patterns": self.patterns})

    def from_bytes(self, bytes_data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave. Raises :class:`SerializationError` if it doesn't fit."""
        state = loaded(bytes_data, f"'{self.name}'")
        if isinstance(state, list):
            state = {**self._cfg, "patterns": state}
        self._take(state, "bytes")
        try:
            self.add_patterns(state.get("patterns", ()))
        except (DataError, TypeError) as error:
            raise SerializationError(f"the bytes aren't those of '{self.name}': {error}") from error
        return self

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder with ``cfg`` and ``patterns.jsonl``; or, where ``path`` ends in
        ``.jsonl``, the patterns alone."""
        if Path(path).suffix == ".jsonl":
            write_entries(path, self.patterns)
            return
        with folder_written(path, ["cfg", "patterns.jsonl"]) as folder:
            write_bytes(folder / "cfg", srsly.json_dumps(self._cfg, indent=2).encode("utf8"))
            write_entries(folder / "patterns.jsonl", self.patterns)

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read what :meth:`to_disk` wrote, or spaCy; or a file of patterns (``.jsonl``). Raises
        :class:`FormatError`, with the line, for a pattern that can't be."""
        path = Path(path)
        single = path if path.suffix == ".jsonl" else path.with_name(f"{path.name}.jsonl")
        if single.is_file():
            self.clear()
            read_entries(single, self._patterns)
            return self
        folder = existing(path, f"saved '{self.name}'")
        self._take(read_json(folder / "cfg", f"settings of '{self.name}'"), str(folder))
        read_entries(folder / "patterns.jsonl", self._patterns)
        return self


@component_defaults(
    {
        "scorer": {"@scorers": "spanloom.entity_ruler_scorer.v1"},
        "matcher_fuzzy_compare": {"@misc": "spanloom.levenshtein_compare.v1"},
    },
    assigns=["doc.ents", "token.ent_type", "token.ent_iob"],
    score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_entity_ruler(
    nlp: PipelineLike,
    name: str,
    *,
    matcher_fuzzy_compare: FuzzyCompare,
    scorer: Scorer | None,
    phrase_matcher_attr: str | int | None = None,
    validate: bool = False,
    overwrite_ents: bool = False,
    ent_id_sep: str = DEFAULT_ENT_ID_SEP,
) -> EntityRuler:
    """The component ``entity_ruler``."""
    return EntityRuler(
        nlp,
        name,
        phrase_matcher_attr=phrase_matcher_attr,
        matcher_fuzzy_compare=matcher_fuzzy_compare,
        validate=validate,
        overwrite_ents=overwrite_ents,
        ent_id_sep=ent_id_sep,
        scorer=scorer,
    )
