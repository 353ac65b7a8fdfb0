"""Annotating Arrow tables in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spanloom
from spanloom import Doc, Pipeline, registry
from spanloom.errors import DataError, MissingFileError, PipelineError
from spanloom_scale import COLUMNS, Settings
from spanloom_scale.annotator import annotator
from spanloom_scale.arrow import annotate

from .support import as_bytes, rows, texts


def places(spans: Any) -> list[dict[str, int]]:
    return [{"start": each.start_char, "end": each.end_char} for each in spans]


@pytest.mark.lengthy
def test_columns_hold_what_documents_hold(nlp: Pipeline) -> None:
    table = pa.table({"text": texts(200)})
    done = annotate(table, nlp, columns=[*COLUMNS]).to_pylist()
    for row, doc in zip(done, nlp.pipe(texts(200)), strict=True):
        assert row["text"] == doc.text and row["error"] is None
        assert row["offsets"] == [
            {"start": each.idx, "end": each.idx + len(each.text)} for each in doc
        ]
        assert row["tags"] == [each.tag_ for each in doc]
        assert row["heads"] == [each.head.i for each in doc]
        assert row["deps"] == [each.dep_ for each in doc]
        assert row["sentences"] == places(doc.sents)
        found = [{**place, "label": e.label_} for place, e in zip(places(doc.ents), doc.ents)]
        assert row["entities"] == [{**each, "kb_id": "", "id": ""} for each in found]
        assert [row[name] for name in ("pos", "morphs", "lemmas", "spans", "cats")] == [None] * 5
        assert Doc(nlp.vocab).from_bytes(row["doc"]).to_bytes() == doc.to_bytes()
    assert any(row["entities"] for row in done) and any(len(r["sentences"]) > 1 for r in done)


class Annotates:
    """Writes what no component of ours here does."""

    def __call__(self, doc: Doc) -> Doc:
        doc.cats = {"GOOD": 0.25, "BAD": 1.0}
        doc.spans["all"] = [spanloom.Span(doc, 1, 3, label="PAIR", kb_id="Q1")]
        doc.ents = [spanloom.Span(doc, 0, 1, label="A", kb_id="Q2", span_id="i")]
        for token in doc:
            token.lemma_ = token.text.lower()
        return doc


class Fussy:
    """Fails for some texts, and leaves data that can't be saved on others."""

    def __call__(self, doc: Doc) -> Doc:
        if "bad" in doc.text:
            raise ValueError(f"not {doc.text}")
        if "odd" in doc.text:
            doc.user_data["odd"] = object()
        return doc


@registry.factories("scale_annotates")
def make_annotates(nlp: Pipeline, name: str) -> Annotates:
    return Annotates()


@registry.factories("scale_fussy")
def make_fussy(nlp: Pipeline, name: str) -> Fussy:
    return Fussy()


def test_spans_lemmas_and_categories_have_columns() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("scale_annotates")
    table = pa.table({"text": ["One Two Three", "Één 🙂 Two"]})
    done = annotate(table, nlp, columns=["lemmas", "spans", "cats", "entities"]).to_pylist()
    one, two = done
    assert one["cats"] == [{"label": "GOOD", "score": 0.25}, {"label": "BAD", "score": 1.0}]
    assert one["lemmas"] == ["one", "two", "three"]
    span = {"group": "all", "label": "PAIR", "kb_id": "Q1", "id": ""}
    assert one["spans"] == [{**span, "start": 4, "end": 13}]
    assert two["spans"] == [{**span, "start": 4, "end": 9}]
    assert two["entities"] == [{"start": 0, "end": 3, "label": "A", "kb_id": "Q2", "id": "i"}]


def test_order_ids_and_types_of_other_columns_stay(nlp: Pipeline) -> None:
    table = rows(60).append_column("n", pa.array(range(60), pa.int16()))
    done = annotate(table, nlp)
    assert done.schema.names == ["id", "text", "n", "offsets", "tags", "heads", "entities", "error"]
    assert done.select(["id", "text", "n"]).equals(table)
    assert done.column("error").to_pylist()[7] == "DataError: no text"
    assert done.column("error").null_count == 59 and done.column("tags")[7].as_py() is None


@pytest.mark.lengthy
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=30)), max_size=12),
    st.integers(1, 5),
    st.integers(1, 40),
)
def test_the_same_rows_however_they_are_cut(
    nlp: Pipeline, given: list[str | None], size: int, words: int
) -> None:
    good = [None if text is None else text.encode("utf8", "ignore").decode() for text in given]
    table = pa.table({"text": pa.array(good, pa.string())})
    names = ["offsets", "tags", "heads", "sentences", "entities"]
    whole = annotate(table, nlp, columns=names)
    batches = table.to_batches(max_chunksize=size)
    if batches:
        parts = annotate(iter(batches), nlp, columns=names, batch_words=words).read_all()
        assert as_bytes(parts) == as_bytes(whole)
    assert [e is None for e in whole.column("error").to_pylist()] == [t is not None for t in good]


def test_a_stream_has_its_schema_before_anything_is_annotated(nlp: Pipeline) -> None:
    table = rows(40)
    read: list[int] = []

    def batches() -> Iterator[Any]:
        for batch in table.to_batches(max_chunksize=10):
            read.append(len(batch))
            yield batch

    source = pa.RecordBatchReader.from_batches(table.schema, batches())
    done = annotate(source, nlp, columns="tags")
    assert done.schema.names == ["id", "text", "tags", "error"] and not read
    first = done.read_next_batch()
    assert len(first) == 10 and len(read) <= 2
    assert first.num_rows + done.read_all().num_rows == 40


def test_texts_that_fail_are_told_and_the_others_are_annotated() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("scale_fussy")
    handler = nlp.error_handler
    given = ["good", "bad 1", None, "fine", "odd", "bad 2", ""]
    done = annotate(pa.table({"text": given}), nlp, columns=["offsets", "doc"]).to_pylist()
    assert nlp.error_handler is handler
    errors = [row["error"] for row in done]
    assert errors[:4] == [None, "ValueError: not bad 1", "DataError: no text", None]
    assert errors[4].startswith("SerializationError: ") and errors[5] == "ValueError: not bad 2"
    assert errors[6] is None
    for row, error in zip(done, errors, strict=True):
        assert (row["offsets"] is None) == (row["doc"] is None) == (error is not None)
    assert [Doc(nlp.vocab).from_bytes(r["doc"]).text for r in done if r["doc"]] == [
        "good",
        "fine",
        "",
    ]


@pytest.mark.lengthy
def test_the_vocab_of_a_worker_is_bounded(model: Path) -> None:
    """Two runs over words that were never seen leave what was there before."""
    made = annotator(Settings.of(model, {"max_types": 500}))

    def table(first: int) -> Any:
        words = [f"w{i}x w{i}y" for i in range(first, first + 5000)]
        return pa.table({"text": words})

    strings = set()
    for first in (0, 5000):
        batch = table(first).to_batches()[0]
        assert sum(map(len, made.annotate(batch))) == 5000
        assert len(made.nlp.vocab.lexicon) < 500 + 2 * made.nlp.batch_size + 100
        strings.add(len(made.nlp.vocab.strings))
    assert len(strings) == 1
    free = annotate(table(0), model, max_types=None)
    assert as_bytes(free) == as_bytes(annotate(table(0), model, max_types=500))


def test_a_pipeline_is_loaded_once_until_it_is_another(model: Path, tmp_path: Path) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "model")
    first = annotator(Settings.of(tmp_path / "model", {}))
    assert annotator(Settings.of(str(tmp_path / "model"), {})) is first
    nlp.add_pipe("sentencizer", name="again")
    nlp.to_disk(tmp_path / "model")
    assert "again" in annotator(Settings.of(tmp_path / "model", {})).nlp.pipe_names


def test_a_pipeline_in_an_object_store_is_loaded(model: Path) -> None:
    table = rows(30)
    assert as_bytes(annotate(table, model.as_uri())) == as_bytes(annotate(table, model))
    with pytest.raises(MissingFileError, match="no saved pipeline"):
        annotate(table, model.parent.as_uri())
    with pytest.raises(MissingFileError, match="can't be read"):
        annotate(table, "nothing://there")


def test_mistakes_are_told_before_anything_is_annotated(model: Path, nlp: Pipeline) -> None:
    table = rows(10)
    with pytest.raises(DataError, match="no column 'tag' .did you mean 'tags'"):
        annotate(table, model, columns=["tag"])
    with pytest.raises(DataError, match="twice"):
        annotate(table, model, columns=["tags", "tags"])
    with pytest.raises(DataError, match="no column 'body' .there are: id, text"):
        annotate(table, model, text="body")
    with pytest.raises(DataError, match="already: rename it"):
        annotate(annotate(table, model), model)
    with pytest.raises(DataError, match="holds int64, not strings"):
        annotate(pa.table({"text": [1]}), model)
    with pytest.raises(DataError, match="batches of rows, are needed"):
        annotate(["a text"], model)
    with pytest.raises(MissingFileError, match="no pipeline 'nowhere'"):
        annotate(table, "nowhere")
    with pytest.raises(PipelineError, match="batch_words"):
        annotate(table, model, batch_words=0)
    with pytest.raises(PipelineError, match="save it"):
        Settings.of(nlp, {})  # type: ignore[arg-type]


def test_components_are_left_out_by_name(model: Path) -> None:
    done = annotate(rows(20), model, disable=["ner", "parser"], columns=["tags", "heads"])
    assert done.column("heads").null_count == 20 and done.column("tags").null_count == 1
