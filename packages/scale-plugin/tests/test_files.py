"""Annotating folders of files, shard by shard."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import spanloom
from spanloom.errors import DataError, FormatError, MissingFileError, OccupiedError, SpanloomError
from spanloom_scale.annotator import Annotator
from spanloom_scale.arrow import annotate
from spanloom_scale.files import annotate_files

from .support import as_bytes, rows, texts


def unpacked(path: Path) -> bytes:
    kind = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    return bytes(pa.input_stream(str(path), compression=kind).read())


def write(path: Path, data: bytes) -> None:
    kind = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.output_stream(str(path), compression=kind) as file:
        file.write(data)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Five shards of lines of JSON, two of them in a folder below."""
    for number in range(5):
        part = [{"id": number * 100 + i, "text": text} for i, text in enumerate(texts(60))]
        name = f"sub/{number}.jsonl" if number > 2 else f"{number}.jsonl"
        lines = "".join(json.dumps(each) + "\n" for each in part[number::5])
        write(tmp_path / "in" / name, lines.encode())
    return tmp_path / "in"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "about.json"
    }


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "jsonl.gz", "jsonl.zst"])
def test_rows_are_the_same_in_each_format(model: Path, tmp_path: Path, ending: str) -> None:
    table = rows(40).take(list(range(8, 40)))
    want = annotate(table, model).to_pylist()
    data = "".join(json.dumps(each) + "\n" for each in table.to_pylist()).encode()
    if ending == "parquet":
        (tmp_path / "in").mkdir()
        parquet.write_table(table, tmp_path / "in" / "a.parquet")
    else:
        write(tmp_path / "in" / f"a.{ending}", data)
    done = annotate_files(model, tmp_path / "in", tmp_path / "out", format=ending)
    assert (done.shards, done.before, done.rows, done.errors) == (1, 0, 32, 0)
    made = tmp_path / "out" / f"a.{ending}"
    if ending == "parquet":
        assert parquet.read_table(made).to_pylist() == want
    else:
        assert [json.loads(line) for line in unpacked(made).decode().splitlines()] == want


def test_lines_of_text_become_lines_of_words(model: Path, tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.txt.zst", b"It's here.\n\n  Two words \n")
    annotate_files(model, tmp_path / "in", tmp_path / "out", lines=True, format="txt.gz")
    assert unpacked(tmp_path / "out" / "a.txt.gz") == b"It 's here .\nTwo words\n"
    annotate_files(model, tmp_path / "in" / "a.txt.zst", tmp_path / "one")
    (row,) = parquet.read_table(tmp_path / "one" / "a.parquet").to_pylist()
    assert row["text"] == "It's here.\n\n  Two words "


def test_shards_keep_their_folders_and_a_second_start_leaves_what_is_there(
    model: Path, source: Path, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    progress: Any = lambda *numbers: told.append(numbers)  # noqa: E731
    done = annotate_files(model, source, tmp_path / "out", progress=progress)
    assert (done.shards, done.before, done.rows) == (5, 0, 60)
    assert told == [(i, 5) for i in range(1, 6)]
    before = contents(tmp_path / "out")
    assert [*before] == [f"{n}.parquet" for n in ("0", "1", "2", "sub/3", "sub/4")]
    (tmp_path / "out" / "1.parquet").unlink()
    kept = (tmp_path / "out" / "0.parquet").stat().st_mtime_ns
    done = annotate_files(model, source, tmp_path / "out")
    assert (done.before, done.rows) == (4, 12) and "4 of them before" in str(done)
    assert contents(tmp_path / "out") == before
    assert (tmp_path / "out" / "0.parquet").stat().st_mtime_ns == kept


@pytest.mark.lengthy
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_run_that_was_killed_goes_on(model: Path, source: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    annotate_files(model, source, whole)
    script = (
        "import sys, time; from spanloom_scale.files import annotate_files\n"
        "annotate_files(*sys.argv[1:], progress=lambda *_: time.sleep(0.3))"
    )
    process = subprocess.Popen([sys.executable, "-c", script, *map(str, (model, source, out))])
    while not (out / "1.parquet").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    there = contents(out)
    assert there.items() < contents(whole).items()
    (out / ".2.parquet.0123abcd").write_bytes(b"half")  # as one left that was killed while writing
    assert annotate_files(model, source, out).before == len(there)
    assert contents(out) == contents(whole)


def test_a_shard_that_is_being_written_when_it_fails_is_not_there(
    model: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Annotator.annotate

    def stop(self: Annotator, *given: Any) -> Any:
        yield from real(self, *given)
        raise KeyboardInterrupt

    monkeypatch.setattr(Annotator, "annotate", stop)
    with pytest.raises(KeyboardInterrupt):
        annotate_files(model, source, tmp_path / "out")
    assert not contents(tmp_path / "out")


def test_bad_records_are_told_in_their_rows(model: Path, tmp_path: Path) -> None:
    lines = [
        b'{"id": 1, "text": "Good.", "more": {"a": [1]}, "flag": true}',
        b"{broken",
        b'{"id": 3}',
        b'{"id": "x", "text": "Its id is no number."}',
        b'{"id": 5, "text": "half \\ud83d of a pair"}',
        b'{"id": 6, "text": "\xff"}',
        b'"A text alone."',
    ]
    write(tmp_path / "in" / "a.jsonl", b"\n".join([*lines[:1] * 3, *lines]) + b"\n")
    # Kinds are known by the first thousand records, so a number among them makes text of all.
    write(tmp_path / "in" / "b.jsonl", b"\n".join(lines))
    done = annotate_files(model, tmp_path / "in", tmp_path / "out")
    assert (done.rows, done.errors) == (17, 8) and "8 with an error" in str(done)
    table = parquet.read_table(tmp_path / "out" / "b.parquet")
    assert table.schema.names[:4] == ["id", "text", "more", "flag"]
    found = table.to_pylist()
    assert found[0]["more"] == '{"a": [1]}' and found[0]["flag"] is True
    assert [row["id"] for row in found] == ["1", None, "3", "x", "5", None, None]
    errors = [row["error"] for row in found]
    assert [error is None for error in errors] == [True, False, False, True, False, False, True]
    assert "line 2: isn't valid JSON" in errors[1] and "no text at 'text'" in errors[2]
    assert "'text' isn't string" in errors[4] and "isn't UTF-8" in errors[5]
    assert found[6]["text"] == "A text alone."


def test_a_value_that_fits_no_column_is_told(model: Path, tmp_path: Path) -> None:
    lines = ['{"n": 1, "text": "a"}'] * 1000
    lines += ['{"n": "two", "text": "b"}', '{"n": 3, "text": "c"}']
    write(tmp_path / "in" / "a.jsonl", "\n".join(lines).encode())
    annotate_files(model, tmp_path / "in", tmp_path / "out", columns=["tags"])
    *_, two, three = parquet.read_table(tmp_path / "out" / "a.parquet").to_pylist()
    assert two["error"] == "DataError: 'n' isn't int64: 'two'" and two["n"] is None
    assert (three["n"], three["error"], len(three["tags"])) == (3, None, 1)


@pytest.mark.lengthy
def test_a_damaged_shard_is_named_and_the_others_are_written(
    model: Path, source: Path, tmp_path: Path
) -> None:
    damaged = gzip.compress(b'{"text": "a"}\n' * 5000)[:-30]
    (source / "3.jsonl.gz").write_bytes(damaged)
    with pytest.raises(SpanloomError, match=r"1 of 6 shards .*\n.*3.jsonl.gz.*damaged"):
        annotate_files(model, source, tmp_path / "out")
    assert len(contents(tmp_path / "out")) == 5
    write(source / "3.jsonl.gz", b'{"text": "a"}\n')
    assert annotate_files(model, source, tmp_path / "out").before == 5


def test_columns_are_kept_by_name(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    table = pa.table({"url": ["u"], "junk": [b"x"], "body": ["A text."]})
    parquet.write_table(table, tmp_path / "in" / "a.parquet")
    options: Any = {"text": "body", "columns": ["tags"], "keep": "url"}
    annotate_files(model, tmp_path / "in", tmp_path / "out", **options)
    made = parquet.read_table(tmp_path / "out" / "a.parquet")
    assert made.schema.names == ["url", "body", "tags", "error"]
    with pytest.raises(DataError, match="no column 'uri' .there are: url, junk, body"):
        annotate_files(model, tmp_path / "in", tmp_path / "no", **{**options, "keep": ["uri"]})
    with pytest.raises(DataError, match="bytes of 'junk'"):
        annotate_files(model, tmp_path / "in", tmp_path / "no", text="body", format="jsonl")
    assert not (tmp_path / "no").exists()


def test_shards_with_other_columns_are_named(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    parquet.write_table(pa.table({"text": ["a"], "n": [1]}), tmp_path / "in" / "a.parquet")
    parquet.write_table(pa.table({"text": ["a"]}), tmp_path / "in" / "b.parquet")
    with pytest.raises(SpanloomError, match="b.parquet"):
        annotate_files(model, tmp_path / "in", tmp_path / "out")


def test_an_output_of_another_run_is_refused(model: Path, source: Path, tmp_path: Path) -> None:
    annotate_files(model, source, tmp_path / "out")
    with pytest.raises(SpanloomError, match="different columns:"):
        annotate_files(model, source, tmp_path / "out", columns=["tags"])
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "other")
    with pytest.raises(SpanloomError, match="different pipeline:"):
        annotate_files(tmp_path / "other", source, tmp_path / "out")


def test_folders_that_are_not_ours_are_left_alone(
    model: Path, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(OccupiedError, match="something else"):
        annotate_files(model, source, tmp_path / "mine")
    with pytest.raises(OccupiedError, match="is a file"):
        annotate_files(model, source, tmp_path / "mine" / "thesis.txt")
    for inside in (source, source / "out"):
        with pytest.raises(OccupiedError, match="lies in the source"):
            annotate_files(model, source, inside)
    assert [each.name for each in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_sources_that_are_none_are_told(model: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no file or folder"):
        annotate_files(model, tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "in").mkdir()
    with pytest.raises(MissingFileError, match="contains no shards"):
        annotate_files(model, tmp_path / "in", tmp_path / "out")
    (tmp_path / "in" / "a.parquet").write_bytes(b"no table")
    with pytest.raises(FormatError, match="a.parquet"):
        annotate_files(model, tmp_path / "in", tmp_path / "out")
    (tmp_path / "in" / "b.doc").write_bytes(b"?")
    with pytest.raises(DataError, match="isn't read"):
        annotate_files(model, tmp_path / "in" / "b.doc", tmp_path / "out")
    write(tmp_path / "two" / "a.txt", b"a")
    write(tmp_path / "two" / "a.jsonl", b'"a"\n')
    with pytest.raises(DataError, match="would both become"):
        annotate_files(model, tmp_path / "two", tmp_path / "out")
    with pytest.raises(DataError, match="can't be written as 'csv'"):
        annotate_files(model, tmp_path / "two", tmp_path / "out", format="csv")


@pytest.mark.lengthy
def test_large_shards_are_written_in_groups_and_the_same_each_time(
    model: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    table = pa.table({"text": ["A b c."] * 40_000})
    parquet.write_table(table, tmp_path / "in" / "a.parquet")
    options: Any = {"disable": ["parser", "ner", "tagger"], "columns": ["offsets"]}
    for name in ("one", "two"):
        annotate_files(model, tmp_path / "in", tmp_path / name, **options)
    made = tmp_path / "one" / "a.parquet"
    assert made.read_bytes() == (tmp_path / "two" / "a.parquet").read_bytes()
    assert parquet.ParquetFile(made).num_row_groups == 2
    want = annotate(table, model, **options)
    assert as_bytes(parquet.read_table(made).cast(want.schema)) == as_bytes(want)
