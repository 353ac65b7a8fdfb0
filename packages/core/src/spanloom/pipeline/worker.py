"""What runs in a worker process of :mod:`spanloom.pipeline.workers`."""

from __future__ import annotations

import os
import pickle
import signal
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from ..errors import SerializationError, SpanloomError
from ..io import msgpack as _msgpack
from ..io.consent import remote_code
from ..tokens.packing import unpack_strings
from ..tokens.storage.columnar import from_block, to_blocks
from ..vocab.extensions import SCRIPT, everywhere
from .loading import Choice, load
from .running import annotated

if TYPE_CHECKING:
    from ..tokens import Doc
    from .state import PipelineState

__all__ = ["Task", "work"]


@dataclass(frozen=True)
class Task:
    """What a worker has to know: where the pipeline was saved, its class, its language and the
    bound of its vocab; modules that register names it needs; custom attributes with a default, in
    msgpack, each as kind, name and default; components that don't run; how many words are processed
    at a time; whether code of models may run, as in the parent; and whether errors of single
    documents are reported instead of raised."""

    folder: str
    pipeline: type[PipelineState]
    lang: str
    max_types: int | None
    modules: tuple[str, ...]
    extensions: tuple[bytes, ...]
    disable: tuple[str, ...]
    words: int
    remote_code: bool
    reports: bool


def work(inward: Connection, outward: Connection, task: Task) -> None:
    """Load the pipeline, then answer each batch that comes until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    batches: SimpleQueue[bytes] = SimpleQueue()
    # A thread of its own takes batches in, so that the parent never waits to hand one over while
    # this process waits to hand over a result.
    Thread(target=_receive, args=(inward, batches), daemon=True).start()
    try:
        nlp = _load(task)
    except BaseException as error:
        outward.send_bytes(_msgpack.dumps({"number": -1, "error": described(error)}))
        return
    while True:
        outward.send_bytes(_answer(nlp, task, _msgpack.loads(batches.get())))


def _receive(inward: Connection, batches: SimpleQueue[bytes]) -> None:
    while True:
        try:
            batches.put(inward.recv_bytes())
        except (EOFError, OSError):
            # Nobody waits for a result any more, whatever is being computed.
            os._exit(0)


def _load(task: Task) -> PipelineState:
    from ..lang import language
    from ..vocab import Vocab

    absent: list[ModuleNotFoundError] = []
    for module in task.modules:
        try:
            import_module(module)
        except ModuleNotFoundError as error:  # of a custom attribute that nobody asks for, perhaps
            absent.append(error)
    for packed in task.extensions:
        kind, name, default = _msgpack.loads(packed)
        if everywhere.find(kind, name) is None:
            everywhere.declare(kind, name, owner=SCRIPT, default=default)
    rules = language(task.lang).lexical_rules()
    vocab = Vocab(task.lang, rules=rules, max_types=task.max_types)
    try:
        with remote_code(task.remote_code):
            return load(task.pipeline, task.folder, Choice(), vocab)
    except SpanloomError:
        if absent:
            raise absent[0] from None
        raise


def _answer(nlp: PipelineState, task: Task, message: dict[str, Any]) -> bytes:
    state: dict[str, Any] = {"number": message["number"]}
    try:
        nlp.vocab.renew()
        texts: list[str | Doc] = [*unpack_strings(message["texts"])]
        given = [doc for block in message["docs"] for doc in from_block(block, nlp.vocab)]
        for at, doc in zip(message["places"], given, strict=True):
            texts[at] = doc
        reports: list[dict[str, Any]] = []
        if task.reports:
            nlp.error_handler = lambda name, _, docs, error: reports.append(
                _report(name, docs, error)
            )
        done = list(annotated(nlp, texts, range(len(texts)), task.disable, task.words))
        state["blocks"] = to_blocks([doc for doc, _ in done])
        if len(done) < len(texts):
            state["kept"] = [place for _, place in done]
        state["reports"] = reports
        return _msgpack.dumps(state)
    except Exception as error:
        return _msgpack.dumps({"number": message["number"], "error": described(error)})


def _report(name: str, docs: Sequence[Doc], error: Exception) -> dict[str, Any]:
    try:
        blocks = to_blocks(docs)
    except SerializationError:
        blocks = []  # the error itself matters more
    return {"name": name, "docs": blocks, "error": described(error)}


def described(error: BaseException) -> dict[str, Any]:
    """An error as plain values: its class, its message and where it came from; one of ours whole,
    as a pickle."""
    whole = None
    if isinstance(error, SpanloomError):
        with suppress(Exception):  # a plugin's, that holds something else
            whole = pickle.dumps(error)
    message = error.args[0] if len(error.args) == 1 and isinstance(error.args[0], str) else error
    return {
        "module": type(error).__module__,
        "class": type(error).__qualname__,
        "message": str(message),
        "whole": whole,
        "traceback": "".join(traceback.format_exception(error)),
    }
