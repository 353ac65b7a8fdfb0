"""Texts, pipelines and rows that several tests use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

import spanloom
from spanloom import Doc, Example, Pipeline

EXAMPLES = Path(__file__).parents[3] / "examples" / "data"


def texts(count: int | None = None) -> list[str]:
    """Real texts: sentences of UD English EWT."""
    lines = (EXAMPLES / "train.conllu").read_text("utf8").splitlines()
    return [line[9:] for line in lines if line.startswith("# text = ")][:count]


def new_pipeline() -> Pipeline:
    """A pipeline with all that has a column, but categories; it learnt next to nothing, so what it
    says is wrong, but differs from word to word."""
    nlp = spanloom.blank("en")
    for name in ("sentencizer", "tagger", "parser", "ner"):
        nlp.add_pipe(name)
    gold = Doc(
        nlp.vocab,
        words=["Ann", "likes", "Rome", "."],
        tags=["NNP", "VBZ", "NNP", "."],
        heads=[1, 1, 1, 1],
        deps=["nsubj", "ROOT", "obj", "punct"],
        ents=["B-PER", "O", "B-GPE", "O"],
    )
    examples = [Example(nlp.make_doc(gold.text), gold)]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(3):
        nlp.update(examples, sgd=optimizer)
    return nlp


def rows(count: int | None = None) -> Any:
    """Texts with ids, as a table; one of them is missing."""
    found: list[str | None] = [*texts(count)]
    found[7] = None
    return pa.table({"id": [f"row-{i}" for i in range(len(found))], "text": found})


def as_bytes(table: Any) -> bytes:
    """A table as a stream, the same for the same values however it is cut."""
    out = pa.BufferOutputStream()
    whole = pa.Table.from_batches(table.combine_chunks().to_batches(), table.schema)
    with pa.ipc.new_stream(out, table.schema.remove_metadata()) as writer:
        writer.write_table(whole)
    return bytes(out.getvalue())
