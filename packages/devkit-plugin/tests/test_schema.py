"""The command ``debug schema``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from spanloom.cli.main import cli
from spanloom.config import init_config
from spanloom_devkit.schema import config_schema


@pytest.mark.lengthy
def test_the_schema_takes_right_configs_and_no_others(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    made = CliRunner().invoke(cli, ["debug", "schema", str(tmp_path / "schema.json")])
    assert made.exit_code == 0, made.output
    schema = json.loads((tmp_path / "schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    config = init_config("en", ["tagger", "morphologizer", "senter"])
    config["paths"].update(train="train.spacy", dev="dev.spacy")
    for right in (config, config.interpolate()):
        assert list(check.iter_errors(json.loads(json.dumps(right)))) == []
    for path, value in [
        ("training.dropout", "0.1"),
        ("training.dropuot", 0.1),
        ("trainng.x", 1),
        ("components.tagger.factory", "taggre"),
        ("components.tagger.modell", {}),
        ("training.optimizer.@optimizers", "Adm.v1"),
        ("training.batcher.tolerance", []),
        ("training.batcher.nothing", 1),
    ]:
        wrong = json.loads(json.dumps(config))
        *parents, key = path.split(".")
        node = wrong
        for part in parents:
            node = node.setdefault(part, {})
        node[key] = value
        assert not check.is_valid(wrong), path


def test_the_schema_knows_each_component_and_function() -> None:
    schema = config_schema()
    assert "tagger" in schema["$defs"]["component"]["properties"]["factory"]["enum"]
    assert (
        "spanloom.Tok2Vec.v2"
        in (schema["$defs"]["architectures"]["properties"]["@architectures"]["enum"])
    )
    assert {"training", "nlp", "components", "corpora"} <= schema["properties"].keys()
