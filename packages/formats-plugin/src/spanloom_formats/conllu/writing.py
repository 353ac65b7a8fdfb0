"""Writing CoNLL-U, the format of Universal Dependencies treebanks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanloom.corpora.writing import lines_written, sentence_bounds, words_of

from ..iob.files import entity_tags
from .extras import Extra, extras_of, misc_with
from .spaces import escaped

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["write_conllu"]


def write_conllu(path: str | Path, docs: Iterable[Doc]) -> int:
    """Write documents as CoNLL-U; gzipped if the name ends in ``.gz``. Returns how many.

    What isn't annotated is ``_``. Entities are in MISC, as ``NER=B-PER``. Tokens of whitespace
    can't be words there: they are in MISC too, as ``SpacesAfter`` of the word before them
    (``SpacesBefore`` of the first); words that depend on one get its head.
    """
    count = 0
    with lines_written(path) as write:
        for doc in docs:
            count += 1
            columns = _columns(doc)
            if not any("comments" in extra for extra in columns["EXTRA"][:1]):
                write("# newdoc\n")
            for start, end in _bounds(doc, columns["FORM"]):
                _write_sentence(write, doc, columns, start, end)
    return count


def _bounds(doc: Doc, forms: Sequence[str]) -> list[tuple[int, int]]:
    """The sentences; white space alone belongs to the one before, or else to the next."""
    bounds: list[tuple[int, int]] = []
    for start, end in sentence_bounds(doc):
        if bounds and not (any(forms[start:end]) and any(forms[: bounds[-1][1]])):
            start, _ = bounds.pop()
        bounds.append((start, end))
    return bounds


def _columns(doc: Doc) -> dict[str, list[Any]]:
    """All that a line needs, a list for each column with one value a token."""
    blank = [""] * len(doc)
    words = doc.words
    columns: dict[str, list[Any]] = {"FORM": words_of(doc), "WORD": words}
    gaps = zip(words, doc.spaces.tolist(), strict=True)
    columns["EXTRA"] = extras_of(doc)
    columns["GAP"] = [("" if word.strip() else word) + " " * space for word, space in gaps]
    for name in ("LEMMA", "POS", "TAG", "MORPH", "DEP"):
        column = doc.column(name)
        columns[name] = blank if column is None else doc.lexicon.strings.strings(column)
    heads = doc.column("HEAD")
    columns["HEAD"] = list(range(len(doc))) if heads is None else heads.tolist()
    columns["NER"] = entity_tags(doc, columns["FORM"]) if doc.has_annotation("ENT_IOB") else blank
    return columns


def _write_sentence(
    write: Callable[[str], Any], doc: Doc, columns: dict[str, list[Any]], start: int, end: int
) -> None:
    forms = columns["FORM"]
    kept = [i for i in range(start, end) if forms[i]]
    if not kept:
        return
    numbers = {i: number for number, i in enumerate(kept, 1)}
    extras = [columns["EXTRA"][i] for i in kept]
    gaps = ["".join(columns["GAP"][i:j]) for i, j in pairwise([*kept, end])]
    ranges = {n: _range(extra, [forms[i] for i in kept[n:]]) for n, extra in enumerate(extras)}
    inner = {n + k for n, size in ranges.items() for k in range(size)}
    _write_comments(write, extras[0], [forms[i] for i in kept], gaps, ranges, extras)
    before = "".join(columns["GAP"][start : kept[0]])
    placed = all(e["place"] == [n, len(kept)] for n, e in enumerate(extras, 1) if "place" in e)
    for n, (i, extra) in enumerate(zip(kept, extras, strict=True)):
        if placed:
            write("".join(f"{line}\n" for line in extra.get("before", ())))
        if size := ranges[n]:
            last = kept[n + size - 1] == kept[-1] and end == len(doc)
            _first, *middle, misc = extra["range"][1]
            spaces = _space_parts(gaps[n + size - 1], last, misc)
            write(
                "\t".join([f"{n + 1}-{n + size}", *middle, misc_with(spaces, misc) or "_"]) + "\n"
            )
        head, dep = _head(i, numbers, columns)
        misc, tag = extra.get("misc", ""), columns["TAG"][i]
        last = i == kept[-1] and end == len(doc)
        fields = [
            str(numbers[i]),
            forms[i],
            " ".join(columns["LEMMA"][i].split()),
            columns["POS"][i],
            "" if extra.get("xpos") == "_" and tag == columns["POS"][i] else tag,
            columns["MORPH"][i],
            head,
            dep,
            extra.get("deps", "") if placed else "",
            misc_with(
                [
                    f"SpacesBefore={escaped(before)}" if before else "",
                    *([] if n in inner else _space_parts(gaps[n], last, misc)),
                    *_misc(i, columns),
                ],
                misc,
            ),
        ]
        before = ""
        write("\t".join([field or "_" for field in fields]) + "\n")
        if placed:
            write("".join(f"{line}\n" for line in extra.get("after", ())))
    write("\n")


def _range(extra: Extra, forms: Sequence[str]) -> int:
    """How many words the range that begins with a word has; 0 without one or if they changed."""
    words = extra["range"][0] if "range" in extra else []
    return len(words) if list(forms[: len(words)]) == words else 0


def _write_comments(
    write: Callable[[str], Any],
    first: Extra,
    forms: Sequence[str],
    gaps: Sequence[str],
    ranges: Mapping[int, int],
    extras: Sequence[Extra],
) -> None:
    """The comments as they were, and the text as words and ranges spell it."""
    text, n = "", 0
    while n < len(forms):
        size = ranges[n] or 1
        form = extras[n]["range"][1][1] if ranges[n] else forms[n]
        text, n = text + form + gaps[n + size - 1], n + size
    text = " ".join(text.split())
    there = False
    for line in first.get("comments", ()):
        name, _, was = line[1:].partition("=")
        if name.strip() == "text":
            there = True
            line = line if " ".join(was.split()) == text else f"# text = {text}"
        write(f"{line}\n")
    if not there:
        write(f"# text = {text}\n")


def _head(i: int, numbers: dict[int, int], columns: dict[str, list[Any]]) -> tuple[str, str]:
    """HEAD and DEPREL of a token; both empty where its relation isn't known."""
    heads, dep = columns["HEAD"], columns["DEP"][i]
    if not dep:
        return "", ""
    head = heads[i]
    while head not in numbers and heads[head] != head:
        head = heads[head]
    if head == i or head not in numbers:
        return "0", "root" if dep == "ROOT" else dep
    return str(numbers[head]), dep


def _space_parts(after: str, last: bool, misc: str) -> list[str]:
    """The white space after a word. At the end of a document there is none, unless it's said."""
    if not after:
        return ["SpaceAfter=No"] if not last or "SpaceAfter=No" in misc.split("|") else []
    return [f"SpacesAfter={escaped(after)}"] if last or after != " " else []


def _misc(i: int, columns: dict[str, list[Any]]) -> list[str]:
    form, word, tag = columns["FORM"][i], columns["WORD"][i], columns["NER"][i]
    parts = [f"SpacesInToken={escaped(word)}"] if form != word else []
    return [*parts, f"NER={tag}"] if tag not in ("", "-") else parts
