"""``nlp.pipe(n_process=...)``, and many threads on one pipeline."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import spanloom
from spanloom.errors import PipelineError
from spanloom.pipeline import Pipeline
from spanloom.tokens import Doc

from .support import Counted

COMPONENTS = """
import os, time
from spanloom.pipeline import Pipeline
from spanloom.tokens import Doc

Doc.set_extension("mp_size", getter=len)

class Refused(Exception):
    pass

@Pipeline.component("mp_marks")
def marks(doc):
    if doc.text == "bad":
        raise Refused("this text is refused")
    if doc.text == "die":
        os._exit(3)
    if doc.text == "sleep":
        time.sleep(60)
    for token in doc:
        token.tag_ = token.text.upper()
    doc.user_data["pid"] = os.getpid()
    if doc.has_extension("mp_seen"):
        doc._.mp_seen += [doc.text, doc._.mp_size]
    doc.cats["long"] = float(len(doc) > 3)
    return doc
"""


@pytest.fixture
def nlp(site: Path) -> Iterator[Pipeline]:
    (site / "mp_components.py").write_text(COMPONENTS)
    importlib.invalidate_caches()
    importlib.import_module("mp_components")
    nlp = spanloom.blank("en")
    nlp.add_pipe("mp_marks")
    nlp.add_pipe("sentencizer")
    yield nlp
    spanloom.registry.factories.remove("mp_marks")
    Doc.remove_extension("mp_size")


def nobody_is_left() -> bool:
    until = time.monotonic() + 10
    while multiprocessing.active_children() and time.monotonic() < until:
        time.sleep(0.05)
    return not multiprocessing.active_children()


def facts(doc: Doc) -> dict[str, Any]:
    return doc.to_json() | {"norms": [token.norm_ for token in doc]}


@pytest.mark.lengthy
def test_results_are_those_of_one_process_in_order(nlp: Pipeline) -> None:
    texts = [f"Text {i}. I can't{' really' * (i % 7)} do it, {i}!" for i in range(40)]
    serial = [facts(doc) for doc in nlp.pipe(texts)]
    found = list(
        nlp.pipe(
            ((text, i) for i, text in enumerate(texts)), n_process=2, batch_size=3, as_tuples=True
        )
    )
    assert [context for _, context in found] == list(range(40))
    assert [facts(doc) for doc, _ in found] == serial
    pids = {doc.user_data["pid"] for doc, _ in found}
    assert len(pids) == 2 and os.getpid() not in pids
    assert all(doc.vocab is nlp.vocab for doc, _ in found)
    assert nobody_is_left()


@pytest.mark.slow
def test_custom_attributes_travel(nlp: Pipeline) -> None:
    Doc.set_extension("mp_seen", default=["parent"])
    try:
        # mp_size is declared by the module that the worker imports; the default of mp_seen is sent.
        docs = list(nlp.pipe(["a b"], n_process=2, disable=["sentencizer"]))
        assert docs[0]._.mp_seen == ["parent", "a b", 2]
    finally:
        Doc.remove_extension("mp_seen")


@pytest.mark.lengthy
def test_an_attribute_of_a_module_that_no_worker_can_import_hinders_nobody(
    nlp: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    here_only = types.ModuleType("here_only")
    exec("def length(doc): return len(doc)", vars(here_only))
    monkeypatch.setitem(sys.modules, "here_only", here_only)
    Doc.set_extension("mp_here_only", getter=here_only.length)
    try:
        docs = list(nlp.pipe(["a b", "c"], n_process=2))
        assert [doc._.mp_here_only for doc in docs] == [2, 1]
    finally:
        Doc.remove_extension("mp_here_only")


@pytest.mark.slow
def test_documents_go_in_and_components_can_be_disabled(nlp: Pipeline) -> None:
    doc = Doc(nlp.vocab, words=["a", "b"], user_data={"mine": 1})
    given = [doc, "c d", ""]
    one, two, three = nlp.pipe(given, n_process=2, disable=["sentencizer"])
    assert one.words == ["a", "b"] and one.user_data["mine"] == 1 and one[0].tag_ == "A"
    assert two[1].tag_ == "D" and not two.has_annotation("SENT_START")
    assert len(three) == 0


@pytest.mark.lengthy
def test_an_error_in_a_worker_is_raised_here(nlp: Pipeline) -> None:
    docs = nlp.pipe(["one", "two", "bad", "three"], n_process=2, batch_size=1)
    assert [next(docs).text, next(docs).text] == ["one", "two"]
    with pytest.raises(Exception, match="this text is refused") as caught:
        next(docs)
    assert type(caught.value).__name__ == "Refused"
    assert "in marks" in "".join(caught.value.__notes__)
    assert nobody_is_left()


def test_the_error_handler_runs_here_and_the_others_come_through(nlp: Pipeline) -> None:
    failed: list[tuple[str, Any, list[str], str]] = []

    def handler(name: str, component: Any, docs: list[Doc], error: Exception) -> None:
        failed.append((name, component, [doc.text for doc in docs], str(error)))

    nlp.set_error_handler(handler)
    texts = [("one", 1), ("bad", 2), ("two", 3), ("bad", 4), ("three", 5)]
    found = list(nlp.pipe(texts, n_process=2, batch_size=2, as_tuples=True))
    assert [(doc.text, context) for doc, context in found] == [("one", 1), ("two", 3), ("three", 5)]
    expected = ("mp_marks", nlp.get_pipe("mp_marks"), ["bad"], "this text is refused")
    assert failed == [expected, expected]


@pytest.mark.slow
def test_a_worker_that_dies_is_an_error(nlp: Pipeline) -> None:
    with pytest.raises(PipelineError, match="exit code 3"):
        list(nlp.pipe(["one", "die", "two"], n_process=2, batch_size=1))
    assert nobody_is_left()


@pytest.mark.lengthy
def test_an_abandoned_generator_leaves_no_process_and_reads_no_further(nlp: Pipeline) -> None:
    texts = Counted("sleep" if i == 60 else f"text {i}" for i in range(100_000))
    docs = nlp.pipe(texts, n_process=2, batch_size=10)
    next(docs)
    assert len(multiprocessing.active_children()) == 2
    started = time.monotonic()
    docs.close()  # type: ignore[attr-defined]
    assert nobody_is_left() and time.monotonic() - started < 10
    assert texts.read <= 100


@pytest.mark.slow
def test_texts_that_fail_to_come_end_the_workers(nlp: Pipeline) -> None:
    def texts() -> Iterator[str]:
        yield "a"
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="the source is gone"):
        list(nlp.pipe(texts(), n_process=2, batch_size=1))
    assert nobody_is_left()


@pytest.mark.slow
def test_large_batches_pass_both_ways(nlp: Pipeline) -> None:
    texts = ["word " * 20_000] * 6
    assert [len(doc) for doc in nlp.pipe(texts, n_process=2, batch_size=1)] == [20_000] * 6


def test_numbers_of_processes(nlp: Pipeline) -> None:
    with pytest.raises(PipelineError, match="n_process"):
        list(nlp.pipe(["a"], n_process=0))


SCRIPT = """
import os, sys
import spanloom
from spanloom.pipeline import Pipeline

@Pipeline.component("of_the_script")
def component(doc):
    doc.user_data["pid"] = os.getpid()
    return doc

def texts():
    while True:
        yield "a text"

if __name__ == "__main__":
    nlp = spanloom.blank("en")
    nlp.add_pipe("of_the_script")
    for doc in nlp.pipe(texts(), n_process=2, batch_size=5):
        print(doc.user_data["pid"], flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="processes are looked up in /proc")
def test_workers_of_a_killed_script_end(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    script = subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, text=True)
    assert script.stdout is not None
    pids = {int(script.stdout.readline()) for _ in range(40)}
    script.send_signal(signal.SIGKILL)
    script.wait()
    script.stdout.close()
    until = time.monotonic() + 10
    while any(running(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(running(pid) for pid in pids)


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.lengthy
def test_a_shorter_partner_of_zip_leaves_no_process(nlp: Pipeline) -> None:
    texts = (f"text {i}" for i in range(10_000))
    found = [doc.text for doc, _ in zip(nlp.pipe(texts, n_process=2, batch_size=5), range(7))]
    assert found == [f"text {i}" for i in range(7)]
    assert nobody_is_left()


def test_threads_give_what_one_gives(nlp: Pipeline) -> None:
    texts = [f"Number {i} can't stop, it's word{i * 7}. Never!" for i in range(300)]
    serial = [facts(doc) for doc in spanloom.blank("en").pipe(texts)]
    blank = spanloom.blank("en")
    with ThreadPoolExecutor(32) as pool:
        alone = list(pool.map(blank, texts))
        parts = [texts[at::8] for at in range(8)]
        streams = list(pool.map(lambda part: list(blank.pipe(part, batch_size=7)), parts))
    assert [facts(doc) for doc in alone] == serial
    for at, docs in enumerate(streams):
        assert [facts(doc) for doc in docs] == serial[at::8]
