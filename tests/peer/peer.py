"""A plugin of pytest's that runs spaCy's tests on Spanloom and knows which of them differ.

``python -m pytest -p peer`` with ``tests/peer`` and ``tests/peer/shim`` on the path; see the
session ``peer`` of ``noxfile.py``. A test that fails must be in ``differences.toml`` with a reason,
and one that is there must fail.
"""

from __future__ import annotations

import os
import signal
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spacy  # noqa: F401  # the one in shim/, before pytest finds the one beside the tests

#: A test that takes longer hangs, as far as we are concerned.
SECONDS = 120
LIST = Path(__file__).with_name("differences.toml")


def test_id(item: pytest.Item) -> str:
    """``doc/test_span.py::test_name[parameters]``: the same wherever the tests lie."""
    path = item.path.relative_to(os.environ["SPANLOOM_PEER_TESTS"]).as_posix()
    return f"{path}::{item.nodeid.partition('::')[2]}"


def groups() -> list[dict[str, Any]]:
    """The groups of the list."""
    found: list[dict[str, Any]] = tomllib.loads(LIST.read_text("utf-8"))["difference"]
    return found


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the files that can't be read (``unread = true``)."""
    unread = [name for group in groups() if group.get("unread") for name in group["tests"]]
    return True if collection_path.as_posix().endswith(tuple(unread)) else None


def differences() -> dict[str, tuple[str, bool]]:
    """The tests that are known to fail, with why: an id with or without parameters, or the name of
    a file whose tests all fail; and whether they are run (``run = false``: they hang)."""
    found: dict[str, tuple[str, bool]] = {}
    for group in groups():
        for name in [] if group.get("unread") else group["tests"]:
            if name in found:
                raise pytest.UsageError(f"{LIST.name}: {name} is there twice")
            found[name] = f"{group['kind']}: {group['why']}", group.get("run", True)
    return found


def pytest_configure(config: pytest.Config) -> None:
    for marker in ("slow", "issue(number)", "parallel"):
        config.addinivalue_line("markers", f"{marker}: spaCy's")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Expect the failures of the list. In a whole run each line of it must mean a test."""
    known, seen = differences(), set()
    for item in items:
        name = test_id(item)
        for key in (name, name.partition("[")[0], name.partition("::")[0]):
            if key in known:
                seen.add(key)
                why, run = known[key]
                item.add_marker(pytest.mark.xfail(reason=why, strict=run, run=run))
                break
    if os.environ.get("SPANLOOM_PEER_WHOLE") and known.keys() - seen:
        gone = "\n  ".join(sorted(known.keys() - seen))
        raise pytest.UsageError(f"{LIST.name} names tests that aren't there:\n  {gone}")


@pytest.fixture(autouse=True)
def _afresh() -> None:
    """The same random numbers for a test, and no custom attributes, whatever ran before."""
    from thinc.api import fix_random_seed

    from spanloom.vocab.extensions import everywhere

    fix_random_seed(0)
    for kind, name, _ in everywhere.items():
        everywhere.remove(kind, name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that hangs."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"no end after {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
