"""``SPANLOOM_TRACE_PLUGINS=1``: what plugins load and do, with times, on standard error."""

from __future__ import annotations

import os
import sys
import time

__all__ = ["trace", "tracing"]


def tracing() -> bool:
    """Whether the user asked to see what plugins do."""
    return os.environ.get("SPANLOOM_TRACE_PLUGINS", "") not in {"", "0"}


def trace(what: str, start: float) -> None:
    """Report ``what`` and the milliseconds since ``start`` (of ``time.perf_counter``)."""
    if tracing():
        elapsed = 1e3 * (time.perf_counter() - start)
        print(f"spanloom: {elapsed:8.2f} ms  {what}", file=sys.stderr)
