"""Whether Python code that lies beside data may be run: the caller's word, never the data's.

Nothing in core runs such code. What plugins read may hold some, as models of Hugging Face do
(``trust_remote_code``); they ask here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["VARIABLE", "remote_code", "remote_code_allowed"]

VARIABLE = "SPANLOOM_TRUST_REMOTE_CODE"
"""The environment variable that allows it to the whole process, by 1, true, yes or on."""

_said: ContextVar[bool | None] = ContextVar("spanloom_remote_code", default=None)


def remote_code_allowed() -> bool:
    """Whether the caller allows it: by an argument around this call, else by the environment."""
    said = _said.get()
    if said is not None:
        return said
    return os.environ.get(VARIABLE, "").strip().lower() in ("1", "true", "yes", "on")


@contextmanager
def remote_code(allowed: bool | None) -> Iterator[None]:
    """Inside a ``with`` block, code is allowed or forbidden; ``None`` leaves it as it is."""
    if allowed is None:
        yield
        return
    token = _said.set(allowed)
    try:
        yield
    finally:
        _said.reset(token)
