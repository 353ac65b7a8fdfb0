"""What plugins cost: with many distributions installed, listing them and looking names up.

Distributions are made up in a temporary folder, each with two names. The peer is the registry that
spaCy uses: catalogue's own class, over the same entry points. It has no counterpart to a listing
that imports nothing.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from common import Row, arguments, check_threads, cpu_median, report

GROUP = "spanloom_misc"


def write_distributions(folder: Path, count: int) -> None:
    """Write ``count`` installed distributions, with the metadata that pip leaves."""
    for number in range(count):
        name = f"loom_made_up_{number:04}"
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        info.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: spanloom>=0.1\n"
            "Requires-Dist: numpy>=2\n\n" + "A long description.\n" * 50
        )
        info.joinpath("entry_points.txt").write_text(
            f"[{GROUP}]\n{name}.A.v1 = {name}:a\n{name}.B.v1 = {name}:b\n"
        )
        folder.joinpath(f"{name}.py").write_text("def a(): ...\ndef b(): ...\n")


def per_call(function: Callable[[], object], calls: int, repeats: int) -> float:
    """Median CPU microseconds of one call."""

    def many() -> None:
        for _ in range(calls):
            function()

    return 1e6 * cpu_median(many, repeats) / calls


def missing(get: Callable[[str], object], name: str) -> Callable[[], object]:
    """A call of ``get`` for a name that isn't there, its error caught."""

    def call() -> object:
        try:
            return get(name)
        except Exception as error:
            return error

    return call


def measure(count: int, repeats: int) -> list[Row]:
    """All figures with ``count`` distributions, which must be on the path already."""
    import catalogue

    from spanloom import registry
    from spanloom.plugins import Index
    from spanloom_devkit.describe import describe

    before = set(sys.modules)
    listing = cpu_median(lambda: describe(Index()), repeats)
    name = "loom_made_up_0007.A.v1"
    typo = missing(registry.misc.get, "loom_made_up_0007.C.v1")
    misspelt = cpu_median(typo, repeats)
    imported = sum(name.startswith("loom_") for name in set(sys.modules) - before)
    stock = catalogue.Registry(("spanloom", "misc"), entry_points=True)
    stock_typo = cpu_median(missing(stock.get, "loom_made_up_0007.C.v1"), 1, warm_up=0)
    return [
        Row(f"list {count} distributions", listing, limit=0.15),
        Row("plugin modules imported so far", imported, unit="modules", limit=0),
        Row("a misspelt name, with suggestions", misspelt, stock_typo, limit=0.02),
        Row(
            "get a name again",
            per_call(lambda: registry.misc.get(name), 10_000, repeats),
            per_call(lambda: stock.get(name), 100, repeats),
            unit="CPU us",
            limit=1.0,
        ),
        Row(
            "ask whether a name is there",
            per_call(lambda: name in registry.misc, 10_000, repeats),
            per_call(lambda: name in stock, 100, repeats),
            unit="CPU us",
        ),
    ]


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, repeats=7, dists=300)
    check_threads()
    count = 30 if options.quick else options.dists
    with tempfile.TemporaryDirectory() as folder:
        write_distributions(Path(folder), count)
        sys.path.insert(0, folder)
        rows = measure(count, 2 if options.quick else options.repeats)
    report(rows, "Plugins", options.json)


if __name__ == "__main__":
    main()
