"""Batches by documents and by words in ``nlp.pipe`` and ``nlp.evaluate``."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spanloom
from spanloom import Batch, Doc, Example, Pipeline, Vocab
from spanloom.errors import PipelineError
from spanloom.lang import language

from .support import Counted, save_trained


class Sizes:
    """A component that notes the words of each document of each batch it gets."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []

    def annotate(self, batch: Batch) -> None:
        self.seen.append([len(doc) for doc in batch])
        if any(doc.text == "bad" for doc in batch):
            raise ValueError("a bad text")

    def __call__(self, doc: Doc) -> Doc:
        self.annotate(Batch([doc]))
        return doc


@pytest.fixture(scope="module")
def nlp() -> Iterator[Pipeline]:
    Pipeline.factory("batching_sizes")(lambda nlp, name: Sizes())
    nlp = spanloom.blank("en")
    nlp.add_pipe("batching_sizes")
    yield nlp
    spanloom.registry.factories.remove("batching_sizes")


@given(st.lists(st.integers(0, 30), max_size=30), st.integers(1, 40), st.integers(1, 10))
@settings(max_examples=60, deadline=None)
def test_no_batch_has_more_words_unless_it_is_one_document(
    nlp: Pipeline, lengths: list[int], words: int, size: int
) -> None:
    sizes: Any = nlp.get_pipe("batching_sizes")
    sizes.seen.clear()
    texts = [("日 " * length, place) for place, length in enumerate(lengths)]
    found = list(nlp.pipe(iter(texts), as_tuples=True, batch_size=size, batch_words=words))
    assert [(doc.text, place) for doc, place in found] == texts
    assert [length for batch in sizes.seen for length in batch] == [len(doc) for doc, _ in found]
    assert all(sum(batch) <= words or len(batch) == 1 for batch in sizes.seen)
    assert all(len(batch) <= size for batch in sizes.seen)
    # No batch is closed before it has to be.
    if size > len(lengths) and sum(map(len, (text for text, _ in texts))) < words * 6:
        pairs = zip(sizes.seen, sizes.seen[1:])
        assert all(sum(one) + two[0] > words for one, two in pairs)


def test_a_stream_of_long_texts_is_read_a_few_at_a_time(nlp: Pipeline) -> None:
    texts = Counted(["word " * 1000] * 100)
    docs = nlp.pipe(texts, batch_words=2000)
    next(docs)
    assert texts.read <= 3
    docs.close()  # type: ignore[attr-defined]


def test_one_bad_text_of_a_batch_and_contexts_stay_with_theirs() -> None:
    Pipeline.factory("batching_bad")(lambda nlp, name: Sizes())
    nlp = spanloom.blank("en")
    nlp.add_pipe("batching_bad")
    failed = []
    nlp.set_error_handler(lambda name, component, docs, error: failed.append(docs[0].text))
    texts = [(text, text) for text in ("a b", "c d e", "bad", "f", "", "g h i", "bad", "j")]
    for words in (2, 4, 100):
        failed.clear()
        found = list(nlp.pipe(texts, as_tuples=True, batch_words=words))
        assert [(doc.text, text) for doc, text in found] == [t for t in texts if t[0] != "bad"]
        assert failed == ["bad", "bad"]
    spanloom.registry.factories.remove("batching_bad")


def test_evaluation_has_the_same_limit(nlp: Pipeline) -> None:
    sizes: Any = nlp.get_pipe("batching_sizes")
    sizes.seen.clear()
    examples = [Example.from_dict(nlp.make_doc("a b c"), {}) for _ in range(7)]
    before, nlp.batch_words = nlp.batch_words, 6
    try:
        nlp.evaluate(examples)
    finally:
        nlp.batch_words = before
    assert sizes.seen == [[3, 3], [3, 3], [3, 3], [3]]


@pytest.mark.slow
def test_memory_does_not_grow_with_a_bounded_vocab(tmp_path: Path) -> None:
    saved = save_trained(tmp_path, "tagger", "morphologizer", "senter")

    def texts(start: int, count: int) -> Iterator[str]:
        for i in range(start, start + count):
            yield " ".join(f"w{i * 20 + j}" for j in range(20))

    rules = language("en").lexical_rules()
    free, bounded = (
        spanloom.load(saved, vocab=Vocab("en", rules=rules, max_types=limit))
        for limit in (None, 1000)
    )
    some = [doc.to_json() for doc in free.pipe(texts(0, 300))]
    assert [doc.to_json() for doc in bounded.pipe(texts(0, 300))] == some

    def growth(nlp: Pipeline) -> int:
        for _ in nlp.pipe(texts(300, 500), batch_size=20):
            pass
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in nlp.pipe(texts(800, 1500), batch_size=20):
            pass
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    try:
        assert growth(bounded) < 300_000
        assert growth(free) > 3_000_000  # 30,000 words of more than 100 bytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["batch_size", "batch_words"])
def test_sizes_below_one_are_an_error(nlp: Pipeline, name: str) -> None:
    options: dict[str, Any] = {name: 0}
    with pytest.raises(PipelineError, match=f"{name} is 0"):
        list(nlp.pipe(["a"], **options))
