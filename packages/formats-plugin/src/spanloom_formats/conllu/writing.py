"""Writing CoNLL-U, the format of Universal Dependencies treebanks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanloom.corpora.writing import lines_written, sentence_bounds, words_of

from ..iob.files import entity_tags
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
            write("# newdoc\n")
            columns = _columns(doc)
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
    write(f"# text = {' '.join(doc[start:end].text.split())}\n")
    before = "".join(columns["GAP"][start : kept[0]])
    for i, following in zip(kept, [*kept[1:], end], strict=True):
        head, dep = _head(i, numbers, columns)
        fields = [
            str(numbers[i]),
            forms[i],
            " ".join(columns["LEMMA"][i].split()),
            columns["POS"][i],
            columns["TAG"][i],
            columns["MORPH"][i],
            head,
            dep,
            "",
            _misc(i, columns, before, "".join(columns["GAP"][i:following]), following == len(doc)),
        ]
        before = ""
        write("\t".join([field or "_" for field in fields]) + "\n")
    write("\n")


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


def _misc(i: int, columns: dict[str, list[Any]], before: str, after: str, last: bool) -> str:
    form, word = columns["FORM"][i], columns["WORD"][i]
    parts: Sequence[str] = (
        f"SpacesBefore={escaped(before)}" if before else "",
        "SpaceAfter=No" if not after else "",
        # At the end of a document, a space isn't the rule.
        f"SpacesAfter={escaped(after)}" if after not in ("", "" if last else " ") else "",
        f"SpacesInToken={escaped(word)}" if form != word else "",
        f"NER={columns['NER'][i]}" if columns["NER"][i] not in ("", "-") else "",
    )
    return "|".join(filter(None, parts))
