"""The ``entity_ruler`` component: entities by patterns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import srsly

from spanloom.errors import DataError, SerializationError
from spanloom.io import msgpack as _msgpack
from spanloom.io.files import existing, folder_written, read_json, write_bytes
from spanloom.plugins.factory import component_defaults
from spanloom.tokens import Doc, Span
from spanloom.vocab.columns import IOB_BEGIN, IOB_IN, IOB_OUT

from ..saved import loaded
from .base import Ruler
from .entries import Entry, read_entries, write_entries

if TYPE_CHECKING:
    from spanloom.vocab.protocols import PipelineLike

__all__ = ["DEFAULT_ENT_ID_SEP", "EntityRuler", "make_entity_ruler"]

DEFAULT_ENT_ID_SEP = "||"
_FOUND = list[tuple[int, int, int]]


class EntityRuler(Ruler):
    """Sets ``doc.ents`` by phrases and token patterns.

    >>> ruler = nlp.add_pipe("entity_ruler")  # doctest: +SKIP
    >>> ruler.add_patterns([{"label": "ORG", "pattern": "Apple", "id": "apple"}])

    Of matches that overlap the longest counts, of equally long ones the first. Entities that are
    there stay, unless ``overwrite_ents``. Phrases are compared by ``phrase_matcher_attr`` (None:
    their text). ``ent_id_sep`` stands between label and id in the names of the matchers' rules. The
    other ``settings`` are those of :class:`~spanloom_rules.rulers.base.Ruler`.
    """

    def __init__(
        self,
        nlp: PipelineLike,
        name: str = "entity_ruler",
        patterns: Iterable[Entry] | None = None,
        *,
        overwrite_ents: bool = False,
        ent_id_sep: str = DEFAULT_ENT_ID_SEP,
        **settings: Any,
    ) -> None:
        super().__init__(nlp, name, **settings)
        self.overwrite, self.ent_id_sep = overwrite_ents, ent_id_sep
        if patterns is not None:
            self.add_patterns(patterns)

    # -- patterns

    def _rule(self, label: str, ent_id: str) -> str:
        return f"{label}{self.ent_id_sep}{ent_id}" if ent_id else label

    def remove(self, ent_id: str) -> None:
        """Take out the patterns of an id. Raises :class:`UnknownRuleError` if there are none."""
        self._remove_id(ent_id)

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
    def ent_ids(self) -> tuple[str, ...]:
        """The ids of the patterns, sorted."""
        return self._patterns.ids

    # -- running

    def ordered(self, doc: Doc, matches: _FOUND) -> _FOUND:
        """The longest first, of equally long ones the first."""
        return sorted(matches, key=lambda match: (match[1] - match[2], match[1]))

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
        state = loaded(bytes_data, self.name)
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
    settings_of=EntityRuler,
    assigns=["doc.ents", "token.ent_type", "token.ent_iob"],
    score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_entity_ruler(nlp: PipelineLike, name: str, **settings: Any) -> EntityRuler:
    """The component ``entity_ruler``."""
    return EntityRuler(nlp, name, **settings)
