"""What Arrow and the engines cost beside `nlp.pipe`, and what two workers bring.

    pip install -e "packages/scale-plugin[ray,spark,dask]"      # what isn't there is left out
    OMP_NUM_THREADS=1 python benchmarks/scale.py --texts 40000

A small pipeline (tok2vec and tagger) annotates the texts of EWT over and over. Times are CPU
seconds of all processes together, the JVM and the like too, and are taken of two lengths of data,
one three times the other: the difference tells what a word costs, and what is left is the start.
With two workers the wall clock counts, so give them a quiet machine; the CPU seconds of a word with
one worker and with two tell what two free cores would do.

Memory: words that were never seen before, in one process, as rows of a stream; what the process has
grown from a third of them, when the vocab has begun anew for the first time, to the end.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

from common import Row, arguments, check_threads, ewt_texts, report
from models import read_sentences, tagger
from sides import OURS

#: More CPU seconds for a word than `pipe` needs, at most; and how much faster two workers are.
OVERHEAD, TWO = 1.15, 1.7
#: The longer run has so many times the rows of the shorter one.
TIMES = 3


@dataclass
class Cost:
    """CPU and wall seconds for a million words, and those of the start."""

    cpu: float
    wall: float
    start: float


class Processes:
    """CPU seconds of this process and of all that it started, ended ones too."""

    def __init__(self) -> None:
        import psutil

        self.of: dict[tuple[int, float], float] = {}
        self.root = psutil.Process()
        self.gone = psutil.Error
        self.ended = Event()
        self.thread = Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self) -> None:
        while not self.ended.wait(0.1):
            self.look()

    def look(self) -> float:
        """All seconds so far."""
        for each in [self.root, *self.root.children(recursive=True)]:
            with suppress(self.gone):
                times = each.cpu_times()
                self.of[each.pid, each.create_time()] = times.user + times.system
        return sum(self.of.values())


def rows(texts: list[str], count: int) -> Any:
    """A table of so many texts with ids."""
    import pyarrow as pa

    return pa.table({"id": range(count), "text": [texts[i % len(texts)] for i in range(count)]})


@contextmanager
def on_ray(workers: int) -> Iterator[Callable[[Any, Path], int]]:
    """What annotates a table on Ray."""
    import ray
    import ray.data

    from spanloom_scale import ray as engine

    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False

    def run(table: Any, model: Path) -> int:
        size = max(1, len(table) // 16)
        blocks = [table.slice(at, size) for at in range(0, len(table), size)]
        made = engine.annotate(ray.data.from_arrow(blocks), model, workers=workers)
        return made.materialize().count()

    yield run
    ray.shutdown()


@contextmanager
def on_spark(workers: int) -> Iterator[Callable[[Any, Path], int]]:
    """What annotates a table on Spark."""
    from pyspark.sql import SparkSession

    from spanloom_scale import spark as engine

    builder = SparkSession.builder.master(f"local[{workers}]").config("spark.ui.enabled", "false")
    session = builder.config("spark.log.level", "ERROR").getOrCreate()

    def run(table: Any, model: Path) -> int:
        frame = session.createDataFrame(table).repartition(16)
        engine.annotate(frame, model).write.format("noop").mode("overwrite").save()
        return len(table)

    yield run
    session.stop()


@contextmanager
def on_dask(workers: int) -> Iterator[Callable[[Any, Path], int]]:
    """What annotates a table on Dask."""
    import dask.dataframe as frames
    from distributed import Client

    from spanloom_scale import dask as engine

    with Client(n_workers=workers, threads_per_worker=1, dashboard_address=None):

        def run(table: Any, model: Path) -> int:
            frame = frames.from_pandas(table.to_pandas(), npartitions=16)
            return int(engine.annotate(frame, model).map_partitions(len).compute().sum())

        yield run


ENGINES = {"ray": on_ray, "spark": on_spark, "dask": on_dask}
NEEDED = {"ray": "ray", "spark": "pyspark", "dask": "distributed"}


def there(name: str) -> bool:
    """Whether an engine can run here."""
    found = importlib.util.find_spec(NEEDED[name]) and importlib.util.find_spec("psutil")
    return bool(found) and (name != "spark" or shutil.which("java") is not None)


def cost(run: Callable[[int], int], seconds: Callable[[], float], count: int, words: float) -> Cost:
    """Of a run over so many rows, with so many words each, and over three times as many."""
    measured = []
    for size in (count, TIMES * count):
        cpu, wall = seconds(), time.perf_counter()
        assert run(size) == size
        measured.append((seconds() - cpu, time.perf_counter() - wall))
    (cpu, wall), (more_cpu, more_wall) = measured
    millions = (TIMES - 1) * count * words / 1e6
    each = (more_cpu - cpu) / millions
    return Cost(each, (more_wall - wall) / millions, cpu - each * millions / (TIMES - 1))


def engine_costs(name: str, texts: list[str], model: Path, count: int, words: float) -> list[Cost]:
    """With one worker and with two."""
    found = []
    for workers in (1, 2):
        processes = Processes()
        with ENGINES[name](workers) as run:
            run(rows(texts, 64), model)  # what is imported once, compiled once
            found.append(
                cost(lambda size: run(rows(texts, size), model), processes.look, count, words)
            )
            processes.ended.set()
    return found


def growth(model: Path, documents: int) -> float:
    """MiB that a process has grown from a third of so many documents to their end."""
    import pyarrow as pa

    from spanloom_scale.arrow import annotate

    size = 2000

    def batches() -> Iterator[Any]:
        for first in range(0, documents, size):
            made = [f"The w{i}a sees the w{i}b now." for i in range(first, first + size)]
            yield pa.RecordBatch.from_pydict({"text": made})

    done = 0
    before = 0.0
    for batch in annotate(batches(), model):
        done += len(batch)
        if not before and done >= documents / 3:
            before = resident()
    return resident() - before


def resident() -> float:
    """MiB of memory that this process has now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmRSS in /proc/self/status")


def main() -> None:
    """Measure and report."""
    check_threads()
    asked = arguments(__doc__, texts=20_000, documents=300_000, seed=0)
    count = 1000 if asked.quick else asked.texts
    documents = 10_000 if asked.quick else asked.documents
    texts = ewt_texts("train")
    nlp = tagger(OURS, read_sentences("train", 500), asked.seed)
    words = sum(map(len, nlp.pipe(texts))) / len(texts)
    from spanloom_scale.arrow import annotate

    with TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        nlp.to_disk(model)

        def plain(size: int) -> int:
            return sum(1 for _ in nlp.pipe(rows(texts, size).column("text").to_pylist()))

        def arrow(size: int) -> int:
            return len(annotate(rows(texts, size), nlp))

        unit = "CPU s per million words"
        plain(1000), arrow(1000)
        pipe = cost(plain, time.process_time, count, words)
        own = cost(arrow, time.process_time, count, words)
        found = [Row("nlp.pipe in one process", pipe.cpu, unit=unit)]
        found.append(Row("Arrow, in one process", own.cpu, limit=OVERHEAD * pipe.cpu, unit=unit))
        for name in filter(there, ENGINES):
            one, two = engine_costs(name, texts, model, count, words)
            found += [
                Row(f"{name}, one worker", one.cpu, limit=OVERHEAD * pipe.cpu, unit=unit),
                Row(f"{name}, two workers", two.cpu, unit=unit),
                Row(f"{name}, start with one worker", one.start),
                Row(
                    f"{name}, two workers (first) and one",
                    two.wall,
                    one.wall,
                    goal=TWO,
                    unit="wall s per million words",
                ),
            ]
        name = f"memory over the last two thirds of {documents:,} documents"
        found.append(Row(name, growth(model, documents), unit="MiB", limit=20))
    absent = [name for name in ENGINES if not there(name)]
    if absent:
        print(f"Not installed, left out: {', '.join(absent)}", file=sys.stderr)
    report(found, "Past one process", asked.json, sides=("this", "beside"))


if __name__ == "__main__":
    main()
