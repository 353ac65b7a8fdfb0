"""Make the stub of each package whose names are imported lazily, from the table in its __init__.

python tools/make_stubs.py           # write them
python tools/make_stubs.py --check   # exit 1 if one isn't as it should be
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def table(path: Path) -> tuple[dict[str, list[str]], list[str]] | None:
    """What an ``__init__`` gives to ``lazy_names``, modules with their names, and other names."""
    text = path.read_text("utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "lazy_names":
            also = ["__version__"] if "\n__version__ = " in text else []
            return ast.literal_eval(node.args[1]), also
    return None


def stub(modules: dict[str, list[str]], also: list[str]) -> str:
    """The text of the stub."""
    lines = ["# Made by tools/make_stubs.py from the table in __init__.py.", ""]
    for module, names in sorted(modules.items()):
        home = module if module.startswith(("spanloom.", "spanloom_")) else f".{module}"
        lines += [f"from {home} import {name} as {name}" for name in sorted(names)]
    every = sorted([*also, *(name for names in modules.values() for name in names)])
    lines += ["", "__all__ = [", *(f'    "{name}",' for name in every), "]"]
    lines += [f"{name}: str" for name in also]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or check all stubs."""
    wrong = []
    for path in sorted(ROOT.glob("packages/*/src/**/__init__.py")):
        found = table(path)
        if found is None:
            continue
        text, target = stub(*found), path.with_suffix(".pyi")
        if "--check" in sys.argv[1:]:
            if not target.is_file() or target.read_text("utf-8") != text:
                wrong.append(target.relative_to(ROOT))
        else:
            target.write_text(text, "utf-8")
    for each in wrong:
        print(f"{each} isn't what its table says: run nox -s stubs")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
