"""The ``lemmatizer`` component: lemmas from tables, by rules of the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from spanloom.components.base import DocAnnotator, GetExamples, Scorer
from spanloom.components.columns import assign
from spanloom.errors import PipelineError
from spanloom.io import msgpack as _msgpack
from spanloom.io.files import existing, folder_written
from spanloom.plugins.factory import component_defaults
from spanloom.plugins.registries import registry

from ..combinations import Combinations, by_lexicon
from ..saved import loaded
from .lookups import Lookups, load_lookups
from .modes import BY_LOOKUP, LemmaRules, LemmaTables, Word

if TYPE_CHECKING:
    from spanloom.tokens import Token
    from spanloom.tokens.batch import Batch
    from spanloom.vocab import Vocab
    from spanloom.vocab.lexicon import Lexicon
    from spanloom.vocab.protocols import PipelineLike

__all__ = ["Lemmatizer", "make_lemmatizer"]


class Lemmatizer(DocAnnotator):
    """Sets ``token.lemma`` from tables, in one of the modes of the vocab's language.

    "lookup" takes the lemma of a word from the table ``lemma_lookup``, "rule" replaces endings by
    the part of speech; some languages have others (``pos_lookup``), and without ``mode`` the
    language says which. Tokens that have a lemma keep it, unless ``overwrite``. What a lemma
    depends on is looked at once for each word, part of speech and analysis.

    Raises :class:`DataError` for a mode that the language doesn't have.
    """

    def __init__(
        self,
        vocab: Vocab,
        name: str = "lemmatizer",
        *,
        mode: str | None = None,
        overwrite: bool = False,
        scorer: Scorer | None = None,
    ) -> None:
        self.vocab = vocab
        self.name = name
        rules = registry.lemmatizer_rules
        self.rules: LemmaRules = rules.get(vocab.lang) if vocab.lang in rules else BY_LOOKUP
        self.mode = mode or self.rules.default
        self._mode = self.rules(self.mode)
        self.overwrite = overwrite
        self.scorer = scorer
        self._ready = False
        self._known = Combinations(self._mode.reads, self._lemma)
        self.lookups = Lookups()

    @property
    def lookups(self) -> Lookups:
        """The tables. What was found with others is forgotten when they are set."""
        return self._tables.lookups

    @lookups.setter
    def lookups(self, lookups: Lookups) -> None:
        self._tables = LemmaTables(lookups)
        self.clear_cache()

    def clear_cache(self) -> None:
        """Forget the lemmas that were found: to be called when a table was changed in place."""
        self._tables = LemmaTables(self._tables.lookups)
        self._known.clear()

    def get_lookups_config(self, mode: str) -> tuple[list[str], list[str]]:
        """The tables that a mode must have, and those that it may have; none for a mode that the
        language doesn't have."""
        found = self.rules.modes.get(mode)
        return (list(found.required), list(found.optional)) if found else ([], [])

    # -- running

    def annotate(self, batch: Batch) -> None:
        """Annotate a batch in place. Raises :class:`PipelineError` before the tables are there."""
        if not self._ready:
            self._check_tables()
        for docs in by_lexicon(batch):
            lemmas = np.asarray(self._known.numbers(docs), dtype=np.uint64)
            assign(docs, "LEMMA", lemmas, overwrite=self.overwrite)

    def lemmatize(self, token: Token) -> list[str]:
        """The lemmas of a token, the best first."""
        start = token.is_sent_start is True
        return list(self._found(Word(token.text, token.pos_, str(token.morph), start)))

    def _lemma(self, lexicon: Lexicon, row: int, values: Mapping[str, int]) -> int:
        strings = lexicon.strings
        pos, morph = (strings[values.get(name, 0)] for name in ("POS", "MORPH"))
        word = Word(lexicon.texts[row], pos, morph, values.get("SENT_START", 0) == 1)
        return strings.add(self._found(word)[0])

    def _found(self, word: Word) -> Sequence[str]:
        return self._mode.lemmas(self._tables, word)

    # -- tables

    def initialize(
        self,
        get_examples: GetExamples | None = None,
        *,
        nlp: PipelineLike | None = None,
        labels: Any = None,
        lookups: Lookups | None = None,
    ) -> None:
        """Take ``lookups``, or the tables of the language that are installed.

        Raises :class:`DataError` if none are, and :class:`PipelineError` if one that the mode needs
        isn't among those given.
        """
        if lookups is None:
            lookups = load_lookups(self.vocab.lang, self._mode.required)
            more = load_lookups(self.vocab.lang, self._mode.optional, strict=False)
            for name in more.tables:
                lookups.set_table(name, more.get_table(name))
        self.lookups = lookups
        self._check_tables()

    def _check_tables(self) -> None:
        missing = [name for name in self._mode.required if name not in self.lookups]
        if missing:
            raise PipelineError(
                f"'{self.name}' lacks the tables {', '.join(map(repr, missing))}, which its mode "
                f"'{self.mode}' needs (there are: {', '.join(self.lookups.tables) or 'none'}): "
                f"call nlp.initialize(), or hand them over with "
                f"nlp.get_pipe('{self.name}').initialize(lookups=...)"
            )
        self._ready = True

    # -- saving

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """The tables as msgpack."""
        return _msgpack.dumps({"lookups": self.lookups.to_bytes()})

    def from_bytes(self, bytes_data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave. Raises :class:`SerializationError` if it doesn't fit."""
        self.lookups = Lookups().from_bytes(loaded(bytes_data, self.name, "lookups"))
        self._check_tables()
        return self

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder with the folder ``lookups``, which holds the tables in one file."""
        with folder_written(path) as folder:
            self.lookups.to_disk(folder / "lookups")

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read the folder that :meth:`to_disk` wrote, or spaCy."""
        folder = existing(path, f"saved '{self.name}'")
        self.lookups = Lookups().from_disk(folder / "lookups")
        self._check_tables()
        return self


@component_defaults(
    {"scorer": {"@scorers": "spanloom.lemmatizer_scorer.v1"}},
    settings_of=Lemmatizer,
    assigns=["token.lemma"],
    score_weights={"lemma_acc": 1.0},
)
def make_lemmatizer(
    nlp: PipelineLike,
    name: str,
    model: None = None,  # noqa: ARG001
    **settings: Any,
) -> Lemmatizer:
    """Factory of ``lemmatizer``. ``model`` is there since configs of spaCy's have it, as null."""
    return Lemmatizer(nlp.vocab, name, **settings)
