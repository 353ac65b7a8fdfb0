"""Plugins import core and nothing else of ours; core imports no plugin."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

#: What core never imports, even inside a function: these belong to plugins or to nobody.
FOREIGN = {"torch", "transformers", "spacy", "spacy_transformers", "pickle", "dill", "cloudpickle"}

#: But for these: what tells thinc of torch once somebody else imports it, and the two ends of the
#: pipe by which workers of ours hand over errors.
EXCEPTED = {
    ("io/late_torch.py", "torch"),
    ("pipeline/worker.py", "pickle"),
    ("pipeline/workers.py", "pickle"),
}

#: One plugin that another is built on: transformers with torch on what runs them without.
BELOW = {"spanloom_transformers": {"spanloom_onnx"}}


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Absolute modules that a file imports anywhere in it, with the line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, node.lineno


def test_plugins_import_core_only_and_core_no_plugin(packages: dict[str, Path]) -> None:
    wrong = []
    for package, folder in packages.items():
        allowed = {package, "spanloom", *BELOW.get(package, ())}
        for path in sorted(folder.rglob("*.py")):
            for module, line in imports(path):
                top = module.split(".", 1)[0]
                if top.startswith("spanloom") and top not in allowed:
                    wrong.append(f"{path}:{line} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_core_imports_nothing_that_belongs_to_plugins(packages: dict[str, Path]) -> None:
    wrong = [
        f"{path}:{line} imports {module}"
        for path in sorted(packages["spanloom"].rglob("*.py"))
        for module, line in imports(path)
        if module.split(".", 1)[0] in FOREIGN
        and (path.relative_to(packages["spanloom"]).as_posix(), module) not in EXCEPTED
    ]
    assert not wrong, "\n".join(wrong)


def test_plugins_reach_into_no_private_module_of_core(packages: dict[str, Path]) -> None:
    wrong = [
        f"{path}:{line} imports {module}"
        for package, folder in packages.items()
        if package != "spanloom"
        for path in sorted(folder.rglob("*.py"))
        for module, line in imports(path)
        if module.startswith("spanloom.") and "._" in module
    ]
    assert not wrong, "\n".join(wrong)


def test_no_eval_or_exec(packages: dict[str, Path]) -> None:
    wrong = [
        f"{path}:{node.lineno} calls {node.func.id}"
        for folder in packages.values()
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"eval", "exec"}
    ]
    assert not wrong, "\n".join(wrong)
