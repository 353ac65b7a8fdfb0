"""How long a corpus takes on many workers, and what it costs: a simulation, event by event.

    python benchmarks/scale_plan.py --speed 100000 --price 0.04
    python benchmarks/scale_plan.py --preemptions 0.2 --shard-words 100000000

Workers take shards from one queue. A worker may be slower than others (stragglers), and may be
taken away (preempted, or broken) at any moment: then the shard that it was at is lost, goes back
into the queue, and a worker comes in its place after a while and loads the pipeline. This is how
shards of ``annotate_files`` behave on any engine. ``--speed``, the words a second of one worker, is
what `benchmarks/scale.py` measures: put in your own.
"""

from __future__ import annotations

import argparse
import heapq
import random
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Plan:
    """What is to be done, with what. Rates and seconds are those of one worker."""

    words: float
    """Words of the corpus."""
    workers: int
    speed: float = 100_000.0
    """Words a second."""
    shard_words: float = 30e6
    """Words of one shard."""
    start: float = 20.0
    """Seconds until a worker has loaded the pipeline."""
    shard_start: float = 0.5
    """Seconds that a shard takes beside its words: it is opened, written, renamed."""
    preemptions: float = 0.05
    """How often an hour a worker is taken away."""
    away: float = 120.0
    """Seconds until another comes in its place."""
    slow: float = 0.05
    """Share of workers that are slow, ..."""
    slowness: float = 2.0
    """... and how many times slower."""
    price: float = 0.04
    """Of an hour of one worker."""
    bytes_per_word: float = 6.0
    """Of text, before it is compressed."""

    @property
    def shards(self) -> int:
        """How many there are."""
        return max(1, round(self.words / self.shard_words))


@dataclass(frozen=True)
class Outcome:
    """Hours until the last shard is written; hours of workers in all, and of them those that were
    lost with a worker, those of starting, and those of waiting for others at the end; how often a
    worker was taken away; and the price."""

    hours: float
    worked: float
    lost: float
    started: float
    idle: float
    preempted: int
    price: float


def simulate(plan: Plan, seed: int = 0) -> Outcome:
    """Let the workers of a plan work until all is done."""
    rng = random.Random(seed)
    rate = plan.preemptions / 3600
    pace = [plan.slowness if rng.random() < plan.slow else 1.0 for _ in range(plan.workers)]
    ends = [rng.expovariate(rate) if rate else float("inf") for _ in range(plan.workers)]
    left, running, preempted = plan.shards, 0, 0
    lost = away = busy = 0.0
    started = plan.start * plan.workers
    # When a worker is free, which one, and what it was at: "ready", "done" or "lost".
    events = [(plan.start, worker, "ready") for worker in range(plan.workers)]
    heapq.heapify(events)
    now = 0.0
    while left or running:
        now, worker, what = heapq.heappop(events)
        if what != "ready":
            running -= 1
        if what == "lost":
            left += 1
            preempted += 1
            started += plan.start
            away += plan.away
            back = now + plan.away + plan.start
            ends[worker] = back + rng.expovariate(rate)
            # What comes is another machine.
            pace[worker] = plan.slowness if rng.random() < plan.slow else 1.0
            heapq.heappush(events, (back, worker, "ready"))
            continue
        if not left:
            heapq.heappush(events, (now + 60, worker, "ready"))  # another shard may be lost yet
            continue
        left, running = left - 1, running + 1
        words = plan.words / plan.shards * rng.lognormvariate(-0.02, 0.2)
        end = now + plan.shard_start + words / plan.speed * pace[worker]
        if end > ends[worker]:
            stop = max(now, ends[worker])
            lost += stop - now
            heapq.heappush(events, (stop, worker, "lost"))
        else:
            busy += end - now
            heapq.heappush(events, (end, worker, "done"))
    worked = now * plan.workers - away
    idle = worked - busy - lost - started
    hours = [each / 3600 for each in (now, worked, lost, started, idle)]
    return Outcome(*hours, preempted, hours[1] * plan.price)


def main() -> None:
    """Print plans of a billion and a trillion words."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    defaults = Plan(1e9, 1)
    for name in ("speed", "shard_words", "preemptions", "slow", "slowness", "price", "start"):
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=float, default=getattr(defaults, name))
    parser.add_argument("--seed", type=int, default=0)
    asked = vars(parser.parse_args())
    seed = asked.pop("seed")
    plan = replace(defaults, **asked)
    columns = ["words", "workers", "shards", "GB read", "hours", "preempted", "lost h", "waiting %"]
    table = Table(*columns, "price", title="Annotating a corpus", title_justify="left")
    for words, workers in [(1e9, 1), (1e9, 16), (1e12, 256), (1e12, 1024), (1e12, 4096)]:
        each = replace(plan, words=words, workers=workers)
        if each.shards < 4 * workers:
            each = replace(each, shard_words=words / workers / 10)
        done = simulate(each, seed)
        cells = [
            f"{words:,.0f}",
            f"{workers:,}",
            f"{each.shards:,}",
            f"{words * each.bytes_per_word / 1e9:,.0f}",
            f"{done.hours:,.2f}",
            f"{done.preempted:,}",
            f"{done.lost:,.1f}",
            f"{100 * done.idle / done.worked:.1f}",
            f"{done.price:,.2f}",
        ]
        table.add_row(*cells)
    for column in table.columns:
        column.justify = "right"
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
