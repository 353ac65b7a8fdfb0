"""``spanloom apply`` writes the formats of other packages, and reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

import spanloom
from spanloom.corpora.corpus import read_docs
from spanloom.corpora.texts import read_texts
from spanloom_formats import apply_pipeline

TEXTS = [f"Text number {i}. It has two sentences." for i in range(9)]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.spacy"])
def test_texts_are_annotated_in_order(tmp_path: Path, name: str) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    source = tmp_path / "texts.txt"
    source.write_text("\n".join(TEXTS), "utf8")
    assert apply_pipeline(nlp, source, tmp_path / name, lines=True, size=4).docs == 9
    docs = list(read_docs(tmp_path / name, nlp.vocab))
    assert [doc.text for doc in docs] == TEXTS
    assert all(len(list(doc.sents)) == 2 for doc in docs)
    again = [getattr(each, "text", each) for each in read_texts(tmp_path / name, nlp)]
    assert again == TEXTS
