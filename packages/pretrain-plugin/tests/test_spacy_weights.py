"""Weights of ``spacy pretrain`` do the same here. Nothing runs where spaCy isn't installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom.config import Config, fill_config
from spanloom_pretrain.weights import find_encoder

spacy = pytest.importorskip("spacy")

TEXTS = [
    "The weaver mended 2 red looms, and Ünïcode wörds weren't counted.",
    "Nobody saw the boats on the river again!",
]


def _encoder(library: str) -> dict[str, Any]:
    return {
        "@architectures": f"{library}.Tok2Vec.v2",
        "embed": {
            "@architectures": f"{library}.MultiHashEmbed.v2",
            "width": 24,
            "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
            "rows": [300, 100, 100, 100],
            "include_static_vectors": False,
        },
        "encode": {
            "@architectures": f"{library}.MaxoutWindowEncoder.v2",
            "width": 24,
            "depth": 2,
            "window_size": 1,
            "maxout_pieces": 3,
        },
    }


def _config(library: str, raw: Path) -> dict[str, Any]:
    return {
        "nlp": {"lang": "en", "pipeline": ["tok2vec"]},
        "components": {"tok2vec": {"factory": "tok2vec", "model": _encoder(library)}},
        "corpora": {
            "pretrain": {
                "@readers": f"{library}.JsonlCorpus.v1",
                "path": str(raw),
                "min_length": 3,
                "max_length": 500,
                "limit": 0,
            }
        },
    }


@pytest.fixture
def pretrained(tmp_path: Path) -> tuple[Path, Any]:
    """What ``spacy pretrain`` writes, and spaCy's pipeline with these weights."""
    from spacy import util
    from spacy.language import DEFAULT_CONFIG_PRETRAIN_PATH
    from spacy.training.pretrain import pretrain

    raw = tmp_path / "raw.jsonl"
    raw.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS), "utf8")
    section = util.load_config(DEFAULT_CONFIG_PRETRAIN_PATH)["pretraining"]
    config = util.Config({**_config("spacy", raw), "pretraining": {**section, "max_epochs": 3}})
    config = util.load_model_from_config(config, auto_fill=True).config.interpolate()
    pretrain(config, tmp_path)
    config["initialize"]["init_tok2vec"] = str(tmp_path / "model-last.bin")
    nlp = util.load_model_from_config(config)
    nlp.initialize()
    return raw, nlp


def test_vectors_are_equal(pretrained: tuple[Path, Any]) -> None:
    raw, theirs = pretrained
    config = _config("spanloom", raw)
    config["initialize"] = {"init_tok2vec": str(raw.parent / "model-last.bin")}
    ours = spanloom.Pipeline.from_config(fill_config(Config(config)))
    ours.initialize()
    assert ours.meta["pretrained"]["tensors"] > 10
    for text in TEXTS:
        doc = theirs.make_doc(text)
        wanted = theirs.get_pipe("tok2vec").model.predict([doc])[0]
        mine = ours.make_doc(text)
        assert mine.words == [token.text for token in doc]
        found = find_encoder(ours, "tok2vec").predict([mine])[0]
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
