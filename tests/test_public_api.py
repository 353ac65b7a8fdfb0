"""What the packages promise is what they have: `__all__`, docstrings, types, versions."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

#: Longest module we allow ourselves, in lines.
LONGEST = 400
#: A public class that is a face of free functions in other modules may be longer: its methods are
#: one-liners with docstrings. Module -> lines that it may have.
FACES = {"spanloom/pipeline/pipeline.py": 600, "spanloom/tokens/doc.py": 600}


ROOT = Path(__file__).resolve().parent.parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/src/*/__init__.py"))
each_package = pytest.mark.parametrize("package", PACKAGES)


def modules(package: str) -> list[ModuleType]:
    """A package and its public modules, at every depth. Skips a package that isn't installed, so
    that the tests can be run in an environment without torch."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    root = importlib.import_module(package)
    names = [
        info.name
        for info in pkgutil.walk_packages(root.__path__, f"{package}.")
        if not any(part.startswith("_") for part in info.name.split("."))
    ]
    return [root, *(importlib.import_module(name) for name in names)]


def listed_by_package(module: ModuleType) -> bool:
    """Whether the table of the module's package has names of it: they aren't listed twice."""
    package = importlib.import_module(module.__name__.rpartition(".")[0])
    public = (getattr(package, name) for name in package.__all__)
    return any(getattr(each, "__module__", None) == module.__name__ for each in public)


@each_package
def test_all_equals_reality(package: str) -> None:
    wrong = []
    for module in modules(package):
        names = getattr(module, "__all__", None)
        if names is None:
            if not listed_by_package(module):
                wrong.append(f"{module.__name__}: no __all__, and its package lists none of it")
            continue
        if len(set(names)) != len(names):
            wrong.append(f"{module.__name__}: a name twice in __all__")
        wrong += [f"{module.__name__}.{n}: missing" for n in names if not hasattr(module, n)]
    assert not wrong, "\n".join(wrong)


@each_package
def test_public_names_have_docstrings(package: str) -> None:
    wrong = []
    for module in modules(package):
        if not module.__doc__:
            wrong.append(f"{module.__name__}: no docstring")
        for name in getattr(module, "__all__", []):
            value = getattr(module, name)
            # A constant has a string below it, whatever it is.
            documented = inspect.isclass(value) or (inspect.isroutine(value) and not name.isupper())
            if documented and not inspect.getdoc(value):
                wrong.append(f"{module.__name__}.{name}: no docstring")
    assert not wrong, "\n".join(wrong)


def test_modules_stay_short(packages: dict[str, Path]) -> None:
    lengths = {
        path.relative_to(folder.parent).as_posix(): len(path.read_text("utf-8").splitlines())
        for folder in packages.values()
        for path in folder.rglob("*.py")
    }
    long = [f"{path}: {n} lines" for path, n in lengths.items() if n > FACES.get(path, LONGEST)]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("path", FACES)
def test_a_face_defines_one_public_class(path: str, packages: dict[str, Path]) -> None:
    tree = ast.parse((packages["spanloom"].parent / path).read_text("utf-8"))
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert len([name for name in classes if not name.startswith("_")]) == 1


def test_types_are_shipped(packages: dict[str, Path]) -> None:
    for folder in packages.values():
        assert (folder / "py.typed").exists(), f"{folder} has no py.typed"


@each_package
def test_versions_agree(package: str) -> None:
    modules(package)
    path = next(ROOT.glob(f"packages/*/src/{package}")).parent.parent / "pyproject.toml"
    name = tomllib.loads(path.read_text("utf-8"))["project"]["name"]
    module = importlib.import_module(package)
    assert module.__version__ == version(name) == importlib.import_module("spanloom").__version__


def test_lazy_names_of_the_top_level() -> None:
    import spanloom

    assert dir(spanloom) == sorted(spanloom.__all__)
    with pytest.raises(AttributeError, match="no attribute 'pipline'"):
        _ = spanloom.pipline


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
