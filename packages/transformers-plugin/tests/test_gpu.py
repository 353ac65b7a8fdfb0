"""On a GPU, with CuPy and torch in one memory pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from .support import tagged_examples

pytestmark = pytest.mark.gpu

TEXTS = ["The quick brown fox jumps.", "My name is Robert", "internationalization " * 80, ""]


@pytest.fixture
def gpu() -> Iterator[Any]:
    from thinc.api import get_current_ops, require_gpu, set_current_ops, set_gpu_allocator

    before = get_current_ops()
    set_gpu_allocator("pytorch")
    require_gpu(0)
    yield get_current_ops()
    set_current_ops(before)


def test_gpu_gives_what_the_cpu_gives(build: Any) -> None:
    from thinc.api import get_current_ops, require_gpu, set_current_ops

    expected = [doc._.trf_data.tensors for doc in build("roberta").pipe(TEXTS)]
    before = get_current_ops()
    require_gpu(0)
    try:
        docs = list(build("roberta").pipe(TEXTS))
    finally:
        set_current_ops(before)
    for doc, tensors in zip(docs, expected):
        assert isinstance(doc._.trf_data.tensors[0], np.ndarray)  # kept on the CPU
        np.testing.assert_allclose(doc._.trf_data.tensors[0], tensors[0], atol=1e-3)


def test_arrays_cross_without_a_copy(gpu: Any) -> None:
    import torch

    from spanloom_transformers.devices import to_array, to_tensor

    tensor = torch.arange(6.0, device="cuda").reshape(2, 3)
    array = to_array(tensor, gpu)
    assert array.data.ptr == tensor.data_ptr()
    assert to_tensor(array, tensor.device).data_ptr() == tensor.data_ptr()


@pytest.mark.parametrize("precision", [False, True, "bf16", "fp16"])
def test_training(precision: Any, gpu: Any, build: Any) -> None:
    from thinc.api import Optimizer

    nlp = build(mixed_precision=precision)
    sgd = Optimizer(0.01)
    losses = [nlp.update(tagged_examples(nlp), sgd=sgd)["tagger"] for _ in range(15)]
    assert np.isfinite(losses).all() and losses[-1] < losses[0]


def test_memory_stays_flat(gpu: Any, build: Any) -> None:
    import torch

    nlp = build()
    peaks = []
    for _ in range(4):
        torch.cuda.reset_peak_memory_stats()
        kept = list(nlp.pipe(TEXTS * 50))
        peaks.append(torch.cuda.max_memory_allocated())
        del kept
    assert peaks[-1] <= peaks[1] * 1.05
