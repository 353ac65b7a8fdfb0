"""The command ``benchmark speed``."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

import spanloom
from spanloom.cli.main import cli


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["benchmark", "speed", *map(str, arguments)])


def test_speed_is_measured(tmp_path: Path) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "model")
    source = tmp_path / "texts.jsonl"
    texts = [f"Text number {i}. It has two sentences." for i in range(25)]
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf8")
    result = json.loads(run(tmp_path / "model", source, "--rounds", "2", "--json").output)
    assert result["docs"] == 25 and result["words"] == 25 * 9
    for name in ("tokenizer", "pipeline"):
        speeds = result[name]
        assert 0 < speeds["slowest"] <= speeds["median"] <= speeds["fastest"]
    assert "words per second" in run(tmp_path / "model", source, "--limit", "3").output


def test_a_source_without_texts_is_refused(tmp_path: Path) -> None:
    spanloom.blank("en").to_disk(tmp_path / "model")
    (tmp_path / "none.jsonl").write_text("")
    result = run(tmp_path / "model", tmp_path / "none.jsonl")
    assert result.exit_code == 1 and "contains no texts" in result.stderr
