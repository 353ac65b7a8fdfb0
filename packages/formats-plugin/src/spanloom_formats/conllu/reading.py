"""Reading CoNLL-U, the format of Universal Dependencies treebanks.

See universaldependencies.org/format.html. A file is read line by line, so that its size doesn't
matter. Words become tokens. A multiword token (``2-3  can't``) whose words spell it is written
without spaces between them; where they don't (``zum`` = ``zu dem``), the words are joined with
spaces, or merged into one token on demand. Empty nodes (``8.1``) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spanloom.errors import DataError, FormatError
from spanloom.io.lines import BadLine, numbered_lines
from spanloom.tokens.tree import circle
from spanloom.vocab.morphology import normalize_feats

from ..sentences import Sentence, join_sentences
from .extras import Extra, keep_extras
from .spaces import laid_out, space_after, unescaped

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab

__all__ = ["read_conllu", "read_sentences"]

_COLUMNS = ["ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"]
_UPOS = frozenset(
    [
        "ADJ",
        "ADP",
        "ADV",
        "AUX",
        "CCONJ",
        "DET",
        "INTJ",
        "NOUN",
        "NUM",
        "PART",
        "PRON",
        "PROPN",
        "PUNCT",
        "SCONJ",
        "SYM",
        "VERB",
        "X",
    ]
)
_ENTITY = re.compile(r"^(?:NER?|name|Entity)=(?P<tag>[BILU]-[^|]+|O)$")


def read_conllu(
    path: str | Path,
    vocab: Vocab,
    *,
    n_sents: int = 10,
    merge_subtokens: bool = False,
    problems: list[FormatError] | None = None,
    extras: bool = True,
) -> Iterator[Doc]:
    """Documents of at most ``n_sents`` sentences each, from a ``.conllu`` or ``.conllu.gz`` file.

    A new document also begins at each ``# newdoc``; with ``n_sents`` 0, only there. Where a word
    has no XPOS, its UPOS is its tag, as in spaCy. With ``merge_subtokens``, the words of a
    multiword token are merged into one. A sentence that is malformed raises :class:`FormatError`
    with file and line; with ``problems``, the error is added there and the sentence left out.

    With ``extras``, what a document has no place for (comments, ranges of words, DEPS, the rest of
    MISC, empty nodes) is kept in ``doc.user_data``, unless words are merged, and written again.
    """
    if n_sents < 0:
        raise DataError(f"n_sents is {n_sents}: give the sentences per document, 0 for all")
    group: list[Sentence] = []
    extras = extras and not merge_subtokens
    for sentence in read_sentences(path, merge_subtokens=merge_subtokens, problems=problems):
        if group and (sentence.starts_document or len(group) == n_sents):
            yield _joined_sentences(vocab, group, extras)
            group = []
        group.append(sentence)
    if group:
        yield _joined_sentences(vocab, group, extras)


def _joined_sentences(vocab: Vocab, group: list[Sentence], extras: bool) -> Doc:
    doc = join_sentences(vocab, group)
    if extras:
        keep_extras(doc, [extra for each in group for extra in each.extras])
    return doc


def read_sentences(
    path: str | Path, *, merge_subtokens: bool = False, problems: list[FormatError] | None = None
) -> Iterator[Sentence]:
    """The sentences of a file; see :func:`read_conllu`."""
    builder = _Builder(Path(path), merge_subtokens)
    pending = False
    for block in _blocks(numbered_lines(path, lenient=problems is not None)):
        try:
            sentence = builder.build(block)
        except FormatError as error:
            if problems is None:
                raise
            problems.append(error)
            # The document that would have begun here begins with the next sentence.
            pending = pending or any(text.startswith("# newdoc") for _, text in block)
            continue
        if sentence.words:
            sentence.starts_document = sentence.starts_document or pending
            pending = False
            yield sentence


def _blocks(lines: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    block: list[tuple[int, str]] = []
    for number, line in lines:
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


@dataclass
class _Group:
    """A multiword token: its first and last word (from 0), its form, the space that follows."""

    first: int
    last: int
    form: str
    after: str
    columns: list[str]


@dataclass
class _Builder:
    """Makes sentences from blocks of lines."""

    path: Path
    merge: bool
    feats: dict[str, str] = field(default_factory=dict)

    def fail(self, line: int, message: str) -> FormatError:
        return FormatError(self.path, line, message)

    def build(self, block: list[tuple[int, str]]) -> Sentence:
        sentence = Sentence()
        groups: list[_Group] = []
        heads: list[tuple[int, str]] = []
        ents: list[str] = []
        before, after = "", list[str]()
        comments, nodes, columns_of = list[str](), dict[int, list[str]](), list[list[str]]()
        for number, text in block:
            if isinstance(text, BadLine):
                raise text.error
            if text[0] == "#":
                if text[1:].strip().startswith("newdoc"):
                    sentence.starts_document = True
                comments.append(text)
                continue
            columns = self._columns(number, text)
            misc = columns[9].split("|")
            if not after and not before:
                before = _spaces_before(misc)
            if "-" in columns[0]:
                groups.append(self._group(number, columns, len(sentence.words)))
            elif "." not in columns[0]:
                self._word(number, columns, sentence)
                heads.append((number, columns[6]))
                ents.append(_entity(columns[9]))
                after.append(space_after(misc))
                columns_of.append(columns)
            else:
                nodes.setdefault(len(sentence.words), []).append(text)
        self._heads(sentence, heads)
        for group in groups:
            if group.last >= len(sentence.words):
                raise self.fail(block[-1][0], f"words of '{group.form}' are missing")
        if any(ents):
            sentence.ents = [tag or "O" for tag in ents]
        _space_groups(sentence, groups, after)
        sentence.extras = _extras(columns_of, groups, comments, nodes)
        if self.merge and groups:
            inside = {i for group in groups for i in range(group.first, group.last)}
            after = [space for i, space in enumerate(after) if i not in inside]
            sentence = _merged(sentence, groups)
        sentence.space_at_end = "SpacesAfter=" in block[-1][1]
        return laid_out(sentence, before, after)

    def _columns(self, number: int, text: str) -> list[str]:
        columns = text.split("\t")
        if len(columns) != len(_COLUMNS):
            hint = ""
            if len(columns) == 1 and len(text.split()) == len(_COLUMNS):
                hint = " Columns are separated by tabs, not by spaces."
            raise self.fail(
                number,
                f"has {len(columns)} columns, but CoNLL-U has {len(_COLUMNS)} "
                f"({' '.join(_COLUMNS)}): {text[:60]!r}.{hint}",
            )
        if not columns[0] or not columns[1]:
            raise self.fail(number, f"has no {'ID' if not columns[0] else 'FORM'}: {text[:60]!r}")
        return columns

    def _group(self, number: int, columns: list[str], words: int) -> _Group:
        first, _, last = columns[0].partition("-")
        if not (first.isdecimal() and last.isdecimal() and int(first) == words + 1 <= int(last)):
            raise self.fail(
                number,
                f"ID '{columns[0]}' isn't a range of words that starts with the next one, "
                f"{words + 1}",
            )
        after = space_after(columns[9].split("|"))
        return _Group(int(first) - 1, int(last) - 1, columns[1], after, columns)

    def _word(self, number: int, columns: list[str], sentence: Sentence) -> None:
        index, form, lemma, upos, xpos, feats, _, deprel, _, misc = columns
        if not index.isdecimal() or int(index) != len(sentence.words) + 1:
            raise self.fail(number, f"ID is '{index}', but must be {len(sentence.words) + 1}")
        if upos != "_" and upos not in _UPOS:
            raise self.fail(number, f"UPOS '{upos}' isn't one of {' '.join(sorted(_UPOS))}")
        sentence.words.append(_exact(form, misc))
        sentence.lemmas.append("" if lemma == "_" and form != "_" else lemma)
        sentence.pos.append("" if upos == "_" else upos)
        sentence.tags.append(xpos if xpos != "_" else sentence.pos[-1])
        sentence.morphs.append(self._feats(number, feats) if feats != "_" or upos != "_" else "")
        sentence.deps.append("" if deprel == "_" else "ROOT" if deprel == "root" else deprel)

    def _feats(self, number: int, feats: str) -> str:
        if feats not in self.feats:
            try:
                self.feats[feats] = normalize_feats("" if feats == "_" else feats)
            except DataError as error:
                raise self.fail(number, f"FEATS: {error}") from None
        return self.feats[feats]

    def _heads(self, sentence: Sentence, heads: list[tuple[int, str]]) -> None:
        """Heads as indices; a root is its own head, and so is a word without one."""
        size = len(sentence.words)
        for token, (number, head) in enumerate(heads):
            if head == "_":
                sentence.heads.append(token)
                sentence.deps[token] = ""
            elif not head.isdecimal() or int(head) > size or int(head) == token + 1:
                raise self.fail(
                    number, f"HEAD is '{head}', but must be another word (1-{size}) or 0"
                )
            else:
                sentence.heads.append(int(head) - 1 if head != "0" else token)
        if around := circle(np.array(sentence.heads, dtype=np.int32)):
            ids = ", ".join(str(token + 1) for token in around[:8])
            raise self.fail(
                heads[around[0]][0],
                f"the heads of the words {ids} form a circle, so there is no tree",
            )


def _entity(misc: str) -> str:
    if "=" not in misc:
        return ""
    for part in misc.split("|"):
        found = _ENTITY.match(part)
        if found:
            return found["tag"]
    return ""


def _extras(
    words: list[list[str]], groups: list[_Group], comments: list[str], nodes: dict[int, list[str]]
) -> list[Extra]:
    """What each word's document has no place for."""
    extras: list[Extra] = []
    for place, columns in enumerate(words, 1):
        extra: Extra = {"deps": columns[8]} if columns[8] != "_" else {}
        if place in nodes:
            extra["after"] = nodes[place]
        if place == 1 and 0 in nodes:
            extra["before"] = nodes[0]
        if extra:
            extra["place"] = [place, len(words)]
        if columns[4] == "_" != columns[3]:
            extra["xpos"] = "_"
        # A last word may be the last of a document, where this isn't the rule.
        if columns[9] not in ("_", "SpaceAfter=No" if place < len(words) else "_"):
            extra["misc"] = columns[9]
        extras.append(extra)
    for group in groups:
        inside = [columns[1] for columns in words[group.first : group.last + 1]]
        extras[group.first]["range"] = [inside, group.columns]
    if comments and extras:
        extras[0]["comments"] = comments
    return extras


def _exact(form: str, misc: str) -> str:
    """The form with the white space in it as it was."""
    for part in misc.split("|") if "SpacesInToken=" in misc else ():
        word = unescaped(part.removeprefix("SpacesInToken="))
        if part.startswith("SpacesInToken=") and word.split() == form.split():
            return word
    return form


def _spaces_before(misc: Sequence[str]) -> str:
    for part in misc:
        if part.startswith("SpacesBefore="):
            space = unescaped(part.removeprefix("SpacesBefore="))
            return space if not space.strip() else ""
    return ""


def _space_groups(sentence: Sentence, groups: list[_Group], after: list[str]) -> None:
    """No space within a multiword token whose words spell it; after it, what its own line says."""
    for group in groups:
        words = sentence.words[group.first : group.last + 1]
        if "".join(words) == group.form:
            inner = [""] * (len(words) - 1)
        else:
            inner = [" "] * (len(words) - 1)
        after[group.first : group.last + 1] = [*inner, group.after]


def _merged(sentence: Sentence, groups: list[_Group]) -> Sentence:
    """One token for each multiword token. Its part of speech and relation are those of the word
    whose head is outside; tags and lemmas are joined, features united."""
    group_of = {index: group for group in groups for index in range(group.first, group.last + 1)}
    new_index: list[int] = []
    for index in range(len(sentence.words)):
        inside = index in group_of and index != group_of[index].first
        new_index.append(new_index[-1] if inside else (new_index[-1] + 1 if new_index else 0))
    result = Sentence(starts_document=sentence.starts_document)
    index = 0
    while index < len(sentence.words):
        group = group_of.get(index)
        last = group.last if group else index
        members = range(index, last + 1)
        outer = [m for m in members if sentence.heads[m] not in members or sentence.heads[m] == m]
        main = outer[0] if outer else index
        head = sentence.heads[main]
        result.words.append(group.form if group else sentence.words[index])
        result.tags.append(_joined(sentence.tags[m] for m in members))
        result.lemmas.append(" ".join(filter(None, (sentence.lemmas[m] for m in members))))
        result.morphs.append(_united([sentence.morphs[m] for m in members]))
        result.pos.append(sentence.pos[main])
        result.deps.append(sentence.deps[main])
        result.heads.append(new_index[main] if head == main else new_index[head])
        if sentence.ents:
            result.ents.append(sentence.ents[index])
        index = last + 1
    return result


def _joined(tags: Iterable[str]) -> str:
    return "_".join(filter(None, tags))


def _united(morphs: list[str]) -> str:
    if len(morphs) == 1 or not any(morphs):
        return morphs[0]
    feats: dict[str, str] = {}
    for morph in morphs:
        for part in morph.split("|") if morph not in ("", "_") else ():
            name, _, value = part.partition("=")
            feats.setdefault(name, value)
    return normalize_feats(feats)
