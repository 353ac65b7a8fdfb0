"""Memory stays flat, in the length and in the number of documents; and the real model's figures."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom_onnx.vectors import token_vectors

pytestmark = pytest.mark.slow


def resident() -> int:
    """Bytes of this process in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")


@linux
def test_a_stream_of_documents_leaves_nothing_behind(build: Any) -> None:
    nlp = build()
    texts = [f"The fox number {i} jumps over the lazy dog" for i in range(50)]
    after = []
    for turn in range(6):
        for _ in nlp.pipe((text for _ in range(20) for text in texts), batch_size=64):
            pass
        if turn >= 2:
            after.append(resident())
    assert after[-1] - after[0] < 20 * 2**20


@linux
def test_memory_of_passes_does_not_grow_with_the_text(build: Any) -> None:
    nlp = build("roberta", heads=(), keep="none")
    module = nlp.get_pipe("transformer").model.shims[0].module
    sizes = []
    module.register_forward_pre_hook(
        lambda _, args, kwargs: sizes.append(kwargs["input_ids"].numel()), with_kwargs=True
    )
    for words in (100, 1000, 10000):
        sizes.clear()
        nlp("unbelievable words " * words)
        assert max(sizes) <= 1024


def test_minilm_is_what_transformers_gives(minilm: str) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    nlp = spanloom.blank("en")
    model = {"name": minilm, "get_spans": {"@span_getters": "spanloom.doc_spans.v1"}}
    nlp.add_pipe("transformer", config={"model": model})
    nlp.initialize()
    texts = ["Ada Lovelace wrote to Charles Babbage.", "It's raining in Köln, isn't it? 😀"]
    tokenizer, module = AutoTokenizer.from_pretrained(minilm), AutoModel.from_pretrained(minilm)
    for doc, text in zip(nlp.pipe(texts), texts):
        with torch.no_grad():
            expected = module(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()
        np.testing.assert_allclose(doc._.trf_data.tensors[-1], expected, atol=1e-4)
    long = nlp("Some words of a long text. " * 3000)
    assert np.isfinite(token_vectors(long)).all()
    assert nlp.get_pipe("transformer").model.shims[0].limit == 512
