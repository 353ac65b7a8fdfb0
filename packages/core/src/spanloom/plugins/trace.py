"""``SPANLOOM_TRACE_PLUGINS=1``: what plugins load and do, with times, on standard error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from contextvars import ContextVar

__all__ = ["aside", "keep_output_clean", "trace", "tracing"]

_clean: ContextVar[bool] = ContextVar("spanloom_clean", default=False)


@contextmanager
def keep_output_clean() -> Iterator[None]:
    """Inside the ``with``, what plugins print goes to standard error, as commands need whose output
    others read. Other threads aren't concerned."""
    token = _clean.set(True)
    try:
        yield
    finally:
        _clean.reset(token)


@contextmanager
def aside() -> Iterator[None]:
    """Around code of a plugin: see `keep_output_clean`."""
    with redirect_stdout(sys.stderr) if _clean.get() else nullcontext():
        yield


def tracing() -> bool:
    """Whether the user asked to see what plugins do."""
    return os.environ.get("SPANLOOM_TRACE_PLUGINS", "") not in {"", "0"}


def trace(what: str, start: float) -> None:
    """Report ``what`` and the milliseconds since ``start`` (of ``time.perf_counter``)."""
    if tracing():
        elapsed = 1e3 * (time.perf_counter() - start)
        print(f"spanloom: {elapsed:8.2f} ms  {what}", file=sys.stderr)
