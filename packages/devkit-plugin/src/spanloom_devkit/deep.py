"""What ``spanloom plugins doctor --deep`` does: load everything, in processes of their own.

A plugin that crashes the interpreter, leaves it or never comes back is a finding like any other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from spanloom.plugins.hooks import GROUP
from spanloom.plugins.index import Entry, Index, enabled
from spanloom.plugins.tables import Report

from .describe import registry_of
from .processes import LIMIT, run_python

__all__ = ["HEAVY", "load_everything"]

HEAVY = ("numpy", "thinc", "torch", "transformers", "spacy", "cupy")
"""Modules that a hook module must not import."""

_SLOW = 0.05

_LOAD = """
import importlib, json, sys, time
import spanloom.plugins.hooks, spanloom.plugins.tables, spanloom.plugins.failures
from spanloom.errors import PluginError
from spanloom.plugins.failures import load_entry
from spanloom.plugins.index import current
for group, name, dist in json.loads(sys.argv[1]):
    entry = next(e for e in current().entries(group, name) if e.dist == dist)
    print(json.dumps({"at": [group, name]}), flush=True)
    before, start = set(sys.modules), time.process_time()
    try:
        load_entry(entry)
        error = ""
    except PluginError as failed:
        error = str(failed)
    new = sorted({m for m in set(sys.modules) - before if "." not in m})
    seconds = time.process_time() - start
    print(json.dumps({"error": error, "seconds": seconds, "new": new}), flush=True)
"""


@dataclass(frozen=True)
class _Loaded:
    """How loading one entry went: ``error`` is empty where it went well."""

    entry: Entry
    error: str
    seconds: float = 0.0
    new: tuple[str, ...] = ()


def load_everything(index: Index, report: Report, limit: float = LIMIT) -> None:
    """Load each name of each distribution, and add what is wrong with it to the report."""
    owned: dict[str, list[Entry]] = {}
    for entry in index.all_entries():
        if enabled(entry) and entry.group.startswith("spanloom_") and entry.attribute:
            owned.setdefault(entry.dist, []).append(entry)
        elif enabled(entry) and entry.group == GROUP:
            owned.setdefault(entry.dist, []).insert(0, entry)
    for dist, entries in owned.items():
        report.owner = dist
        hooks = [each for each in entries if each.group == GROUP]
        # The hook module goes first and alone, so that what it imports is seen.
        loaded = [*_load(hooks, limit), *_load([e for e in entries if e.group != GROUP], limit)]
        for each in loaded:
            _judge(report, each)
        report.ok(f"loaded {sum(not each.error for each in loaded)} of {len(loaded)} entries")
    report.owner = ""


def _judge(report: Report, loaded: _Loaded) -> None:
    entry = loaded.entry
    if loaded.error:
        report.error(f"{registry_of(entry.group)}/{entry.name}: {loaded.error}")
    elif entry.group == GROUP:
        heavy = sorted({*loaded.new} & {*HEAVY})
        if heavy:
            report.warning(
                f"its hook module imports {', '.join(heavy)} ({loaded.seconds:.2f} s), which every "
                "command waits for",
                "its author should import inside the hooks",
            )
        elif loaded.seconds > _SLOW:
            report.warning(
                f"importing its hook module takes {1e3 * loaded.seconds:.0f} ms of CPU, which "
                "every command waits for"
            )


def _load(entries: Sequence[Entry], limit: float) -> list[_Loaded]:
    """Load entries in a process; where it ends early, go on after what ended it."""
    done: list[_Loaded] = []
    while len(done) < len(entries):
        left = entries[len(done) :]
        asked = json.dumps([(each.group, each.name, each.dist) for each in left])
        lines, ending = run_python(_LOAD, asked, limit)
        results = [line for line in lines if "error" in line]
        for entry, line in zip(left, results):
            done.append(_Loaded(entry, line["error"], line["seconds"], tuple(line["new"])))
        if len(results) < len(left):
            done.append(_Loaded(left[len(results)], f"loading it {ending}"))
    return done
