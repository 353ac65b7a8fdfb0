"""The command ``debug config``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spanloom.cli.main import cli
from spanloom.config import init_config
from spanloom.config.changes import ABSENT, differences


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if result.exit_code != code:
        raise AssertionError(f"exit code {result.exit_code}: {result.output}") from result.exception
    return result


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "my.cfg"
    path.write_text(init_config("en", ["tagger"]).to_str(interpolate=False), "utf8")
    return path


def test_differences_of_configs() -> None:
    old = {"a": {"b": 1, "c": [1]}, "d": {}}
    new = {"a": {"b": 1.5, "c": [1]}, "e": {"f": None}}
    assert differences(old, new) == [("a.b", 1, 1.5), ("d", {}, ABSENT), ("e.f", ABSENT, None)]
    assert differences(old, old) == []


def test_a_right_config_is_built_and_compared(config: Path) -> None:
    told = run("debug", "config", config, "--training.dropout", "0.25", "--diff", "--functions")
    assert "- training.dropout = 0.1\n+ training.dropout = 0.25" in told.output
    assert "the pipeline can be built: tok2vec, tagger." in told.output
    assert [line for line in told.output.splitlines() if line.startswith("optimizers")]
    told = run("debug", "config", config, "--against", config)
    assert "no difference" in told.output


def test_a_wrong_config_is_told_all_its_problems(config: Path) -> None:
    text = config.read_text().replace("dropout = 0.1", "dropuot = 0.1\npatience2 = 1", 1)
    config.write_text(text)
    told = run("debug", "config", config, code=1)
    assert "dropuot" in told.output and "patience2" in told.output and "line" in told.output


def test_a_head_that_would_be_frozen_above_a_learning_encoder_is_told(tmp_path: Path) -> None:
    config = init_config("en", ["tagger", "morphologizer"])
    config["training"]["frozen_components"] = ["tagger"]
    config["paths"] |= {"train": "train.loom", "dev": "dev.loom"}
    path = tmp_path / "c.cfg"
    path.write_text(config.to_str())
    assert (
        "'tagger' is frozen, but it listens to 'tok2vec'"
        in run("debug", "config", path, code=1).output
    )
