"""Telling others what happens in a training run, without letting them stop it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["Events", "Tracker"]

#: Called with the kind of an event and what belongs to it; see :func:`spanloom.train`.
Tracker = Callable[[str, Mapping[str, Any]], None]


class Events:
    """Tells trackers of events. What one of them raises becomes a warning, the first time, and
    neither the others nor the training notice."""

    def __init__(self, trackers: Sequence[Tracker] = ()) -> None:
        self.trackers = list(trackers)
        self._warned: set[int] = set()

    def tell(self, kind: str, **data: Any) -> None:
        """Tell all trackers of an event; each gets a dict of its own."""
        for tracker in self.trackers:
            self.guard("a tracker", tracker, kind, dict(data))

    def guard(self, what: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """The result of ``call``, or ``None`` if it raises. Ctrl-C still gets through."""
        try:
            return call(*arguments)
        except (Exception, SystemExit) as error:
            if id(call) not in self._warned:
                self._warned.add(id(call))
                name = getattr(call, "__qualname__", type(call).__name__)
                warnings.warn(
                    f"{what} failed, so training continues without it: {name} raised "
                    f"{type(error).__name__}: {error}",
                    RuntimeWarning,
                    stacklevel=2,
                )
        return None
