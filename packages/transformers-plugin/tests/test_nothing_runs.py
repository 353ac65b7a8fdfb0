"""Nothing that came with a pipeline is run: not its Python files, not its pickles; SECURITY.md
promises it. Only the caller's word lets it."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import srsly

import spanloom
from spanloom.errors import ConfigError, SerializationError

from .support import listener_block, tagged_examples, transformer_block, unlisted

VARIABLE = "SPANLOOM_TRUST_REMOTE_CODE"

CODE = """
from pathlib import Path
Path({mark!r}).write_text("ran")
from transformers import BertConfig, BertModel

class OddConfig(BertConfig):
    model_type = "odd"

class OddModel(BertModel):
    config_class = OddConfig
"""


@pytest.fixture(autouse=True)
def _own_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "mod"))
    monkeypatch.delenv(VARIABLE, raising=False)
    return


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """What is there once the code ran."""
    return tmp_path / "ran"


@pytest.fixture
def saved(build: Callable[..., Any], tmp_path: Path) -> Path:
    build().to_disk(tmp_path / "saved")
    return tmp_path / "saved"


def _with_code(folder: Path, mark: Path) -> None:
    """Make a model of Hugging Face one whose code lies beside it."""
    config = json.loads((folder / "config.json").read_text())
    config["model_type"] = "odd"
    config["auto_map"] = {"AutoConfig": "odd.OddConfig", "AutoModel": "odd.OddModel"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "odd.py").write_text(CODE.format(mark=str(mark)))


def _ask_for_trust(saved: Path) -> None:
    path = saved / "config.cfg"
    text = path.read_text().replace("trust_remote_code = false", "trust_remote_code = true")
    assert "trust_remote_code = true" in text
    path.write_text(text)


def test_a_saved_config_cannot_allow_the_code_of_its_folder(saved: Path, mark: Path) -> None:
    _with_code(saved / "transformer" / "model", mark)
    _ask_for_trust(saved)
    with pytest.raises(SerializationError, match="trust_remote_code=True"):
        spanloom.load(saved)
    assert not mark.exists()
    with pytest.raises(SerializationError, match="auto_map"):
        (saved / "transformer" / "model" / "odd.py").unlink()
        spanloom.load(saved)


def test_the_caller_allows_it_by_argument_or_by_the_environment(
    saved: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_code(saved / "transformer" / "model", mark)
    nlp = spanloom.load(saved, trust_remote_code=True)
    assert mark.exists() and nlp("Köln is lazy")[0].tag_
    assert next(iter(nlp.pipe(["Köln is lazy"], n_process=2)))[0].tag_  # workers have the same word
    mark.unlink()
    monkeypatch.setenv(VARIABLE, "1")
    assert spanloom.load(saved)("Köln")[0].tag_
    with pytest.raises(SerializationError):
        spanloom.load(saved, trust_remote_code=False)
    monkeypatch.setenv(VARIABLE, "0")
    with pytest.raises(SerializationError):
        spanloom.load(saved)


def test_bytes_are_no_other_door(build: Callable[..., Any], mark: Path) -> None:
    nlp = build()
    data = srsly.msgpack_loads(nlp.to_bytes())
    part = srsly.msgpack_loads(data["parts"]["transformer"])
    model = srsly.msgpack_loads(part["model"])
    files = srsly.msgpack_loads(model["shims"][0][0])
    files["odd.py"] = CODE.format(mark=str(mark)).encode()
    model["shims"][0][0] = srsly.msgpack_dumps(files)
    part["model"] = srsly.msgpack_dumps(model)
    data["parts"]["transformer"] = srsly.msgpack_dumps(part)
    data["hashes"]["transformer"] = hashlib.sha256(data["parts"]["transformer"]).digest()
    other = build(trust_remote_code=False)
    with pytest.raises(SerializationError, match=r"odd\.py"):
        other.from_bytes(srsly.msgpack_dumps(data))


@pytest.mark.parametrize("name", ["odd.py", "x.pyw", "pytorch_model.bin", "x.pkl", "a.so"])
def test_only_kinds_of_data_are_restored(saved: Path, name: str) -> None:
    (saved / "transformer" / "model" / name).write_bytes(b"x")
    with pytest.raises(SerializationError, match=name):
        spanloom.load(saved)


@pytest.mark.parametrize("key", ["auto_map", "\\u0061uto_map"])
def test_code_named_in_a_config_of_the_tokenizer_is_refused(saved: Path, key: str) -> None:
    path = saved / "transformer" / "model" / "tokenizer_config.json"
    path.write_text(f'{{"{key}": {{"AutoTokenizer": ["x.Y", null]}}, ' + path.read_text()[1:])
    with pytest.raises(SerializationError, match="auto_map"):
        spanloom.load(saved)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("weights_only", False),
        ("allow_all_kernels", True),
        ("attn_implementation", "someone/kernel"),
        ("use_safetensors", False),
        ("code_revision", "evil"),
    ],
)
def test_settings_cannot_fetch_or_unpickle_code(
    saved: Path, folder: Callable[[str], str], setting: str, value: Any
) -> None:
    settings = {"components.transformer.model.transformer_config": {setting: value}}
    with pytest.raises((ConfigError, SerializationError), match=setting):
        spanloom.load(saved, config=settings)
    nlp = spanloom.blank("en")
    block = transformer_block(folder("bert"), transformer_config={setting: value})
    nlp.add_pipe("transformer", config=block)
    with pytest.raises(ConfigError, match=setting):
        nlp.initialize()


def test_a_config_alone_runs_no_code_of_a_model_at_initialize(
    folder: Callable[[str], str], tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    model = tmp_path / "model"
    shutil.copytree(folder("bert"), model)
    _with_code(model, mark)
    for asked in (True, False):
        nlp = spanloom.blank("en")
        nlp.add_pipe("transformer", config=transformer_block(str(model), trust_remote_code=asked))
        with pytest.raises(ConfigError, match="trust_remote_code"):
            nlp.initialize()
    assert not mark.exists()
    monkeypatch.setenv(VARIABLE, "1")
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(str(model), trust_remote_code=True))
    nlp.add_pipe("tagger", config={"model": listener_block()})
    nlp.initialize(lambda: tagged_examples(nlp))
    assert mark.exists() and nlp("Köln").text == "Köln"


def test_our_own_class_of_a_model_that_offers_code_too_is_saved_without_it(
    folder: Callable[[str], str], tmp_path: Path
) -> None:
    import shutil

    model = tmp_path / "model"
    shutil.copytree(folder("bert"), model)
    config = json.loads((model / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "odd.OddModel"}
    (model / "config.json").write_text(json.dumps(config))
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(str(model)))
    nlp.initialize()
    nlp.to_disk(tmp_path / "saved")
    assert spanloom.load(tmp_path / "saved")("Köln").text == "Köln"


def _lstm_tagger() -> dict[str, Any]:
    embed = {
        "@architectures": "spanloom.MultiHashEmbed.v2",
        "width": 16,
        "attrs": ["NORM"],
        "rows": [50],
        "include_static_vectors": False,
    }
    encode = {"@layers": "PyTorchLSTM.v1", "nO": 16, "nI": 16}
    tok2vec = {"@architectures": "spanloom.Tok2Vec.v2", "embed": embed, "encode": encode}
    return {"@architectures": "spanloom.Tagger.v2", "tok2vec": tok2vec}


class _Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.mark, "ran"))


def test_weights_of_thincs_layers_are_not_unpickled(
    tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def pipeline() -> Any:
        nlp = spanloom.blank("en")
        nlp.add_pipe("tagger", config={"model": _lstm_tagger()})
        return nlp

    nlp = pipeline()
    nlp.initialize(lambda: tagged_examples(nlp))
    nlp.to_disk(tmp_path / "saved")
    assert spanloom.load(tmp_path / "saved")("Köln")[0].tag_
    path = tmp_path / "saved" / "tagger" / "model"
    message = srsly.msgpack_loads(path.read_bytes())
    hits = 0
    for shims in message["shims"]:
        for i, shim in enumerate(shims):
            if shim:
                file = io.BytesIO()
                torch.save(_Evil(mark), file)
                shims[i] = file.getvalue() if hits % 2 == 0 else pickle.dumps(_Evil(mark))
                hits += 1
    path.write_bytes(srsly.msgpack_dumps(message))
    unlisted(tmp_path / "saved")
    assert hits
    with pytest.raises(SerializationError):
        spanloom.load(tmp_path / "saved")
    monkeypatch.setattr(torch, "__version__", "2.5.1")
    with pytest.raises(SerializationError, match=r"2\.6"):
        spanloom.load(tmp_path / "saved")
    assert not mark.exists()
