"""Encoders of texts: a protocol and a registry, whoever offers them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from spanloom import registry
from spanloom.errors import UnknownNameError
from spanloom.vocab.encoding import TextEncoder, open_encoder

NAME = "core-tests.Lengths.v1"


class Lengths:
    """Encodes a text as its length, times a factor."""

    width = 1

    def __init__(self, source: str, factor: int) -> None:
        self.source, self.factor = source, factor

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        lengths = [self.factor * len(text) for text in texts]
        return np.array(lengths, dtype=np.float32).reshape(-1, 1)


@pytest.fixture
def lengths() -> Iterator[None]:
    @registry.encoders(NAME)
    def make(factor: int = 1):
        return lambda source: Lengths(source, factor)

    yield
    registry.encoders.remove(NAME)


@pytest.mark.usefixtures("lengths")
def test_an_encoder_is_opened_by_name_with_settings() -> None:
    encoder = open_encoder("here", NAME, factor=3)
    assert isinstance(encoder, TextEncoder) and encoder.source == "here"
    assert encoder.encode(["ab", ""]).tolist() == [[6], [0]]


def test_a_name_nobody_offers_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match=NAME):
        open_encoder("here", NAME)


def test_what_encodes_no_texts_is_no_encoder() -> None:
    assert not isinstance(object(), TextEncoder)
