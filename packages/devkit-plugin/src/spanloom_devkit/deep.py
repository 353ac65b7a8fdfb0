"""What ``spanloom plugins doctor --deep`` does: load everything, in processes of their own.

A plugin that crashes the interpreter, leaves it or never comes back is a finding like any other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from spanloom.plugins.failures import compatibility
from spanloom.plugins.hooks import GROUP, SLOW
from spanloom.plugins.index import Entry, Index, enabled, normalize
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
from spanloom_devkit.state import changes, state
for group, name, dist in json.loads(sys.argv[1]):
    entry = next(e for e in current().entries(group, name) if e.dist == dist)
    print(json.dumps({"at": [group, name]}), flush=True)
    before, was = set(sys.modules), state()
    start, begun = time.process_time(), time.perf_counter()
    try:
        load_entry(entry)
        error = ""
    except PluginError as failed:
        error = str(failed)
    new = sorted({m for m in set(sys.modules) - before if "." not in m})
    seconds = time.process_time() - start
    waited = time.perf_counter() - begun
    line = {"error": error, "seconds": seconds, "waited": waited, "new": new}
    print(json.dumps({**line, "changed": changes(was)}), file=sys.__stdout__, flush=True)
"""


_DECLARED = """
import json, sys, warnings
from importlib import import_module
import click
from spanloom.plugins.hooks import Manager
from spanloom.plugins.index import current
warnings.simplefilter("ignore")
known = json.loads(sys.argv[1])
found = Manager(current())
wrong = [
    (each.owner, f"command '{each.name}' belongs to another, and is ignored", "rename it")
    for each in found.ignored
]
def look(owner, what, target, kind):
    module, _, attribute = target.partition(":")
    try:
        value = getattr(import_module(module), attribute)
        if kind is not None and not isinstance(value, kind):
            raise TypeError(f"it is {type(value).__name__}")
    except Exception as error:
        told = f"{what} points at {target}, which can't be used: {type(error).__name__}: {error}"
        wrong.append((owner, told, f"correct the target, or reinstall {owner}"))
wrong += [
    (each.dist, str(each), each.cure or f"its author must correct it; update {each.dist}")
    for each in found.failures
    if each.dist not in known
]
for offers in found.commands.commands.values():
    for each in offers:
        look(each.owner, f"command '{each.name}'", each.target, click.Command)
for each in found.sections.values():
    if each.schema:
        look(each.owner, f"the schema of config section [{each.name}]", each.schema, None)
print(json.dumps(wrong))
"""


@dataclass(frozen=True)
class _Loaded:
    """How loading one entry went: ``error`` is empty where it went well."""

    entry: Entry
    error: str
    seconds: float = 0.0
    waited: float = 0.0
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def load_everything(index: Index, report: Report, limit: float = LIMIT) -> None:
    """Load each name of each distribution, and add what is wrong with it to the report."""
    owned: dict[str, list[Entry]] = {}
    for entry in index.all_entries():
        if enabled(entry) and entry.group.startswith("spanloom_") and entry.attribute:
            owned.setdefault(entry.dist, []).append(entry)
        elif enabled(entry) and entry.group == GROUP:
            owned.setdefault(entry.dist, []).insert(0, entry)
    known = []  # whose hook module was told of already
    for dist, entries in owned.items():
        report.owner = dist
        if compatibility(entries[0]):
            known.append(dist)
            continue
        hooks = [each for each in entries if each.group == GROUP]
        # The hook module goes first and alone, so that what it imports is seen.
        loaded = _load(hooks, limit)
        if any(each.seconds > _SLOW and each.waited < SLOW for each in loaded):
            loaded = _load(hooks, limit)  # what counts is the time with the bytecode written
        loaded += _load([e for e in entries if e.group != GROUP], limit)
        for each in loaded:
            _judge(report, each)
        known += [dist for each in loaded if each.error and each.entry.group == GROUP]
        report.ok(f"loaded {sum(not each.error for each in loaded)} of {len(loaded)} entries")
    report.owner = ""
    lines, ending = run_python(_DECLARED, json.dumps(known), limit)
    if not lines and not known:
        report.error(f"asking all hook modules at once {ending}")
    for owner, message, fix in lines[-1] if lines else ():
        report.owner = owner
        report.error(message, fix)
    report.owner = ""


def _judge(report: Report, loaded: _Loaded) -> None:
    entry = loaded.entry
    if loaded.error:
        report.error(f"{registry_of(entry.group)}/{entry.name}: {loaded.error}")
    elif entry.group == GROUP:
        if loaded.changed:
            report.warning(
                f"its hook module changes {', '.join(loaded.changed)} when it is imported, for "
                "everybody",
                "its author should leave Python as it is",
            )
        heavy = sorted({*loaded.new} & {*HEAVY})
        if heavy:
            report.warning(
                f"its hook module imports {', '.join(heavy)} ({loaded.seconds:.2f} s), which every "
                "command waits for",
                "its author should import inside the hooks",
            )
        elif loaded.waited > SLOW:
            report.warning(
                f"importing its hook module takes {loaded.waited:.1f} s, which everybody waits for",
                f"SPANLOOM_PLUGINS=-{normalize(entry.dist)} leaves it out",
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
            times = line["seconds"], line["waited"]
            done.append(
                _Loaded(entry, line["error"], *times, tuple(line["new"]), tuple(line["changed"]))
            )
        if len(results) < len(left):
            done.append(_Loaded(left[len(results)], f"loading it {ending}"))
    return done
