"""The reference knows every public class, and every public member of each.

Here the source that the reference is made from is compared with what Python says. That the built
pages show all of it is checked when the site is built (docs/complete.py).
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spanloom.vocab.absent import Absent

griffe = pytest.importorskip("griffe", reason="griffelib reads the source: requirements-docs.txt")

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def api() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_api", DOCS / "api.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def code(api: ModuleType) -> Any:
    return api.load_packages()


def ours(cls: type) -> set[str]:
    """Public names of a class that a class of ours defines, and that are there (see
    `spanloom.vocab.absent`)."""
    places = [base for base in cls.__mro__ if base.__module__.startswith("spanloom")]
    return {
        name
        for name in dir(cls)
        if not name.startswith("_")
        and any(name in vars(base) for base in places)
        and not any(isinstance(vars(base).get(name), Absent) for base in places)
    }


def test_every_public_member_of_every_public_class(
    api: ModuleType, code: Any, packages: dict[str, Path]
) -> None:
    checked, missing = 0, []
    for found in api.classes(code):
        module = importlib.import_module(found.module.path)
        cls = getattr(module, found.name)
        assert inspect.isclass(cls)
        shown = {name for name in found.all_members if not name.startswith("_")}
        missing += [f"{found.path}.{name}" for name in sorted(ours(cls) - shown)]
        checked += 1
    assert not missing
    assert checked > 50 and {"add_pipe", "pipe"} <= ours(sys.modules["spanloom"].Pipeline)


def test_what_the_packages_export_is_in_the_reference(
    api: ModuleType, code: Any, packages: dict[str, Path]
) -> None:
    assert set(packages) <= set(api.MODULES)
    placed = set(api.homes(code))
    for package in packages:
        for name in importlib.import_module(package).__all__:
            target = api.resolved(code, f"{package}.{name}")
            if target is not None and isinstance(target, griffe.Class | griffe.Function):
                assert target.path in placed, f"{package}.{name}"
