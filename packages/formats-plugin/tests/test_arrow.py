"""Documents in Arrow tables and Parquet files, and tables of other tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom import Vocab
from spanloom.corpora.corpus import Corpus, read_docs
from spanloom.corpora.writing import writer_for
from spanloom.errors import DataError, FormatError, SerializationError
from spanloom.pipeline.build import blank
from spanloom.tokens import Doc
from spanloom_formats.arrow.files import docs_from_table
from spanloom_formats.arrow.tables import from_arrow, to_arrow

from .support import run

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

Facts = Callable[[Doc], dict[str, Any]]


@pytest.fixture
def docs(some_docs: Callable[[Vocab], list[Doc]]) -> list[Doc]:
    found = some_docs(blank("en").vocab)
    found[0].tensor = np.arange(12, dtype="f").reshape(6, 2)
    return found


def test_tables_keep_everything_and_others_can_read_them(docs: list[Doc], facts: Facts) -> None:
    table = to_arrow(docs)
    table.validate(full=True)
    assert table.column("tokens").to_pylist()[1] == [
        "We",
        "do",
        "n't",
        "know",
        ",",
        "do",
        "we",
        "?",
    ]
    assert table.column("norm").to_pylist()[1][2] == "not"
    assert table.column("tag").to_pylist()[:2] == [list("ABCDEF"), None]
    assert table.column("cats").to_pylist()[0] == [("travel", 1.0), ("food", 0.0)]
    again = list(from_arrow(table, blank("en").vocab))
    assert list(map(facts, again)) == list(map(facts, docs))
    some = list(from_arrow(table.slice(1, 2), blank("en").vocab))
    assert list(map(facts, some)) == list(map(facts, docs[1:3]))


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5) | st.sampled_from(
    ["can't", "a", "日本"]
)


@pytest.mark.lengthy
@given(
    given_docs=st.lists(
        st.tuples(
            st.lists(st.tuples(words, st.booleans()), max_size=5), st.booleans(), st.booleans()
        ),
        max_size=4,
    )
)
@settings(max_examples=40, deadline=None)
def test_any_documents_come_back(facts: Facts, given_docs: list[Any]) -> None:
    vocab = Vocab("en")
    docs = []
    for pairs, tagged, unknown in given_docs:
        texts = [word for word, _ in pairs]
        spaces = None if unknown else [space for _, space in pairs]
        docs.append(Doc(vocab, texts, spaces, tags=texts if tagged and texts else None))
    again = list(from_arrow(to_arrow(docs), Vocab("en")))
    assert list(map(facts, again)) == list(map(facts, docs))


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_files_are_written_read_converted_and_trained_on(
    docs: list[Doc], facts: Facts, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    assert writer_for(path)(path, iter(docs)) == 5
    assert list(map(facts, read_docs(path, blank("en").vocab))) == list(map(facts, docs))
    examples = list(Corpus(path)(blank("en")))
    assert [example.reference.words for example in examples] == [doc.words for doc in docs[:4]]
    for output in ("b.loom", f"c.{suffix}"):
        arguments = ["convert", str(path), str(tmp_path / output), "--lang", "en"]
        assert "5 documents, 17 tokens" in run(*arguments).output
        path = tmp_path / output
    assert list(map(facts, read_docs(path, blank("en").vocab))) == list(map(facts, docs))


def test_files_are_streamed(tmp_path: Path) -> None:
    vocab = Vocab("en", max_types=100)
    docs = (Doc(vocab, [f"w{i}", "x"]) for i in range(5000))
    assert writer_for("a.parquet")(tmp_path / "a.parquet", docs) == 5000
    read = read_docs(tmp_path / "a.parquet", Vocab("en"))
    assert next(read).words == ["w0", "x"] and sum(1 for _ in read) == 4999
    read.close()  # type: ignore[attr-defined]


HF = {
    "info": {
        "features": {
            "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
            "ner_tags": {"feature": {"names": ["O", "B-PER", "I-PER"]}, "_type": "Sequence"},
        }
    }
}


def test_tables_of_other_tools(tmp_path: Path) -> None:
    table = pa.table({"text": ["Ann is here.", "Go!"], "label": [1, 0], "id": [7, 8]})
    table = table.replace_schema_metadata({"huggingface": json.dumps(HF)})
    docs = list(docs_from_table(table, Vocab("en")))
    assert [doc.cats for doc in docs] == [{"pos": 1.0}, {"neg": 1.0}]
    assert docs[0].words == ["Ann", "is", "here", "."]
    table = pa.table({"tokens": [["Ann", "B", "x"], ["y"]], "ner_tags": [[1, 2, 0], [0]]})
    table = table.replace_schema_metadata({"huggingface": json.dumps(HF)})
    with pa.ipc.new_stream(str(tmp_path / "a.arrow"), table.schema) as writer:  # as datasets does
        writer.write_table(table)
    docs = list(read_docs(tmp_path / "a.arrow", Vocab("en")))
    assert [[(e.text, e.label_) for e in doc.ents] for doc in docs] == [[("Ann B", "PER")], []]
    spans = pa.table(
        {
            "text": ["Ann is here."],
            "entities": [[{"start": 0, "end": 3, "label": "PER"}]],
            "cats": [{"A": 1.0, "B": None}],
        }
    )
    doc = next(docs_from_table(spans, Vocab("en")))
    assert [ent.text for ent in doc.ents] == ["Ann"] and doc.cats == {"A": 1.0}


def test_what_cannot_be_read_is_named(docs: list[Doc], tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(FormatError, match=r"a\.parquet.*can't be read"):
        list(read_docs(path, Vocab("en")))
    parquet.write_table(pa.table({"words": ["a"]}), path)
    with pytest.raises(FormatError, match="no column 'text' or 'tokens'.*words"):
        list(read_docs(path, Vocab("en")))
    rows = {"text": ["Ann.", "Bob.", "Eve."], "entities": [None, [[0, 9, 1]], None]}
    parquet.write_table(pa.table(rows), path)
    with pytest.raises(FormatError, match=r"a\.parquet, line 2"):
        list(read_docs(path, Vocab("en")))
    problems: list[FormatError] = []
    found = list(read_docs(path, Vocab("en"), problems=problems))
    assert [doc.text for doc in found] == ["Ann.", "Eve."] and len(problems) == 1
    with pytest.raises(DataError, match="row 2"):
        list(docs_from_table(pa.table(rows), Vocab("en")))
    table = to_arrow(docs)
    place = table.schema.get_field_index("head")
    field = table.schema.field(place)
    heads = pa.array([[9] * 6, *[None] * 4], field.type)
    wrong = table.set_column(place, field, heads)
    with pytest.raises(SerializationError, match="a head lies outside"):
        list(from_arrow(wrong, Vocab("en")))
    newer = table.replace_schema_metadata({"spanloom": "2"})
    with pytest.raises(SerializationError, match="b'2'"):
        list(from_arrow(newer, Vocab("en")))
    odd = Doc(Vocab("en"), words=["\ud800"])
    with pytest.raises(SerializationError, match="surrogates"):
        to_arrow([odd])


@pytest.mark.lengthy
def test_without_pyarrow_the_error_says_what_to_install(
    fresh_python: Any, site: Path, tmp_path: Path
) -> None:
    (site / "pyarrow.py").write_text("raise ImportError('not here')")
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    for source, output in (("a.jsonl", "a.parquet"), ("b.parquet", "a.loom")):
        (tmp_path / "b.parquet").write_bytes(b"PAR1")
        arguments = ["convert", str(tmp_path / source), str(tmp_path / output)]
        result = fresh_python(["-m", "spanloom", *arguments], site)
        assert result.returncode == 1, result.stderr
        assert "pip install 'spanloom[arrow]'" in result.stderr + result.stdout
        assert "Traceback" not in result.stderr


@pytest.mark.lengthy
def test_pyarrow_is_imported_where_it_is_used_alone(fresh_python: Any) -> None:
    code = (
        "import sys; import spanloom, spanloom_formats.arrow.files, spanloom_formats.arrow.tables;"
        "from spanloom.corpora.corpus import data_files; print('pyarrow' in sys.modules)"
    )
    assert fresh_python(code).stdout.strip() == "False"
