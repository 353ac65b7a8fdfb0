"""Weights from pretraining: they load whole, or fail by name."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import srsly

import spanloom
from spanloom import Doc, Example
from spanloom.config import init_config
from spanloom.errors import MissingFileError, PipelineError, SerializationError
from spanloom.io.files import write_bytes
from spanloom.tokens.storage.docfile import write_docs
from spanloom_pretrain.weights import (
    LoadedWeights,
    apply_weights,
    encoder_bytes,
    find_encoder,
    weights_hash,
)


def _pipeline(rows: int = 100, path: Path | None = None) -> spanloom.Pipeline:
    config = init_config("en", ["tagger"])
    embed = config["components"]["tok2vec"]["model"]["embed"]
    embed["rows"] = [rows] * len(embed["rows"])
    config["paths"]["init_tok2vec"] = None if path is None else str(path)
    return spanloom.Pipeline.from_config(config)


def _initialize(nlp: spanloom.Pipeline) -> None:
    doc = Doc(nlp.vocab, words=["She", "ran"], tags=["PRP", "VBD"])
    nlp.initialize(lambda: [Example(doc.copy(), doc)])


def _weights(nlp: spanloom.Pipeline) -> bytes:
    """Weights of the pipeline's encoder, each moved by something."""
    _initialize(nlp)
    encoder = find_encoder(nlp, "tok2vec")
    value: Any
    for node in encoder.walk():
        for name in node.param_names:
            value = node.get_param(name)
            node.set_param(name, value + np.float32(0.25))
    model = nlp.config["components"]["tok2vec"]["model"]
    return encoder_bytes(encoder, {"component": "tok2vec", "layer": "", "architecture": model})


def test_initialize_applies_all_tensors_last(tmp_path: Path) -> None:
    trained = _pipeline()
    write_bytes(tmp_path / "w.bin", _weights(trained))
    nlp = _pipeline(path=tmp_path / "w.bin")
    _initialize(nlp)
    wanted = weights_hash(find_encoder(trained, "tok2vec"))
    assert weights_hash(find_encoder(nlp, "tok2vec")) == wanted
    report = LoadedWeights(**nlp.meta["pretrained"])
    assert (report.source, report.target, report.hash) == ("w.bin", "tok2vec", wanted)


def test_training_says_what_was_applied(tmp_path: Path) -> None:
    trained = _pipeline()
    write_bytes(tmp_path / "w.bin", _weights(trained))
    config = _pipeline(path=tmp_path / "w.bin").config
    doc = Doc(trained.vocab, words=["She", "ran"], tags=["PRP", "VBD"])
    write_docs(tmp_path / "docs.loom", [doc])
    paths = {f"paths.{part}": str(tmp_path / "docs.loom") for part in ("train", "dev")}
    shown = io.StringIO()
    spanloom.train(config, overrides={**paths, "training.max_steps": 1}, stdout=shown)
    encoder = find_encoder(trained, "tok2vec")
    tensors = sum(len(node.param_names) for node in encoder.walk())
    assert (
        f"Pretrained weights of 'tok2vec' from w.bin: {tensors} of {tensors} tensors applied, "
        f"hash {weights_hash(encoder)[:16]}\n"
    ) in shown.getvalue()


def test_another_architecture_is_refused_with_what_differs(tmp_path: Path) -> None:
    write_bytes(tmp_path / "w.bin", _weights(_pipeline(rows=200)))
    nlp = _pipeline(path=tmp_path / "w.bin")
    with pytest.raises(SerializationError) as caught:
        _initialize(nlp)
    message = str(caught.value)
    assert "(200, 96) in the file, (100, 96) here" in message
    assert "embed.rows: [200, 200, 200, 200] when pretrained" in message


def test_weights_that_were_changed_after_are_refused() -> None:
    nlp = _pipeline()
    message = srsly.msgpack_loads(_weights(nlp))
    message["spanloom"]["hash"] = "0" * 32
    with pytest.raises(SerializationError, match="damaged"):
        apply_weights(find_encoder(nlp, "tok2vec"), srsly.msgpack_dumps(message))
    with pytest.raises(SerializationError, match="isn't a file of weights"):
        apply_weights(find_encoder(nlp, "tok2vec"), b"no weights")


def test_weights_that_thinc_wrote_load_too() -> None:
    one, two = _pipeline(), _pipeline()
    _weights(one)
    _initialize(two)
    encoder = find_encoder(one, "tok2vec")
    applied = apply_weights(find_encoder(two, "tok2vec"), encoder.to_bytes())
    assert applied.hash == weights_hash(encoder)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    nlp = _pipeline(path=tmp_path / "no.bin")
    with pytest.raises(MissingFileError, match=r"init_tok2vec.*no\.bin"):
        _initialize(nlp)


def test_the_encoder_is_found_or_what_there_is_listed() -> None:
    nlp = _pipeline()
    _initialize(nlp)
    whole = find_encoder(nlp, "tok2vec")
    assert find_encoder(nlp, "tagger", "tok2vec") is whole
    assert find_encoder(nlp, "tok2vec", "embed") is whole.get_ref("embed")
    with pytest.raises(PipelineError, match="no component of that name.*'tok2vec', 'tagger'"):
        find_encoder(nlp, "ner")
    with pytest.raises(PipelineError, match="no reference of that name.*'embed'"):
        find_encoder(nlp, "tok2vec", "embedding")
