"""A saved pipeline knows what its transformer was made of, and takes the same again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import spanloom

from .support import transformer_block

_HUB = """
import json, sys, warnings
import spanloom
warnings.simplefilter("ignore")
from spanloom_transformers import embedding
block = json.loads(sys.argv[1])
nlp = spanloom.blank("en")
nlp.add_pipe("transformer", config=block)
nlp.initialize()
model = nlp.config["components"]["transformer"]["model"]
print(json.dumps([model["base"], float(abs(embedding(nlp("The fox jumps"))).sum())]))
"""


def made(name: str) -> spanloom.Pipeline:
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(name))
    nlp.initialize()
    return nlp


@pytest.fixture
def base(folder: Callable[[str], str], tmp_path: Path) -> Path:
    """A folder with a tiny model that may be changed."""
    return Path(shutil.copytree(folder("bert"), tmp_path / "base"))


def test_other_weights_under_the_same_name_are_told(
    base: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    made(str(base)).to_disk(tmp_path / "p")
    config = spanloom.config.load_config(tmp_path / "p" / "config.cfg")
    files = config["components"]["transformer"]["model"]["base"]["files"]
    assert {"config.json", "model.safetensors"} <= files.keys()

    spanloom.load(tmp_path / "p").to_disk(tmp_path / "again")
    again = spanloom.config.load_config(tmp_path / "again" / "config.cfg")
    assert again["components"]["transformer"]["model"]["base"]["files"] == files
    spanloom.Pipeline.from_config(config).initialize()
    assert not [each for each in recwarn if "made of" in str(each.message)]

    weights = bytearray((base / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (base / "model.safetensors").write_bytes(weights)
    (base / "notes.txt").write_text("not there before")
    nlp = spanloom.Pipeline.from_config(config)
    with pytest.warns(UserWarning, match=r"made of: model\.safetensors differ"):
        nlp.initialize()
    spanloom.load(tmp_path / "p")  # holds weights of its own
    now = nlp.config["components"]["transformer"]["model"]["base"]["files"]
    assert now["model.safetensors"] != files["model.safetensors"]


def test_a_transformer_inside_another_component_is_recorded_too(base: Path, tmp_path: Path) -> None:
    inner = {
        "@architectures": "spanloom.Tok2VecTransformer.v3",
        "name": str(base),
        "pooling": {"@layers": "reduce_mean.v1"},
    }
    nlp = spanloom.blank("en")
    model = {"@architectures": "spanloom.Tagger.v2", "tok2vec": inner}
    nlp.add_pipe("tagger", config={"model": model}).add_label("X")
    nlp.initialize()
    nlp.to_disk(tmp_path / "p")
    config = spanloom.config.load_config(tmp_path / "p" / "config.cfg")
    files = config["components"]["tagger"]["model"]["tok2vec"]["base"]["files"]
    assert {"config.json", "model.safetensors"} <= files.keys()
    assert spanloom.load(tmp_path / "p").config["components"] == nlp.config["components"]


def test_the_revision_on_the_hub_is_recorded_and_asked_for_again(
    base: Path, tmp_path: Path
) -> None:
    """A cache of the hub with two revisions, as huggingface_hub keeps them."""
    home = tmp_path / "home"
    repo = home / "hub" / "models--me--tiny"
    old, new = "0" * 40, "1" * 40
    shutil.copytree(base, repo / "snapshots" / old)
    changed = Path(shutil.copytree(base, repo / "snapshots" / new))
    import torch
    from transformers import AutoModel

    torch.manual_seed(99)
    module = AutoModel.from_pretrained(str(base))
    torch.nn.init.normal_(module.embeddings.word_embeddings.weight)
    module.save_pretrained(str(changed))
    (repo / "refs").mkdir()

    def run(main: str, **settings: object) -> tuple[dict[str, object], float]:
        (repo / "refs" / "main").write_text(main)
        block = transformer_block("me/tiny")
        block["model"].update(settings)
        told = subprocess.run(
            [sys.executable, "-c", _HUB, json.dumps(block)],
            env={**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        found, total = json.loads(told.stdout.splitlines()[-1])
        return found, total

    first, before = run(old)
    assert first["revision"] == old
    second, after = run(new)
    assert second["revision"] == new and after != before
    assert run(new, base=first) == (first, before)
