"""An exported pipeline where torch isn't needed: the same as it gave with torch, in any process."""

from __future__ import annotations

import copy
import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom import Example
from spanloom.errors import ConfigError, MissingFileError, PipelineError, SerializationError
from spanloom_onnx import OnnxTransformer, embedding

DATA = Path(__file__).parent / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text("utf-8"))
TEXTS = [each["text"] for each in EXPECTED]


@pytest.fixture
def nlp() -> Any:
    return spanloom.load(DATA / "exported")


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    """A copy of the pipeline without the list of its files, so that its readers are asked."""
    shutil.copytree(DATA / "exported", tmp_path / "loose")
    meta = tmp_path / "loose" / "meta.json"
    known = json.loads(meta.read_text("utf-8"))
    known.pop("files")
    meta.write_text(json.dumps(known), "utf-8")
    return tmp_path / "loose"


def check(docs: Any) -> None:
    """Documents have what torch gave when the pipeline was exported."""
    for doc, expected in zip(docs, EXPECTED, strict=True):
        assert [token.tag_ for token in doc] == expected["tags"]
        sums = doc._.trf_data.tensors[-1].sum(axis=1)
        np.testing.assert_allclose(sums, expected["sums"], atol=2e-3)


def test_it_gives_what_torch_gave(nlp: Any) -> None:
    check(nlp.pipe(TEXTS))
    check(map(nlp, TEXTS))
    assert isinstance(nlp.get_pipe("transformer"), OnnxTransformer)
    assert embedding(nlp("The fox")).shape == (16,)


def test_in_copies_bytes_and_processes(nlp: Any, tmp_path: Path) -> None:
    check(copy.deepcopy(nlp).pipe(TEXTS))
    check(pickle.loads(pickle.dumps(nlp)).pipe(TEXTS))  # noqa: S301
    check(type(nlp).from_config(nlp.config).from_bytes(nlp.to_bytes()).pipe(TEXTS))
    check(nlp.pipe(TEXTS, n_process=2, batch_size=2))
    nlp.to_disk(tmp_path / "again")
    for file in ("encoder.onnx", "encoder.json", "tokenizer.json"):
        place = Path("transformer") / "model" / file
        assert (tmp_path / "again" / place).read_bytes() == (DATA / "exported" / place).read_bytes()


def test_neither_torch_nor_transformers_is_imported() -> None:
    code = f"""
import sys, spanloom
nlp = spanloom.load({str(DATA / "exported")!r})
nlp("A fox")
heavy = {{"torch", "transformers", "onnx"}} & set(sys.modules)
assert not heavy, heavy
"""
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-2000:]


def test_heads_learn_and_the_encoder_stays(nlp: Any) -> None:
    examples = [Example.from_dict(nlp.make_doc("The fox"), {"tags": ["D", "N"]})]
    before = nlp("The fox")._.trf_data.tensors[-1]
    optimizer = nlp.initialize(lambda: examples)
    losses = [nlp.update(examples, sgd=optimizer)["tagger"] for _ in range(10)]
    assert losses[-1] < losses[0]
    np.testing.assert_array_equal(nlp("The fox")._.trf_data.tensors[-1], before)


def test_settings_of_its_own(tmp_path: Path) -> None:
    model = "components.transformer.model"
    whole = spanloom.load(DATA / "exported", config={f"{model}.threads": 1})
    small = spanloom.load(DATA / "exported", config={f"{model}.window": 8})
    text = TEXTS[0]
    assert small(text)._.trf_data.tensors[-1].shape == whole(text)._.trf_data.tensors[-1].shape
    assert not np.allclose(small(text)._.trf_data.tensors[-1], whole(text)._.trf_data.tensors[-1])
    for setting, value in (("threads", -1), ("overlap", 2.0), ("provider", "Quantum")):
        with pytest.raises(ConfigError, match=f"model.{setting}"):
            spanloom.load(DATA / "exported", config={f"{model}.{setting}": value})
    with pytest.raises(MissingFileError, match="transformers export"):
        nlp = spanloom.blank("en")
        nlp.add_pipe("onnx_transformer")
        nlp.initialize()
    with pytest.raises(PipelineError, match="can only be shared"):
        whole.replace_listeners("transformer", "tagger", ["model.tok2vec"])


def field(number: int, content: bytes) -> bytes:
    """A field of protobuf that holds bytes."""
    size, length = len(content), bytearray()
    while True:
        length.append(size & 0x7F | (0x80 if size > 0x7F else 0))
        size >>= 7
        if not size:
            return bytes([number << 3 | 2]) + bytes(length) + content


def external(graph: bytes) -> bytes:
    """The graph with a weight in another file."""
    location = field(1, b"location") + field(2, b"../../../../etc/passwd")
    return graph + field(7, field(5, field(8, b"w") + field(13, location) + b"\x70\x01"))


def hidden(graph: bytes) -> bytes:
    """The same, in a constant of a graph inside a node, with a length written in too many bytes."""
    tensor = b"\x6a\x85\x00" + field(1, b"abc") + b"\x70\x01"
    inner = field(1, field(4, b"Constant") + field(5, field(1, b"value") + field(5, tensor)))
    return graph + field(7, field(1, field(4, b"If") + field(5, field(6, inner))))


def foreign(graph: bytes) -> bytes:
    """The graph with an operator of somebody else's."""
    return graph + field(7, field(1, field(4, b"Run") + field(7, b"mine.ops")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (external, "from another file"),
        (hidden, "from another file"),
        (foreign, "mine.ops"),
        (lambda graph: graph[: len(graph) // 2], "isn't a file of ONNX"),
        (lambda graph: b"", "is empty"),
        (lambda graph: b"\x08\x07", "can't be run|takes nothing"),
    ],
)
def test_graphs_that_are_not_run(
    change: Callable[[bytes], bytes], message: str, loose: Path
) -> None:
    path = loose / "transformer" / "model" / "encoder.onnx"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(SerializationError, match=message):
        spanloom.load(loose)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "format 2"),
        ({"layers": 3}, "isn't what"),
        ({"width": -1}, "width is -1"),
        ({"precision": "int1"}, "int1"),
        ({"specials": []}, "doesn't describe"),
    ],
)
def test_descriptions_that_do_not_fit(changes: dict[str, Any], message: str, loose: Path) -> None:
    path = loose / "transformer" / "model" / "encoder.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(SerializationError, match=message):
        spanloom.load(loose)


def test_a_width_that_the_graph_does_not_have(loose: Path) -> None:
    path = loose / "transformer" / "model" / "encoder.json"
    path.write_text(path.read_text().replace('"width": 16', '"width": 8'))
    with pytest.raises(PipelineError, match="width 8"):
        spanloom.load(loose)("A fox")


def test_damage_is_found_when_it_is_loaded(loose: Path, tmp_path: Path) -> None:
    shutil.copytree(DATA / "exported", tmp_path / "listed")
    for folder in (loose, tmp_path / "listed"):
        path = folder / "transformer" / "model" / "encoder.onnx"
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with pytest.raises(SerializationError, match="has changed since it was saved"):
        spanloom.load(tmp_path / "listed")
    (loose / "transformer" / "model" / "tokenizer.json").write_text("{}")
    with pytest.raises(SerializationError, match=r"tokenizer\.json"):
        spanloom.load(loose)
    (loose / "transformer" / "model" / "encoder.json").unlink()
    with pytest.raises(MissingFileError, match=r"encoder\.json"):
        spanloom.load(loose)
