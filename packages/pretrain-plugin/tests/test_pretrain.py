"""Runs: they learn, save, stop, and go on as if they had never stopped."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import spanloom
from spanloom.cli.main import cli
from spanloom.components.tok2vec import Tok2Vec
from spanloom.config import Config
from spanloom.errors import (
    ConfigError,
    MissingFileError,
    PipelineError,
    SerializationError,
    SpanloomError,
    TrainingError,
)
from spanloom.training import StepResult
from spanloom.training.checkpoint import Checkpoint, find_checkpoint
from spanloom_pretrain import ClozeTask, PretrainCharacters, pretrain, pretrain_steps, read_settings
from spanloom_pretrain.report import loss_rows
from spanloom_pretrain.weights import find_encoder, weights_hash

MakeConfig = Callable[..., Config]


def _steps(config: Config) -> tuple[spanloom.Pipeline, list[StepResult]]:
    nlp = spanloom.Pipeline.from_config(config)
    return nlp, list(pretrain_steps(nlp, read_settings(config.interpolate())))


@pytest.mark.lengthy
def test_steps_come_from_a_generator_and_the_loss_falls(make_config: MakeConfig) -> None:
    _, steps = _steps(make_config(pretraining__max_epochs=6))
    measured = [step.scores["held_out"] for step in steps if step.scores is not None]
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert measured[-1] < 0.8 * measured[0]
    assert steps[-1].evaluated
    assert steps[-1].score == -measured[-1]
    assert steps[-1].words == 6 * (steps[-1].words // 6)
    assert [step.epoch for step in steps if step.epoch_ended] == list(range(6))


def test_equal_seeds_give_equal_weights_and_others_do_not(make_config: MakeConfig) -> None:
    hashes = []
    for seed in (1, 1, 2):
        nlp, _ = _steps(make_config(pretraining__max_steps=3, pretraining__seed=seed))
        hashes.append(weights_hash(find_encoder(nlp, "tok2vec")))
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.lengthy
def test_a_run_saves_weights_log_and_state(make_config: MakeConfig, tmp_path: Path) -> None:
    shown = io.StringIO()
    result = pretrain(make_config(pretraining__n_save_every=5), tmp_path / "out", stdout=shown)
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files == {
        "checkpoints", "config.cfg", "log.jsonl", "model-best.bin", "model-last.bin",
        "model0.temp.bin", "model1.temp.bin",
    }  # fmt: skip
    rows = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").open()]
    assert rows == loss_rows(result.history)
    assert {"epoch", "step", "words", "seconds", "loss", "held_out", "is_best"} == rows[0].keys()
    title, _, *lines = shown.getvalue().splitlines()
    assert title.split() == ["E", "#", "WORDS", "WORDS/S", "LOSS", "HELD-OUT", "LEFT"]
    assert len(lines) == len(rows)
    assert "0:00:00" in lines[-1]


def test_many_short_epochs_do_not_fill_the_disk(make_config: MakeConfig, tmp_path: Path) -> None:
    for number, (every, kept) in enumerate(((None, []), (1, [0, 1, 2, 3]), (2, [0, 2]))):
        out = tmp_path / str(number)
        config = make_config(pretraining__max_epochs=4, pretraining__n_save_epoch=every)
        pretrain(config, out, quiet=True)
        names = {"model-best.bin", "model-last.bin", *(f"model{epoch}.bin" for epoch in kept)}
        assert {path.name for path in out.glob("*.bin")} == names


@pytest.mark.parametrize("text", ["", "\n", '{"text": "too short"}\n', "{"])
def test_a_run_that_fails_at_once_leaves_nothing(
    make_config: MakeConfig, tmp_path: Path, text: str
) -> None:
    raw = tmp_path / "raw.jsonl"
    raw.write_text(text)
    with pytest.raises(SpanloomError):
        pretrain(make_config(paths__raw=str(raw)), tmp_path / "out", quiet=True)
    assert not (tmp_path / "out").exists()


@pytest.mark.lengthy
def test_what_a_killed_run_left_half_written_is_removed(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    pretrain(make_config(pretraining__max_steps=2), tmp_path, quiet=True)
    for name in ("model-best.bin", "model7.bin", "log.jsonl", "checkpoints/step-00000001"):
        path = tmp_path / name
        path.with_name(f".{path.name}.0123abcd").write_bytes(b"x")
    (tmp_path / ".notes.0123abcd").write_text("mine")
    pretrain(make_config(pretraining__max_steps=4), tmp_path, quiet=True, resume=True)
    hidden = [path.name for path in tmp_path.rglob(".*")]
    assert hidden == [".notes.0123abcd"]


@pytest.mark.lengthy
def test_training_starts_from_the_weights(make_config: MakeConfig, tmp_path: Path) -> None:
    config = make_config()
    result = pretrain(config, tmp_path / "out", quiet=True)
    assert result.best is not None
    config["paths"]["init_tok2vec"] = str(result.best)
    nlp = spanloom.Pipeline.from_config(config)
    doc = spanloom.Doc(nlp.vocab, words=["She", "ran"], tags=["PRP", "VBD"])
    nlp.initialize(lambda: [spanloom.Example(doc.copy(), doc)])
    assert nlp.meta["pretrained"]["hash"] == weights_hash(find_encoder(nlp, "tok2vec"))
    assert nlp.meta["pretrained"]["source"] == "model-best.bin"
    # The last weights are averaged as well, and those in memory aren't.
    assert nlp.meta["pretrained"]["hash"] != weights_hash(find_encoder(result.nlp, "tok2vec"))


SCHEDULE = {"@schedules": "compounding.v1", "start": 0.001, "stop": 0.01, "compound": 1.1}


@pytest.mark.lengthy
def test_resume_gives_bit_identical_weights_at_any_step(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(pretraining__optimizer__learn_rate=SCHEDULE, pretraining__n_save_epoch=1)
    whole = pretrain(config, tmp_path / "whole", quiet=True)
    parts = tmp_path / "parts"
    stops = [1, 4, 5, whole.progress.step // 2, whole.progress.step - 2]
    for number, stop in enumerate([*stops, 0]):
        result = pretrain(
            config, parts, overrides={"pretraining.max_steps": stop}, resume=number > 0, quiet=True
        )
        assert result.progress.step == (stop or whole.progress.step)
    for name in ("model0.bin", "model1.bin", "model-last.bin"):
        assert (parts / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert weights_hash(result.task.model) == weights_hash(whole.task.model)


def test_weights_do_not_depend_on_what_was_read_before(make_config: MakeConfig) -> None:
    config = make_config(pretraining__max_steps=3)
    fresh, _ = _steps(config)
    used = spanloom.Pipeline.from_config(config)
    used.make_doc("Nobody forgot the loom before, and seven boats were painted by her sister.")
    list(pretrain_steps(used, read_settings(config.interpolate())))
    hashes = {weights_hash(find_encoder(nlp, "tok2vec")) for nlp in (fresh, used)}
    assert len(hashes) == 1


@pytest.mark.lengthy
def test_a_finished_run_does_not_go_on(make_config: MakeConfig, tmp_path: Path) -> None:
    first = pretrain(make_config(), tmp_path / "out", quiet=True)
    again = pretrain(make_config(), tmp_path / "out", resume=True, quiet=True)
    assert again.progress.step == first.progress.step
    assert weights_hash(again.task.model) == weights_hash(first.task.model)


def test_a_run_with_other_settings_is_not_taken_up(make_config: MakeConfig, tmp_path: Path) -> None:
    pretrain(make_config(), tmp_path / "out", quiet=True)
    with pytest.raises(TrainingError, match="already holds a run"):
        pretrain(make_config(), tmp_path / "out", quiet=True)
    other = make_config(pretraining__dropout=0.5)
    with pytest.raises(TrainingError, match=r"pretraining\.dropout is 0\.5, but was 0\.0"):
        pretrain(other, tmp_path / "out", resume=True, quiet=True)
    others = {
        "nlp__lang": "de",
        "corpora__pretrain__max_length": 9,
        "initialize__vectors": "other.vec",
    }
    for key, value in others.items():
        other = make_config(**{key: value})
        with pytest.raises(TrainingError, match=key.replace("__", r"\.")):
            pretrain(other, tmp_path / "out", resume=True, quiet=True)
    with pytest.raises(MissingFileError, match="checkpoint"):
        pretrain(make_config(), tmp_path / "none", resume=True, quiet=True)
    with pytest.raises(TrainingError, match="output folder"):
        pretrain(make_config(), resume=True, quiet=True)


def _command(config: Config, folder: Path, *more: str) -> list[str]:
    config.to_disk(folder / "config.cfg", interpolate=False)
    start = [sys.executable, "-m", "spanloom", "pretrain"]
    return [*start, str(folder / "config.cfg"), str(folder / "out"), *more]


@pytest.mark.lengthy
def test_the_command_says_what_it_saved_and_how_to_go_on(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    command = _command(make_config(), tmp_path)[3:]
    told = CliRunner().invoke(cli, [*command, "--pretraining.max_steps", "4"])
    best = tmp_path / "out" / "model-best.bin"
    assert told.exit_code == 0 and best.is_file() and f"--paths.init_tok2vec {best}" in told.output
    picture = tmp_path / "out" / "curve.png"
    if importlib.util.find_spec("matplotlib"):
        assert picture.read_bytes().startswith(b"\x89PNG") and str(picture) in told.output
    again = CliRunner().invoke(cli, command)
    assert again.exit_code == 1 and "continue it with --resume" in again.output


@pytest.mark.lengthy
def test_a_signal_stops_after_a_step_and_the_run_goes_on(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(pretraining__max_epochs=100000, pretraining__dropout=0.2)
    command = _command(config, tmp_path)
    for signum, more in ((signal.SIGINT, ()), (signal.SIGTERM, ("--resume",))):
        with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if "---" in line:  # the title has come: so has the first evaluation
                    process.send_signal(signum)
                    break
            assert "Stopped before the end. Continue with:" in process.stdout.read()
        assert process.returncode == 0
    out = tmp_path / "out"
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")
    found = find_checkpoint(out)
    assert found is not None
    stopped_after = Checkpoint.read(found).progress.step
    overrides = {"pretraining.max_epochs": 0, "pretraining.max_steps": stopped_after + 3}
    resumed = pretrain(config, out, overrides=overrides, resume=True, quiet=True)
    whole = pretrain(config, tmp_path / "whole", overrides=overrides, quiet=True)
    for name in ("model-best.bin", "model-last.bin"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    rows = [
        [{**json.loads(line), "seconds": 0} for line in (folder / "log.jsonl").open()]
        for folder in (out, tmp_path / "whole")
    ]
    assert rows[0] == rows[1]
    assert weights_hash(resumed.task.model) == weights_hash(whole.task.model)


def test_text_that_is_not_what_it_was_is_refused(
    make_config: MakeConfig, tmp_path: Path, raw: Path
) -> None:
    config = make_config(pretraining__max_steps=3)
    pretrain(config, tmp_path / "out", quiet=True)
    text = raw.read_text("utf8")
    other = tmp_path / "other.jsonl"
    other.write_text(text, "utf8")
    limit = {"pretraining.max_steps": 4, "paths.raw": str(other)}
    pretrain(config, tmp_path / "out", overrides=limit, resume=True, quiet=True)  # it moved
    other.write_text(text.replace("the", "the very"), "utf8")
    limit["pretraining.max_steps"] = 5
    with pytest.raises(TrainingError, match="text has changed"):
        pretrain(config, tmp_path / "out", overrides=limit, resume=True, quiet=True)


@pytest.mark.lengthy
def test_a_killed_run_goes_on_from_its_last_checkpoint(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(pretraining__max_epochs=100000, pretraining__n_save_every=1)
    process = subprocess.Popen(_command(config, tmp_path, "--quiet"))
    out = tmp_path / "out"
    deadline = time.monotonic() + 60
    while find_checkpoint(out) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    found = find_checkpoint(out)
    assert found is not None
    killed_after = Checkpoint.read(found).progress.step
    limits = {"pretraining.max_epochs": 0, "pretraining.max_steps": killed_after + 3}
    overrides: dict[str, Any] = {**limits, "pretraining.n_save_every": None}
    resumed = pretrain(config, out, overrides=overrides, resume=True, quiet=True)
    whole = pretrain(config, overrides=overrides, quiet=True)
    assert resumed.progress.step == whole.progress.step == killed_after + 3
    assert weights_hash(resumed.task.model) == weights_hash(whole.task.model)


def test_patience_ends_a_run_that_gets_no_better(make_config: MakeConfig) -> None:
    config = make_config(
        pretraining__max_epochs=0, pretraining__patience=8, pretraining__optimizer__learn_rate=1.0
    )
    result = pretrain(config, quiet=True)
    assert result.progress.step - result.progress.best_step == 8


@pytest.mark.lengthy
def test_the_layer_of_a_component_without_shared_encoder(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(pretraining__component="tagger", pretraining__layer="tok2vec")
    config["nlp"]["pipeline"] = ["tagger"]
    config["components"]["tagger"]["model"]["tok2vec"] = config["components"].pop("tok2vec")[
        "model"
    ]
    model = config["components"]["tagger"]["model"]["tok2vec"]
    model["embed"]["width"] = model["encode"]["width"]
    result = pretrain(config, tmp_path / "out", quiet=True)
    config["paths"]["init_tok2vec"] = str(result.last)
    nlp = spanloom.Pipeline.from_config(config)
    doc = spanloom.Doc(nlp.vocab, words=["She", "ran"], tags=["PRP", "VBD"])
    nlp.initialize(lambda: [spanloom.Example(doc.copy(), doc)])
    assert nlp.meta["pretrained"]["target"] == "tagger.tok2vec"


ENCODERS: dict[str, dict[str, Any]] = {
    "hashes": {
        "@architectures": "spanloom.HashEmbedCNN.v2",
        "width": 16, "depth": 1, "embed_size": 100, "window_size": 1, "maxout_pieces": 2,
        "subword_features": True, "pretrained_vectors": None,
    },
    "characters, mish": {
        "@architectures": "spanloom.Tok2Vec.v2",
        "embed": {
            "@architectures": "spanloom.CharacterEmbed.v2",
            "width": 16, "rows": 100, "nM": 8, "nC": 4, "include_static_vectors": False,
            "feature": "LOWER",
        },
        "encode": {
            "@architectures": "spanloom.MishWindowEncoder.v2",
            "width": 16, "window_size": 1, "depth": 1,
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", ENCODERS)
def test_any_encoder_is_pretrained_and_loaded(
    kind: str, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(pretraining__max_steps=3)
    config["components"]["tok2vec"]["model"] = ENCODERS[kind]
    config["components"]["tagger"]["model"]["tok2vec"]["width"] = 16
    result = pretrain(config, tmp_path / "out", quiet=True)
    config["paths"]["init_tok2vec"] = str(result.last)
    nlp = spanloom.Pipeline.from_config(config)
    doc = spanloom.Doc(nlp.vocab, words=["She", "ran"], tags=["PRP", "VBD"])
    nlp.initialize(lambda: [spanloom.Example(doc.copy(), doc)])
    assert nlp.meta["pretrained"]["hash"] == weights_hash(find_encoder(nlp, "tok2vec"))
    config["components"]["tok2vec"]["model"] = make_config()["components"]["tok2vec"]["model"]
    config["components"]["tagger"]["model"]["tok2vec"]["width"] = 32
    other = spanloom.Pipeline.from_config(config)
    doc = spanloom.Doc(other.vocab, words=["She", "ran"], tags=["PRP", "VBD"])
    with pytest.raises(SerializationError, match="when pretrained"):
        other.initialize(lambda: [spanloom.Example(doc.copy(), doc)])


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"pretraining__component": "ner"}, PipelineError, "'tok2vec', 'tagger'"),
        ({"pretraining__layer": "tok"}, PipelineError, "'embed', 'encode'"),
        ({"pretraining__component": "tagger"}, PipelineError, "can't pretrain 'tagger'"),
        ({"pretraining__dropout": 1.5}, ConfigError, "must be in"),
        ({"pretraining__corpus": "corpora.raw"}, ConfigError, "corpora.raw"),
        ({"paths__raw": None}, MissingFileError, "--paths.raw"),
        ({"paths__raw": "no/such.jsonl"}, MissingFileError, "no/such.jsonl"),
        ({"corpora__pretrain__min_length": 1000}, TrainingError, "min_length"),
        ({"pretraining__objective__n_characters": 0}, ConfigError, "can't be"),
    ],
)
def test_mistakes_are_named(
    make_config: MakeConfig, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        pretrain(make_config(**settings), quiet=True)


class Taught(Tok2Vec):
    """A shared layer that is pretrained by one byte of each end of words, whatever the config."""

    def pretraining_task(self, nlp: spanloom.Pipeline) -> ClozeTask:
        self.model.initialize(X=[nlp.make_doc("a text")])
        task = PretrainCharacters(hidden_size=8, n_characters=1)(nlp.vocab, self.model)
        assert isinstance(task, ClozeTask)
        return task


@spanloom.registry.factories("test_taught")
def make_taught(nlp: spanloom.Pipeline, name: str, model: Any) -> Taught:
    return Taught(nlp.vocab, model, name)


def test_a_component_brings_a_task_of_its_own(make_config: MakeConfig) -> None:
    config = make_config(pretraining__max_steps=2, components__tok2vec__factory="test_taught")
    result = pretrain(config, quiet=True)
    assert result.task.model.layers[2].get_dim("nO") == 2 * 256
    config["pretraining"]["layer"] = "encode"
    with pytest.raises(PipelineError, match="as a whole"):
        pretrain(config, quiet=True)


def test_an_encoder_that_is_not_installed_is_named(make_config: MakeConfig) -> None:
    config = make_config()
    config["components"]["tok2vec"] = {"factory": "transformer"}
    if spanloom.registry.has("factories", "transformer"):
        pytest.skip("spanloom-transformers is installed")
    with pytest.raises(ConfigError, match="pip install spanloom-transformers"):
        pretrain(config, quiet=True)
