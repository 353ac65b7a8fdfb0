"""``spanloom transformers export``: the same annotation from ONNX Runtime, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import spanloom
from spanloom.errors import DataError, PipelineError
from spanloom_onnx.exported import ExportedEncoder
from spanloom_transformers import export
from spanloom_transformers.model import sequences_of

from .support import TEXTS, listener_block, tagged_examples, transformer_block

pytest.importorskip("onnx")

from spanloom_transformers.onnx_export.encoders import made, places_in

#: Longer than the 64 pieces that the tiny models take.
LONG = " ".join(TEXTS * 3)
STRIDED = {"@span_getters": "spanloom.strided_spans.v1", "window": 12, "stride": 8}


def learned(nlp: Any) -> Any:
    """The pipeline after some steps, so that its tags follow from its vectors."""
    examples = tagged_examples(nlp)
    for _ in range(20):
        nlp.update(examples)
    return nlp


def tags(nlp: Any, texts: list[str]) -> list[list[str]]:
    return [[token.tag_ for token in doc] for doc in nlp.pipe(texts)]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("bert", {"get_spans": STRIDED}),
        ("roberta", {}),
        ("xlmr", {"window": 20, "overlap": 0.5}),
        ("distilbert", {"overflow": "truncate"}),
        ("deberta", {}),
    ],
)
def test_an_exported_pipeline_gives_the_same(
    kind: str, settings: dict[str, Any], build: Callable[..., Any], tmp_path: Path
) -> None:
    nlp = learned(build(kind, **settings))
    texts = [*TEXTS, LONG, "", " ", "[SEP] </s>", "a \ud83d b"]
    found = export(nlp, tmp_path / "out", texts=texts)
    assert found.difference < 1e-5 and not found.scores
    other = spanloom.load(tmp_path / "out")
    assert other.pipe_factories == {"transformer": "onnx_transformer", "tagger": "tagger"}
    assert tags(other, texts) == tags(nlp, texts)
    for one, two in zip(nlp.pipe(texts), other.pipe(texts)):
        mine, theirs = one._.trf_data, two._.trf_data
        np.testing.assert_allclose(mine.tensors[-1], theirs.tensors[-1], atol=1e-4)
        assert mine.pieces.strings == theirs.pieces.strings
        assert mine.truncated == theirs.truncated
        np.testing.assert_array_equal(mine.align.rows, theirs.align.rows)


def test_all_layers_that_were_asked_for(build: Callable[..., Any], tmp_path: Path) -> None:
    nlp = build("bert", keep="all", transformer_config={"output_hidden_states": True})
    export(nlp, tmp_path / "out", texts=TEXTS)
    doc, other = nlp(LONG), spanloom.load(tmp_path / "out")(LONG)
    assert len(other._.trf_data.tensors) == 3
    for one, two in zip(doc._.trf_data.tensors, other._.trf_data.tensors):
        np.testing.assert_allclose(one, two, atol=1e-4)


def test_an_encoder_of_a_components_own(folder: Callable[[str], str], tmp_path: Path) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(folder("bert")))
    nlp.add_pipe("tagger", config={"model": listener_block()})
    nlp.initialize(lambda: tagged_examples(nlp))
    nlp.replace_listeners("transformer", "tagger", ["model.tok2vec"])
    nlp.remove_pipe("transformer")
    export(learned(nlp), tmp_path / "out", texts=TEXTS)
    other = spanloom.load(tmp_path / "out")
    block = other.config["components"]["tagger"]["model"]["tok2vec"]
    assert block["@architectures"] == "spanloom.Tok2VecOnnx.v1"
    assert tags(other, TEXTS) == tags(nlp, TEXTS)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_fewer_bits(precision: Any, build: Callable[..., Any], tmp_path: Path) -> None:
    nlp = learned(build("bert"))
    examples = tagged_examples(nlp)
    whole = export(nlp, tmp_path / "whole", examples=examples)
    found = export(
        nlp, tmp_path / "out", examples=examples, precision=precision, scores=["tag_acc"]
    )
    assert found.size < whole.size and 1e-6 < found.difference < 0.1
    assert found.scores == {"tag_acc": whole.scores["tag_acc"]}
    assert found.exact_layers == () and found.linear_layers == 12
    assert "tag_acc  100.00  100.00  +0.00" in str(found)
    other = spanloom.load(tmp_path / "out")
    alone = [other(text)._.trf_data.tensors[-1] for text in TEXTS]
    for one, doc in zip(alone, other.pipe(TEXTS)):  # rounded by row: the batch changes nothing
        np.testing.assert_allclose(one, doc._.trf_data.tensors[-1], atol=1e-5)
    about = json.loads((tmp_path / "out" / "transformer" / "model" / "encoder.json").read_text())
    assert about["precision"] == precision and about["rounded"] == (precision == "int8")


def test_what_costs_too_much_is_not_written(build: Callable[..., Any], tmp_path: Path) -> None:
    nlp = learned(build("bert"))
    with pytest.raises(DataError, match=r"(?s)costs more than -1\.00 points.*6 of 12 linear"):
        export(
            nlp, tmp_path / "out", examples=tagged_examples(nlp), precision="int8", max_loss=-0.01
        )
    with pytest.raises(PipelineError, match=r"BertModel.*differ by"):
        export(nlp, tmp_path / "out", texts=TEXTS, tolerance=0.0)
    assert not (tmp_path / "out").exists()


def test_layers_that_rounding_harms_stay_as_they_are(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    import torch

    nlp = build("bert")
    module = nlp.get_pipe("transformer").model.shims[0].module
    with torch.no_grad():  # one large input hides all others of its row
        module.encoder.layer[0].output.dense.weight[:] *= 0.01
        module.encoder.layer[0].intermediate.dense.bias[3] = 500.0
    docs = list(nlp.pipe(TEXTS))
    (place,) = places_in(nlp)
    whole = made(nlp, place, docs, 1e-4)
    worst = whole.most_wrong(docs, nlp)
    assert len(worst) == 12 and "layer.0/output" in worst[0]
    right = nlp.get_pipe("transformer").predict(docs).rows
    losses = []
    for count in (0, 1, 12):
        path = tmp_path / str(count)
        whole.save(path, whole.graph("int8", worst[:count]), "int8")
        encoder = ExportedEncoder.of_folder(path)
        (rows,) = encoder.encode(sequences_of(place.model_in(nlp), docs), 4096)
        losses.append(np.linalg.norm(rows - right))
    assert losses[0] > 2 * losses[1] > 2 * losses[2]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"transformer_config": {"output_attentions": True}}, "with attentions"),
        ({"kind": "t5"}, "ByT5Tokenizer"),
    ],
)
def test_what_cannot_be_exported_is_named(
    settings: dict[str, Any], message: str, build: Callable[..., Any], tmp_path: Path
) -> None:
    kind = settings.pop("kind", "bert")
    with pytest.raises(PipelineError, match=message):
        export(build(kind, **settings), tmp_path / "out", texts=TEXTS)


def test_a_pipeline_that_computes_in_int8_is_exported_by_its_own_weights(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    nlp = learned(build("bert"))
    whole = nlp("A fox")._.trf_data.tensors[-1]
    shim = nlp.get_pipe("transformer").model.shims[0]
    shim.use_int8(True)
    export(nlp, tmp_path / "out", texts=TEXTS)
    assert shim.int8
    other = spanloom.load(tmp_path / "out")("A fox")
    np.testing.assert_allclose(other._.trf_data.tensors[-1], whole, atol=1e-5)


def test_nothing_to_export_and_nothing_to_compare_on(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(PipelineError, match="no transformer"):
        export(spanloom.blank("en"), tmp_path / "out", texts=TEXTS)
    nlp = build("bert")
    with pytest.raises(DataError, match="give texts"):
        export(nlp, tmp_path / "out")
    with pytest.raises(DataError, match="annotated examples"):
        export(nlp, tmp_path / "out", texts=TEXTS, precision="int8")


def test_the_command(build: Callable[..., Any], tmp_path: Path) -> None:
    from spanloom_transformers.cli.export import export_command

    learned(build("bert")).to_disk(tmp_path / "model")
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS), "utf-8")
    arguments = [str(tmp_path / name) for name in ("model", "out", "texts.txt")]
    arguments.insert(2, "--texts")
    result = CliRunner().invoke(export_command, arguments)
    assert result.exit_code == 0, result.output
    assert "vectors differ by" in result.output and "without torch" in result.output
    assert spanloom.load(tmp_path / "out")("A fox")[0].tag_
