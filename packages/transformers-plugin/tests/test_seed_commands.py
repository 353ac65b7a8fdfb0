"""The guide's config excerpts and code, by the commands it names: train, package, download."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import spanloom
from spanloom.cli.main import cli

from .support import TRANSFORMER, tagged_examples

CONFIG = """
[nlp]
lang = "en"
pipeline = ["sentencizer", "transformer", "ner"]

[components]

[components.sentencizer]
factory = "sentencizer"

[components.ner]
factory = "ner"

[components.ner.model]
@architectures = "{core}.TransitionBasedParser.v1"
state_type = "ner"
extra_state_tokens = false
hidden_width = 128
maxout_pieces = 3
use_upper = false

[components.ner.model.tok2vec]
@architectures = "{plugin}.TransformerListener.v1"
{factor}

[components.ner.model.tok2vec.pooling]
@layers = "reduce_mean.v1"

[training]
max_steps = 4
eval_frequency = 2
annotating_components = ["sentencizer"]
"""

SPANS = '@span_getters = "custom_sent_spans"\nmax_length = 4'

SCHEDULE = """
[components.ner.model.tok2vec.grad_factor]
@schedules = "constant_then.v1"
rate = 0.0
steps = 99

[components.ner.model.tok2vec.grad_factor.schedule]
@schedules = "constant.v1"
rate = 1.0
"""

DATA = "Ada\tB-PER\nmoved\tO\nto\tO\nParis\tB-LOC\n.\tO\n\nShe\tO\nlikes\tO\nit\tO\n!\tO\n\n" * 8


def run(*arguments: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if result.exit_code != code:
        raise AssertionError(f"exit code {result.exit_code}: {result.output}") from result.exception
    return result.output


@pytest.fixture
def written(tmp_path: Path, code_file: Path, folder: Any) -> Any:
    """Write the files; train as the guide does. Gives the folder of the trained pipeline."""

    def make(core: str, plugin: str, factor: str = "grad_factor = 1.0") -> Path:
        (tmp_path / "train.conll").write_text(DATA, "utf8")
        text = (CONFIG + TRANSFORMER).replace("{spans}", SPANS).replace("{factor}", factor)
        config = text.format(core=core, plugin=plugin, folder=folder("bert"))
        (tmp_path / "excerpt.cfg").write_text(config, "utf8")
        code = ("--code", code_file)
        paths = [f"--paths.{part}={tmp_path / 'train.conll'}" for part in ("train", "dev")]
        if core == "spanloom":  # configs of spaCy are completed with its defaults
            told = run("train", tmp_path / "excerpt.cfg", *code, *paths, code=1)
            assert "is missing" in told and "fill-config" in told
        run("init", "fill-config", tmp_path / "excerpt.cfg", tmp_path / "config.cfg", *code)
        out = tmp_path / "out"
        told = run("train", tmp_path / "config.cfg", *code, *paths, "--output", out)
        assert "LOSS NER" in told
        return out / "model-best"

    return make


@pytest.mark.parametrize(
    ("core", "plugin"), [("spanloom", "spanloom"), ("spacy", "spacy-transformers")]
)
def test_train_with_code_of_one_s_own(core: str, plugin: str, written: Any) -> None:
    nlp = spanloom.load(written(core, plugin))
    doc = nlp("Ada moved to Paris. She likes it!")
    spans = nlp.get_pipe("transformer").predict([doc]).spans[0]
    assert [len(span) for span in spans] == [4, 1, 4]
    assert len(doc._.trf_data.pieces.lengths) == 3


def test_a_schedule_for_the_gradients_in_a_config(written: Any, folder: Any) -> None:
    nlp = spanloom.load(written("spanloom", "spanloom", SCHEDULE))
    start = spanloom.blank("en")
    start.add_pipe("transformer", config={"model": {"name": folder("bert")}})
    start.initialize()
    # The factor is 0 for all steps, so nothing was learned but by the recognizer.
    mine, theirs = nlp.get_pipe("transformer"), start.get_pipe("transformer")
    assert mine.same_weights(theirs)


def test_packaged_downloaded_and_used(
    build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANLOOM_MODELS", str(tmp_path / "models"))
    trained = build()
    trained.to_disk(tmp_path / "trained")
    told = run("package", tmp_path / "trained", tmp_path / "wheels", "--name", "en_tinier_trf")
    assert "spanloom-transformers>=" in told
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    run("download", wheel, "--to", "user")
    nlp = spanloom.load("en_tinier_trf")
    for doc, text in zip(
        nlp.pipe(["some text", "some other text"]), ["some text", "some other text"]
    ):
        tokvecs = doc._.trf_data.tensors[-1]
        np.testing.assert_allclose(tokvecs, trained(text)._.trf_data.tensors[-1], atol=1e-5)


def test_a_token_splitter_before_a_trained_transformer(build: Any, tmp_path: Path) -> None:
    nlp = build()
    text = "see https://example.com/some/very/long/path now"
    whole = max(len(nlp(text)._.trf_data.align[i]) for i in range(3))
    config = {"min_length": 20, "split_length": 5}
    nlp.add_pipe("token_splitter", config=config, first=True)
    doc = nlp(text)
    assert doc.text == text and doc.words[1:4] == ["https", "://ex", "ample"]
    assert max(doc._.trf_data.align.lengths) < whole
    nlp.to_disk(tmp_path / "split")
    assert spanloom.load(tmp_path / "split")(text).words == doc.words


def test_learn_rates_by_regular_expressions_can_be_trained_with(
    folder: Callable[[str], str], tmp_path: Path
) -> None:
    from spanloom.config import init_config
    from spanloom.corpora.writing import writer_for

    path = tmp_path / "docs.loom"
    docs = [each.reference for each in tagged_examples(spanloom.blank("en"))]
    writer_for(path)(path, docs)
    config = init_config("en", ["tagger"], transformer=folder("bert"))
    config["components"]["transformer"]["model"]["learn_rates"] = {r"layer\.1\.": 0.5, ".*": 0.07}
    config["training"].update(max_steps=1, eval_frequency=1)
    paths = {"paths.train": str(path), "paths.dev": str(path)}
    spanloom.train(config, tmp_path / "out", quiet=True, overrides=paths)
    nlp = spanloom.load(tmp_path / "out" / "model-last")
    rates = nlp.config["components"]["transformer"]["model"]["learn_rates"]
    assert rates == {r"layer\.1\.": 0.5, ".*": 0.07}
