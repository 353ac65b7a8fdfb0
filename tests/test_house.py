"""The picture of the house shows the code's floors and arrows, and notices when it doesn't."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("grimp", reason="import-linter brings it")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", ["draw_house.py", "--check"])
    spec = importlib.util.spec_from_file_location("draw_house", ROOT / "tools" / "draw_house.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "draw_house", module)  # its dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_current(tool: ModuleType) -> None:
    assert tool.main() == 0, "run python tools/draw_house.py"


def test_an_arrow_that_came_or_went_is_noticed(tool: ModuleType, tmp_path: Path) -> None:
    house = tool.read_house()
    other = tool.House(house.floors, house.arrows[1:], house.uses, house.sizes)
    tool.PICTURE = tmp_path / "house.svg"
    tool.PICTURE.write_text(tool.draw(other), "utf-8")
    assert tool.main() == 1
    tool.PICTURE.write_text(tool.draw(house), "utf-8")
    assert tool.main() == 0


def test_arrows_that_follow_from_others_are_left_out(tool: ModuleType) -> None:
    edges = {("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")}
    assert tool.reduced(edges) == [("a", "b"), ("a", "d"), ("b", "c")]
