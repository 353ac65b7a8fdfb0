"""What the fuzz tests share: data damaged at random, and what loading it may and may not do."""

from __future__ import annotations

import faulthandler
import gc
import os
import re
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from spanloom.errors import SpanloomError

__all__ = ["FUZZ", "damage", "damaged", "survives"]

#: Examples of each test. More with, say, SPANLOOM_FUZZ=2000; ``nox -s fuzz`` goes on for minutes.
MANY = int(os.environ.get("SPANLOOM_FUZZ", "4"))
FUZZ = settings(
    max_examples=MANY,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # damage is small: shrinking gains little
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

#: What loading may take beside ten times its input: the rules of a language, a small pipeline.
ROOM = 32 << 20
#: Seconds of the processor that are too long for one load of a small file.
LONG = 20.0
#: Seconds after which a load hangs: every thread's stack is shown, and the process ends.
HANGS = 300

#: What no loader has to do with.
_FORBIDDEN = ("pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen")
_FORBIDDEN += ("socket.connect",)
_executed: list[str] = []
_watching = [False]


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if _watching[0] and event in _FORBIDDEN:
        _executed.append(f"{event} {args!r:.200}")


sys.addaudithook(_watch)


def survives(load: Callable[[], Any], size: int) -> None:
    """Loading an input of ``size`` bytes gives something or an error of ours. It runs nothing,
    takes neither long nor far more memory than its input, and leaves the process as it was."""
    _executed.clear()
    faulthandler.dump_traceback_later(HANGS, exit=True)
    tracemalloc.start(1)
    started = time.process_time()
    _watching[0] = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load()
    except SpanloomError as error:
        assert str(error)  # noqa: PT017
    finally:
        _watching[0] = False
        taken = time.process_time() - started
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        faulthandler.cancel_dump_traceback_later()
    assert not _executed
    assert gc.isenabled()
    assert taken < LONG, f"{taken:.1f} s for {size} bytes"
    assert peak < 10 * size + ROOM, f"{peak >> 20} MB for {size} bytes"


@contextmanager
def damaged(path: Path, harm: Callable[[bytes], bytes]) -> Iterator[int]:
    """A file of a folder with damage, for a while; its size is given."""
    before = path.read_bytes()
    changed = harm(before)
    path.write_bytes(changed)
    try:
        yield len(changed)
    finally:
        path.write_bytes(before)


_KINDS = ["flip", "set", "cut", "drop", "insert", "double", "swap", "splice"]
_KINDS += ["number", "integer", "empty", "utf-16", "latin-1"]
#: Numbers for text, and for the fields of binary headers.
_NUMBERS = [b"-1", b"0", b"2147483648", b"99999999999", b"9" * 30, b"1e400", b"NaN", b"null"]
_INTEGERS = [b"\xff" * 4, b"\xff\xff\xff\x7f", b"\xff" * 8, b"\0" * 8, b"\xff" * 7 + b"\x7f"]
_INTEGERS += [b"\0\0\0\x40", b"\0\0\0\0\x10\0\0\0"]


@st.composite
def damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:  # noqa: C901
    """A function that changes, removes, doubles or adds some bytes, or says them otherwise."""
    kind = draw(st.sampled_from(_KINDS))
    places = draw(st.lists(st.floats(0, 1), min_size=2, max_size=6))
    some = draw(st.binary(min_size=1, max_size=8))
    number, integer = draw(st.sampled_from(_NUMBERS)), draw(st.sampled_from(_INTEGERS))
    at_start = draw(st.booleans())

    def apply(data: bytes) -> bytes:
        at = sorted(int(place * len(data)) for place in places)
        start, end = at[0], min(at[1], at[0] + 40)
        changed = bytearray(data)
        if kind == "empty":
            return b""
        if kind == "cut":
            return data[: at[0]]
        if kind in ("utf-16", "latin-1"):
            return data.decode("utf8", "replace").encode(kind, "replace")
        if kind == "drop":
            del changed[start:end]
        elif kind == "insert":
            changed[start:start] = some
        elif kind == "double":
            changed[start:start] = changed[start:end]
        elif kind == "swap":
            changed[start:end] = changed[start:end][::-1]
        elif kind == "splice":
            changed[start:] = data[at[-1] :]
        elif kind == "number":
            found = list(re.finditer(rb"\d+", data))
            if found:
                one = found[0 if at_start else int(places[0] * (len(found) - 1))]
                changed[one.start() : one.end()] = number
        elif kind == "integer":
            start = start % 64 if at_start else start
            changed[start : start + len(integer)] = integer
        else:
            for i, place in enumerate(at):
                if place < len(changed):
                    byte = some[i % len(some)]
                    changed[place] = byte if kind == "set" else changed[place] ^ (1 << byte % 8)
        return bytes(changed)

    return apply
