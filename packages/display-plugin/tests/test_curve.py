"""The training curve."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from spanloom.errors import DataError, SpanloomError
from spanloom.training import History, StepResult
from spanloom_display import plot_training


def test_curve_is_a_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = plot_training(
        tmp_path / "out" / "curve.png",
        [10, 20, 30],
        {"tag_acc": [0.4, 0.6, 0.7]},
        {"tagger": [300.0, 20.0, 0.0]},
        best_step=30,
    )
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 5000


def test_one_point_and_no_points(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plot_training(tmp_path / "one.png", [5], {"a": [0.1]}, {"b": [1.0]})
    plot_training(tmp_path / "none.png", [], {}, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["none.png", "one.png"]


def test_a_history_draws_itself(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    history = History({"tag_acc": 1.0})
    for step in (4, 8):
        scores = {"tag_acc": step / 10}
        result = StepResult(step, 0, 10, 0.1, {"tagger": 1.0}, score=step / 10, scores=scores)
        history.add(result)
    assert history.plot(tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_series_of_another_length(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'tag_acc' has 1 values for 2 steps"):
        plot_training(tmp_path / "curve.png", [1, 2], {"tag_acc": [0.1]}, {})


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SpanloomError, match=r"pip install 'spanloom-display\[plot\]'"):
        plot_training(tmp_path / "curve.png", [1], {"a": [1.0]}, {})
