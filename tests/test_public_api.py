"""What the packages promise is what they have: `__all__`, docstrings, types, versions."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

#: Longest module we allow ourselves, in lines.
LONGEST = 400


def modules(package: str) -> list[ModuleType]:
    """A package and its public modules, at every depth."""
    root = importlib.import_module(package)
    names = [
        info.name
        for info in pkgutil.walk_packages(root.__path__, f"{package}.")
        if not any(part.startswith("_") for part in info.name.split("."))
    ]
    return [root, *(importlib.import_module(name) for name in names)]


def test_all_equals_reality(packages: dict[str, Path]) -> None:
    wrong = []
    for package in packages:
        for module in modules(package):
            names = getattr(module, "__all__", None)
            if names is None:
                wrong.append(f"{module.__name__}: no __all__")
                continue
            if len(set(names)) != len(names):
                wrong.append(f"{module.__name__}: a name twice in __all__")
            wrong += [f"{module.__name__}.{n}: missing" for n in names if not hasattr(module, n)]
    assert not wrong, "\n".join(wrong)


def test_public_names_have_docstrings(packages: dict[str, Path]) -> None:
    wrong = []
    for package in packages:
        for module in modules(package):
            if not module.__doc__:
                wrong.append(f"{module.__name__}: no docstring")
            for name in getattr(module, "__all__", []):
                value = getattr(module, name)
                documented = inspect.isclass(value) or inspect.isroutine(value)
                if documented and not inspect.getdoc(value):
                    wrong.append(f"{module.__name__}.{name}: no docstring")
    assert not wrong, "\n".join(wrong)


def test_modules_stay_short(packages: dict[str, Path]) -> None:
    lengths = {
        path: len(path.read_text("utf-8").splitlines())
        for folder in packages.values()
        for path in folder.rglob("*.py")
    }
    long = [f"{path}: {n} lines" for path, n in lengths.items() if n > LONGEST]
    assert not long, "\n".join(long)


def test_types_are_shipped(packages: dict[str, Path]) -> None:
    for folder in packages.values():
        assert (folder / "py.typed").exists(), f"{folder} has no py.typed"


def test_versions_agree(packages: dict[str, Path], root: Path) -> None:
    released = {}
    for path in root.glob("packages/*/pyproject.toml"):
        name = tomllib.loads(path.read_text("utf-8"))["project"]["name"]
        released[name] = version(name)
    for package in packages:
        released[package] = importlib.import_module(package).__version__
    assert len(set(released.values())) == 1, released


def test_lazy_names_of_the_top_level() -> None:
    import wordloom

    assert dir(wordloom) == sorted(wordloom.__all__)
    with pytest.raises(AttributeError, match="no attribute 'pipline'"):
        _ = wordloom.pipline


def test_requirements_install_every_package_without_torch(root: Path) -> None:
    light = {
        f"packages/{path.parent.name}"
        for path in root.glob("packages/*/pyproject.toml")
        if not any(
            line.startswith("torch")
            for line in tomllib.loads(path.read_text("utf-8"))["project"]["dependencies"]
        )
    }
    lines = (root / "requirements.txt").read_text("utf-8").splitlines()
    listed = {line.removeprefix("-e ./").split("[", 1)[0] for line in lines if line[:3] == "-e "}
    assert listed == light
