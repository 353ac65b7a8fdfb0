"""Running a pipeline: one text, or a stream of them in batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, overload

from ..errors import PipelineError
from ..tokens import Doc
from ..tokens.batch import Batch
from ..vocab import Vocab
from .batching import WORDS, check_sizes, grouped, parts
from .order import Entry
from .parts import Parts
from .wiring import check_disabled

__all__ = ["ErrorHandler", "Running", "raise_error"]

ErrorHandler = Callable[[str, Any, list[Doc], Exception], None]
"""Called with the component's name, the component, the documents that failed, and the error."""


def raise_error(name: str, component: Any, docs: list[Doc], error: Exception) -> None:
    """The default error handler: one bad document ends the stream."""
    raise error


class Running(Parts):
    """The part of :class:`Pipeline` that turns texts into documents."""

    vocab: Vocab
    tokenizer: Any
    batch_size: int
    """How many documents :meth:`pipe` processes at a time, unless it is told."""
    batch_words: int
    """How many words it processes at a time at most, unless it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.batch_words = WORDS
        self._handler: ErrorHandler = raise_error

    def make_doc(self, text: str) -> Doc:
        """The tokens of ``text``, without annotation."""
        doc: Doc = self.tokenizer(text)
        return doc

    def __call__(self, text: str | Doc, *, disable: Collection[str] = ()) -> Doc:
        """Annotate one text."""
        doc = text if isinstance(text, Doc) else self.make_doc(text)
        return self.annotate_batch(Batch((doc,)), disable=disable)[0]

    @overload
    def pipe(
        self,
        texts: Iterable[str | Doc],
        *,
        batch_size: int | None = ...,
        batch_words: int | None = ...,
        disable: Collection[str] = ...,
        n_process: int = ...,
    ) -> Iterator[Doc]: ...

    @overload
    def pipe(
        self,
        texts: Iterable[tuple[str | Doc, Any]],
        *,
        as_tuples: bool,
        batch_size: int | None = ...,
        batch_words: int | None = ...,
        disable: Collection[str] = ...,
        n_process: int = ...,
    ) -> Iterator[tuple[Doc, Any]]: ...

    def pipe(
        self,
        texts: Iterable[Any],
        *,
        as_tuples: bool = False,
        batch_size: int | None = None,
        batch_words: int | None = None,
        disable: Collection[str] = (),
        n_process: int = 1,
    ) -> Iterator[Any]:
        """Annotate a stream of texts in batches, in order; much faster than one by one.

        A batch has ``batch_size`` documents, and components get at most ``batch_words`` words of it
        at a time, or one document that has more. With ``as_tuples``, the stream holds ``(text,
        context)`` and so does the result. Where a batch fails, its documents are tried one by one,
        and each that fails goes to the error handler (see :meth:`set_error_handler`) and is left
        out of the result.

        ``n_process`` worker processes share the batches (-1: one for each core of the machine). It
        takes them about a second to start. They get the pipeline as :meth:`to_disk` saves it.
        """
        size = self.batch_size if batch_size is None else batch_size
        words = self.batch_words if batch_words is None else batch_words
        check_sizes(size, words)
        if n_process != 1:
            yield from self._in_processes(texts, n_process, size, words, as_tuples, disable)
            return
        for group in grouped(texts, size, words, as_tuples):
            self.vocab.renew()  # where its memory is bounded
            if as_tuples:
                contexts = [context for _, context in group]
                group = [text for text, _ in group]
            else:
                contexts = [None] * len(group)
            for doc, context in self.annotated(group, contexts, disable, words):
                yield (doc, context) if as_tuples else doc

    def _in_processes(
        self,
        texts: Iterable[Any],
        n_process: int,
        size: int,
        words: int,
        as_tuples: bool,
        disable: Collection[str],
    ) -> Iterator[Any]:
        from .workers import pipe_in_processes

        if n_process < 1 and n_process != -1:
            raise PipelineError(f"n_process is {n_process}: give a number of processes, or -1")
        return pipe_in_processes(
            self._whole,
            texts,
            n_process=n_process if n_process > 0 else os.cpu_count() or 1,
            size=size,
            words=words,
            as_tuples=as_tuples,
            disable=disable,
            reports=self._handler is not raise_error,
        )

    def annotated(
        self,
        texts: Sequence[str | Doc],
        contexts: Sequence[Any],
        disable: Collection[str],
        words: int,
    ) -> Iterator[tuple[Doc, Any]]:
        """The documents of one batch with their contexts, without those that failed; ``words`` of
        them at a time."""
        try:
            batch = self._tokenized(texts)
        except Exception:
            if self._handler is raise_error:
                raise
            for text, context in zip(texts, contexts):
                yield from self._one_by_one(text, context, disable)
            return
        for start, end, part in parts(batch, words):
            try:
                done = self.annotate_batch(part, disable=disable)
            except Exception:
                if self._handler is raise_error:
                    raise
                for text, context in zip(texts[start:end], contexts[start:end]):
                    yield from self._one_by_one(text, context, disable)
            else:
                yield from zip(done, contexts[start:end])

    def _one_by_one(
        self, text: str | Doc, context: Any, disable: Collection[str]
    ) -> Iterator[tuple[Doc, Any]]:
        name, component, docs = "tokenizer", self.tokenizer, list[Doc]()
        try:
            batch = self._tokenized([text])
            docs = list(batch)
            self.assemble()
            for entry in self.running(disable):
                name, component = entry.name, entry.component
                batch = self.apply(entry, batch)
        except Exception as error:
            self._handler(name, component, docs, error)
        else:
            yield batch[0], context

    def _tokenized(self, texts: Sequence[str | Doc]) -> Batch:
        if all(isinstance(text, str) for text in texts) and hasattr(self.tokenizer, "batch"):
            return Batch(self.tokenizer.batch(texts))
        return Batch(text if isinstance(text, Doc) else self.make_doc(text) for text in texts)

    def annotate_batch(self, batch: Batch, *, disable: Collection[str] = ()) -> Batch:
        """Run the enabled components on a batch. Returns it, or a new one where a component
        returned other documents."""
        self.assemble()
        for entry in self.running(disable):
            batch = self.apply(entry, batch)
        return batch

    def running(self, disable: Collection[str] = ()) -> list[Entry]:
        """The entries that run: enabled ones, without encoders that nobody listens to."""
        active = check_disabled(self.order, disable) if disable else self._active
        return [
            entry
            for entry in self.order
            if entry.enabled
            and entry.name not in disable
            and (entry.name in active or not getattr(entry.component, "idle_alone", False))
        ]

    def apply(self, entry: Entry, batch: Batch) -> Batch:
        """Run one component on a batch."""
        component = entry.component
        if hasattr(component, "annotate"):
            if getattr(component, "upstream", ()):
                component.ready(batch)
            component.annotate(batch)
            return batch
        before = [doc.rows for doc in batch]
        docs = [component(doc) for doc in batch]
        for doc in docs:
            if not isinstance(doc, Doc):
                raise PipelineError(
                    f"the component '{entry.name}' returned {type(doc).__name__}: it must return "
                    f"the Doc"
                )
        same = all(doc is old and doc.rows is rows for doc, old, rows in zip(docs, batch, before))
        # New tokens: features computed before don't fit any more, and are computed anew on demand.
        return batch if same else Batch(docs)

    def set_error_handler(self, handler: ErrorHandler) -> None:
        """Let ``handler(name, component, docs, error)`` decide on documents that fail in
        :meth:`pipe`. The default raises the error."""
        self._handler = handler

    def handle_error(self, name: str, component: Any, docs: list[Doc], error: Exception) -> None:
        """Let the error handler decide on documents that failed in a component."""
        self._handler(name, component, docs, error)
