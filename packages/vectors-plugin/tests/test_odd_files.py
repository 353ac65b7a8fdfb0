"""Files of vectors that aren't what they seem: each is read right, or refused."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner

from spanloom.cli.main import cli
from spanloom.errors import DataError, FormatError
from spanloom_vectors import (
    Problems,
    Subwords,
    Table,
    open_vectors,
    read_source,
    read_vectors,
    write_vectors,
)
from spanloom_vectors.build import Source
from spanloom_vectors.formats import detect, write_source

ROWS = [[(i * 7 + j) % 10 / 10 for j in range(8)] for i in range(300)]
WORDS = [f"w{i}" for i in range(300)]


def lines(gap: str, number: str = "{:.4f}") -> str:
    return "".join(
        f"{word}{gap}{gap.join(map(number.format, row))}\n"
        for word, row in zip(WORDS, ROWS, strict=True)
    )


@pytest.mark.parametrize("gap", ["  ", "\t", " \t", "   "])
def test_text_with_odd_blanks_is_text(gap, tmp_path):
    path = tmp_path / "x.vec"
    path.write_text("300 8\n" + lines(gap))
    table = read_vectors(path, policy="error")
    assert list(table.words) == WORDS
    np.testing.assert_allclose(table.vectors_for(WORDS), ROWS, atol=1e-6)


@pytest.mark.parametrize("width", [1, 7, 9, 16, 99_999_999_999])
def test_a_header_with_another_width_than_the_lines(width, tmp_path):
    (tmp_path / "x.vec").write_text(f"300 {width}\n" + lines(" "))
    with pytest.raises(FormatError, match=rf"{width} numbers.* 8") as error:
        read_vectors(tmp_path / "x.vec")
    assert error.value.line == 2


@pytest.mark.parametrize("header", ["", "300 8\n"])
def test_decimal_commas_are_refused_with_a_line(header, tmp_path):
    path = tmp_path / "x.vec"
    path.write_text(header + lines(" ").replace(".", ","))
    with pytest.raises(FormatError, match="line [12].*0,0000"):
        read_vectors(path)


@pytest.mark.parametrize("total", [299, 500, 10**12])
@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("format", ["vec", "word2vec-binary"])
def test_the_number_of_vectors_in_a_header_is_checked(total, ending, format, tmp_path):
    path = tmp_path / f"x.vec{ending}"
    write_vectors(tmp_path / "right", Table.from_arrays(WORDS, np.array(ROWS)), format=format)
    data = (tmp_path / "right").read_bytes().replace(b"300 8\n", b"%d 8\n" % total, 1)
    path.write_bytes(gzip.compress(data) if ending else data)
    with pytest.raises(FormatError, match=str(total)):
        read_vectors(path, format=format)
    assert len(read_vectors(path, limit=10)) == 10


def test_half_a_download_is_no_pipeline(tmp_path):
    (tmp_path / "x.vec").write_text("500 8\n" + lines(" "))
    done = CliRunner().invoke(
        cli, ["init", "vectors", "en", str(tmp_path / "x.vec"), str(tmp_path / "out")]
    )
    assert done.exit_code == 1 and "500" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["x.vec"]


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"<!DOCTYPE html>\n<html><head><title>404</title></head>\n</html>\n", "HTML"),
        (b"\n <HTML>\n<p>1 2 3</p>\n", "HTML"),
        (b'{"error": "not found"}\n', "JSON"),
        (b'{"a": [1, 2]}\n{"b": [3, 4]}\n', "JSON"),
        ("2 2\nw0 1 2\nw1 3 4\n".encode("utf-16"), "UTF-16"),
        ("w0 1 2\nw1 3 4\n".encode("utf-16-le"), "zero bytes"),
        (b"2 2\rw0 1 2\rw1 3 4\r", r"\\n"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "LFS"),
        (b"a,1,2\nb,3,4\n", "no numbers"),
        (b"The cat sat on the mat.\nIt was black, and 3 years old.\n", "half of its lines"),
        (b"0 300\n", "usable"),
        (b"a nan inf\nb inf 1\n", "usable"),
        (b"%PDF-1.4\n1 0 obj\n", "PDF"),
    ],
)
def test_what_holds_no_vectors_is_refused(data, match, tmp_path):
    for name, content in (("x.vec", data), ("x.txt.gz", gzip.compress(data))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FormatError, match=match):
            read_vectors(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2 2\n w0 1 2\n w1 3 4\n", ["w0", "w1"]),
        ("w0 x 1 2\nw1  1 2\nw2 3 4\n", ["w0 x", "w1", "w2"]),
    ],
)
def test_blanks_around_words_are_no_part_of_them(text, words, tmp_path):
    (tmp_path / "x.txt").write_text(text)
    assert list(read_vectors(tmp_path / "x.txt").words) == words


def test_numbers_are_no_part_of_words(tmp_path):
    (tmp_path / "x.txt").write_text("2 2\nw0 0.1 1 2\nw1 0.3 3 4\n")
    with pytest.raises(FormatError, match="2 numbers.* 3"):
        read_vectors(tmp_path / "x.txt")


@pytest.mark.parametrize("word", [" a", "a\t", "a\tb", "\ud83d"])
def test_words_that_text_would_change_are_refused(word, tmp_path):
    table = Table.from_arrays(["a", word], np.eye(2))
    with pytest.raises(DataError, match="safetensors"):
        write_vectors(tmp_path / "x.vec", table)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["x.vec", "x.glove", "x.bin", "x.npz", "x.safetensors"])
def test_a_floret_table_has_no_words_to_write(name, tmp_path):
    subwords = Subwords("floret", 8, 1, 2, 2, 5)
    table = Table.from_source(Source(3, (), subwords=subwords, buckets=np.eye(8, 3)))
    with pytest.raises(DataError, match="floret"):
        write_vectors(tmp_path / name, table)
    assert not list(tmp_path.iterdir())


def test_a_stream_without_a_known_number_of_words_is_written_whole(tmp_path, data):
    source = read_source(data / "glove_200.txt")
    write_source(tmp_path / "x.vec", source)
    assert read_vectors(tmp_path / "x.vec").hash == read_vectors(data / "glove_200.txt").hash
    (tmp_path / "y.vec").write_text("2 2\na 1 2\nb 1 nan\n")
    with pytest.raises(DataError, match="1 words came where 2"):
        write_source(tmp_path / "z.vec", read_source(tmp_path / "y.vec"))
    assert not (tmp_path / "z.vec").exists()


def test_archives_of_one_text_and_of_several(tmp_path, data):
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    text, model = (data / "glove_200.txt").read_bytes(), (data / "ff_fasttext.bin").read_bytes()
    with zipfile.ZipFile(one, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/glove.txt", text)
        archive.writestr("__MACOSX/in/._glove.txt", b"\0")
    with zipfile.ZipFile(two, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("glove.txt", text)
        archive.writestr("model.bin", model)
    expected = read_vectors(data / "glove_200.txt").hash
    assert read_vectors(one, policy="error").hash == expected
    with pytest.raises(FormatError, match=r"glove.txt, model.bin.*two.zip/glove.txt"):
        read_vectors(two)
    assert open_vectors(two / "glove.txt").hash == expected
    assert read_vectors(two / "model.bin").hash == read_vectors(data / "ff_fasttext.bin").hash
    with pytest.raises(FormatError, match="model.bin"):
        read_vectors(two / "nothing.txt")
    two.write_bytes(two.read_bytes()[:-9000])
    with pytest.raises(FormatError):
        read_vectors(two)


def test_words_in_another_encoding(tmp_path):
    path = tmp_path / "x.vec"
    path.write_bytes("3 2\ncafé 1 2\nnaïve 3 4\nw 5 6\n".encode("cp1252"))
    problems = Problems(path)
    assert list(read_vectors(path, problems=problems).words) == ["w"]
    assert problems.counts == {"undecodable": 2} and "--encoding" in str(problems.examples[0])
    table = read_vectors(path, encoding="cp1252", policy="error")
    assert list(table.words) == ["café", "naïve", "w"] and table["naïve"].tolist() == [3, 4]
    path.write_bytes("2 2\nκαφές 1 2\nw1 3 4\n".encode("utf-16"))
    assert list(read_vectors(path, encoding="utf-16").words) == ["καφές", "w1"]
    path.write_bytes(b"2 2\n\x81x 1 2\nw1 3 4\n")  # cp1252 has no 0x81
    problems = Problems(path)
    assert list(read_vectors(path, encoding="cp1252", problems=problems).words) == ["w1"]
    assert problems.counts == {"undecodable": 1}
    with pytest.raises(DataError, match="no encoding"):
        read_vectors(path, encoding="latin1234")
    write_vectors(tmp_path / "x.npz", table)
    with pytest.raises(DataError, match="UTF-8"):
        read_vectors(tmp_path / "x.npz", encoding="cp1252")


def test_words_of_binary_files_in_another_encoding(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"1 2\ncaf\xe9 " + np.array([1, 2], "<f4").tobytes())
    assert list(read_vectors(path, encoding="latin1").words) == ["café"]
    done = CliRunner().invoke(
        cli,
        ["vectors", "convert", str(path), str(tmp_path / "y.vec"), "--encoding", "latin1"],
        catch_exceptions=False,
    )
    assert done.exit_code == 0 and (tmp_path / "y.vec").read_text("utf8") == "1 2\ncafé 1.0 2.0\n"


def test_a_small_binary_file_without_bytes_that_text_lacks_is_binary(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"2 2\na " + b"AAAABBBB" + b"b " + b"CCCCDDDD")
    assert detect(path).name == "word2vec-binary" and len(read_vectors(path)) == 2


@pytest.mark.parametrize(
    "text", ["4 99999999999 1 2 2 9 < >\n0 1\n", "99999999999 2 1 2 2 9 < >\n0 1 2\n"]
)
def test_a_floret_header_is_not_believed(text, tmp_path):
    (tmp_path / "x.floret").write_text(text)
    with pytest.raises(FormatError):
        read_vectors(tmp_path / "x.floret")


@pytest.mark.parametrize("row", ["-1", "4", "+2", "1_0", "0"])
def test_a_floret_row_that_is_no_row(row, tmp_path):
    rows = "".join(f"{i} {i} 1\n" for i in ("0", "1", "2", row))
    (tmp_path / "x.floret").write_text(
        "4 2 1 2 2 9 < >\n" + rows.replace(f"{row} {row}", f"{row} 7")
    )
    with pytest.raises(FormatError, match="row"):
        read_vectors(tmp_path / "x.floret")


def test_vectors_that_are_not_finite_are_left_out_of_any_format(tmp_path):
    rows = np.array([[1, 2], [np.nan, 1], [np.inf, 0], [3, 4]], dtype=np.float32)
    words = ["a", "b", "c", "d"]
    np.savez(tmp_path / "x.npz", words=words, vectors=rows)
    text = b"".join(w.encode() + b" " + r.tobytes() for w, r in zip(words, rows, strict=True))
    (tmp_path / "x.bin").write_bytes(b"4 2\n" + text)
    write_vectors(tmp_path / "x.safetensors", Table.from_arrays(words, np.zeros((4, 2))))
    data = (tmp_path / "x.safetensors").read_bytes()
    at = 8 + struct.unpack("<Q", data[:8])[0]
    (tmp_path / "x.safetensors").write_bytes(data[:at] + rows.tobytes() + data[at + rows.nbytes :])
    write_vectors(tmp_path / "spacy", Table.from_arrays(words, np.zeros((4, 2))))
    np.save(tmp_path / "spacy" / "vectors.npy", rows)
    (tmp_path / "spacy" / "vectors.npy").replace(tmp_path / "spacy" / "vectors")
    for name in ("x.npz", "x.bin", "x.safetensors", "spacy"):
        problems = Problems(tmp_path / name)
        table = read_vectors(tmp_path / name, problems=problems)
        assert list(table.words) == ["a", "d"] and problems.counts == {"number": 2}, name
        with pytest.raises(FormatError, match="'b'"):
            read_vectors(tmp_path / name, policy="error")


def test_numbers_that_are_not_real_are_refused(tmp_path):
    np.savez(tmp_path / "c.npz", words=["a", "b"], vectors=[[1, 1j], [2, 3]])
    with pytest.raises(FormatError, match="complex"):
        read_vectors(tmp_path / "c.npz")
    np.savez(tmp_path / "s.npz", words=["a", "b"], vectors=[["1", "2"], ["2", "3"]])
    with pytest.raises(FormatError, match="not of numbers"):
        read_vectors(tmp_path / "s.npz")
    with pytest.raises(DataError, match="complex"):
        Table.from_arrays(["a", "b"], np.array([[1, 1j], [2, 3]]))


def safetensors(path, header, data=b""):
    start = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(start)) + start + data)


def test_safetensors_of_other_types_and_shapes(tmp_path):
    path = tmp_path / "x.safetensors"
    bf16 = {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}
    meta = {"words": '["a", "b"]'}
    halves = (np.array([[1, -2], [0.5, 3]], "<f4").view("<u4") >> 16).astype("<u2").tobytes()
    safetensors(path, {"__metadata__": meta, "vectors": bf16}, halves)
    assert read_vectors(path).vectors_for(["a", "b"]).tolist() == [[1, -2], [0.5, 3]]
    wrong = (
        ({"vectors": {**bf16, "dtype": "F8_E4M3"}}, "F8_E4M3"),
        ({"vectors": {**bf16, "data_offsets": [0, 99]}}, "cut short"),
        ({"vectors": {**bf16, "data_offsets": [8, 0]}}, "cut short"),
        ({"vectors": bf16, "__metadata__": {"words": "a b"}}, "list of strings"),
        ({"vectors": bf16, "__metadata__": {"words": "[1, 2]"}}, "list of strings"),
        ({"other": bf16}, "'vectors' among other"),
        ([1], "isn't a safetensors"),
    )
    for header, match in wrong:
        safetensors(path, header, halves)
        with pytest.raises(FormatError, match=match):
            read_vectors(path, format="safetensors")
    path.write_bytes(b"")
    with pytest.raises(FormatError):
        read_vectors(path, format="safetensors")


def test_limit_of_a_table_whose_words_share_rows(tmp_path):
    shared = ([f"w{i}" for i in range(50)], np.arange(50) // 5, np.arange(20.0).reshape(10, 2))
    table = Table.from_source(Source(2, (), total=50, shared=shared))
    write_vectors(tmp_path / "folder", table, format="spacy")
    table.save(tmp_path / "t.wlv")
    for source in (tmp_path / "folder", tmp_path / "t.wlv"):
        part = read_vectors(source, limit=7)
        assert sorted(part.words) == [f"w{i}" for i in range(7)] and part.shape == (2, 2)
        assert part["w6"].tolist() == table["w6"].tolist()
    for limit in (0, -1):
        with pytest.raises(DataError, match="limit"):
            read_vectors(tmp_path / "folder", limit=limit)


def test_fasttext_models_of_before_2017(tmp_path, data):
    """These have no magic number and no version, no count of pruned words, no mark for quantised
    matrices."""
    new = (data / "ff_fasttext.bin").read_bytes()
    start = 8 + 56
    table = read_vectors(data / "ff_fasttext.bin")
    rows = struct.pack("<?qq", False, len(table) + 100, 50)
    old = new[8:start] + new[start : start + 20] + new[start + 28 :].replace(rows, rows[1:], 1)
    (tmp_path / "old.bin").write_bytes(old)
    assert detect(tmp_path / "old.bin").name == "fasttext"
    assert read_vectors(tmp_path / "old.bin").hash == table.hash


def test_zst_files_of_several_frames_and_cut_ones(tmp_path, data):
    zstandard = pytest.importorskip("zstandard")
    text = (data / "glove_200.txt").read_bytes()
    half = text.index(b"\n", len(text) // 2) + 1
    frames = [zstandard.ZstdCompressor().compress(part) for part in (text[:half], text[half:])]
    (tmp_path / "x.txt.zst").write_bytes(b"".join(frames))
    expected = read_vectors(data / "glove_200.txt").hash
    assert read_vectors(tmp_path / "x.txt.zst").hash == expected
    (tmp_path / "x.txt.zst").write_bytes(b"".join(frames)[:-100])
    with pytest.raises(FormatError, match="cut short"):
        read_vectors(tmp_path / "x.txt.zst")


def test_compressed_models_without_an_ending(tmp_path, data):
    (tmp_path / "model").write_bytes(gzip.compress((data / "ff_fasttext.bin").read_bytes()))
    assert read_vectors(tmp_path / "model").hash == read_vectors(data / "ff_fasttext.bin").hash


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("key2row", b"\x84\x01"),
        ("strings.json", b'["a", "\xdb"]'),
        ("strings.json", b'{"a": '),
        ("vectors.cfg", b"[]"),
        ("vectors.cfg", b'{"attr": "x", "mode": "floret"}'),
        ("vectors", b"PK\x05\x06" + bytes(18)),
        ("vectors", b""),
    ],
)
def test_a_damaged_file_of_spacy_vectors_was_a_raw_error(tmp_path, name, content):
    table = Table.from_arrays(["a", "b"], np.ones((2, 3)))
    write_vectors(tmp_path / "x", table, format="spacy")
    (tmp_path / "x" / name).write_bytes(content)
    with pytest.raises(FormatError, match=name):
        read_vectors(tmp_path / "x")
