"""Small things that spaCy's tests import and that are no part of a library's surface: defaults of
models, folders for a while."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spanloom import Doc, Vocab, registry
from spanloom.config import Config
from spanloom.corpora.batchers import batch_by_sequence
from spanloom.errors import SpanloomError
from spanloom.examples.alignment import AlignmentArray, align_words
from spanloom.lang.base import base_cases
from spanloom.plugins.factory import factory_config

__all__ = [
    "BASE_EXCEPTIONS",
    "BOW",
    "CNN",
    "ENSEMBLE",
    "SPAN_FINDER",
    "get_alignments",
    "make_tempdir",
    "minibatch",
    "pickle",
    "schemas",
]

BASE_EXCEPTIONS = base_cases()
ENSEMBLE = Config({"model": factory_config(registry.get("factories", "textcat"))["model"]}).to_str()
SPAN_FINDER = Config(
    {"model": factory_config(registry.get("factories", "span_finder"))["model"]}
).to_str()
BOW = """
[model]
@architectures = "spacy.TextCatBOW.v3"
exclusive_classes = true
length = 262144
ngram_size = 1
no_output_layer = false
"""
CNN = """
[model]
@architectures = "spacy.TextCatReduce.v1"
exclusive_classes = true
use_reduce_first = false
use_reduce_last = false
use_reduce_max = false
use_reduce_mean = true

[model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true
"""


class schemas:
    """The JSON of a document is right if a document can be read from it."""

    DocJSONSchema = "the JSON of a document"

    @staticmethod
    def validate(schema: Any, data: Any) -> list[str]:
        """What is wrong with the data."""
        assert schema == schemas.DocJSONSchema, schema
        try:
            Doc(Vocab()).from_json(data)
        except SpanloomError as error:
            return [str(error)]
        return []


def get_alignments(a: list[str], b: list[str]) -> tuple[list[list[int]], list[list[int]]]:
    """The tokens of the other text that each one covers."""
    alignment = align_words(a, b)

    def lists(array: AlignmentArray) -> list[list[int]]:
        return [array[i].tolist() for i in range(len(array))]

    return lists(alignment.x2y), lists(alignment.y2x)


def __getattr__(name: str) -> Any:
    kind = name.removeprefix("DEFAULT_").removesuffix("_MODEL").lower()
    if name != f"DEFAULT_{kind.upper()}_MODEL":
        raise AttributeError(name)
    factory = registry.get("factories", kind.removeprefix("single_"))
    return factory_config(factory)["model"]


@contextmanager
def make_tempdir() -> Iterator[Path]:
    """A folder that is there as long as the ``with``."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def minibatch(items: Iterable[Any], size: Any) -> Iterator[list[Any]]:
    """Batches of a size, or of sizes that follow a schedule."""
    return batch_by_sequence(size)(items)
