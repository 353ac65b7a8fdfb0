"""Loggers for Weights & Biases and MLflow, without a network, and copies of a base pipeline."""

from __future__ import annotations

import json

import pytest

import spanloom
from spanloom import Doc, registry, train
from spanloom.errors import ConfigError, DataError, FormatError, SpanloomError
from spanloom.tokens.storage.docfile import write_docs
from spanloom_spacy.trackers import mlflow_logger, wandb_logger

CONFIG = """
[paths]
data = "{data}"
secret = "hidden"

[nlp]
lang = "en"
pipeline = ["tagger"]

[components.tagger]
factory = "tagger"

[components.tagger.model]
@architectures = "spacy.Tagger.v2"

[components.tagger.model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
width = 8
depth = 1
embed_size = 50
window_size = 1
maxout_pieces = 2
subword_features = true
pretrained_vectors = null

[corpora.train]
@readers = "spacy.Corpus.v1"
path = ${{paths.data}}

[corpora.dev]
@readers = "spacy.Corpus.v1"
path = ${{paths.data}}

[training]
max_steps = 4
eval_frequency = 2

[training.score_weights]
tag_acc = 1.0
"""


@pytest.fixture
def config(tmp_path):
    nlp = spanloom.blank("en")
    doc = Doc(nlp.vocab, words=["a", "dog"], tags=["$", "NN"])
    write_docs(tmp_path / "a.loom", [doc] * 3)
    text = CONFIG.format(data=tmp_path / "a.loom")
    return spanloom.config.parse_config(text)


def run(config, tmp_path, logger) -> None:
    import io

    config["training"]["logger"] = logger
    train(config, output=tmp_path / "out", stdout=io.StringIO())


def test_a_run_in_mlflow(config, tmp_path, monkeypatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "runs").as_uri())
    chain = {
        "@loggers": "spacy.ChainLogger.v1",
        "logger1": {"@loggers": "spacy.ConsoleLogger.v1"},
        "logger2": {
            "@loggers": "spacy.MLflowLogger.v2",
            "run_name": "first",
            "remove_config_values": ["paths.secret"],
            "log_custom_stats": ["^words$"],
        },
    }
    run(config, tmp_path, chain)
    assert mlflow.active_run() is None
    client = mlflow.MlflowClient()
    (found,) = client.search_runs(["0"])
    assert found.info.run_name == "first"
    assert found.info.status == "FINISHED"
    assert found.data.params["training.max_steps"] == "4"
    assert "paths.secret" not in found.data.params
    assert {"score", "loss_tagger", "tag_acc", "words"} <= {*found.data.metrics}
    assert [m.step for m in client.get_metric_history(found.info.run_id, "score")] == [2, 4]
    kept = {each.path for each in client.list_artifacts(found.info.run_id, "model_best")}
    assert "model_best/config.cfg" in kept


def test_a_run_in_wandb(config, tmp_path, monkeypatch) -> None:
    wandb = pytest.importorskip("wandb")
    for name, value in (("MODE", "offline"), ("DIR", str(tmp_path)), ("SILENT", "true")):
        monkeypatch.setenv(f"WANDB_{name}", value)
    for place in ("CACHE_DIR", "DATA_DIR", "CONFIG_DIR"):
        monkeypatch.setenv(f"WANDB_{place}", str(tmp_path / place))
    told, kept, configs = [], [], []

    def watched(start):
        def init(**settings):
            configs.append(settings["config"])
            made = start(**settings)
            log, log_artifact = made.log, made.log_artifact

            def seen(data, step=None):
                told.append((step, sorted(data)))
                return log(data, step=step)

            def keep(artifact, aliases):
                kept.append((artifact.type, "best" in aliases, len(artifact.manifest.entries) > 3))
                return log_artifact(artifact, aliases=aliases)

            made.log, made.log_artifact = seen, keep
            return made

        return init

    monkeypatch.setattr(wandb, "init", watched(wandb.init))
    logger = {
        "@loggers": "spacy.WandbLogger.v3",
        "project_name": "weave",
        "remove_config_values": ["paths.secret"],
        "model_log_interval": 2,
    }
    run(config, tmp_path, logger)
    assert wandb.run is None
    assert [step for step, _ in told] == [2, 4]
    assert {"score", "loss_tagger", "tag_acc"} <= {*told[0][1]}
    assert kept[0] == ("checkpoint", True, True)
    assert "secret" not in configs[0]["paths"]
    assert configs[0]["training"]["max_steps"] == 4
    assert [*tmp_path.glob("wandb/offline-run-*/*.wandb")]


@pytest.mark.parametrize("make", [mlflow_logger, lambda: wandb_logger("weave")])
def test_without_the_library_it_is_told_before_training(make, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(SpanloomError, match="spanloom-spacy\\[loggers\\]"):
        make()


def test_what_is_to_stay_at_home_has_to_be_there(monkeypatch) -> None:
    pytest.importorskip("mlflow")
    nlp = spanloom.blank("en")
    with pytest.raises(ConfigError, match=r"no 'paths\.secrets'"):
        mlflow_logger(remove_config_values=["paths.secrets"])(nlp, None, None)
    with pytest.raises(ConfigError, match="no regular expression"):
        mlflow_logger(log_custom_stats=["["])


def test_rules_and_vocab_of_a_base_pipeline_are_copied(tmp_path) -> None:
    base = spanloom.blank("en")
    base.tokenizer.add_special_case("gimme", [{"ORTH": "gim"}, {"ORTH": "me"}])
    base.vocab.strings.add("weft-label")
    base.vocab["warp"].is_stop = True
    base.to_disk(tmp_path / "base")
    nlp = spanloom.blank("en")
    nlp.make_doc("warp")
    name = str(tmp_path / "base")
    block = {"@callbacks": "spacy.copy_from_base_model.v1", "tokenizer": name, "vocab": name}
    registry.resolve({"it": block})["it"](nlp)
    doc = nlp.make_doc("gimme warp")
    assert doc.words == ["gim", "me", "warp"]
    assert doc[2].is_stop
    assert "weft-label" in nlp.vocab.strings


def test_data_by_srslys_readers(tmp_path) -> None:
    path = tmp_path / "patterns.jsonl"
    path.write_text('{"label": "GPE", "pattern": "New York"}\n\n{"label": "X", "pattern": "y"}\n')
    block = {"@readers": "srsly.read_jsonl.v1", "path": str(path)}
    assert [each["label"] for each in registry.resolve({"it": block})["it"]] == ["GPE", "X"]
    path.write_text('{"label": 1}\nno\n')
    with pytest.raises(FormatError, match="line 2"):
        registry.resolve({"it": block})
    assert registry.resolve({"it": {**block, "skip": True}})["it"] == [{"label": 1}]
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps(["A", "B"]))
    block = {"@readers": "srsly.read_json.v1", "path": str(labels)}
    assert registry.resolve({"it": block})["it"] == ["A", "B"]
    labels.write_text("[1")
    with pytest.raises(DataError, match="isn't JSON"):
        registry.resolve({"it": block})
