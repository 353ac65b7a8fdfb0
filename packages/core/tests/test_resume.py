"""Checkpoints, resuming, going back, and trackers."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom import Pipeline, registry
from spanloom.config import Config
from spanloom.errors import SerializationError, TrainingError
from spanloom.tokens.storage.docfile import write_docs
from spanloom.training.checkpoint import Checkpoint, find_checkpoint

from .support import config_for, treebank, weights


class Crash(Exception):
    """Stands for whatever ends a run."""


@pytest.fixture
def crash() -> Iterator[dict[str, int]]:
    """A callback before each update that raises at ``crash["step"]``, once."""
    when = {"step": 0}

    @registry.callbacks("test_resume.crash.v1", overwrite=True)
    def make() -> Callable[..., None]:
        def call(nlp: Pipeline, info: dict[str, Any]) -> None:
            if info["step"] == when["step"]:
                when["step"] = 0
                raise Crash

        return call

    yield when
    registry.callbacks.remove("test_resume.crash.v1")


def with_everything(data: dict[str, str], **training: Any) -> Config:
    """Dropout, averages, a rate and a batch size that change, and a factor that follows a
    schedule: all that has a state."""
    config = config_for(data, "tagger", "senter", dropout=0.3, **training)
    config["training"]["max_steps"] = 10
    config["training"]["optimizer"]["use_averages"] = True
    config["training"]["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1",
        "initial_rate": 0.02,
        "warmup_steps": 3,
        "total_steps": 20,
    }
    config["training"]["batcher"]["size"] = {
        "@schedules": "compounding.v1",
        "start": 60,
        "stop": 200,
        "compound": 1.1,
    }
    config["components"]["tagger"]["model"]["tok2vec"]["grad_factor"] = {
        "@schedules": "compounding.v1",
        "start": 0.1,
        "stop": 1.0,
        "compound": 1.2,
    }
    config["training"]["before_update"] = {"@callbacks": "test_resume.crash.v1"}
    return config


@pytest.mark.lengthy
def test_a_resumed_run_gives_the_same_weights(
    data: dict[str, str], tmp_path: Path, crash: dict[str, int]
) -> None:
    config = with_everything(data)
    whole = spanloom.train(config, tmp_path / "whole", quiet=True)
    crash["step"] = 7
    with pytest.raises(Crash):
        spanloom.train(config, tmp_path / "parts", quiet=True)
    assert find_checkpoint(tmp_path / "parts") == tmp_path / "parts/checkpoints/step-00000004"
    np.random.seed(99)  # what happened in between doesn't matter
    crash["step"] = 10
    with pytest.raises(Crash):
        spanloom.train(config, tmp_path / "parts", quiet=True, resume=True)
    result = spanloom.train(config, tmp_path / "parts", quiet=True, resume=True)
    assert weights(result.nlp) == weights(whole.nlp)
    steps = [(each.step, each.score, each.losses) for each in result.history.evaluations]
    assert steps == [(each.step, each.score, each.losses) for each in whole.history.evaluations]
    for name in ("model-best", "model-last"):
        saved = [spanloom.load(tmp_path / folder / name) for folder in ("whole", "parts")]
        assert weights(saved[0]) == weights(saved[1])
    # A run that is over stays as it is.
    again = spanloom.train(config, tmp_path / "parts", quiet=True, resume=True)
    assert weights(again.nlp) == weights(whole.nlp) and again.best is not None


def test_a_streamed_corpus_is_read_on(
    data: dict[str, str], tmp_path: Path, crash: dict[str, int]
) -> None:
    config = with_everything(data, max_epochs=-1)
    whole = spanloom.train(config, quiet=True)
    crash["step"] = 9
    with pytest.raises(Crash):
        spanloom.train(config, tmp_path, quiet=True)
    assert weights(spanloom.train(config, tmp_path, quiet=True, resume=True).nlp) == weights(
        whole.nlp
    )


@pytest.mark.lengthy
def test_more_steps_than_were_planned(data: dict[str, str], tmp_path: Path) -> None:
    config = config_for(data)
    whole = spanloom.train(config, quiet=True, overrides={"training.max_steps": 12})
    spanloom.train(config, tmp_path, quiet=True)
    result = spanloom.train(
        config, tmp_path, quiet=True, resume=True, overrides={"training.max_steps": 12}
    )
    assert weights(result.nlp) == weights(whole.nlp)


@pytest.mark.lengthy
def test_going_on_with_another_number_of_threads_is_told(
    data: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    config = config_for(data)
    spanloom.train(config, tmp_path, quiet=True)
    more = {"training.max_steps": 12}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        spanloom.train(config, tmp_path, quiet=True, resume=True, overrides=more)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    more = {"training.max_steps": 14}
    with pytest.warns(UserWarning, match="written with 1 threads, and this process has 2"):
        spanloom.train(config, tmp_path, quiet=True, resume=True, overrides=more)


def test_resume_starts_where_there_is_no_checkpoint(data: dict[str, str], tmp_path: Path) -> None:
    result = spanloom.train(config_for(data), tmp_path, quiet=True, resume=True, checkpoints=False)
    assert len(result.history.evaluations) == 2
    assert find_checkpoint(tmp_path) is None
    with pytest.raises(TrainingError, match="output folder"):
        spanloom.train(config_for(data), quiet=True, resume=True)


@pytest.mark.lengthy
def test_other_configs_data_and_damaged_files_are_refused(
    data: dict[str, str], tmp_path: Path
) -> None:
    config = config_for(data)
    out = tmp_path / "out"
    spanloom.train(config, out, quiet=True)

    def resume(**overrides: Any) -> None:
        given = {"training.max_steps": 12, **overrides}
        spanloom.train(config, out, quiet=True, resume=True, overrides=given)

    with pytest.raises(TrainingError, match=r"training\.dropout is 0\.5, but was 0\.1"):
        resume(**{"training.dropout": 0.5})
    write_docs(data["paths.train"], treebank(30))
    with pytest.raises(TrainingError, match="data has changed"):
        resume()
    found = find_checkpoint(out)
    assert found is not None
    with (found / "optimizer").open("r+b") as file:
        file.seek(-5, os.SEEK_END)
        file.write(b"x")
    with pytest.raises(SerializationError, match="has changed since it was saved"):
        resume()


@pytest.mark.lengthy
def test_a_new_run_replaces_the_checkpoints_of_an_old_one(
    data: dict[str, str], tmp_path: Path
) -> None:
    config = config_for(data)
    spanloom.train(config, tmp_path, quiet=True)
    spanloom.train(config, tmp_path, quiet=True, overrides={"training.max_steps": 4})
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-00000004"]


def test_a_run_that_stopped_before_its_first_evaluation(
    data: dict[str, str], tmp_path: Path, crash: dict[str, int]
) -> None:
    config = with_everything(data)
    whole = spanloom.train(config, quiet=True)
    crash["step"] = 3
    with pytest.raises(Crash):
        spanloom.train(config, tmp_path, quiet=True)
    assert find_checkpoint(tmp_path) == tmp_path / "checkpoints/step-00000000"
    np.random.seed(99)
    assert weights(spanloom.train(config, tmp_path, quiet=True, resume=True).nlp) == weights(
        whole.nlp
    )
    # Of another config, it's as good as none.
    spanloom.train(config, tmp_path, quiet=True, overrides={"training.max_steps": 2})
    crash["step"] = 3
    with pytest.raises(Crash):
        spanloom.train(config, tmp_path, quiet=True)
    other = {"training.dropout": 0.0}
    spanloom.train(config, tmp_path, quiet=True, resume=True, overrides=other)


@pytest.mark.lengthy
def test_a_run_killed_while_it_replaced_the_best_pipeline(
    data: dict[str, str], tmp_path: Path
) -> None:
    config = config_for(data)
    spanloom.train(config, tmp_path, quiet=True)
    saved = weights(spanloom.load(tmp_path / "model-best"))
    # What is left when a process dies between the two renames, and while it writes.
    (tmp_path / ".model-best.old.0123abcd").mkdir()
    (tmp_path / "model-best").rename(tmp_path / ".model-best.old.0123abcd" / "it")
    (tmp_path / ".model-best.0123abcd").mkdir()
    (tmp_path / ".model-last.0123abcd").mkdir()
    result = spanloom.train(config, tmp_path, quiet=True, resume=True)
    assert result.best == tmp_path / "model-best"
    assert weights(spanloom.load(result.best)) == saved
    assert not [each.name for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_the_json_log_goes_on(data: dict[str, str], tmp_path: Path, crash: dict[str, int]) -> None:
    config = with_everything(data)
    log = tmp_path / "log.jsonl"
    log.write_text('{"step": 4, "score": 0.123}\n')  # of another run
    config["training"]["logger"] = {"@loggers": "spanloom.JsonlLogger.v1", "path": str(log)}
    crash["step"] = 10
    with pytest.raises(Crash):
        spanloom.train(config, tmp_path / "out", stdout=io.StringIO())
    with log.open("a") as file:
        file.write('{"step": 9, "sco')
    result = spanloom.train(config, tmp_path / "out", stdout=io.StringIO(), resume=True)
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    expected = [(each.step, each.score) for each in result.history.evaluations]
    assert [(row["step"], row["score"]) for row in rows] == expected
    assert [step for step, _ in expected] == [4, 8, 10]


# -- signals


@pytest.mark.lengthy
def test_a_signal_stops_after_a_step_and_the_run_goes_on(
    data: dict[str, str], tmp_path: Path
) -> None:
    config = config_for(data, "tagger", "senter", dropout=0.3)
    config["training"].update(max_steps=100000, eval_frequency=7, patience=0)
    config["training"]["optimizer"]["use_averages"] = True
    path, out = tmp_path / "my.cfg", tmp_path / "out"
    path.write_text(config.to_str(), "utf8")
    command = [sys.executable, "-m", "spanloom", "train", str(path), "-o", str(out), "--resume"]
    for signum in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        seen = [process.stdout.readline() for _ in range(4)]
        process.send_signal(signum)
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 0, (seen, rest)
        assert "Stopped before the end. Continue with --resume." in rest
    found = find_checkpoint(out)
    assert found is not None
    limit = {"training.max_steps": Checkpoint.read(found).progress.step + 3}
    result = spanloom.train(config, out, quiet=True, resume=True, overrides=limit)
    whole = spanloom.train(config, tmp_path / "whole", quiet=True, overrides=limit)
    assert weights(result.nlp) == weights(whole.nlp)
    steps = [(each.step, each.score, each.losses) for each in result.history.evaluations]
    assert steps == [(each.step, each.score, each.losses) for each in whole.history.evaluations]


@pytest.mark.lengthy
@pytest.mark.parametrize("checkpoints", [True, False])
def test_a_step_that_was_begun_is_finished(
    data: dict[str, str], tmp_path: Path, checkpoints: bool
) -> None:
    @registry.callbacks("test_resume.signal.v1", overwrite=True)
    def make() -> Callable[..., None]:
        def call(nlp: Pipeline, info: dict[str, Any]) -> None:
            if info["step"] == 3:
                os.kill(os.getpid(), signal.SIGTERM)

        return call

    config = config_for(data)
    config["training"]["before_update"] = {"@callbacks": "test_resume.signal.v1"}
    handler = signal.getsignal(signal.SIGTERM)
    try:
        result = spanloom.train(config, tmp_path, quiet=True, checkpoints=checkpoints)
    finally:
        registry.callbacks.remove("test_resume.signal.v1")
    assert signal.getsignal(signal.SIGTERM) is handler
    assert result.interrupted and result.history.last is not None
    assert result.history.last.step == 3 and result.last == tmp_path / "model-last"
    expected = tmp_path / "checkpoints" / "step-00000003" if checkpoints else None
    assert find_checkpoint(tmp_path) == expected
    assert weights(spanloom.load(result.last)) == weights(result.nlp)


# -- losses and gradients that aren't finite


@pytest.fixture
def breaking() -> Iterator[dict[str, Any]]:
    """A callback that makes a weight NaN at each step in ``breaking["steps"]``, once each."""
    what: dict[str, Any] = {"steps": []}

    @registry.callbacks("test_resume.break.v1", overwrite=True)
    def make() -> Callable[..., None]:
        def call(nlp: Pipeline, info: dict[str, Any]) -> None:
            if info["step"] in what["steps"]:
                what["steps"].remove(info["step"])
                what["do"](nlp)

        return call

    yield what
    registry.callbacks.remove("test_resume.break.v1")


def spoil_weights(nlp: Pipeline) -> None:
    node = next(node for node in nlp.get_pipe("tagger").model.walk() if node.has_param("W"))
    node.get_param("W")[0, 0] = np.nan


def spoil_gradient(nlp: Pipeline) -> None:
    node = next(node for node in nlp.get_pipe("tok2vec").model.walk() if node.has_param("E"))
    node.inc_grad("E", np.full_like(node.get_param("E"), 1e25))


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (spoil_weights, "loss of 'tagger' is nan"),
        (spoil_gradient, "gradient of 'tok2vec'.*too lar"),
    ],
)
def test_training_goes_back_to_the_checkpoint(
    data: dict[str, str],
    tmp_path: Path,
    breaking: dict[str, Any],
    spoil: Callable[[Pipeline], None],
    name: str,
) -> None:
    config = config_for(data)
    config["training"]["before_update"] = {"@callbacks": "test_resume.break.v1"}
    breaking.update(steps=[6], do=spoil)
    events: list[tuple[str, Mapping[str, Any]]] = []
    with pytest.warns(RuntimeWarning, match=f"{name}.*step 6.*step 4 again.*by 0.5"):
        result = spanloom.train(
            config, tmp_path, quiet=True, trackers=[lambda kind, d: events.append((kind, d))]
        )
    assert result.rollbacks == 1
    assert [each.step for each in result.history.evaluations] == [4, 8]
    assert all(
        np.isfinite(node.get_param(param)).all()
        for _, pipe in result.nlp.components
        for node in pipe.model.walk()
        for param in node.param_names
    )
    assert [(info["step"], info["factor"]) for kind, info in events if kind == "rollback"] == [
        (4, 0.5)
    ]


def test_training_goes_back_to_the_start_before_the_first_evaluation(
    data: dict[str, str], tmp_path: Path, breaking: dict[str, Any]
) -> None:
    config = config_for(data)
    config["training"]["before_update"] = {"@callbacks": "test_resume.break.v1"}
    breaking.update(steps=[3], do=spoil_weights)
    with pytest.warns(RuntimeWarning, match=r"step 3.*step 0 again.*by 0\.5"):
        result = spanloom.train(config, tmp_path, quiet=True)
    assert result.rollbacks == 1
    # From the same weights, batches and random numbers, with half the rate all along.
    half = config_for(data)
    half["training"]["optimizer"]["learn_rate"] /= 2
    assert weights(result.nlp) == weights(spanloom.train(half, quiet=True).nlp)


@pytest.mark.lengthy
@pytest.mark.filterwarnings("ignore:The loss")
def test_training_gives_up_after_going_back_three_times(
    data: dict[str, str], tmp_path: Path, breaking: dict[str, Any]
) -> None:
    config = config_for(data)
    config["training"]["before_update"] = {"@callbacks": "test_resume.break.v1"}
    breaking.update(steps=[6] * 4, do=spoil_weights)
    with (
        pytest.warns(RuntimeWarning, match=r"by 0\.125"),
        pytest.raises(TrainingError, match="loss of 'tagger' is nan in step 6"),
    ):
        spanloom.train(config, tmp_path, quiet=True)


# -- trackers


@pytest.mark.lengthy
def test_trackers_and_loggers_cannot_stop_a_training(data: dict[str, str], tmp_path: Path) -> None:
    kinds: list[str] = []

    def broken(kind: str, info: Mapping[str, Any]) -> None:
        raise SystemExit(f"no {kind}")

    @registry.loggers("test_resume.broken.v1", overwrite=True)
    def logger() -> Any:
        def setup(*_: Any) -> Any:
            return lambda info: 1 / 0, lambda: None

        return setup

    config = config_for(data)
    config["training"]["logger"] = {"@loggers": "test_resume.broken.v1"}
    try:
        with pytest.warns(RuntimeWarning) as caught:
            result = spanloom.train(
                config,
                tmp_path,
                stdout=io.StringIO(),
                trackers=[broken, lambda kind, info: kinds.append(kind)],
            )
    finally:
        registry.loggers.remove("test_resume.broken.v1")
    assert len(result.history.evaluations) == 2
    told = ["step"] * 3 + ["checkpoint", "evaluation"]
    assert kinds == ["start", "checkpoint", *told, *told, "end"]
    messages = sorted(str(each.message) for each in caught)
    assert len(messages) == 2
    assert "tracker failed" in messages[0] and "SystemExit: no start" in messages[0]
    assert "logger failed" in messages[1] and "ZeroDivisionError" in messages[1]
