"""The rule-based tokenizer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from ..errors import DataError
from ..io.files import existing, write_bytes
from ..tokens import Doc
from ..vocab.absent import absent
from .chunks import ChunkCache, Tokens
from .fast import fast_splitter
from .rules import TokenizerRules, checked_case, compiled
from .saving import pattern_of, rules_from_bytes, rules_to_bytes
from .spaced import put_together
from .splitter import Finder, Searcher, Splitter

if TYPE_CHECKING:
    from ..vocab import Vocab

__all__ = ["Tokenizer", "TokenizerBase"]

C = TypeVar("C")

#: Offsets of characters are int32.
MAX_LENGTH = 2**30


class TokenizerBase(ABC):
    """What all tokenizers share: checks of texts, and streams."""

    vocab: Vocab

    def __call__(self, text: str) -> Doc:
        """Tokenize a text. Raises :class:`DataError` for what isn't a string."""
        return self.batch([text])[0]

    @abstractmethod
    def batch(self, texts: Sequence[str]) -> list[Doc]:
        """Tokenize many texts at once. Raises :class:`DataError` for what isn't a string."""

    def pipe(self, texts: Iterable[str], batch_size: int = 1000) -> Iterator[Doc]:
        """Tokenize a stream of texts, ``batch_size`` at a time, in order."""
        if batch_size < 1:
            raise DataError(f"batch_size is {batch_size}: give a number above zero")
        stream = iter(texts)
        while some := list(islice(stream, batch_size)):
            yield from self.batch(some)

    @staticmethod
    def _check(texts: Sequence[object]) -> None:
        if set(map(type, texts)) <= {str} and max(map(len, texts), default=0) < MAX_LENGTH:  # type: ignore[arg-type]
            return
        for index, text in enumerate(texts):
            if not isinstance(text, str):
                hint = " Decode it first, as in data.decode('utf8')." if _is_bytes(text) else ""
                raise DataError(
                    f"text {index}: a tokenizer takes strings, not {type(text).__name__} "
                    f"({text!r:.60}).{hint}"
                )
            if len(text) >= MAX_LENGTH:
                raise DataError(
                    f"text {index} has {len(text):,} characters; one document holds fewer than "
                    f"{MAX_LENGTH:,}. Split it, for example at its chapters."
                )


def _is_bytes(value: object) -> bool:
    return isinstance(value, bytes | bytearray)


class _Settable(Generic[C]):
    """An attribute of :class:`Tokenizer`: a callable made of a pattern in the rules, until it is
    set to another."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, tokenizer: None, owner: type) -> Self: ...
    @overload
    def __get__(self, tokenizer: Tokenizer, owner: type) -> C | None: ...
    def __get__(self, tokenizer: Tokenizer | None, owner: type) -> Self | C | None:
        return self if tokenizer is None else tokenizer._get(self.name)

    def __set__(self, tokenizer: Tokenizer, value: C | None) -> None:
        tokenizer._set(self.name, value)


#: Rules, or what returns them.
Rules = TokenizerRules | Callable[[], TokenizerRules]


@absent("Tokenizer")
class Tokenizer(TokenizerBase):
    """Splits text into tokens by rules; the text can always be put together again from them.

    ``rules`` is a :class:`TokenizerRules`, what returns one when it is first needed, or a mapping
    of special cases as :meth:`add_special_case` takes them. The other arguments replace single
    rules with callables of the form of ``re.compile(p).search`` (``finditer`` for infixes,
    ``match`` for the last two); they are attributes too, and setting one takes effect at once.
    About ``max_cache_size`` chunks (what stands between spaces) are kept with their tokens.

    Safe to use from several threads, but change its rules in one only.
    """

    _given: Rules

    def __init__(
        self,
        vocab: Vocab,
        rules: Rules | Mapping[str, Sequence[Mapping[Any, Any]]] | None = None,
        prefix_search: Searcher | None = None,
        suffix_search: Searcher | None = None,
        infix_finditer: Finder | None = None,
        token_match: Searcher | None = None,
        url_match: Searcher | None = None,
        *,
        max_cache_size: int = 100_000,
    ) -> None:
        self.vocab = vocab
        self.max_cache_size = max_cache_size
        self._lock = Lock()
        if isinstance(rules, Mapping):
            cases = {string: checked_case(string, pieces) for string, pieces in rules.items()}
            rules = TokenizerRules(special_cases=cases)
        self._set_rules(rules or TokenizerRules())
        given = (prefix_search, suffix_search, infix_finditer, token_match, url_match)
        for name, value in zip(_SETTABLE, given, strict=True):
            if value is not None:
                self._callables[name] = value

    @property
    def _rules(self) -> TokenizerRules:
        given = self._given
        if not isinstance(given, TokenizerRules):
            given = self._given = given()
        return given

    def _set_rules(self, rules: Rules) -> None:
        self._given = rules
        #: Rules that were set to callables, by attribute; they win over those of ``_rules``.
        self._callables: dict[str, Callable[[str], Any] | None] = {}
        self._changed()

    def _changed(self) -> None:
        self._splitter: Splitter | None = None
        self._cache: ChunkCache | None = None
        self._spaced: list[str] = []

    # Tokenizing

    def __call__(self, text: str) -> Doc:
        """Tokenize a text. Raises :class:`DataError` for what isn't a string."""
        cache = self._chunks()
        try:
            tokens = cache.text_tokens(text)
        except (AttributeError, TypeError):  # not a string
            self._check([text])
            raise
        if self._spaced:
            tokens = self._put_together(text, tokens, cache)
        return Doc.from_rows(self.vocab, text, *tokens, cache.lexicon)

    def batch(self, texts: Sequence[str]) -> list[Doc]:
        """Tokenize many texts at once: the fast way. The documents are views on two arrays for
        the whole batch. Raises :class:`DataError` for what isn't a string."""
        self._check(texts)
        if not texts:
            return []
        cache = self._chunks()
        tokens = cache.batch_tokens(texts)
        if self._spaced:
            pairs = zip(texts, tokens, strict=True)
            tokens = [self._put_together(text, each, cache) for text, each in pairs]
        vocab, lexicon, make = self.vocab, cache.lexicon, Doc.from_rows
        return [
            make(vocab, text, rows, spaces, lexicon)
            for text, (rows, spaces) in zip(texts, tokens, strict=True)
        ]

    def _put_together(self, text: str, tokens: Tokens, cache: ChunkCache) -> Tokens:
        found = [case for case in self._spaced if case in text]
        if not found:
            return tokens
        return put_together(text, tokens, cache.lexicon, found, self._rules.special_cases)

    def _chunks(self) -> ChunkCache:
        """The cache for the present lexicon, which the vocab may have renewed."""
        cache = self._cache
        if cache is None or cache.lexicon is not self.vocab.lexicon:
            with self._lock:
                cache = ChunkCache(self.vocab.lexicon, self._split(), self.max_cache_size)
                self._cache = cache
        return cache

    def _split(self) -> Splitter:
        if self._splitter is None:
            spaced = (case for case in self._rules.special_cases if len(case.split(" ")) > 1)
            self._spaced = [case for case in spaced if not case.isspace()]
            fast = None if self._callables else fast_splitter(self._rules)
            self._splitter = fast or Splitter(
                self._rules.special_cases,
                self.prefix_search,
                self.suffix_search,
                self.infix_finditer,
                self.token_match,
                self.url_match,
                whole_pictures=self._rules.whole_pictures,
                cases_inside=self._rules.cases_inside,
            )
        return self._splitter

    def explain(self, text: str) -> list[tuple[str, str]]:
        """Which rule made each token: pairs of its name and the token, without whitespace.

        Names are PREFIX, SUFFIX, INFIX, TOKEN, TOKEN_MATCH, URL_MATCH, and SPECIAL-1, SPECIAL-2
        and so on for the tokens of a special case.
        """
        self._check([text])
        splitter = self._split()
        found = [(f.rule, f.text) for chunk in text.split() for f in splitter.explain(chunk)]
        if not any(case in text for case in self._spaced):
            return found
        words = [word for word in self(text).words if not word.isspace()]
        rules = dict(zip(_offsets([word for _, word in found]), found, strict=True))
        pairs = zip(_offsets(words), words, strict=True)
        return [rules[at] if rules.get(at, ("", ""))[1] == w else ("SPECIAL", w) for at, w in pairs]

    # Rules

    def add_special_case(self, string: str, substrings: Sequence[Mapping[Any, Any]]) -> None:
        """Say which tokens a string becomes: ``add_special_case("gimme", [{"ORTH": "gim", "NORM":
        "give"}, {"ORTH": "me"}])``.

        Raises :class:`DataError` if the texts don't give the string when put together, or if a
        token sets anything but ORTH and NORM.
        """
        self._given = self._rules.with_cases({string: checked_case(string, substrings)})
        self._changed()

    @property
    def rules(self) -> dict[str, list[dict[str, str]]]:
        """The special cases, as :meth:`add_special_case` takes them. Set it to replace all."""
        return {
            string: [
                {"ORTH": text} if norm is None else {"ORTH": text, "NORM": norm}
                for text, norm in pieces
            ]
            for string, pieces in self._rules.special_cases.items()
        }

    @rules.setter
    def rules(self, cases: Mapping[str, Sequence[Mapping[Any, Any]]]) -> None:
        checked = {string: checked_case(string, pieces) for string, pieces in cases.items()}
        self._given = replace(self._rules, special_cases=checked)
        self._changed()

    def _get(self, name: str) -> Any:
        if name in self._callables:
            return self._callables[name]
        field, method = _SETTABLE[name]
        pattern = getattr(self._rules, field)
        return None if pattern is None else getattr(compiled(pattern, field), method)

    def _set(self, name: str, value: Any) -> None:
        self._callables[name] = value
        self._changed()

    prefix_search = _Settable[Searcher]()
    """Finds what is split from the start of a chunk (``re.compile(pattern).search``)."""

    suffix_search = _Settable[Searcher]()
    """Finds what is split from the end of a chunk (``re.compile(pattern).search``)."""

    infix_finditer = _Settable[Finder]()
    """Finds where the inside of a chunk is split (``re.compile(pattern).finditer``)."""

    token_match = _Settable[Searcher]()
    """Says of a string that it's one token, before affixes are split off
    (``re.compile(pattern).match``)."""

    url_match = _Settable[Searcher]()
    """Says of a string that it's one token, after affixes were split off
    (``re.compile(pattern).match``)."""

    # Saving

    def to_bytes(self) -> bytes:
        """The rules as JSON. Raises :class:`SerializationError` if one is a callable that isn't a
        method of a compiled pattern."""
        changed = {
            _SETTABLE[name][0]: pattern_of(name, function)
            for name, function in self._callables.items()
        }
        return rules_to_bytes(replace(self._rules, **changed))  # type: ignore[arg-type]

    def from_bytes(self, bytes_data: bytes) -> Tokenizer:
        """Take over the rules that :meth:`to_bytes` gave, or those of a spaCy tokenizer; returns
        the tokenizer itself. Raises :class:`SerializationError` if it's something else; a pattern
        that isn't one is a :class:`DataError` when it is first used."""
        self._set_rules(rules_from_bytes(bytes_data))
        return self

    def to_disk(self, path: str | Path) -> None:
        """Write the rules to a file."""
        write_bytes(path, self.to_bytes())

    def from_disk(self, path: str | Path) -> Tokenizer:
        """Read a file that :meth:`to_disk` wrote; returns the tokenizer itself."""
        return self.from_bytes(existing(path, "tokenizer file").read_bytes())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.vocab, self.to_bytes(), self.max_cache_size)


#: Attribute -> field of the rules, and the method of a compiled pattern.
_SETTABLE = {
    "prefix_search": ("prefix", "search"),
    "suffix_search": ("suffix", "search"),
    "infix_finditer": ("infix", "finditer"),
    "token_match": ("token", "match"),
    "url_match": ("url", "match"),
}


def _offsets(words: Iterable[str]) -> list[int]:
    """Where each word starts if they stand side by side."""
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len("".join(word.split()))
    return starts


def _restore(vocab: Vocab, data: bytes, size: int) -> Tokenizer:
    return Tokenizer(vocab, max_cache_size=size).from_bytes(data)
