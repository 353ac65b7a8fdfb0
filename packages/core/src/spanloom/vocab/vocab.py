"""The vocabulary of a pipeline: its strings, its lexicon, and what it refers to."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, SerializationError
from ..io import msgpack as _msgpack
from ..io.files import existing, folder_written, write_text
from .absent import absent
from .extensions import ExtensionTable, Kind
from .features import LexicalRules
from .lexeme import Lexeme
from .lexicon import Lexicon
from .morphology import Morphology
from .strings import StringStore
from .vectors import VectorTable, referred_vectors, saved_vectors

__all__ = ["Vocab"]

_FORMAT = 1

#: What nothing bounds is told of when it holds so many word types, some 200 MB.
_MANY = 1_000_000


@absent("Vocab")
class Vocab:
    """What the documents of a pipeline share.

    ``strings`` maps ids to strings, ``lexicon`` holds the features of word types, ``vectors`` is
    ``None`` or a table of word vectors (:class:`~spanloom.vocab.vectors.VectorTable`),
    ``morphology`` holds morphological analyses and ``extensions`` the custom attributes of this
    pipeline.

    With ``max_types`` the memory doesn't grow with the stream: :meth:`renew`, which the pipeline
    calls between batches, starts a new lexicon when the present one is larger. Documents keep the
    lexicon that they were made with. Strings of words then live in the lexicon, and only labels
    and what was added to ``strings`` by hand stay.
    """

    __slots__ = (
        "__weakref__",
        "_shell",
        "extensions",
        "lang",
        "lexicon",
        "max_types",
        "morphology",
        "rules",
        "strings",
        "vectors",
    )

    def __init__(
        self,
        lang: str = "",
        strings: Iterable[str] | StringStore = (),
        rules: LexicalRules | None = None,
        *,
        max_types: int | None = None,
    ) -> None:
        if max_types is not None and max_types < 1:
            raise DataError(f"max_types is {max_types}: give a number above zero, or None")
        self.lang = lang
        self.strings = strings if isinstance(strings, StringStore) else StringStore(strings)
        self.rules = rules or LexicalRules()
        self.max_types = max_types
        self.vectors: VectorTable | None = None
        self.morphology = Morphology(self.strings)
        self.extensions = ExtensionTable()
        self._shell = _Shell(self)
        self.lexicon = self._new_lexicon()

    def _new_lexicon(self, values: Mapping[tuple[str, str], str | bool] | None = None) -> Lexicon:
        strings = self.strings
        if self.max_types is not None:
            strings = StringStore(parent=strings)
        return Lexicon(strings, self.rules, values)

    def renew(self) -> Lexicon:
        """The lexicon to use from here on: a new one if the present one is over ``max_types``. One
        without a limit is warned of when it has grown to a million.

        Whoever caches by row must forget its rows when the lexicon is another.
        """
        if self.max_types is None and len(self.lexicon) > _MANY:
            # One text for all calls, so that Python's default filter shows it once.
            warnings.warn(
                f"the vocab has more than {_MANY:,} word types, and keeps each new word: set "
                "nlp.vocab.max_types, such as to 100_000, where a process runs on and on",
                UserWarning,
                stacklevel=2,
            )
        elif self.max_types is not None and len(self.lexicon) > self.max_types:
            self.lexicon = self._new_lexicon(self.lexicon.values)
        return self.lexicon

    def __getitem__(self, key: str | int) -> Lexeme:
        """The lexeme of a word or of its id. Raises :class:`KeyError` for an unknown id."""
        lexicon = self.lexicon
        text = key if isinstance(key, str) else lexicon.strings[key]
        return Lexeme(self, lexicon, lexicon.row(text))

    def __contains__(self, key: object) -> bool:
        if isinstance(key, int):
            return key in self.lexicon.strings and self.lexicon.strings[key] in self.lexicon
        return key in self.lexicon

    def __iter__(self) -> Iterator[Lexeme]:
        lexicon = self.lexicon
        return (Lexeme(self, lexicon, row) for row in range(len(lexicon)))

    def __len__(self) -> int:
        return len(self.lexicon)

    @property
    def vectors_length(self) -> int:
        """The width of the vectors; 0 if there are none."""
        return 0 if self.vectors is None else self.vectors.width

    def has_vector(self, orth: str | int) -> bool:
        """Whether there is a vector for a word, given as text or id."""
        if self.vectors is None:
            return False
        return bool(self.vectors.known([self._text(orth)])[0])

    def get_vector(self, orth: str | int) -> NDArray[np.float32]:
        """The vector of a word, shape ``(vectors_length,)``: zeros if there is none."""
        if self.vectors is None:
            return np.zeros(0, dtype=np.float32)
        return np.asarray(self.vectors.vectors_for([self._text(orth)])[0])

    def set_vector(self, orth: str | int, vector: NDArray[Any]) -> None:
        """Give a word a vector, shape ``(vectors_length,)``.

        Raises :class:`DataError` if there is no table of vectors, or the width is another.
        """
        if self.vectors is None:
            raise DataError(
                "this vocab has no table of vectors to set one in: "
                "pip install spanloom-vectors and load or make a table first"
            )
        self.vectors.set_vector(self._text(orth), vector)

    def _text(self, orth: str | int) -> str:
        return orth if isinstance(orth, str) else self.lexicon.strings[orth]

    def to_bytes(self) -> bytes:
        """The language, the strings and what was set on lexemes, as msgpack. Of vectors in a file,
        the reference to it."""
        state = {
            "format": _FORMAT,
            "lang": self.lang,
            "strings": self.strings.to_bytes(),
            "lexemes": self.lexicon.values_saved(),
            "vectors": None if self.vectors is None else self.vectors.reference(),
        }
        return _msgpack.dumps(state)

    def from_bytes(self, bytes_data: bytes) -> Vocab:
        """Take over what :meth:`to_bytes` gave; returns the vocab itself. If no vectors are
        referred to, those of this vocab stay.

        Raises :class:`SerializationError` if it's something else.
        """
        state = _msgpack.loads_format(bytes_data, _FORMAT, "a vocab")
        lang, strings = state.get("lang"), state.get("strings")
        if not isinstance(lang, str) or not isinstance(strings, bytes):
            raise SerializationError("the bytes of a vocab are damaged: language or strings")
        self.strings.from_bytes(strings)
        self.lang = lang
        if state.get("vectors"):
            self.vectors = referred_vectors(state["vectors"], "the bytes of a vocab")
        self.lexicon = self._new_lexicon().with_values(state.get("lexemes", "[]"))
        return self

    def to_disk(self, path: str | Path) -> None:
        """Write the folder ``path``, with the strings in ``strings.json``, what was set on
        lexemes in ``lexemes.json``, and what the vectors write to be found again."""
        with folder_written(path, ["strings.json"]) as folder:
            self.strings.to_disk(folder / "strings.json")
            write_text(folder / "lexemes.json", self.lexicon.values_saved())
            if self.vectors is not None:
                self.vectors.to_disk(folder)

    def from_disk(self, path: str | Path) -> Vocab:
        """Read a folder that :meth:`to_disk` wrote; returns the vocab itself.

        Vectors are opened if the folder has some; else those of this vocab stay.
        """
        folder = existing(path, "vocab folder")
        self.strings.from_disk(folder / "strings.json")
        self.vectors = saved_vectors(folder) or self.vectors
        lexemes = folder / "lexemes.json"  # not in folders of earlier versions
        saved = lexemes.read_text("utf8") if lexemes.exists() else "[]"
        self.lexicon = self._new_lexicon().with_values(saved)
        return self

    @property
    def shell(self) -> object:
        """Pickled in the place of the vocab where its strings shouldn't travel along."""
        return self._shell

    def __reduce__(self) -> tuple[Any, ...]:
        args = (self.lang, self.strings, self.rules, self.max_types, self.vectors)
        return _restore, (*args, _attributes(self.extensions), self.lexicon.values)


class _Shell:
    """Unpickles as an empty vocab with the same settings, the same one within one pickle."""

    __slots__ = ("vocab",)

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __reduce__(self) -> tuple[Any, ...]:
        vocab = self.vocab
        args = (vocab.lang, (), vocab.rules, vocab.max_types, None)
        return _restore, (*args, _attributes(vocab.extensions), vocab.lexicon.values)


def _attributes(extensions: ExtensionTable) -> list[tuple[Kind, str, str, Any]]:
    """Kind, name, owner and default of the custom attributes that can be pickled for certain:
    those without functions, whose default is nothing, a number or a string."""
    return [
        (kind, name, each.owner, each.default)
        for kind, name, each in extensions.items()
        if each.default is None or isinstance(each.default, bool | int | float | str)
    ]


def _restore(
    lang: str,
    strings: Iterable[str] | StringStore,
    rules: LexicalRules,
    max_types: int | None,
    vectors: VectorTable | None = None,
    attributes: Sequence[tuple[Kind, str, str, Any]] = (),
    values: Mapping[tuple[str, str], str | bool] | None = None,
) -> Vocab:
    vocab = Vocab(lang, strings, rules, max_types=max_types)
    vocab.lexicon = vocab._new_lexicon(values)
    vocab.vectors = vectors
    for kind, name, owner, default in attributes:
        # By force: a script here may have an attribute of that name.
        vocab.extensions.declare(kind, name, owner=owner, force=True, default=default)
    return vocab
