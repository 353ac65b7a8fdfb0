"""The shape of our source and, beside it, of any other package: lengths, annotations, docstrings.

``python benchmarks/code_shape.py`` measures our packages; folders given as arguments are measured
too (``.../site-packages/spacy``). Tests, ``lang`` folders and compiled code are left out. With
radon installed, cyclomatic complexity is shown. docs/compared.md quotes it.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import statistics
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Shape", "main", "measure"]

ROOT = Path(__file__).resolve().parent.parent
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Shape:
    """What was counted in a package; lengths are in lines."""

    files: list[int] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)
    longest: tuple[int, str] = (0, "")
    annotated: int = 0
    documented: int = 0
    public: int = 0
    public_documented: int = 0
    ignores: int = 0
    ignores_explained: int = 0
    complexity: list[int] = field(default_factory=list)


def sources(folder: Path) -> Iterator[Path]:
    """Files of a package without tests and languages."""
    for path in sorted(folder.rglob("*.py")):
        if not {"tests", "test", "lang"} & set(path.relative_to(folder).parts):
            yield path


def measure(folder: Path) -> Shape:
    """Read all files of a package."""
    shape = Shape()
    for path in sources(folder):
        text = path.read_text("utf-8")
        shape.files.append(text.count("\n"))
        _ignores(text, shape)
        _functions(ast.parse(text), path, shape)
        shape.complexity += _complexity(text)
    return shape


def _ignores(text: str, shape: Shape) -> None:
    """``type: ignore`` comments, and those with a code that says what is ignored."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and "type: ignore" in token.string:
            shape.ignores += 1
            shape.ignores_explained += bool(re.search(r"ignore\[[\w-]", token.string))


def _functions(tree: ast.Module, path: Path, shape: Shape) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, Function):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        shape.functions.append(length)
        shape.longest = max(shape.longest, (length, f"{path.stem}.{node.name}"))
        shape.annotated += node.returns is not None
        shape.documented += ast.get_docstring(node) is not None
        if not node.name.startswith("_"):
            shape.public += 1
            shape.public_documented += ast.get_docstring(node) is not None


def _complexity(text: str) -> list[int]:
    try:
        from radon.complexity import cc_visit
    except ImportError:
        return []
    return [block.complexity for block in cc_visit(text) if block.letter in "FM"]


def _at(values: list[int], share: float) -> int:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0


def row(name: str, shape: Shape) -> str:
    """One row of a Markdown table."""
    functions = len(shape.functions)
    cells = [
        name,
        len(shape.files),
        f"{statistics.median(shape.files):.0f} / {max(shape.files)}",
        f"{statistics.median(shape.functions):.0f} / {_at(shape.functions, 0.95)} / "
        f"{shape.longest[0]}",
        f"{shape.annotated / functions:.0%}",
        f"{shape.documented / functions:.0%}",
        f"{shape.public_documented / max(1, shape.public):.0%}",
        f"{shape.ignores} ({shape.ignores_explained})",
        f"{_at(shape.complexity, 0.95)} / {max(shape.complexity, default=0)}",
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def tests_of(folder: Path) -> tuple[int, int]:
    """Test functions and lines in a folder of tests."""
    texts = [path.read_text("utf-8") for path in folder.rglob("*.py")]
    count = sum(len(re.findall(r"^\s*(?:async )?def test_", text, re.M)) for text in texts)
    return count, sum(text.count("\n") for text in texts)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    arguments = parser.parse_args()
    ours = [next(path.glob("src/*/__init__.py")).parent for path in ROOT.glob("packages/*")]
    print(
        "| package | files | file median / max | function median / p95 / max | returns annotated "
        "| docstring | public with docstring | type: ignore (with code) | complexity p95 / max |"
    )
    print("|---" * 9 + "|")
    for folder in [*sorted(ours), *arguments.folders]:
        shape = measure(folder)
        print(row(folder.name, shape), f"<!-- longest: {shape.longest[1]} -->")
    for folder in [*sorted(ROOT.glob("packages/*/tests")), ROOT / "tests"]:
        count, lines = tests_of(folder)
        print(f"{folder.relative_to(ROOT)}: {count} test functions, {lines} lines")


if __name__ == "__main__":
    main()
