"""Checks of what concerns words: tables of vectors, lemmas and noun phrases of a language."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from spanloom.errors import SpanloomError
from spanloom.vocab.columns import PARTS_OF_SPEECH
from spanloom.vocab.morphology import feats_to_dict

from .base import BuildConformance, NameConformance, missing
from .compare import annotation, as_failure, same
from .texts import SPACES, TEXTS, annotated_examples

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc

__all__ = ["LemmaRulesConformance", "SyntaxIteratorConformance", "VectorsConformance"]

#: Two words in a format that all know.
_SAMPLE = "2 3\nAda 1.0 0.5 0.25\nLondon 0.0 1.0 -1.0\n"


def _blank() -> Pipeline:
    from spanloom.pipeline import blank

    return blank("en")


class VectorsConformance(BuildConformance):
    """Checks of what opens tables of word vectors: from a path and a hash to a table.

    ``path`` is a sample; without it, a small file of words and numbers is tried. ``words`` are some
    that are in it.
    """

    registry: ClassVar[str] = "vectors"
    path: ClassVar[str] = ""
    words: ClassVar[Sequence[str]] = ("Ada", "London")

    @contextmanager
    def opened(self) -> Iterator[tuple[Any, Path, Any]]:
        """What opens tables, a file, and its table. A skip if the kit has nothing of the kind."""
        opener = self.made()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(self.path or f"{folder}/sample.txt")
            if self.path:
                with as_failure():
                    yield opener, path, opener(path)
                return
            path.write_text(_SAMPLE, "utf8")
            try:
                table = opener(path)
            except Exception:
                pytest.skip(
                    "the kit has no table that it opens: give `path` and `words` in a subclass, or "
                    f'in [tool.spanloom.conformance."vectors/{self.name}"]'
                )
            yield opener, path, table

    def test_table(self) -> None:
        """It gives a ``VectorTable``: float32, a row for each word, finite numbers."""
        from spanloom.vocab.vectors import VectorTable

        texts = [*self.words, "never-heard-of", ""]
        with self.opened() as (_, _, table):
            assert isinstance(table, VectorTable), (
                f"{type(table).__name__} isn't a VectorTable: see spanloom.vocab.vectors"
            )
            with as_failure():
                known, rows = np.asarray(table.known(texts)), np.asarray(table.vectors_for(texts))
            assert known.dtype == bool and known.shape == (len(texts),), f"known: {known!r}"
            assert known[: len(self.words)].all(), f"it doesn't know {self.words[0]!r}"
            wanted = (len(texts), table.width)
            assert rows.dtype == np.float32 and rows.shape == wanted, (
                f"vectors are {rows.dtype} of shape {rows.shape}, not float32 of {wanted}"
            )
            assert np.isfinite(rows).all(), "vectors with numbers that aren't finite"

    def test_nothing(self) -> None:
        """No words, and documents without tokens, are no error."""
        with self.opened() as (_, _, table), as_failure():
            rows, known = table.vectors_for([]), table.known([])
            vectors, there = table.token_vectors(_blank().make_doc(""))
        shapes = [np.shape(each) for each in (rows, known, vectors, there)]
        assert shapes == [(0, table.width), (0,), (0, table.width), (0,)], f"shapes {shapes}"

    def test_batches(self) -> None:
        """A word has one vector, whatever is asked for beside it, and whoever asks."""
        from spanloom.tokens import Doc

        texts = [*self.words, "never-heard-of", *reversed(self.words)]
        with self.opened() as (_, _, table), as_failure():
            rows = np.asarray(table.vectors_for(texts))
            alone = np.concatenate([table.vectors_for([text]) for text in texts])
            doc = Doc(_blank().vocab, words=texts)
            vectors, there = table.token_vectors(doc)
            part, _ = table.token_vectors(doc, 1, 3)
            known = table.known(texts)
        assert (rows == alone).all(), "another vector for a word that is asked for alone"
        assert same(vectors, rows) and list(there) == list(known), "tokens have other vectors"
        assert same(part, rows[1:3]), "the tokens from 1 to 3 have other vectors"

    def test_hash(self) -> None:
        """A table that isn't the one of a hash is refused, with an error of ours; the right hash is
        accepted."""
        with self.opened() as (opener, path, table):
            try:
                opener(path, hash="0" * 64)
            except SpanloomError:
                pass
            except Exception as error:
                raise AssertionError(
                    f"{type(error).__name__} where a SerializationError is due: {error}"
                ) from error
            else:
                raise AssertionError("a table is opened whose hash isn't the one that is wanted")
            reference = table.reference()
            if reference is not None:
                with as_failure():
                    opener(reference["path"], hash=reference["hash"])

    def test_saved(self) -> None:
        """A pipeline that has the table, saved and loaded, gives words the same vectors."""
        from spanloom.pipeline import blank

        with self.opened() as (_, _, table), tempfile.TemporaryDirectory() as folder:
            nlp = _blank()
            nlp.vocab.vectors = table
            before = np.asarray(table.vectors_for(list(self.words)))
            with as_failure():
                nlp.to_disk(Path(folder) / "saved")
                again = blank("en").from_disk(Path(folder) / "saved").vocab.vectors
            assert again is not None, "the loaded pipeline has no table"
            after = again.vectors_for(list(self.words))
            assert same(after, before), "other vectors after loading"

    def test_missing_file(self) -> None:
        """A path where nothing is is a ``FileNotFoundError`` that names it."""
        with missing("at-all"):
            self.made()(Path("/nowhere/at-all.vectors"))


@dataclass
class _Word:
    """A word as modes of a lemmatizer see it, which remembers what was asked of it."""

    text: str
    pos_: str = ""
    morph_: str = ""
    sent_start_: bool = False
    asked: set[str] = field(default_factory=set)

    @property
    def pos(self) -> str:
        self.asked.add("POS")
        return self.pos_

    @property
    def morph(self) -> str:
        self.asked.add("MORPH")
        return self.morph_

    @property
    def features(self) -> dict[str, str]:
        return feats_to_dict(self.morph)

    @property
    def sent_start(self) -> bool:
        self.asked.add("SENT_START")
        return self.sent_start_


class _NoTables:
    """The tables of a lemmatizer that has none."""

    @property
    def lookups(self) -> _NoTables:
        return self

    def get_table(self, name: str, default: Any = None) -> Any:
        return {} if default is None else default

    def table(self, name: str) -> dict[str, Any]:
        return {}

    def word(self, text: str, default: str | None = None, table: str = "") -> str | None:
        return default

    def index(self, pos: str) -> frozenset[str]:
        return frozenset()

    def exceptions(self, pos: str) -> dict[str, Any]:
        return {}

    def rules(self, pos: str) -> tuple[()]:
        return ()


class LemmaRulesConformance(NameConformance):
    """Checks of the rules by which a language's words get their lemmas. Tables are empty here."""

    registry: ClassVar[str] = "lemmatizer_rules"

    def test_is_rules(self) -> None:
        """It is a ``LemmaRules`` of spanloom-rules, whose default is one of its modes."""
        target: Any = self.target()
        assert isinstance(getattr(target, "modes", None), Mapping), (
            f"{target!r} is no spanloom_rules.LemmaRules"
        )
        assert target.default in target.modes, (
            f"the default is '{target.default}', and it has {', '.join(target.modes) or 'no mode'}"
        )
        for name, mode in target.modes.items():
            assert callable(getattr(mode, "lemmas", None)), f"'{name}' is no spanloom_rules.Mode"
            odd = {*mode.reads} - {"POS", "MORPH", "SENT_START"}
            assert not odd, f"the mode '{name}' reads {', '.join(sorted(odd))}, which there isn't"

    def test_lemmas(self) -> None:
        """Each mode gives a word one lemma at least, without tables and parts of speech, too."""
        with as_failure():
            answers = list(self._answers())
        for name, word, found in answers:
            fine = isinstance(found, Sequence) and not isinstance(found, str) and found
            assert fine and all(isinstance(each, str) for each in found), (
                f"the mode '{name}' gives {word.text!r} ({word.pos_ or 'no part of speech'}) the "
                f"lemmas {found!r}, where a list is due that isn't empty"
            )

    def test_determinism(self) -> None:
        """The same word gets the same lemmas."""
        first, again = ([list(found) for *_, found in self._seen()] for _ in range(2))
        assert first == again, "the second time the lemmas are others"

    def test_reads(self) -> None:
        """``reads`` of a mode names all that it looks at beside the text: words that agree in that
        are looked up once."""
        for name, word, _ in self._seen():
            unsaid = sorted(word.asked - {*self._modes()[name].reads})
            assert not unsaid, f"the mode '{name}' looks at {', '.join(unsaid)}: say so in `reads`"

    def _answers(self) -> Iterator[tuple[str, _Word, Any]]:
        """Mode, word and lemmas."""
        for name, mode in self._modes().items():
            for word in _words():
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that parts of speech are needed
                    found = mode.lemmas(_NoTables(), word)
                yield name, word, found

    def _seen(self) -> list[tuple[str, _Word, Any]]:
        try:
            return list(self._answers())
        except Exception as error:
            pytest.skip(f"it fails ({type(error).__name__}): see test_lemmas")

    def _modes(self) -> Mapping[str, Any]:
        modes: Mapping[str, Any] | None = getattr(self.target(), "modes", None)
        if modes is None:
            pytest.skip("it has no modes: see test_is_rules")
        return modes


def _words() -> list[_Word]:
    """Words with each part of speech, and what is no word."""
    texts = ["Looms", "was", "ITS", "don't", "東京", "🙂", "3.5", ".", "x", *SPACES[:3]]
    parts = [*PARTS_OF_SPEECH, ""]
    feats = ("Number=Sing", "VerbForm=Inf", "Degree=Cmp", "Number=Plur|Person=3")
    found = [_Word(text, pos) for text in texts for pos in parts]
    return [*found, *(_Word("Looms", pos, each, True) for pos in parts for each in feats)]


class SyntaxIteratorConformance(NameConformance):
    """Checks of what finds noun phrases: from a document to the bounds of each.

    ``docs`` gives the documents, with trees as core's examples have them; a language with labels of
    its own gives others in a subclass.
    """

    registry: ClassVar[str] = "syntax_iterators"

    def docs(self) -> list[Doc]:
        """Documents with trees and parts of speech, in a vocab of the language."""
        from spanloom.tokens import Doc
        from spanloom.vocab import Vocab

        vocab = Vocab("" if self.name == "xx" else self.name)
        examples = annotated_examples(_blank())
        return [Doc(vocab).from_bytes(each.reference.to_bytes()) for each in examples]

    def test_phrases(self) -> None:
        """It gives the first token of each phrase and the one after its last, and perhaps a label;
        phrases don't overlap."""
        for doc in self.docs():
            with as_failure():
                found = [tuple(phrase) for phrase in self.target()(doc)]
            for phrase in found:
                fits = len(phrase) in (2, 3) and all(_whole(each) for each in phrase[:2])
                assert fits, f"{phrase!r} isn't two numbers, or these and a label"
                if len(phrase) == 3:
                    assert isinstance(phrase[2], str | int), f"the label is {phrase[2]!r}"
                start, end = phrase[:2]
                assert 0 <= start < end <= len(doc), (
                    f"({start}, {end}) isn't a part of a document of {len(doc)} tokens"
                )
            bounds = sorted(phrase[:2] for phrase in found)
            for (_, end), (start, _) in pairwise(bounds):
                assert start >= end, f"a phrase begins at {start}, in one that ends at {end}"

    def test_noun_chunks(self) -> None:
        """``doc.noun_chunks`` of a document of the language gives these."""
        for doc in self.docs():
            found = self._found(doc)
            chunks = [(span.start, span.end) for span in doc.noun_chunks]
            assert chunks == found, f"it gives {found}, and doc.noun_chunks {chunks}"

    def test_again(self) -> None:
        """The document stays as it is, and gives the same again."""
        for doc in self.docs():
            before = annotation(doc)
            assert self._found(doc) == self._found(doc), "the second time it gives others"
            assert same(annotation(doc), before), "it changes the document"

    def test_without_trees(self) -> None:
        """Documents without tokens give nothing; those without annotation give nothing, or an error
        of ours."""
        nlp = _blank()
        with as_failure():
            assert not list(self.target()(nlp.make_doc(""))), "an empty document has phrases"
        for text in (*TEXTS, *SPACES):
            try:
                list(self.target()(nlp.make_doc(text)))
            except SpanloomError:
                continue
            except Exception as error:
                raise AssertionError(
                    f"{text!r} without trees: {type(error).__name__} where a DataError is due: "
                    f"{error}"
                ) from error

    def _found(self, doc: Doc) -> list[tuple[int, int]]:
        try:
            return [(start, end) for start, end, *_ in self.target()(doc)]
        except Exception as error:
            pytest.skip(f"it fails ({type(error).__name__}): see test_phrases")


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
