"""Pictures of pipelines: who listens to whom, as SVG and for Graphviz."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import spanloom
from spanloom import Pipeline
from spanloom.cli import cli
from spanloom.config import Config
from spanloom.errors import PipelineError
from spanloom_display import save_graph


def encoder(width: int) -> dict[str, Any]:
    model = {"@architectures": "spanloom.HashEmbedCNN.v2", "width": width, "depth": 1}
    return {"factory": "tok2vec", "model": {**model, "embed_size": 50}}


def tagger(upstream: str, width: int) -> dict[str, Any]:
    block = {"@architectures": "spanloom.Tok2VecListener.v1", "width": width, "upstream": upstream}
    model = {"@architectures": "spanloom.Tagger.v2", "tok2vec": block}
    return {"factory": "tagger", "model": model}


#: Two encoders of different widths, each with two heads.
COMPONENTS = {
    "narrow": encoder(8),
    "wide": encoder(12),
    "n1": tagger("narrow", 8),
    "w1": tagger("wide", 12),
    "n2": tagger("narrow", 8),
    "w2": tagger("wide", 12),
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    whole = {"nlp": {"lang": "en", "pipeline": list(COMPONENTS)}, "components": COMPONENTS}
    path = tmp_path / "config.cfg"
    path.write_text(Config(whole).to_str(), "utf-8")
    return path


def test_info_draws_the_graph(config: Path, tmp_path: Path) -> None:
    for suffix in ("svg", "dot", "txt"):
        target = str(tmp_path / f"graph.{suffix}")
        result = CliRunner().invoke(cli, ["info", str(config), "--graph", target])
        assert result.exit_code == 0 and target in result.output, result.output
    text = (tmp_path / "graph.dot").read_text("utf-8")
    assert '"narrow" -> "n1";' in text and '"wide" -> "n1";' not in text
    root = ElementTree.fromstring((tmp_path / "graph.svg").read_text("utf-8"))
    tag = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{tag}rect")) == 6 and len(root.findall(f"{tag}path")) == 8
    assert "n1, n2" in (tmp_path / "graph.txt").read_text("utf-8")


def test_what_is_off_is_dashed(config: Path, tmp_path: Path) -> None:
    nlp = Pipeline.from_config(spanloom.config.load_config(config))
    save_graph(nlp, tmp_path / "on.svg")
    assert "stroke-dasharray" not in (tmp_path / "on.svg").read_text("utf-8")
    with nlp.select_pipes(disable=["w1"]):
        save_graph(nlp, tmp_path / "off.svg")
    assert (tmp_path / "off.svg").read_text("utf-8").count("stroke-dasharray") == 1


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"\.svg, \.dot or \.txt"):
        save_graph(spanloom.blank("en"), tmp_path / "graph.png")
