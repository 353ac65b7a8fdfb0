"""The training curve."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import spanloom
from spanloom.cli.main import cli
from spanloom.config import init_config
from spanloom.corpora.writing import writer_for
from spanloom.errors import DataError, SpanloomError
from spanloom.training import History, StepResult
from spanloom_display import plot_training


@pytest.mark.lengthy
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


@pytest.mark.lengthy
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


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config that trains a small tagger, with its data beside it."""
    nlp = spanloom.blank("en")
    doc = spanloom.Doc(nlp.vocab, words=["She", "ran"], tags=["PRP", "VBD"])
    writer_for(tmp_path / "docs.loom")(tmp_path / "docs.loom", [doc] * 4)
    config = init_config("en", ["tagger"])
    config["paths"].update(train=str(tmp_path / "docs.loom"), dev=str(tmp_path / "docs.loom"))
    config["components"]["tok2vec"]["model"]["embed"].update(rows=[50, 50, 50, 50])
    config["training"].update(max_steps=2, eval_frequency=1)
    config.to_disk(tmp_path / "c.cfg")
    return tmp_path / "c.cfg"


def trained(config: Path, plot: Path) -> Result:
    out = config.with_name("out")
    return CliRunner().invoke(cli, ["train", str(config), "-o", str(out), "--plot", str(plot)])


def test_without_matplotlib_training_does_not_begin(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    told = trained(config, tmp_path / "x.png")
    assert told.exit_code == 1 and "spanloom-display[plot]" in told.output
    assert not (tmp_path / "out").exists()


@pytest.mark.lengthy
def test_a_picture_that_fails_at_the_end_costs_no_training(config: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "file").touch()
    told = trained(config, tmp_path / "file" / "x.png")
    assert told.exit_code == 0 and "The training curve wasn't drawn" in told.output
    assert "Saved" in told.output and (tmp_path / "out" / "model-best").is_dir()
    assert trained(config, tmp_path).exit_code == 1
    told = trained(config, tmp_path / "x.png")
    assert told.exit_code == 0 and "Drew the training curve" in told.output
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
