"""Real runs with two workers: ``nox -s engines``. What isn't installed is left out."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from spanloom.errors import DataError, PipelineError
from spanloom_scale import COLUMNS
from spanloom_scale.arrow import annotate
from spanloom_scale.files import annotate_files

from .support import as_bytes, rows, texts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="engines on Windows")

_SHARDS = 10


@pytest.fixture(scope="module")
def want(model: Path) -> Any:
    """What one process makes of all rows, in all columns."""
    return annotate(rows(400), model, columns=[*COLUMNS])


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    found = texts(800)
    for number in range(_SHARDS):
        records = [{"id": f"{number}-{i}", "text": t} for i, t in enumerate(found[number::_SHARDS])]
        lines = "".join(json.dumps(each) + "\n" for each in records)
        (folder / f"{number}.jsonl").write_text(lines + "{broken\n", "utf8")
    return folder


@pytest.fixture(scope="module")
def alone(model: Path, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process writes."""
    folder = tmp_path_factory.mktemp("alone") / "out"
    assert annotate_files(model, source, folder).errors == _SHARDS
    return folder


@contextmanager
def killing(out: Path) -> Iterator[list[int]]:
    """Kill the first process that is writing into a folder where a file is whole already."""
    killed: list[int] = []
    ended = Event()

    def look() -> None:
        while not killed and not ended.wait(0.005):
            if not out.is_dir() or not any(each.name[0].isdigit() for each in out.iterdir()):
                continue
            for folder in Path("/proc").glob("[0-9]*/fd"):
                process = int(folder.parent.name)
                try:
                    opened = [os.readlink(each) for each in folder.iterdir()]
                except OSError:
                    continue
                if process != os.getpid() and any(p.startswith(f"{out}/.") for p in opened):
                    os.kill(process, signal.SIGKILL)
                    killed.append(process)
                    return

    thread = Thread(target=look)
    thread.start()
    try:
        yield killed
    finally:
        ended.set()
        thread.join()


def check_files(run: Callable[..., Any], model: Path, source: Path, alone: Path, out: Path) -> None:
    """A run of which a worker is killed in the middle writes what one process does."""
    with killing(out) as killed:
        done = run(model, source, out, workers=2)
    assert killed, "no worker was seen writing"
    assert (done.shards, done.errors) == (_SHARDS, _SHARDS)
    whole = sorted(path for path in out.iterdir() if not path.name.startswith("."))
    assert [path.name for path in whole] == sorted(path.name for path in alone.iterdir())
    assert all(path.read_bytes() == (alone / path.name).read_bytes() for path in whole)
    run(model, source, out, workers=2)  # clears up what the one that was killed left
    assert sorted(out.iterdir()) == whole


@pytest.mark.lengthy
def test_ray(model: Path, want: Any, source: Path, alone: Path, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    from spanloom_scale import ray as engine

    for patience in (True, True, False):  # a busy machine may not start it in half a minute
        try:
            ray.init(num_cpus=2, include_dashboard=False)
            break
        except Exception:
            ray.shutdown()
            assert patience
    try:
        check_files(engine.annotate_files, model, source, alone, tmp_path / "out")
        table = rows(400)
        blocks = [table.slice(0, 100), table.slice(100, 200), table.slice(300)]
        dataset = ray.data.from_arrow(blocks)
        made = engine.annotate(dataset, model, workers=2, columns=[*COLUMNS])
        got = pa.concat_tables(ray.get(made.to_arrow_refs()))
        with pytest.raises(DataError, match="no column 'body'"):
            engine.annotate(dataset, model, text="body")
    finally:
        ray.shutdown()
    assert as_bytes(got.cast(want.schema)) == as_bytes(want)


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs a Java")
@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
def test_spark(
    model: Path,
    want: Any,
    source: Path,
    alone: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sql = pytest.importorskip("pyspark.sql")
    from spanloom_scale import spark as engine

    check_files(engine.annotate_files, model, source, alone, tmp_path / "out")
    assert sql.SparkSession.getActiveSession() is None
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    builder = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.getOrCreate()
    try:
        frame = session.createDataFrame(rows(400))
        made = engine.annotate(frame, model, columns=[*COLUMNS])
        assert made.schema.names == want.schema.names
        got = made.toArrow()
        with pytest.raises(DataError, match="no column 'body'"):
            engine.annotate(frame, model, text="body")
    finally:
        session.stop()
    assert as_bytes(got.cast(want.schema)) == as_bytes(want)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_dask(model: Path, want: Any, source: Path, alone: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    frames = pytest.importorskip("dask.dataframe")
    from spanloom_scale import dask as engine

    check_files(engine.annotate_files, model, source, alone, tmp_path / "out")
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=None):
        frame = frames.from_pandas(rows(400).to_pandas(), npartitions=3)
        made = engine.annotate(frame, model, columns=[*COLUMNS])
        assert [*made.columns] == want.schema.names
        done = made.compute()
        with pytest.raises(DataError, match="no column 'body'"):
            engine.annotate(frame, model, text="body")
    assert done.index.tolist() == list(range(400))
    got = pa.Table.from_pandas(done, preserve_index=False)
    assert as_bytes(got.cast(want.schema)) == as_bytes(want)


def test_the_command_line_goes_on_where_a_run_was_stopped(
    model: Path, source: Path, alone: Path, tmp_path: Path
) -> None:
    pytest.importorskip("spanloom_formats")
    from spanloom.cli.main import cli

    shutil.copytree(alone, tmp_path / "out")
    (tmp_path / "out" / "3.parquet").unlink()
    paths = [str(each) for each in (model, source, tmp_path / "out")]
    told = CliRunner().invoke(cli, ["apply", *paths, "--engine", "local"])
    assert told.exit_code == 0, told.output
    assert f"{_SHARDS} files ({_SHARDS - 1} of them before)" in told.output
    for path in alone.iterdir():
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
    for wrong in (["--code", "x.py", "--engine", "local"], ["--format", "jsonl"]):
        assert CliRunner().invoke(cli, ["apply", *paths, *wrong]).exit_code == 2


@pytest.mark.parametrize("name", ["ray", "spark", "dask"])
def test_a_pipeline_in_memory_is_told_to_be_saved(name: str, nlp: Any, tmp_path: Path) -> None:
    from importlib import import_module

    engine = import_module(f"spanloom_scale.{name}")
    with pytest.raises(PipelineError, match="save it"):
        engine.annotate_files(nlp, tmp_path, tmp_path / "out")
