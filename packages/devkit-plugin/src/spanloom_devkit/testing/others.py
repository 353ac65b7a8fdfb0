"""Checks of names in the smaller registries: readers, span getters, tokenizers and so on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from spanloom.config.signatures import MISSING, signature_of
from spanloom.plugins.registries import registry as registries

from .base import BuildConformance, NameConformance, missing
from .compare import as_failure
from .texts import LONG, SPACES, TEXTS, write_sample

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc


def _blank() -> Pipeline:
    from spanloom.pipeline import blank

    return blank("en")


class SpanGetterConformance(BuildConformance):
    """Checks of a span getter: from documents to a list of spans for each."""

    registry: ClassVar[str] = "span_getters"

    def docs(self) -> list[Doc]:
        """Documents with sentence boundaries."""
        nlp = _blank()
        nlp.add_pipe("sentencizer")
        return list(nlp.pipe(TEXTS))

    def test_spans(self) -> None:
        """Each document gets a list of spans of its own tokens."""
        getter, docs = self.made(), self.docs()
        with as_failure():
            found = getter(docs)
        assert len(found) == len(docs), f"{len(docs)} documents got {len(found)} lists of spans"
        for doc, spans in zip(docs, found):
            assert all(span.doc is doc for span in spans), f"a span of another document: {spans}"
            assert all(len(span) for span in spans), f"a span without tokens in {doc.text!r}"

    def test_empty_document(self) -> None:
        """Documents without tokens are no error, and get no spans."""
        nlp = _blank()
        self._survives([nlp.make_doc(""), nlp.make_doc("A text."), nlp.make_doc("")])
        self._survives([])

    def test_whitespace(self) -> None:
        """Documents of white space are no error."""
        nlp = _blank()
        self._survives([nlp.make_doc(text) for text in SPACES])

    def test_long_document(self) -> None:
        """A document of 100 kB is no error."""
        self._survives([_blank().make_doc(LONG)])

    def _survives(self, docs: Sequence[Doc]) -> None:
        getter = self.made()
        with as_failure():
            found = getter(docs)
        if len(found) == len(docs):
            given = [spans for doc, spans in zip(docs, found) if not len(doc)]
            assert not any(given), "an empty document got spans"

    def test_batches(self) -> None:
        """A document's spans don't depend on what else is in the batch."""
        getter, docs = self.made(), self.docs()
        whole = self._places(getter, docs)
        if whole != self._places(getter, docs):
            pytest.skip("it isn't deterministic: see test_determinism")
        assert whole == [self._places(getter, [doc])[0] for doc in docs]

    def test_determinism(self) -> None:
        """The same documents get the same spans."""
        getter, docs = self.made(), self.docs()
        assert self._places(getter, docs) == self._places(getter, docs)

    def _places(self, getter: Any, docs: Sequence[Doc]) -> list[list[tuple[int, int]]]:
        try:
            found = getter(docs)
        except Exception as error:
            pytest.skip(f"it fails ({type(error).__name__}): see test_spans")
        if len(found) != len(docs):
            pytest.skip("it gives another number of lists: see test_spans")
        return [[(span.start, span.end) for span in spans] for spans in found]


class ReaderConformance(NameConformance):
    """Checks of a reader: from a pipeline to a stream of examples.

    Without ``config``, a reader whose argument is called ``path`` is given small files in the
    usual formats; the first that it reads is taken.
    """

    registry: ClassVar[str] = "readers"

    @contextmanager
    def reader(self) -> Iterator[Any]:
        """The reader on something that it can read. A skip if the kit has nothing of the kind."""
        with tempfile.TemporaryDirectory() as folder:
            if self.config:
                yield self.made()
                return
            signature = signature_of(self.target())
            needed = [p.name for p in signature.parameters.values() if p.default is MISSING]
            for path in write_sample(Path(folder)) if needed == ["path"] else []:
                try:
                    made = registries.resolve(
                        {"it": {f"@{self.registry}": self.name, "path": str(path)}}
                    )["it"]
                    if next(iter(made(_blank())), None) is not None:
                        break
                except Exception:
                    continue
            else:
                pytest.skip(
                    "the kit has no file that it reads: give `config` in a subclass, or in "
                    f'[tool.spanloom.conformance."readers/{self.name}"]'
                )
            yield made

    def settings(self) -> dict[str, Any]:
        """As the base's, with a path that needn't be there."""
        parameters = signature_of(self.target()).parameters
        if not self.config and "path" in parameters and parameters["path"].default is MISSING:
            return {"path": "sample.jsonl"}
        return super().settings()

    def test_examples(self) -> None:
        """It gives examples."""
        from spanloom.examples.example import Example

        with self.reader() as reader:
            with as_failure():
                found = list(reader(_blank()))
        assert found, "it gives no example at all"
        odd = [type(each).__name__ for each in found if not isinstance(each, Example)]
        assert not odd, f"it gives {odd[0]} where an Example is due"

    def test_again(self) -> None:
        """It can be read again, as each epoch does, and gives the same texts."""
        with self.reader() as reader:
            try:
                first = [each.reference.text for each in reader(_blank())]
            except Exception as error:
                pytest.skip(f"it can't be read ({type(error).__name__}): see test_examples")
            second = [each.reference.text for each in reader(_blank())]
        assert first == second, f"{len(first)} examples, and {len(second)} the second time"

    def test_missing_file(self) -> None:
        """A path where nothing is is a ``FileNotFoundError`` that names it."""
        parameters = signature_of(self.target()).parameters
        if "path" not in parameters:
            pytest.skip("it takes no path")
        settings = {**self.settings(), "path": "/nowhere/at-all.jsonl"}
        with missing("at-all.jsonl"):
            made = registries.resolve({"it": {f"@{self.registry}": self.name, **settings}})["it"]
            next(iter(made(_blank())), None)


class TokenizerConformance(BuildConformance):
    """Checks of a tokenizer: from a pipeline to what makes documents of texts."""

    registry: ClassVar[str] = "tokenizers"

    def test_keeps_text(self) -> None:
        """The tokens and the spaces between them are the text, whatever it is."""
        tokenizer = self.made()(_blank())
        for text in (*TEXTS, *SPACES, "", LONG):
            try:
                doc = tokenizer(text)
            except Exception as error:
                raise AssertionError(f"{text[:30]!r}: {type(error).__name__}: {error}") from error
            joined = "".join(token.text_with_ws for token in doc)
            assert joined == text == doc.text, f"{text[:30]!r} became {joined[:30]!r}"

    def test_batches(self) -> None:
        """A batch gives what the texts give one by one."""
        tokenizer = self.made()(_blank())
        if not hasattr(tokenizer, "pipe"):
            pytest.skip("it has no `pipe`")
        words = [doc.words for doc in tokenizer.pipe(TEXTS)]
        assert words == [tokenizer(text).words for text in TEXTS]


class LanguageConformance(NameConformance):
    """Checks of a language."""

    registry: ClassVar[str] = "languages"

    def test_signature(self) -> None:
        """A language is a class; there is nothing to be given."""
        self.target()

    def test_config_round_trip(self) -> None:
        """A language has no settings of its own."""
        self.target()

    def test_blank(self) -> None:
        """``spanloom.blank`` makes a pipeline of it whose tokens are the text."""
        from spanloom.errors import MissingFileError
        from spanloom.pipeline import blank

        target: Any = self.target()
        try:
            target.tokenizer_rules()
        except MissingFileError as error:
            pytest.skip(f"its rules aren't on this machine: {error}")
        except Exception:
            pass  # told below
        with as_failure():
            nlp = blank(self.name)
            docs = [nlp(text) for text in (*TEXTS, *SPACES, "")]
        for doc in docs:
            assert "".join(token.text_with_ws for token in doc) == doc.text

    def test_is_a_language(self) -> None:
        """It is a subclass of ``LanguageDefaults`` whose ``code`` is the name."""
        from spanloom.lang import LanguageDefaults

        target: Any = self.target()
        assert isinstance(target, type) and issubclass(target, LanguageDefaults), (
            f"{target!r} is no subclass of spanloom.lang.LanguageDefaults"
        )
        assert target.code == self.name, f"its code is '{target.code}': call it '{self.name}'"
        assert target.direction in ("ltr", "rtl"), f"direction is {target.direction!r}"

    def test_bytes(self) -> None:
        """A pipeline that was saved has its tokens, norms and stop words again."""
        from spanloom.pipeline import blank

        self.target()
        try:
            nlp = blank(self.name)
            docs = self._said(nlp)
        except Exception as error:
            pytest.skip(f"it gives no pipeline ({type(error).__name__}): see test_blank")
        with as_failure():
            again = self._said(blank(self.name).from_bytes(nlp.to_bytes()))
        assert docs == again, "another annotation after from_bytes"

    def _said(self, nlp: Pipeline) -> list[Any]:
        target: Any = self.target()
        words = " ".join(sorted(target.stop_words)[:50])
        return [
            [(token.text, token.norm_, token.is_stop) for token in nlp(text)]
            for text in (*TEXTS, words)
        ]


class DialectConformance(NameConformance):
    """Checks of a dialect, which says what names of another library stand for."""

    registry: ClassVar[str] = "dialects"

    def test_loads(self) -> None:
        """The name stands for an object that can be imported, with the methods of a `Dialect`."""
        dialect = self.target()
        for method in ("our_names", "advice", "tokenizer_rules", "pipeline"):
            assert callable(getattr(dialect, method, None)), (
                f"'{self.name}' has no method {method}: see spanloom.plugins.registries.Dialect"
            )

    def test_signature(self) -> None:
        """A dialect is an object; there is nothing to be given."""
        self.target()

    def test_our_names(self) -> None:
        """It translates names with and without a version, and never into the same name."""
        dialect: Any = self.target()
        for name in (f"{self.name}.Thing.v1", f"{self.name}.Thing"):
            found = list(dialect.our_names(name))
            assert all(isinstance(each, str) for each in found), f"no names: {found}"
            assert name not in found, f"'{name}' stands for itself"

    def test_advice(self) -> None:
        """It has no advice on names that it doesn't know."""
        dialect: Any = self.target()
        found = dialect.advice("factories", "spanloom_conformance")
        assert found is None, f"advice on a name that nobody knows: {found}"

    def test_others(self) -> None:
        """It has no rules and no pipeline where there are none."""
        dialect: Any = self.target()
        for method in ("tokenizer_rules", "pipeline"):
            found = getattr(dialect, method)(b"spanloom-conformance")
            assert found is None, f"{method} of bytes that nobody wrote: {found}"


class BatcherConformance(BuildConformance):
    """Checks of a batcher: from items to batches of them."""

    registry: ClassVar[str] = "batchers"

    def test_batches(self) -> None:
        """Every item is in one batch, unless it is too large to be in any."""
        batcher = self.made()
        items = [_blank().make_doc("word " * (1 + i % 4)) for i in range(40)]
        with as_failure():
            batches = [list(batch) for batch in batcher(items)]
        seen = [id(item) for batch in batches for item in batch]
        assert len(seen) == len(set(seen)), "an item is in two batches"
        assert set(seen) <= set(map(id, items)), "an item that wasn't given"
        assert all(batches), "an empty batch"

    def test_nothing(self) -> None:
        """No items are no batches."""
        assert list(self.made()([])) == []


class ScorerConformance(BuildConformance):
    """Checks of a scorer: from examples to scores by name."""

    registry: ClassVar[str] = "scorers"

    def test_scores(self) -> None:
        """Scores have names; no examples, and documents without annotation, are no error."""
        from spanloom.examples.example import Example

        nlp = _blank()
        bare = [Example(nlp.make_doc(text), nlp.make_doc(text)) for text in TEXTS]
        for examples in ([], bare):
            try:
                scores = self.made()(examples)
            except Exception as error:
                raise AssertionError(
                    f"{len(examples)} examples: {type(error).__name__}: {error}"
                ) from error
            assert isinstance(scores, dict) and all(isinstance(key, str) for key in scores), (
                f"{scores!r} isn't a dict of scores by name"
            )
