"""Transformer and heads where the heads compute on a device as strict as a GPU's arrays are. See
``tests/test_strict_device.py`` of the repository, and its session ``strict-device``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .support import TEXTS, tagged_examples

cupy = pytest.importorskip("cupy", exc_type=ImportError)
pytestmark = pytest.mark.skipif(
    not hasattr(cupy, "transfers"), reason="needs the stand-in for CuPy: nox -s strict-device"
)

#: Of one component and one batch, without thinc's Adam.
MOST_COPIES = 12


@pytest.fixture(autouse=True)
def device() -> Iterator[None]:
    from thinc.api import get_current_ops, set_current_ops

    from spanloom.pipeline.devices import use_device

    before = get_current_ops()
    use_device("gpu", 0)
    yield
    set_current_ops(before)


def test_transformer_and_heads(build: Any) -> None:
    nlp = build(heads=("tagger", "other"), device="cpu")
    examples = tagged_examples(nlp)
    bound = MOST_COPIES * len(nlp.pipe_names)
    cupy.transfers.clear()
    nlp.update(examples, sgd=False)
    assert sum(cupy.transfers.values()) <= bound
    nlp.update(examples)
    cupy.transfers.clear()
    assert len(list(nlp.pipe(TEXTS))) == len(TEXTS)
    assert sum(cupy.transfers.values()) <= bound
