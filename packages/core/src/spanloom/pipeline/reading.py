"""Reading a stream of texts in a thread, so that who waits for the next text can take results
meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from threading import Semaphore, Thread
from typing import Any

__all__ = ["Reading", "reading"]


class Reading:
    """Lists of texts that a thread reads, so many ahead of what was asked for. ``news`` can be
    waited for; then :meth:`take` moves what came to ``groups``."""

    def __init__(self, source: Iterator[list[Any]], ahead: int) -> None:
        self.groups: deque[list[Any]] = deque()
        self.ended = False
        self.news, self._tell = Pipe(duplex=False)
        self._room = Semaphore(ahead)
        self._came: deque[list[Any] | None] = deque()
        self._error: BaseException | None = None
        self._closed = False
        Thread(target=self._read, args=(source,), name="spanloom-reader", daemon=True).start()

    def _read(self, source: Iterator[list[Any]]) -> None:
        group: list[Any] | None = []
        while group is not None:
            self._room.acquire()
            if self._closed:
                return
            try:
                group = next(source, None)
            except BaseException as error:
                self._error, group = error, None
            self._came.append(group)
            try:
                self._tell.send_bytes(b"1")
            except OSError:  # nobody waits any more
                return

    def take(self) -> None:
        """Take what came: a list, or the end."""
        self.news.recv_bytes()
        group = self._came.popleft()
        if group is None:
            self.ended = True
        else:
            self.groups.append(group)

    def read_on(self) -> None:
        """Let one more list be read."""
        self._room.release()

    def check(self) -> None:
        """Raise what reading ended with, if it was an error."""
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Read no further. A thread that waits for a text ends when it has come."""
        self._closed = True
        self._room.release()
        self._tell.close()
        self.news.close()


@contextmanager
def reading(source: Iterator[list[Any]], ahead: int) -> Iterator[Reading]:
    """A thread that reads, inside a ``with`` block."""
    made = Reading(source, ahead)
    try:
        yield made
    finally:
        made.close()
