"""The commands init, train, evaluate and info, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import spanloom
from spanloom import registry
from spanloom.config import check_config, fill_config, load_config
from spanloom.errors import MissingFileError

from .support import config_for, run


@pytest.fixture
def trees(data: dict[str, str]) -> Path:
    return Path(data["paths.dev"])


@pytest.mark.lengthy
def test_from_config_to_scores(tmp_path: Path, trees: Path) -> None:
    config, out = tmp_path / "my.cfg", tmp_path / "out"
    made = run("init", "config", config, "--pipeline", "tagger,morphologizer,senter")
    assert "tok2vec, tagger, morphologizer, senter" in made.output
    short = ["--training.max_steps", "4", "--training.eval_frequency=2"]
    small = ["--components.tok2vec.model.encode.width", "16"]
    paths = ["--paths.train", trees, "--paths.dev", trees]
    trained = run("train", config, "--output", out, *paths, *short, *small)
    assert "TAG_ACC" in trained.output and "Best score" in trained.output
    scored = run(
        "evaluate", out / "model-best", trees, "--output", tmp_path / "s.json", "--per-type"
    )
    assert "Sentences, F1" in scored.output and "morph_per_feat" in scored.output
    assert json.loads((tmp_path / "s.json").read_text())["token_f"] == 1.0
    gold = run("evaluate", out / "model-best", trees, "--gold-preproc", "--limit", "1")
    assert "TAG" in gold.output
    told = run("info", out / "model-best")
    assert "tagger (4)" in told.output and "tag_acc" in told.output


def test_new_config_is_complete_and_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.cfg"
    run("init", "config", path, "--lang", "sw", "--optimize", "accuracy")
    config = load_config(path)
    check_config(config)
    assert fill_config(config) == config and config["nlp"]["lang"] == "sw"
    before = path.read_text()
    assert "--force" in run("init", "config", path, code=1).output
    assert path.read_text() == before
    run("init", "config", path, "--force", "--pipeline", "tagger")
    assert path.read_text() != before
    assert run("init", "config", "-").output.startswith("[paths]")


def test_fill_config(tmp_path: Path) -> None:
    path, out = tmp_path / "a.cfg", tmp_path / "b.cfg"
    path.write_text(
        '[nlp]\nlang = "en"\npipeline = ["tagger"]\n[components.tagger]\nfactory = "tagger"\n'
    )
    diff = run("init", "fill-config", path, out, "--diff")
    assert "+max_steps = 20000" in diff.output
    assert load_config(out) == fill_config(load_config(path))
    assert run("init", "fill-config", path).output == out.read_text()
    assert "Nothing is missing" in run("init", "fill-config", out, "--diff").output


def test_a_wrong_config_is_reported_and_nothing_is_written(tmp_path: Path) -> None:
    path, out = tmp_path / "a.cfg", tmp_path / "b.cfg"
    path.write_text('[nlp]\nlang = "en"\npipelin = []\n[trainin]\n')
    result = run("init", "fill-config", path, out, code=1)
    assert "2 problems" in result.output and "line 3, nlp.pipelin" in result.output
    assert "Traceback" not in result.output
    assert not out.exists()


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "none.cfg"], "spanloom init config"),
        (["train", "CONFIG", "--paths.train", "none.loom", "--paths.dev", "TREES"], "none.loom"),
        (["train", "CONFIG"], "--paths.train"),
        (["train", "CONFIG", "--training.max_step", "3"], "did you mean 'max_steps'"),
        (["train", "CONFIG", "--ouput", "x"], "--ouput: isn't an option"),
        (["train", "CONFIG", "--code", "none.py"], "none.py"),
        (["evaluate", "none", "TREES"], "none"),
        (["evaluate", "none", "none.loom"], "none.loom"),
        (["init", "config", "-", "--pipeline", "taggr"], "did you mean 'tagger'"),
        (["info", "none"], "no saved pipeline"),
    ],
)
def test_what_goes_wrong_is_told_without_a_traceback(
    tmp_path: Path, trees: Path, arguments: list[str], message: str
) -> None:
    config = tmp_path / "a.cfg"
    run("init", "config", config, "--pipeline", "tagger")
    names = {"CONFIG": str(config), "TREES": str(trees)}
    result = run(*[names.get(argument, argument) for argument in arguments], code=1)
    assert message in result.output
    assert result.output.startswith("Error: ") and "Traceback" not in result.output


def test_code_registers_names_for_a_config(tmp_path: Path, trees: Path) -> None:
    code, config = tmp_path / "code.py", tmp_path / "a.cfg"
    code.write_text(
        "from spanloom import registry\n"
        "@registry.schedules('test_cli.rate.v1')\n"
        "def rate(start: float):\n"
        "    while True:\n"
        "        yield start\n"
    )
    config.write_text(
        '[nlp]\nlang = "en"\npipeline = ["tagger"]\n[components.tagger]\nfactory = "tagger"\n'
        '[training.optimizer.learn_rate]\n@schedules = "test_cli.rate.v1"\nstart = 0.01\n'
        '[training.optimizer]\n@optimizers = "Adam.v1"\n'
    )
    filled = tmp_path / "b.cfg"
    assert "--code" in run("init", "fill-config", config, filled, code=1).output
    run("init", "fill-config", config, filled, "--code", code)
    paths = ["--paths.train", trees, "--paths.dev", trees, "--training.max_steps", "2"]
    result = run("train", filled, "--code", code, *paths, "--quiet")
    assert "Nothing was saved" in result.output


def test_info_lists_versions() -> None:
    assert json.loads(run("info", "--json").output)["thinc"]


@pytest.mark.parametrize(
    ("arguments", "told", "not_meant"),
    [
        (["evaluate", "nothing", "nofile"], "no annotated data at 'nofile'", "--paths"),
        (["info", "nosuch", "--graph"], "no saved pipeline, and no config, at 'nosuch'", "init"),
        (["info", "nosuch"], "no saved pipeline at 'nosuch'", "init"),
        (["train", "nosuch.cfg"], "no config file at 'nosuch.cfg'", "--paths"),
    ],
)
def test_messages_name_what_was_given(arguments: list[str], told: str, not_meant: str) -> None:
    said = run(*arguments, code=1).output
    assert told in said and not_meant not in said.replace("init config", "")


def test_a_corpus_that_python_names_is_not_sought_among_options(data: dict[str, str]) -> None:
    config = config_for(data)
    with pytest.raises(MissingFileError, match="no dev corpus at 'nofile'") as caught:
        spanloom.train(config, quiet=True, train=data["paths.train"], dev="nofile")
    assert "--paths" not in str(caught.value)


@pytest.mark.skipif("curve" in registry.renderers, reason="spanloom-display is here")
def test_a_curve_that_cannot_be_drawn_is_told_before_training(
    data: dict[str, str], tmp_path: Path
) -> None:
    config_for(data).to_disk(tmp_path / "c.cfg")
    out = tmp_path / "out"
    told = run("train", tmp_path / "c.cfg", "-o", out, "--plot", tmp_path / "x.png", code=1)
    assert "pip install spanloom-display" in told.output and not out.exists()
