"""Formats of word vectors: their names, how they are told apart, who reads and writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanloom.errors import DataError, FormatError

from ..problems import Policy, Problems
from .soundness import sound
from .streams import bare_name, file_of, is_archive, reading

if TYPE_CHECKING:
    from ..build import Source

__all__ = ["FORMATS", "Format", "detect", "format_for", "read_source", "write_source"]


#: Bytes by which a format is told.
_START = 1 << 16
#: Bytes that text doesn't hold, white space left out.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r"))


@dataclass(frozen=True)
class Format:
    """A format: endings that its files have, and its functions, ``module:name``."""

    name: str
    help: str
    endings: tuple[str, ...]
    reader: str
    writer: str
    options: tuple[tuple[str, Any], ...] = ()
    encoded: bool = False
    """Whether its words may be in another encoding than UTF-8."""


FORMATS = {
    format.name: format
    for format in (
        Format(
            "word2vec",
            "word2vec text, with header",
            (".txt", ".text", ".w2v"),
            "text:read_text",
            "text:write_text",
            encoded=True,
        ),
        Format(
            "vec",
            "fastText .vec text",
            (".vec",),
            "text:read_text",
            "text:write_text",
            encoded=True,
        ),
        Format(
            "glove",
            "GloVe text, without header",
            (".glove",),
            "text:read_text",
            "text:write_text",
            (("header", False),),
            encoded=True,
        ),
        Format(
            "word2vec-binary",
            "word2vec binary",
            (),
            "word2vec:read_word2vec",
            "word2vec:write_word2vec",
            encoded=True,
        ),
        Format(
            "fasttext",
            "fastText .bin, with subwords",
            (".bin",),
            "fasttext:read_fasttext",
            "fasttext:write_fasttext",
            encoded=True,
        ),
        Format(
            "floret",
            "floret text",
            (".floret",),
            "floret:read_floret",
            "floret:write_floret",
            encoded=True,
        ),
        Format("spacy", "folder of spaCy's vectors", (), "spacy:read_spacy", "spacy:write_spacy"),
        Format("npz", "NumPy arrays", (".npz",), "arrays:read_npz", "arrays:write_npz"),
        Format(
            "safetensors",
            "safetensors",
            (".safetensors",),
            "arrays:read_safetensors",
            "arrays:write_safetensors",
        ),
    )
}
"""All formats but our own, by name."""


def detect(path: str | Path) -> Format:
    """The format of what is at ``path``, told by its content. Raises
    :class:`~spanloom.errors.FormatError` if it is none of these."""
    from .fasttext import is_fasttext
    from .floret import is_floret
    from .spacy import find_spacy

    path = Path(path)
    if file_of(path).is_dir():
        if find_spacy(path) is None:
            raise FormatError(path, None, "this folder contains no spaCy vectors")
        return FORMATS["spacy"]
    with reading(path) as file:
        start = file.read(_START)
    if is_fasttext(start):
        return FORMATS["fasttext"]
    if start.startswith(b"PK") and not is_archive(path):
        return FORMATS["npz"]
    if start[8:9] == b"{" and bare_name(path).endswith(".safetensors"):
        return FORMATS["safetensors"]
    if start.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise FormatError(
            path,
            None,
            "this is a pickle, which could run any code. If gensim saved these vectors, load them "
            "with gensim and use spanloom_vectors.from_gensim, or save_word2vec_format there.",
        )
    first, _, rest = start.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    if is_floret(first):
        return FORMATS["floret"]
    fields = first.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields):
        if _looks_binary(rest, *map(int, fields), whole=len(start) < _START):
            return FORMATS["word2vec-binary"]
        return FORMATS["vec" if bare_name(path).endswith(".vec") else "word2vec"]
    return FORMATS["glove"]


def _looks_binary(data: bytes, total: int, width: int, *, whole: bool) -> bool:
    """Whether what follows a header can't be text, by bytes that no text has.

    A few small vectors may lack such bytes: they are binary if no line looks like text, and all of
    them fit the ``whole`` file.
    """
    from .text import is_vector_line

    controls = len(data) - len(data.translate(None, _CONTROLS))
    if b"\0" in data or 100 * controls > len(data):
        return True
    if not whole or any(map(is_vector_line, data.split(b"\n"))):
        return False
    at = count = 0
    while count < total and (space := data.find(b" ", at)) >= 0:
        at, count = space + 1 + 4 * width, count + 1
    return 0 < count == total and len(data) - at in (0, 1)


def format_for(path: str | Path) -> Format:
    """The format that a file of this name is written in; a name without ending is a folder of
    spaCy's. Raises :class:`~spanloom.errors.DataError` for an ending that is none's."""
    name = bare_name(path)
    for format in FORMATS.values():
        if any(name.endswith(ending) for ending in format.endings):
            return format
    if "." not in name:
        return FORMATS["spacy"]
    endings = ", ".join(ending for format in FORMATS.values() for ending in format.endings)
    raise DataError(
        f"The name '{path}' doesn't tell its format: name one, or end the name in one of {endings}"
    )


def _function(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(import_module(f".{module}", __name__), name)
    return function


def _named(name: str) -> Format:
    if name not in FORMATS:
        raise DataError(f"There is no format '{name}': use one of {', '.join(FORMATS)}")
    return FORMATS[name]


def read_source(
    path: str | Path,
    *,
    format: str | None = None,
    policy: Policy = "skip",
    problems: Problems | None = None,
    encoding: str | None = None,
) -> Source:
    """A stream of the vectors at ``path``, in any format of :data:`FORMATS`.

    Bad lines are left out and counted in ``problems``, or an error with the policy ``"error"``. So
    are vectors that hold infinity or NaN. ``encoding`` is that of the words, UTF-8 unless it is
    given. Raises :class:`~spanloom.errors.FormatError` for a file that is damaged, cut short or
    without any usable vector: at once, or when the stream comes to it.
    """
    chosen = _named(format) if format is not None else detect(path)
    problems = problems if problems is not None else Problems(Path(path), policy)
    options: dict[str, Any] = {}
    if encoding is not None:
        if not chosen.encoded:
            raise DataError(f"the words of {chosen.help} are always UTF-8: give no encoding")
        options["encoding"] = encoding
    source: Source = _function(chosen.reader)(path, problems, **options)
    return sound(source, path, problems)


def write_source(path: str | Path, source: Source, *, format: str | None = None) -> Format:
    """Write a stream in a format, that of the file's name unless another is named. Returns it.
    Raises :class:`~spanloom.errors.DataError` for what the format can't hold."""
    from ..build import Chunk

    chosen = _named(format) if format is not None else format_for(path)
    if chosen.name not in ("floret", "spacy"):
        source.check_words()
    if source.total is None:
        words, rows = source.arrays()
        source = replace(source, chunks=[Chunk(words, rows)], total=len(words))
    _function(chosen.writer)(path, source, **dict(chosen.options))
    return chosen
