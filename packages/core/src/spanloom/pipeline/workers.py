"""Annotating a stream of texts in several processes.

Each worker is a new Python process (spawned, on every system) that loads the pipeline from a
temporary folder. Batches go out as texts, or as columns where documents were given, and documents
come back as columns (:mod:`spanloom.tokens.storage.columnar`): no work is done for single tokens,
and nothing is pickled but errors of ours, which hold more than a message. Contexts and the error
handler stay in this process.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..errors import PipelineError
from ..io import msgpack as _msgpack
from ..plugins.registries import registry
from ..tokens import Doc
from ..tokens.packing import pack_strings
from ..tokens.storage.columnar import from_block, to_blocks
from ..vocab.extensions import MISSING, everywhere
from .batching import grouped
from .reading import Reading, reading
from .running import BadText, raise_error
from .saving import names_in, to_disk
from .worker import Task, work

if TYPE_CHECKING:
    from .state import PipelineState

__all__ = ["pipe_in_processes"]

#: Batches that a worker may have: one that it works on, and the next.
_AHEAD = 2
#: How the names of their folders begin; the number of the process follows.
_FOLDER = "spanloom-workers-"
#: Seconds that workers have to end by themselves.
_PATIENCE = 5.0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
_environment = Lock()


def pipe_in_processes(
    nlp: PipelineState,
    texts: Iterable[Any],
    n_process: int,
    size: int,
    words: int,
    as_tuples: bool,
    disable: Collection[str],
) -> Iterator[Any]:
    """The documents of ``texts`` in order, annotated by ``n_process`` workers in batches of
    ``size`` and about ``words`` words; see :meth:`Pipeline.pipe`. Documents that fail go to the
    pipeline's error handler, in this process, if it isn't the default one.

    Only a few batches are read ahead of what was taken. The workers end when the iterator ends or
    is closed, or with this process, even when it's killed. Raises what a component raised, with the
    worker's traceback as a note, and :class:`PipelineError` if a worker dies.
    """
    groups = grouped(texts, size, words, as_tuples)
    with (
        _workers(nlp, n_process, words, disable) as workers,
        reading(groups, 2 * _AHEAD * n_process) as source,
    ):
        waiting: dict[int, list[Any]] = {}
        answers: dict[int, dict[str, Any]] = {}
        sent = taken = 0
        while True:
            free = min(workers, key=lambda worker: worker.pending)
            if source.groups and free.pending < _AHEAD:
                waiting[sent] = group = source.groups.popleft()
                texts = [text for text, _ in group] if as_tuples else group
                free.send(sent, [text for text in texts if not isinstance(text, BadText)])
                sent += 1
            elif taken in answers:
                yield from _results(nlp, waiting.pop(taken), answers.pop(taken), as_tuples)
                taken += 1
                source.read_on()
            elif source.ended and taken == sent:
                source.check()
                return
            else:
                for answer in _received(workers, source):
                    answers[answer["number"]] = answer


def _results(
    nlp: PipelineState, group: list[Any], answer: dict[str, Any], as_tuples: bool
) -> Iterator[Any]:
    if "error" in answer:
        raise _rebuilt(answer["error"])
    bad = [text for each in group if isinstance(text := each[0] if as_tuples else each, BadText)]
    if bad and nlp.error_handler is raise_error:
        raise bad[0].error
    nlp.vocab.renew()
    for report in answer["reports"]:
        docs = [doc for block in report["docs"] for doc in from_block(block, nlp.vocab)]
        name = report["name"]
        component = nlp.order[name].component if name in nlp.order else nlp.tokenizer
        nlp.error_handler(name, component, docs, _rebuilt(report["error"]))
    for text in bad:
        nlp.error_handler("tokenizer", nlp.tokenizer, [], text.error)
    if bad:
        group = [each for each in group if not isinstance(each[0] if as_tuples else each, BadText)]
    done = [doc for block in answer["blocks"] for doc in from_block(block, nlp.vocab)]
    for doc, place in zip(done, answer.get("kept", range(len(group))), strict=True):
        yield (doc, group[place][1]) if as_tuples else doc


@dataclass
class _Worker:
    """A process, and the two ends of its pipes that are ours."""

    process: Any
    outward: Connection
    inward: Connection
    pending: int = field(default=0)

    def send(self, number: int, texts: Sequence[str | Doc]) -> None:
        places = [i for i, text in enumerate(texts) if isinstance(text, Doc)]
        docs = [text for text in texts if isinstance(text, Doc)]
        message = {
            "number": number,
            "texts": pack_strings([text if isinstance(text, str) else "" for text in texts]),
            "places": places,
            "docs": to_blocks(docs),
        }
        try:
            self.outward.send_bytes(_msgpack.dumps(message))
        except OSError:
            raise self.died() from None
        self.pending += 1

    def receive(self) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = _msgpack.loads(self.inward.recv_bytes())
        except (EOFError, OSError):
            raise self.died() from None
        if answer["number"] < 0:  # it couldn't load the pipeline
            raise _rebuilt(answer["error"])
        self.pending -= 1
        return answer

    def died(self) -> Exception:
        """The error for a worker that ended; its own, if it left one."""
        with suppress(EOFError, OSError):
            while self.inward.poll():
                answer = _msgpack.loads(self.inward.recv_bytes())
                if "error" in answer:
                    return _rebuilt(answer["error"])
        self.process.join(_PATIENCE)
        return PipelineError(
            f"a worker process of nlp.pipe ended (exit code {self.process.exitcode}): it was "
            f"killed, such as for lack of memory, or couldn't start. A script that uses n_process "
            f'needs its code under `if __name__ == "__main__":`'
        )


def _received(workers: Sequence[_Worker], source: Reading) -> Iterator[dict[str, Any]]:
    """What workers have sent, once one has or there are new texts."""
    by_connection = {worker.inward: worker for worker in workers if worker.pending}
    for ready in wait([*by_connection, source.news]):
        if ready is source.news:
            source.take()
        else:
            yield by_connection[ready].receive()  # type: ignore[index]


@contextmanager
def _workers(
    nlp: PipelineState, count: int, words: int, disable: Collection[str]
) -> Iterator[list[_Worker]]:
    _check_device()
    _check_known(nlp)
    workers: list[_Worker] = []
    _clear_up()
    with TemporaryDirectory(prefix=f"{_FOLDER}{os.getpid()}-") as folder:
        to_disk(nlp, f"{folder}/pipeline")
        task = Task(
            folder=f"{folder}/pipeline",
            pipeline=type(nlp),
            lang=nlp.lang,
            max_types=nlp.vocab.max_types,
            modules=_modules(nlp),
            extensions=_defaults(),
            disable=tuple(disable),
            words=words,
            remote_code=nlp.remote_code,
            reports=nlp.error_handler is not raise_error,
        )
        try:
            with _few_threads(count):
                for _ in range(count):
                    workers.append(_started(task))  # noqa: PERF401
            yield workers
        finally:
            _end(workers)


def _clear_up() -> None:
    """Remove what processes that were killed left in the temporary folder."""
    for path in Path(gettempdir()).glob(f"{_FOLDER}*-*") if os.name == "posix" else ():
        with suppress(OSError, ValueError):
            if path.stat().st_uid == os.getuid() and not _runs(int(path.name.split("-")[2])):
                rmtree(path, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _started(task: Task) -> _Worker:
    context = get_context("spawn")
    their_inward, outward = context.Pipe(duplex=False)
    inward, their_outward = context.Pipe(duplex=False)
    process = context.Process(
        target=work, args=(their_inward, their_outward, task), name="spanloom-worker", daemon=True
    )
    process.start()
    their_inward.close()
    their_outward.close()
    return _Worker(process, outward, inward)


def _end(workers: Sequence[_Worker]) -> None:
    """Closing the pipes ends the workers; those that don't are killed."""
    for worker in workers:
        worker.outward.close()
        worker.inward.close()
    for worker in workers:
        worker.process.join(_PATIENCE)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.process.close()


@contextmanager
def _few_threads(count: int) -> Iterator[None]:
    """Workers share the cores: each gets its part of them for its matrix products."""
    share = str(max(1, (os.cpu_count() or 1) // count))
    with _environment:
        added = [name for name in _THREADS if name not in os.environ]
        os.environ.update(dict.fromkeys(added, share))
        try:
            yield
        finally:
            for name in added:
                del os.environ[name]


def _check_device() -> None:
    if "thinc" in sys.modules:
        from thinc.api import get_current_ops

        if get_current_ops().device_type == "gpu":
            raise PipelineError(
                "n_process works on the CPU only, since one process owns the GPU. Leave n_process "
                "out, and use a larger batch_size."
            )


def _modules(nlp: PipelineState) -> tuple[str, ...]:
    """The modules, other than ours and the script itself, whose code registered what the pipeline
    uses: workers import them before they load it."""
    used: list[Any] = [component for _, component in nlp.order.components]
    used += [type(component) for component in used]
    with registry.preferring(nlp.config):
        used += [registry.get(kind, name) for kind, name in names_in(nlp.config)]
    for _, _, extension in everywhere.items():
        used += [extension.method, extension.getter, extension.setter]
    modules = {getattr(each, "__module__", None) for each in used}
    skipped = ("spanloom.", "thinc.", "builtins", "__main__")
    found = (name for name in modules if isinstance(name, str) and name in sys.modules)
    return tuple(sorted(name for name in found if not f"{name}.".startswith(skipped)))


def _check_known(nlp: PipelineState) -> None:
    """Raise :class:`PipelineError` for a component of a notebook or a prompt: no other process can
    import it."""
    if getattr(sys.modules.get("__main__"), "__file__", None) is not None:
        return
    for slot in nlp.order:
        with registry.preferring(nlp.config):
            made = [registry.get(kind, name) for kind, name in names_in(slot.config)]
        used = [slot.component, type(slot.component), *made]
        if any(getattr(each, "__module__", None) == "__main__" for each in used):
            raise PipelineError(
                f"n_process: the component '{slot.name}' is defined in a notebook or at a prompt, "
                "where worker processes can't find it. Move it into a module (a .py file) and "
                "import that, or leave n_process out."
            )


def _defaults() -> tuple[bytes, ...]:
    """The custom attributes of all pipelines that have a plain value as default."""
    found = []
    for kind, name, extension in everywhere.items():
        with suppress(TypeError, ValueError, OverflowError):
            if extension.default is not MISSING:
                found.append(_msgpack.dumps([kind, name, extension.default]))
    return tuple(found)


def _rebuilt(state: dict[str, Any]) -> Exception:
    """The error that a worker described: of its own class where this process knows it."""
    message = state["message"]
    known = getattr(sys.modules.get(state["module"]), state["class"], None)
    error: Exception | None = None
    if state["whole"] is not None:
        with suppress(Exception):  # a class that this process can't import
            error = pickle.loads(state["whole"])  # noqa: S301
    elif isinstance(known, type) and issubclass(known, Exception):
        with suppress(Exception):  # a class that wants other arguments
            error = known(message)
    if error is None:
        error = PipelineError(f"{state['class']}: {message}")
    error.add_note(f"In a worker process of nlp.pipe:\n{state['traceback']}")
    return error
