"""The types of the public API say what is right and what is wrong. `nox -s types` runs this."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
USES = ROOT / "tests" / "data" / "types" / "uses.py"


def test_mypy_objects_to_wrong_uses_alone() -> None:
    api = pytest.importorskip("mypy.api")
    said, trouble, _ = api.run(["--config-file", str(ROOT / "pyproject.toml"), str(USES)])
    assert not trouble
    found = {int(number) for number in re.findall(r"uses\.py:(\d+): error", said)}
    lines = USES.read_text("utf-8").splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    assert len(wrong) > 30
    unseen = [lines[number - 1] for number in sorted(wrong - found)]
    assert not unseen, "mypy takes these: " + "; ".join(unseen)
    assert found == wrong, said
