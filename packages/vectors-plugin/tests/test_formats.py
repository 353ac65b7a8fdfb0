from __future__ import annotations

import gzip
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from spanloom.errors import DataError, FormatError, MissingFileError
from spanloom_vectors import (
    Problems,
    Subwords,
    Table,
    from_gensim,
    open_vectors,
    read_source,
    read_vectors,
    write_vectors,
)
from spanloom_vectors.build import Source
from spanloom_vectors.formats import FORMATS, detect, format_for

PLAIN = sorted(set(FORMATS) - {"floret"})


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("glove_200.txt", "glove"),
        ("word2vec_200.txt.gz", "word2vec"),
        ("fasttext_200.vec", "vec"),
        ("word2vec_200_newline.bin", "word2vec-binary"),
        ("word2vec_200_no_newline.bin", "word2vec-binary"),
    ],
)
def test_the_same_vectors_in_five_formats(data, name, format):
    assert detect(data / name).name == format
    table = read_vectors(data / name, policy="error")
    assert table.shape == (200, 25)
    assert table.words[:3] == ["the", "of", "and"]
    assert table.hash == read_vectors(data / "glove_200.txt").hash


@pytest.mark.parametrize("format", PLAIN)
def test_each_format_gives_back_what_it_got(format, tmp_path):
    rows = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    words = ["the", "größe", "東京", "'s", "1.5", "a b" if format != "word2vec-binary" else "a_b"]
    table = Table.from_arrays(words, rows)
    write_vectors(tmp_path / "x", table, format=format)
    again = read_vectors(tmp_path / "x", format=format, policy="error")
    assert list(again.words) == words
    np.testing.assert_allclose(again.vectors_for(words), rows, atol=1e-7)
    if format != "fasttext":  # sums and differences of float32
        assert again.hash == table.hash


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("name", ["x.txt", "x.bin", "x.floret"])
def test_compressed_files(ending, name, tmp_path, table):
    if ending == ".zst":
        pytest.importorskip("zstandard")
    if name.endswith(".floret"):
        subwords = Subwords("floret", 8, 1, 2)
        source = Source(3, (), subwords=subwords, buckets=np.ones((8, 3)))
        table = Table.from_source(source)
    path = tmp_path / (name + ending)
    write_vectors(path, table)
    assert open_vectors(path).shape == table.shape
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises((FormatError, DataError)):
        read_vectors(path, policy="error")


def test_fasttext_gives_the_vectors_that_fasttext_gives(data):
    table = read_vectors(data / "ff_fasttext.bin")
    assert table.shape == (157, 50) and table.unknown == "subword"
    # Of fasttext 0.9.3's get_word_vector: the first two are in its dictionary.
    known = {
        ",": [0.117985, -0.111506, 0.089122, 0.224547],
        "im": [0.242014, 0.076707, 0.179324, 0.140504],
        "tübingen": [0.23291, -0.092785, 0.227283, 0.184813],
        "überlauf": [0.353784, 0.347699, 0.281371, 0.055854],
        "x": [0.205493, -1.772824, -0.325586, 1.566014],
    }
    for word, start in known.items():
        np.testing.assert_allclose(table[word][:4], start, atol=2e-6)
    assert table.rows_for(["im", "überlauf"]).tolist() == [20, -1]


def test_fasttext_models_are_written_with_their_subwords(data, tmp_path):
    table = read_vectors(data / "ff_fasttext.bin")
    write_vectors(tmp_path / "m.bin", table)
    again = read_vectors(tmp_path / "m.bin")
    assert again.subwords == table.subwords and list(again.words) == list(table.words)
    words = [*table.words[:20], "überlauf", "zebra"]
    np.testing.assert_allclose(again.vectors_for(words), table.vectors_for(words), atol=1e-6)


def test_supervised_fasttext_model(shared):
    table = read_vectors(shared / "vectors" / "formats" / "fasttext_cooking_supervised.bin")
    assert table.shape == (8952, 10) and table.subwords is None
    assert not any(word.startswith("__label__") for word in table.words)


def test_floret_file(tmp_path):
    lines = ["4 2 1 2 2 9 < >", *(f"{i} {i}.5 -{i}" for i in range(4))]
    path = tmp_path / "x.floret"
    path.write_text("\n".join(lines) + "\n")
    table = read_vectors(path)
    assert table.kind == "floret" and table.subwords.hash_count == 2
    assert table.sections.arrays["rows"].tolist() == [[0.5, 0], [1.5, -1], [2.5, -2], [3.5, -3]]
    write_vectors(tmp_path / "y.floret", table)
    assert read_vectors(tmp_path / "y.floret").hash == table.hash
    path.write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(FormatError, match="cut short"):
        read_vectors(path)
    with pytest.raises(DataError, match="floret"):
        write_vectors(tmp_path / "z.floret", Table.from_arrays(["a"], np.ones((1, 2))))


@pytest.mark.parametrize("name", ["txt", "dims", "bin"])
def test_undecodable_words_are_named_and_counted(data, name):
    path = data / f"ff_utf8_incomplete.{name}"
    problems = Problems(path)
    table = read_vectors(path, problems=problems)
    assert list(table.words) == ["meren", "rivieren"]
    assert problems.counts == {"undecodable": 1}
    assert "zee" in str(problems.examples[0]) and "line" in str(problems.examples[0])
    with pytest.raises(FormatError, match="zee"):
        read_vectors(path, policy="error")


def test_bad_lines_are_named_counted_and_left_out(tmp_path):
    path = tmp_path / "bad.txt"
    path.write_bytes(
        b"9 2\nthe 1 2\nshort 1\nthe 3 4\na b 5 6\n  7 8\n 1 2\nx 1 nan\ny 1 2z\n\nlast 9 10"
    )
    problems = Problems(path)
    table = read_vectors(path, problems=problems)
    assert list(table.words) == ["the", "a b", " ", "last"]
    assert table["the"].tolist() == [1, 2] and table[" "].tolist() == [7, 8]
    assert problems.counts == {"short": 1, "duplicate": 1, "empty": 1, "number": 2}
    lines = {problem.kind: problem.line for problem in problems.examples}
    assert lines == {"short": 3, "duplicate": 4, "empty": 7, "number": 9}
    with pytest.raises(FormatError, match="line 3") as error:
        read_vectors(path, policy="error")
    assert error.value.line == 3


def test_line_numbers_hold_beyond_the_first_block(tmp_path, monkeypatch):
    monkeypatch.setattr("spanloom_vectors.formats.text._BLOCK", 50)
    path = tmp_path / "x.txt"
    lines = [f"word{i} {i} {i}.5" for i in range(100)]
    lines[70] = "word70 1"
    path.write_text("\n".join(lines))
    problems = Problems(path)
    table = read_vectors(path, problems=problems)
    assert len(table) == 99 and table["word99"].tolist() == [99, 99.5]
    assert problems.examples[0].line == 71


@pytest.mark.parametrize(
    "text",
    [
        "the 1 2 3\nof 4 5 6\n",
        "2 3\nthe 1 2 3\nof 4 5 6\n",
        "2 3\r\nthe 1 2 3\r\nof 4 5 6\r\n",
        "2 3\nthe 1 2 3 \nof 4 5 6 ",
        "the\t1\t2\t3\nof\t4\t5\t6\n",
        "the  1  2   3\nof 4 5 6\n",
        "\ufeff2 3\nthe 1 2 3\nof 4 5 6\n",
        "the 1.0 2e0 +3\nof 4 5 6.000000\n",
    ],
)
def test_ways_to_write_the_same(text, tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(text.encode())
    table = read_vectors(path, policy="error")
    assert table.vectors_for(["the", "of"]).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_words_with_spaces_and_odd_spaces(tmp_path):
    words = [". . .", "at name@domain.com", "a\u00a0b", "x\u2028y", "1 2", "plain", "z"]
    path = tmp_path / "x.txt"
    path.write_text("".join(f"{word} {i} 0.5 1\n" for i, word in enumerate(words)), encoding="utf8")
    table = read_vectors(path, policy="error")
    assert list(table.words) == words
    assert table.vectors_for(words)[:, 0].tolist() == list(range(7))


def test_files_that_hold_no_vectors(tmp_path, data):
    path = tmp_path / "x.txt"
    for content, match in ((b"", "empty"), (b"one\ntwo\n", "no numbers")):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=match):
            read_vectors(path)
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(FormatError, match="gensim"):
        read_vectors(path)
    with pytest.raises(MissingFileError):
        read_vectors(tmp_path / "nothing.vec")
    with pytest.raises(FormatError, match="folder"):
        read_vectors(tmp_path)
    path.write_bytes((data / "word2vec_200_newline.bin").read_bytes()[:5000])
    with pytest.raises(FormatError, match="cut short"):
        read_vectors(path)
    path.write_bytes((data / "ff_fasttext.bin").read_bytes()[:5000])
    with pytest.raises(FormatError, match="cut short"):
        read_vectors(path)


def test_names_say_the_format():
    names = {
        "a.vec": "vec",
        "a.txt.gz": "word2vec",
        "a.bin": "fasttext",
        "a.npz": "npz",
        "a": "spacy",
    }
    assert {name: format_for(name).name for name in names} == names
    with pytest.raises(DataError, match="ending|end the name"):
        format_for("a.docx")
    with pytest.raises(DataError, match="no format"):
        read_source("a", format="glov")


@pytest.mark.parametrize("format", ["vec", "glove", "word2vec-binary"])
@pytest.mark.parametrize("word", ["", "\n", "a\nb"])
def test_words_that_a_format_cannot_hold_are_refused(format, word, tmp_path):
    table = Table.from_arrays(["a", word], np.eye(2))
    with pytest.raises(DataError, match="safetensors"):
        write_vectors(tmp_path / "x", table, format=format)
    assert not list(tmp_path.iterdir())
    write_vectors(tmp_path / "x", table, format="safetensors")
    assert read_vectors(tmp_path / "x", format="safetensors").hash == table.hash


def test_limit_reads_the_first_words(data):
    source = read_source(data / "glove_200.txt")
    table = Table.from_source(source, limit=7)
    assert len(table) == 7 and table.words[6] == read_vectors(data / "glove_200.txt").words[6]


def test_spacy_folder_with_shared_rows(tmp_path, rows):
    shared = (["a", "b", "the", "ORTH"], np.array([0, 1, 1, 2]), rows[:3])
    table = Table.from_source(Source(6, (), total=4, shared=shared))
    write_vectors(tmp_path / "vocab", table, format="spacy")
    again = read_vectors(tmp_path)
    assert sorted(again.words) == ["ORTH", "a", "b", "the"] and len(again) == 3
    np.testing.assert_array_equal(again["b"], again["the"])
    np.testing.assert_array_equal(again["ORTH"], rows[2])
    (tmp_path / "vocab" / "strings.json").write_text('["a"]')
    problems = Problems(tmp_path)
    assert sorted(read_vectors(tmp_path, problems=problems).words) == ["ORTH", "a"]
    assert problems.counts == {"unnamed": 2}


def test_spacy_folder_of_a_floret_table(tmp_path):
    subwords = Subwords("floret", 8, 1, 2, 2, 5)
    table = Table.from_source(
        Source(3, (), subwords=subwords, buckets=np.eye(8, 3)), attrs=["LOWER"]
    )
    write_vectors(tmp_path / "v", table, format="spacy")
    again = read_vectors(tmp_path / "v")
    assert again.hash == table.hash and again.attrs == ("LOWER",)


def test_safetensors_library_reads_what_we_write(tmp_path, table):
    library = pytest.importorskip("safetensors.numpy")
    write_vectors(tmp_path / "x.safetensors", table)
    tensors = library.load_file(tmp_path / "x.safetensors")
    np.testing.assert_array_equal(tensors["vectors"], table.vectors_for(list(table.words)))
    library.save_file(
        {"embeddings": np.eye(2, dtype=np.float16)},
        tmp_path / "y.safetensors",
        metadata={"words": '["a", "b"]'},
    )
    assert read_vectors(tmp_path / "y.safetensors")["b"].tolist() == [0, 1]


def test_gensim_objects_by_their_attributes(rows):
    class Keyed:
        index_to_key = ["a", "b"]
        vectors = rows[:2]
        expandos = {"count": np.array([3, 1])}

    table = Table.from_source(from_gensim(Keyed()))
    np.testing.assert_array_equal(table["b"], rows[1])
    with pytest.raises(DataError, match="KeyedVectors"):
        from_gensim([1, 2])


@pytest.mark.lengthy
def test_reading_needs_little_more_than_a_block(tmp_path):
    path = tmp_path / "large.txt.gz"
    rng = np.random.default_rng(0)
    with gzip.open(path, "wt", compresslevel=1) as file:
        for i in range(6000):
            numbers = " ".join(map(str, rng.integers(0, 9, 300).tolist()))
            file.write(f"word{i} {numbers}\n")
    from spanloom_vectors import write_table

    tracemalloc.start()
    write_table(tmp_path / "t.wlv", read_source(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert Path(tmp_path / "t.wlv").stat().st_size > 7_000_000
    assert peak < 24_000_000  # a few blocks of 2 MB and their numbers, whatever the file's size
