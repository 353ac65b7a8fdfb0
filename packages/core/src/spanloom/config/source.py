"""The text of configs, and its lines.

A config is the sections-and-values text that confection reads. Before confection gets it, the text
is scanned here once, so that each mistake of form is reported with its line, all of them at once,
and so that later checks can name lines too.
"""

from __future__ import annotations

import ast
import configparser
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import confection

from ..errors import ConfigError, ConfigProblem
from ..io.files import write_text
from .writer import write_config

__all__ = ["VARIABLE", "Config", "interpolated", "parse_text"]

#: A reference to a value or a section: ``${paths.train}``.
VARIABLE = re.compile(r"\$\{([\w.:]+)\}")
#: Sections within sections; also brackets within brackets of a value.
_DEEPEST = 100
_SECTION = re.compile(r"^\[(?P<name>[^\]]*)\]\s*(?:[#;].*)?$")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_KEY = re.compile(r"^(?P<key>[^=:\s][^=:]*?)\s*[=:]\s?(?P<value>.*)$", re.DOTALL)
#: Characters of a value that is told anew in another notation.
_LONGEST = 1000
_ESCAPED = re.compile(r"\$\$(?!\{[\w.:]+\})")


class Config(confection.Config):
    """A config: nested dicts, as confection's, that know where they were written.

    ``source`` names the file, ``lines`` holds the line of each section and key by dotted path.
    """

    source: str
    lines: dict[str, int]

    def __init__(
        self,
        data: dict[str, Any] | confection.Config | None = None,
        *,
        is_interpolated: bool | None = None,
        section_order: list[str] | None = None,
    ) -> None:
        super().__init__(data, is_interpolated=is_interpolated, section_order=section_order)
        self.source = getattr(data, "source", "config")
        self.lines = dict(getattr(data, "lines", {}))

    def interpolate(self) -> Config:
        """A copy with each ``${reference}`` replaced by what it refers to."""
        text = write_config(self)
        # Reading it again changes nothing where nothing refers, and takes long.
        result = (
            type(self)().from_str(text) if "$" in text else type(self)(json.loads(json.dumps(self)))
        )
        result.source, result.lines = self.source, dict(self.lines)
        return result

    def to_str(self, *, interpolate: bool = True) -> str:
        """The text of the config, each section followed by its subsections."""
        data = self.interpolate() if interpolate and not self.is_interpolated else self
        return write_config(data)

    def to_disk(self, path: str | Path, *, interpolate: bool = False) -> None:
        """Write the text to a file, with its references unless they are to be replaced."""
        write_text(path, self.to_str(interpolate=interpolate))


@dataclass
class _Scan:
    """What the scan of a text found: lines by path, section names in order, and problems."""

    lines: dict[str, int] = field(default_factory=dict)
    sections: list[str] = field(default_factory=list)
    problems: list[ConfigProblem] = field(default_factory=list)

    def problem(self, line: int, path: str, message: str, fix: str = "") -> None:
        self.problems.append(ConfigProblem(path, message, fix, line))


def parse_text(text: str, *, source: str = "config") -> Config:
    """Read a config from text as it stands, references left. Sections may stand without those above
    them, which are then empty. Raises :class:`ConfigError` with every mistake of form."""
    text = dedent(text)  # as it stands in code, indented
    scan = _scan(text)
    if scan.problems:
        raise ConfigError(sorted(scan.problems, key=lambda p: p.line or 0), source=source)
    implied = [name for name in scan.sections if name not in scan.lines]
    try:
        config = Config().from_str(_parents_first(text, implied), interpolate=False)
    except (confection.ConfigValidationError, configparser.Error) as error:
        problem = ConfigProblem("(file)", _first_words(error), "check sections and values")
        raise ConfigError([problem], source=source) from None
    config.update(_unescaped(config))
    config.source, config.lines = source, scan.lines
    return config


def _parents_first(text: str, implied: list[str]) -> str:
    """The text with each section after those above it, which confection needs."""
    chunks: list[tuple[int, str]] = [(name.count("."), f"[{name}]") for name in implied]
    lines: list[str] = []
    for line in reversed(text.split("\n")):
        lines.append(line)
        header = None if line[:1].isspace() else _SECTION.match(line.strip())
        if header:
            chunks.append((header["name"].count("."), "\n".join(reversed(lines))))
            lines = []
    count = len(implied)
    ordered = sorted([*chunks[:count], *reversed(chunks[count:])], key=lambda chunk: chunk[0])
    return "\n".join(chunk for _, chunk in ordered)


def _unescaped(value: Any) -> Any:
    """``$`` for each ``$$``, as interpolation gives it; ``$${a.b}``, which stands for the text
    ``${a.b}``, stays, or it would be taken for a reference."""
    if isinstance(value, dict):
        return {_unescaped(key): _unescaped(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_unescaped(each) for each in value]
    return _ESCAPED.sub("$", value) if isinstance(value, str) else value


def interpolated(config: Config) -> Config:
    """A copy with each ``${reference}`` replaced. Raises :class:`ConfigError` if one leads
    nowhere."""
    try:
        return config.interpolate()
    except Exception as error:
        problem = ConfigProblem("(references)", _first_words(error), "check the ${...} references")
        raise ConfigError([problem], source=config.source) from None


def _first_words(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _scan(text: str) -> _Scan:
    scan = _Scan()
    section: str | None = None
    for number, line in _logical_lines(text):
        header = _SECTION.match(line)
        if header:
            section = header["name"].strip()
            _scan_section(scan, section, number)
        elif section is None:
            scan.problem(number, line[:40], "is outside any section", "move it into one")
        else:
            _scan_key(scan, section, line, number)
    _imply_parents(scan)
    return scan


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are neither empty nor comments, each with its number and joined with the indented
    lines after it, which go on with its value."""
    pending: tuple[int, str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if line[0].isspace() and pending is not None and not _SECTION.match(pending[1]):
            pending = pending[0], f"{pending[1]}\n{stripped}"
            continue
        if pending is not None:
            yield pending
        pending = number, stripped
    if pending is not None:
        yield pending


def _scan_section(scan: _Scan, section: str, number: int) -> None:
    if not section or any(not part for part in section.split(".")):
        scan.problem(number, f"[{section}]", "isn't a section name", "write [section.subsection]")
    elif section.count(".") >= _DEEPEST:
        message = f"is more than {_DEEPEST} sections deep"
        scan.problem(number, f"[{section[:40]}...]", message, "use fewer dots")
    elif section in scan.lines:
        first = scan.lines[section]
        scan.problem(number, section, f"section is already defined in line {first}", "merge them")
    else:
        scan.lines[section] = number
        scan.sections.append(section)


def _scan_key(scan: _Scan, section: str, stripped: str, number: int) -> None:
    found = _KEY.match(stripped)
    if not found:
        what = "has no closing bracket" if stripped[0] == "[" else "has no '='"
        scan.problem(number, section, f"'{stripped[:60]}' {what}", "write key = value")
        return
    path = f"{section}.{found['key']}"
    if path in scan.lines:
        scan.problem(number, path, f"is already set in line {scan.lines[path]}", "remove one")
    scan.lines.setdefault(path, number)
    _scan_value(scan, path, found["value"].strip(), number)


def _scan_value(scan: _Scan, path: str, value: str, number: int) -> None:
    if value == "":
        scan.problem(number, path, "has no value", 'write null for nothing, "" for an empty string')
    elif len(value) > 1 and value[0] == value[-1] == "'":
        scan.problem(number, path, f"is in single quotes: {value}", f'write "{value[1:-1]}"')
    elif value[0] in "[{" and _depth(value) > _DEEPEST:
        scan.problem(number, path, f"is nested more than {_DEEPEST} deep", "use fewer brackets")
    elif value[0] in '"[{' and not VARIABLE.search(value):
        try:
            json.loads(value)
        except ValueError as error:
            fix = _as_json(value) or "write the value as JSON"
            scan.problem(number, path, f"isn't valid JSON: {value[:60]} ({error})", fix)


def _as_json(value: str) -> str:
    """What to write in place of a value in Python's notation; "" for others."""
    try:
        if len(value) > _LONGEST:
            return ""
        return f"write {json.dumps(ast.literal_eval(value), ensure_ascii=False)}"
    except (MemoryError, RecursionError, SyntaxError, TypeError, ValueError):
        return ""


def _depth(value: str) -> int:
    """How deep brackets are nested."""
    deepest = depth = 0
    for char in _STRING.sub("", value):
        depth += (char in "[{") - (char in "]}")
        deepest = max(deepest, depth)
    return deepest


def _imply_parents(scan: _Scan) -> None:
    """Add the sections above each section; confection needs them."""
    known = set(scan.sections)
    for section in list(scan.sections):
        parts = section.split(".")
        for depth in range(1, len(parts)):
            parent = ".".join(parts[:depth])
            if parent in scan.lines and parent not in known:
                message = f"is a section, but [{parent.rpartition('.')[0]}] sets it as a value too"
                scan.problem(scan.lines[section], section, message, "remove one")
            elif parent not in known and "*" not in parts[: depth + 1]:
                known.add(parent)
                scan.sections.append(parent)
