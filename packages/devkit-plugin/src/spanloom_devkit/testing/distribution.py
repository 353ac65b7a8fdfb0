"""Checks of a distribution as a whole: what its metadata promises, and what it costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from typing import Any, ClassVar

import pytest

from spanloom.errors import SpanloomError
from spanloom.plugins.failures import compatibility, outgrown
from spanloom.plugins.hooks import GROUP, Manager
from spanloom.plugins.index import Entry, current, normalize
from spanloom.plugins.registries import registry as registries
from spanloom.plugins.sources import hooks_named, source_file

from ..describe import registry_of
from .base import Conformance

__all__ = ["DistributionConformance"]

#: What a hook module must not import: it is imported wherever hooks are needed.
HEAVY = ("numpy", "thinc", "torch", "transformers", "spacy", "cupy", "pandas", "sklearn", "scipy")

#: CPU milliseconds that importing a hook module may take, the quickest of three times.
LIGHT = 50.0

_TIME_HOOKS = """
import importlib, json, sys, time
import spanloom.plugins.hooks, spanloom.plugins.tables, spanloom.plugins.spec
from spanloom.plugins import hookimpl
from spanloom_devkit.state import changes, state
before, was = set(sys.modules), state()
start = time.process_time()
importlib.import_module(sys.argv[1])
spent = 1e3 * (time.process_time() - start)
changed = changes(was)
new = sorted({m.partition('.')[0] for m in set(sys.modules) - before})
print(json.dumps([spent, new, changed]), file=sys.__stdout__)
"""

_WITHOUT = """
import json, sys
blocked = set(json.loads(sys.argv[1]))
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in blocked:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Blocker())
from spanloom.errors import PluginError
from spanloom.plugins.registries import registry
wrong = []
for group, name in json.loads(sys.argv[2]):
    try:
        registry.get(group, name)
    except PluginError as error:
        failure = error.failure
        if failure is None or f'{failure.dist}[' not in failure.cure:
            wrong.append(f'{group}/{name}: {error}')
print(json.dumps(wrong))
"""


class DistributionConformance(Conformance):
    """Checks of the distribution ``dist``."""

    dist: ClassVar[str] = ""

    def entries(self) -> list[Entry]:
        """What it offers."""
        wanted = normalize(self.dist)
        return [each for each in current().all_entries() if normalize(each.dist) == wanted]

    def hooks(self) -> Entry | None:
        """Its hook module, if it has one."""
        return next((each for each in self.entries() if each.group == GROUP), None)

    def test_requirements(self) -> None:
        """It requires spanloom from the version on that it needs, without an upper bound."""
        from packaging.requirements import Requirement

        if normalize(self.dist) == "spanloom":
            pytest.skip("it is spanloom itself")
        entry = self.entries()[0]
        wanted = [Requirement(line) for line in entry.owner.requires]
        ours = [each for each in wanted if normalize(each.name) == "spanloom" and not each.marker]
        assert ours, f"{self.dist} doesn't require spanloom: add 'spanloom>=0.1'"
        operators = {each.operator for each in ours[0].specifier}
        assert operators & {">=", ">", "==", "~="}, (
            f"'{ours[0]}' names no version from which on it works: write 'spanloom>=0.1'"
        )
        reason = compatibility(entry)
        assert not reason, f"{self.dist} can't be used here: {reason}"
        reason = outgrown(entry)
        assert not reason, f"{self.dist} was made for an earlier version: {reason}"

    def test_registries(self) -> None:
        """Every entry-point group is that of a registry, so that its names can be found."""
        known = {registries[name].group for name in registries.kinds()} | {GROUP}
        odd = sorted({each.group for each in self.entries()} - known)
        assert not odd, f"no registry has the group {', '.join(odd)}"

    def test_clashes(self) -> None:
        """No other installed distribution offers one of its names."""
        clashes = {
            f"{registry_of(each.group)}/{each.name}: {other.dist}"
            for each in self.entries()
            for other in current().entries(each.group, each.name)
            if normalize(other.dist) != normalize(self.dist)
        }
        assert not clashes, f"offered by others, too: {', '.join(sorted(clashes))}"

    def test_hook_name(self) -> None:
        """The hook module's entry point is called as the distribution."""
        hooks = self.hooks()
        if hooks is None:
            pytest.skip("it has no hook module")
        assert normalize(hooks.name) == normalize(self.dist), (
            f"the entry point in [{GROUP}] is called '{hooks.name}': call it '{self.dist}'"
        )

    def test_hooks(self) -> None:
        """The hook module loads, states the API, and defines hooks that there are, whose names are
        in its source; what it declares clashes with nobody's."""
        hooks = self.hooks()
        if hooks is None:
            pytest.skip("it has no hook module")
        wanted = normalize(self.dist)
        wrong = [each for each in Manager(current()).failures if normalize(each.dist) == wanted]
        assert not wrong, "; ".join(map(str, wrong))
        held = vars(import_module(hooks.module)).items()
        marked = [(name, getattr(each, "spanloom_impl", None)) for name, each in held]
        names = {options["specname"] or name for name, options in marked if options}
        unsaid = sorted(names - hooks_named(hooks))
        assert not unsaid, f"{hooks.module} must name {', '.join(unsaid)}, to be asked"

    def test_commands(self) -> None:
        """Every command that it adds can be loaded, and is a ``click.Command``."""
        from spanloom.cli.main import LazyGroup

        if self.hooks() is None:
            pytest.skip("it has no hook module")
        table = Manager(current(), only=(self.dist,)).commands
        for name in table.commands:
            group, _, word = name.rpartition(" ")
            lazy: Any = LazyGroup(f"{group} " if group else "", table).get_command(_context(), word)
            try:
                lazy.make_context(word, [], resilient_parsing=True)
            except SpanloomError as error:
                raise AssertionError(str(error)) from error

    def test_light_import(self) -> None:
        """The hook module imports nothing heavy, takes less than 50 ms, and changes nothing that is
        Python's."""
        hooks = self.hooks()
        if hooks is None:
            pytest.skip("it has no hook module")
        found = [_python(_TIME_HOOKS, hooks.module) for _ in range(3)]
        if None in found:
            pytest.skip("it can't be imported: see test_hooks")
        heavy = sorted({*found[0][1]} & {*HEAVY})
        assert not heavy, f"{hooks.module} imports {', '.join(heavy)}: import it inside the hooks"
        changed = found[0][2]
        assert not changed, f"{hooks.module} changes {', '.join(changed)} when it is imported"
        spent = min(each[0] for each in found)
        assert spent < LIGHT, f"importing {hooks.module} takes {spent:.0f} ms of CPU time"

    def test_extras(self) -> None:
        """Where an optional package is absent, names load all the same, or say which extra to
        install."""
        optional = sorted(self._optional_modules())
        if not optional:
            pytest.skip("it has no extras")
        names = [(registry_of(each.group), each.name) for each in self.entries() if _loads(each)]
        wrong = _python(_WITHOUT, json.dumps(optional), json.dumps(names))
        assert not wrong, "; ".join(wrong)

    def _optional_modules(self) -> set[str]:
        """Top-level modules that only extras bring."""
        from packaging.requirements import Requirement

        lines = [Requirement(line) for line in self.entries()[0].owner.requires]
        extras = {normalize(each.name) for each in lines if "extra" in str(each.marker or "")}
        optional = extras - _needed(self.dist) - {"spanloom"}
        owners = packages_distributions()
        return {
            module for module, dists in owners.items() if {*map(normalize, dists)} & optional
        } | {name.replace("-", "_") for name in optional}

    def test_files(self) -> None:
        """What was installed is all there: every module that an entry point names is a file."""
        missing = sorted({each.target for each in self.entries() if source_file(each) is None})
        assert not missing, (
            f"no file for {', '.join(missing)}: look at what the wheel takes in, and at the names "
            "in pyproject.toml"
        )

    def test_up_to_date(self) -> None:
        """An editable install knows the entry points that its pyproject.toml has now."""
        from ..doctor import stale_entry_points

        entry = self.entries()[0]
        stale = stale_entry_points(entry.owner.distribution)
        if stale is None:
            pytest.skip("it isn't an editable install")
        assert not stale, f"{stale}: pip install --no-deps -e the project again"


def _loads(entry: Entry) -> bool:
    """Whether a name can be loaded here."""
    if entry.group == "spanloom_models" or not entry.attribute:
        return False
    try:
        registries.get(registry_of(entry.group), entry.name)
    except SpanloomError:
        return False
    return True


def _needed(dist: str) -> set[str]:
    """A distribution and all that it needs, at any remove, without extras."""
    from packaging.requirements import Requirement

    found: set[str] = set()
    left = [dist]
    while left:
        name = normalize(left.pop())
        if name in found:
            continue
        found.add(name)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        wanted = [Requirement(line) for line in lines]
        left += [each.name for each in wanted if "extra" not in str(each.marker or "")]
    return found


def _context() -> Any:
    import click

    return click.Context(click.Group("spanloom"))


def _python(code: str, *arguments: str) -> Any:
    """What a fresh Python prints as JSON in its last line, or None if it fails."""
    # What this process can import, that one must, too.
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=path)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
