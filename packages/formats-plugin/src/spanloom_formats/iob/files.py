"""Reading and writing entity tags: one token and its tag on each line.

The columns are separated by tabs or else by whitespace. The first is the token and the last its
tag; with three columns or four, as in CoNLL-2003, the second is a part-of-speech tag. A blank line
ends a sentence, ``-DOCSTART-`` begins a document. Tags may be IOB1, IOB2, BILUO or IOBES: an ``I-``
that doesn't go on with the entity before it begins another. Lines such as ``word|B-PER word|O``,
one for each sentence, are read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spanloom.corpora.writing import lines_written, sentence_bounds, words_of
from spanloom.errors import DataError, FormatError
from spanloom.io.lines import BadLine, numbered_lines
from spanloom.vocab.columns import IOB_MISSING

from ..sentences import Sentence, join_sentences

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab

__all__ = ["entity_tags", "read_iob", "write_biluo", "write_conll", "write_iob"]

_START = "-DOCSTART-"
_TAG = re.compile(r"^(?:[BILUES]-.+|[O_-])$")
#: Tags of IOBES as those of BILUO; "_" for nothing known, as in some exports.
_SAME = {"E": "L", "S": "U", "_": "-"}


def read_iob(
    path: str | Path, vocab: Vocab, *, n_sents: int = 10, problems: list[FormatError] | None = None
) -> Iterator[Doc]:
    """Documents of at most ``n_sents`` sentences each, from a file or a gzipped one.

    A new document also begins at each ``-DOCSTART-``; with ``n_sents`` 0, only there. The spaces of
    the text are unknown. A sentence that is malformed raises :class:`FormatError` with file and
    line; with ``problems``, the error is added there and the sentence left out.
    """
    if n_sents < 0:
        raise DataError(f"n_sents is {n_sents}: give the sentences per document, 0 for all")
    group: list[Sentence] = []
    for sentence in _sentences(Path(path), problems):
        if group and (sentence.starts_document or len(group) == n_sents):
            yield join_sentences(vocab, group, unknown_spaces=True)
            group = []
        group.append(sentence)
    if group:
        yield join_sentences(vocab, group, unknown_spaces=True)


def _sentences(path: Path, problems: list[FormatError] | None) -> Iterator[Sentence]:
    starts = False
    for block in _blocks(numbered_lines(path, lenient=problems is not None)):
        starts = starts or _is_start(block[0][1])
        try:
            sentence = _sentence(path, block)
        except FormatError as error:
            if problems is None:
                raise
            problems.append(error)
            continue
        if sentence.words:
            sentence.starts_document, starts = starts, False
            yield sentence


def _blocks(lines: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """The lines of each sentence; one that begins a document is the first of its block."""
    block: list[tuple[int, str]] = []
    for number, line in lines:
        blank = not line.strip()
        if block and (blank or _is_start(line) or _is_inline(line) or _is_inline(block[-1][1])):
            yield block
            block = []
        if not blank:
            block.append((number, line))
    if block:
        yield block


def _is_start(line: str) -> bool:
    return line.startswith(_START)


def _is_inline(line: str) -> bool:
    """Whether the line is a whole sentence of ``word|TAG`` items."""
    if "|" not in line or "\t" in line:
        return False
    return all("|" in item and _TAG.match(item.rsplit("|", 1)[1]) for item in line.split())


def _sentence(path: Path, block: list[tuple[int, str]]) -> Sentence:
    sentence = Sentence()
    for number, line in block:
        if isinstance(line, BadLine):
            raise line.error
        if _is_start(line):
            continue
        if _is_inline(line):
            for item in line.split():
                _add(path, number, line, item.rsplit("|", 2), sentence)
            continue
        columns = line.split("\t") if "\t" in line else line.split()
        comment = line.startswith("#") and not sentence.words and "\t" not in line
        if comment and not (len(columns) > 1 and _TAG.match(columns[-1])):
            continue
        _add(path, number, line, columns, sentence)
    return sentence


def _add(path: Path, number: int, line: str, columns: list[str], sentence: Sentence) -> None:
    columns = [column.strip() for column in columns]
    if len(columns) < 2 or not columns[0]:
        raise FormatError(
            path,
            number,
            f"must be a token and a tag, separated by a tab or a space, not {line!r:.60}",
        )
    tag = columns[-1]
    if not _TAG.match(tag):
        raise FormatError(
            path,
            number,
            f"the tag of '{columns[0]}' is {tag!r:.60}, but must be O, - for unknown, or a prefix "
            "and a label such as B-PER (prefixes: B I L U, and E S)",
        )
    sentence.words.append(columns[0])
    sentence.spaces.append(True)
    sentence.heads.append(len(sentence.heads))
    pos = columns[1] if len(columns) in (3, 4) else ""
    sentence.tags.append("" if pos in ("-", "_") else pos)
    sentence.ents.append(_SAME.get(tag[0], tag[0]) + tag[1:])


def write_iob(path: str | Path, docs: Iterable[Doc]) -> int:
    """Write tokens and IOB2 tags, separated by tabs; gzipped if the name ends in ``.gz``.

    Sentences end with a blank line, documents begin with ``-DOCSTART-``. Tokens of whitespace are
    left out. Where nothing is known of entities, the tag is ``-``. Returns how many documents were
    written.
    """
    return _write(path, docs, biluo=False, columns=2)


def write_biluo(path: str | Path, docs: Iterable[Doc]) -> int:
    """The same with BILUO tags, which tell the last token of an entity and single ones apart."""
    return _write(path, docs, biluo=True, columns=2)


def write_conll(path: str | Path, docs: Iterable[Doc]) -> int:
    """The same in the four columns of CoNLL-2003: token, tag, chunk (always ``-``), IOB2 tag."""
    return _write(path, docs, biluo=False, columns=4)


def _write(path: str | Path, docs: Iterable[Doc], *, biluo: bool, columns: int) -> int:
    count = 0
    with lines_written(path) as write:
        for doc in docs:
            count += 1
            write("\t".join([_START, *["-"] * (columns - 2), "O"]) + "\n\n")
            words, pos = words_of(doc), doc.column("TAG")
            tags = doc.vocab.strings.strings(pos) if pos is not None else [""] * len(doc)
            ents = entity_tags(doc, words, biluo=biluo)
            for start, end in sentence_bounds(doc):
                for i in range(start, end):
                    if words[i]:
                        middle = [tags[i] or "-", "-"] if columns == 4 else []
                        write("\t".join([words[i], *middle, ents[i]]) + "\n")
                write("\n")
    return count


def entity_tags(doc: Doc, words: Sequence[str], *, biluo: bool = False) -> list[str]:
    """A tag for each token, ``-`` where nothing is known. Tokens whose word is "" aren't counted as
    parts of an entity."""
    marks = doc.column("ENT_IOB")
    if marks is None:
        return ["-"] * len(doc)
    tags = ["-" if mark == IOB_MISSING else "O" for mark in marks.tolist()]
    for ent in doc.ents:
        inside = [i for i in range(ent.start, ent.end) if words[i]]
        for i in inside:
            tags[i] = f"I-{ent.label_}"
        if inside and biluo:
            tags[inside[-1]] = f"L-{ent.label_}"
        if inside:
            single = biluo and len(inside) == 1
            tags[inside[0]] = f"{'U' if single else 'B'}-{ent.label_}"
    return tags
