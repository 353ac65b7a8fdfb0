"""Draw the floors of core, the packages on them and the arrows between, from the code's imports.

python tools/draw_house.py           # writes docs/images/house.svg
python tools/draw_house.py --check   # exit 1 if floors or arrows have changed; sizes may have

The order of the floors is the contract in .importlinter; what imports what comes from the source,
which is read and not run. Imports inside functions and for type checkers count.
"""

from __future__ import annotations

import ast
import configparser
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "house.svg"
CORE = "spanloom"

#: Measures of the picture, in pixels.
TOP, LEFT, WIDTH, ROW, GAP, COLUMN = 112, 112, 610, 40, 12, 88
LANE = 13
#: Letters of a sentence that fit into a box.
FITS = 91

STYLE = """
.ground { fill: #ffffff } .floor { fill: #eef3f8; stroke: #8fa3b8 }
.name { fill: #1d2129; font-weight: 600 } .small { fill: #4a5563; font-size: 12px }
.arrow { fill: none; stroke: #0072b2; stroke-width: 1.6 } .head { fill: #0072b2 }
.package { fill: #fff8e6; stroke: #c9a646 } .line { stroke: #c4500a; stroke-width: 1.6 }
.dot { fill: #c4500a }
@media (prefers-color-scheme: dark) {
.ground { fill: #14181e } .floor { fill: #222b36; stroke: #5b7086 }
.name { fill: #eef2f6 } .small { fill: #b4c0cc }
.arrow { stroke: #62b5ea } .head { fill: #62b5ea }
.package { fill: #33301f; stroke: #a98a36 } .line { stroke: #f0894a }
.dot { fill: #f0894a }
}
"""


@dataclass(frozen=True)
class Size:
    """How much source there is, and what its docstring says it is for."""

    modules: int
    lines: int
    about: str


@dataclass(frozen=True)
class House:
    """What is drawn."""

    floors: list[list[str]]  # from the top; rooms of one floor don't import each other
    arrows: list[tuple[str, str]]  # between rooms of core, without those that follow from others
    uses: dict[str, list[str]]  # package -> rooms of core that it imports
    sizes: dict[str, Size]

    def structure(self) -> dict[str, object]:
        """What ``--check`` compares."""
        return {"floors": self.floors, "arrows": self.arrows, "uses": self.uses}


def sources() -> dict[str, Path]:
    """Import name of each package to its folder, core first."""
    found = sorted(ROOT.glob("packages/*/src/*/__init__.py"), key=lambda p: p.parent.name)
    return {path.parent.name: path.parent for path in found}


def contract() -> list[list[str]]:
    """The floors, from the top, as the contract states them."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / ".importlinter", "utf-8")
    lines = settings["importlinter:contract:floors"]["layers"].split("\n")
    return [re.split(r"\s*\|\s*", line.strip()) for line in lines if line.strip()]


def size(path: Path) -> Size:
    """Of a folder or of one module."""
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    lines = sum(len(file.read_text("utf-8").splitlines()) for file in files)
    first = path / "__init__.py" if path.is_dir() else path
    about = ast.get_docstring(ast.parse(first.read_text("utf-8"))) or ""
    sentence = re.split(r"(?<=\.)\s", about.replace("\n", " "))[0]
    return Size(len(files), lines, shortened(sentence.replace("``", "")))


def shortened(sentence: str) -> str:
    """A sentence that fits into a box, cut at a comma."""
    while len(sentence) > FITS and "," in sentence:
        sentence = sentence.removesuffix(" …").rpartition(",")[0] + " …"
    return sentence


def reduced(edges: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Edges that don't follow from others: a to c goes if there are a to b and b to c."""
    below: dict[str, set[str]] = {}
    for source, target in edges:
        below.setdefault(source, set()).add(target)

    def reach(room: str) -> Iterator[str]:
        for target in below.get(room, ()):
            yield target
            yield from reach(target)

    reached = {room: set(reach(room)) for room in below}
    return sorted(
        (source, target)
        for source, target in edges
        if not any(target in reached.get(via, ()) for via in below[source] - {target})
    )


def read_house() -> House:
    """The house as the code has it."""
    packages = sources()
    sys.path[:0] = [str(folder.parent) for folder in packages.values()]
    graph = grimp.build_graph(*packages, cache_dir=None)
    floors = contract()
    rooms = {room for floor in floors for room in floor}

    def room(module: str) -> str:
        top, _, rest = module.partition(".")
        return rest.partition(".")[0] if top == CORE else top

    edges = {
        (room(module), room(target))
        for module in graph.modules
        for target in graph.find_modules_directly_imported_by(module)
        if room(module) != room(target) and room(target) in rooms
    }
    core = packages[CORE]
    places = {
        name: core / name if (core / name).is_dir() else core / f"{name}.py" for name in rooms
    }
    plugins = [name for name in packages if name != CORE]
    order = [name for floor in floors for name in floor]
    return House(
        floors=floors,
        arrows=reduced({edge for edge in edges if edge[0] in rooms}),
        uses={name: [each for each in order if (name, each) in edges] for name in plugins},
        sizes={name: size(path) for name, path in {**places, **packages}.items()},
    )


def text(x: float, y: float, kind: str, content: str, anchor: str = "start") -> str:
    """One line of text."""
    place = f'x="{x:g}" y="{y:g}" class="{kind}"'
    return f'<text {place} text-anchor="{anchor}">{escape(content)}</text>'


def rows(house: House) -> dict[str, float]:
    """The upper edge of each room."""
    found, y = {}, float(TOP)
    for floor in house.floors:
        for name in floor:
            found[name] = y
            y += ROW
        y += GAP
    return found


def draw_rooms(house: House, tops: dict[str, float]) -> Iterator[str]:
    """A box for each floor, with its rooms."""
    for floor in house.floors:
        y, height = tops[floor[0]], ROW * len(floor)
        yield f'<rect class="floor" x="{LEFT}" y="{y:g}" width="{WIDTH}" height="{height}" rx="7"/>'
        for name in floor:
            found, y = house.sizes[name], tops[name]
            many = f"{found.modules} modules" if found.modules > 1 else "1 module"
            yield text(LEFT + 12, y + 17, "name", name)
            yield text(LEFT + WIDTH - 12, y + 17, "small", f"{many}, {found.lines:,} lines", "end")
            yield text(LEFT + 12, y + 33, "small", found.about)


def draw_arrows(house: House, tops: dict[str, float]) -> Iterator[str]:
    """Between neighbours straight down, past others by lanes at the left."""
    lanes: list[list[tuple[float, float]]] = []
    of = {name: number for number, floor in enumerate(house.floors) for name in floor}
    ends = {name: tops[floor[0]] + ROW * len(floor) for floor in house.floors for name in floor}
    inner = {name for floor in house.floors if len(floor) > 1 for name in floor}
    long = []
    for source, target in house.arrows:
        if of[target] == of[source] + 1 and not {source, target} & inner:
            x, y = LEFT + 60, ends[source]
            path = f"M{x} {y:g}V{tops[target] - 1:g}"
            yield f'<path class="arrow" d="{path}" marker-end="url(#head)"/>'
        else:
            long.append((source, target))
    long.sort(key=lambda each: tops[each[1]] - tops[each[0]])
    for source, target in long:
        start, end = tops[source] + ROW * 0.62, tops[target] + ROW * 0.3
        free = (
            number
            for number, taken in enumerate(lanes)
            if all(end < other - 2 or start > last + 2 for other, last in taken)
        )
        lane = next(free, len(lanes))
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((start, end))
        x = LEFT - 16 - LANE * lane
        path = f"M{LEFT} {start:g}H{x + 6}q-6 0 -6 6V{end - 6:g}q0 6 6 6H{LEFT - 1}"
        yield f'<path class="arrow" d="{path}" marker-end="url(#head)"/>'


def draw_packages(house: House, tops: dict[str, float]) -> Iterator[str]:
    """A column for each plugin package, with a dot at each room that it imports."""
    for number, (name, used) in enumerate(house.uses.items()):
        x = LEFT + WIDTH + 24 + COLUMN * number
        middle = x + COLUMN / 2 - 3
        found = house.sizes[name]
        yield f'<rect class="package" x="{x}" y="48" width="{COLUMN - 6}" height="46" rx="7"/>'
        yield text(middle, 67, "name plugin", name.removeprefix(f"{CORE}_"), "middle")
        yield text(middle, 85, "small", f"{found.lines:,}", "middle")
        last = tops[used[-1]] + ROW / 2
        yield f'<path class="line" d="M{middle:g} 94V{last:g}"/>'
        for each in used:
            yield f'<circle class="dot" cx="{middle:g}" cy="{tops[each] + ROW / 2:g}" r="4.5"/>'


def draw(house: House) -> str:
    """The picture as SVG, with its structure inside."""
    tops = rows(house)
    width = LEFT + WIDTH + 24 + COLUMN * len(house.uses) + 14
    bottom = max(tops.values()) + ROW
    core = house.sizes[CORE]
    body = [
        f'<rect class="ground" width="{width}" height="{bottom + 62:g}" rx="10"/>',
        text(LEFT, 34, "name title", f"Core: {core.modules} modules, {core.lines:,} lines"),
        text(LEFT, 56, "small", "Each floor may import what lies below it, and nothing above."),
        text(LEFT + WIDTH + 24, 34, "name title", "Packages on top of it, with their lines"),
        *draw_rooms(house, tops),
        *draw_arrows(house, tops),
        *draw_packages(house, tops),
        text(
            LEFT,
            bottom + 28,
            "small",
            "Blue: what a floor imports, without the arrows that follow from others. "
            "Orange: the floors that a package imports.",
        ),
        text(LEFT, bottom + 46, "small", "Made from the code by tools/draw_house.py."),
    ]
    head = (
        '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" '
        'orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + 62:g}" role="img" '
        'font-family="system-ui, \'DejaVu Sans\', sans-serif" font-size="14">\n'
        "<title>The floors of core, and which of them each package imports</title>\n"
        f"<metadata>{escape(json.dumps(house.structure()))}</metadata>\n"
        f"<style>{STYLE}.title {{ font-size: 16px }} .plugin {{ font-size: 11px }}\n</style>\n"
        f"<defs>{head}</defs>\n" + "\n".join(body) + "\n</svg>\n"
    )


def drawn() -> object:
    """The structure of the picture that is there; None if there is none."""
    if not PICTURE.is_file():
        return None
    found = re.search(r"<metadata>(.*?)</metadata>", PICTURE.read_text("utf-8"))
    return json.loads(found[1].replace("&quot;", '"')) if found else None


def main() -> int:
    """Draw, or check."""
    house = read_house()
    if "--check" not in sys.argv[1:]:
        PICTURE.write_text(draw(house), "utf-8")
        return 0
    if drawn() == json.loads(json.dumps(house.structure())):
        return 0
    print(f"{PICTURE.name} isn't current: run python tools/draw_house.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
