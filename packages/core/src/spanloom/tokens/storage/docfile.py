"""Files of documents, ``.loom``: a stream of blocks that is written and read as it goes.

A file begins with the eight bytes ``SLOOM`` and the version in three digits. Each block follows as
the length of its bytes (uint64), their CRC-32 (uint32) and the bytes, little-endian; a length of
zero ends the file, so that one that was cut short is noticed.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ...errors import FormatError, SerializationError
from ...io.files import existing, file_written
from .columnar import from_block, to_blocks

if TYPE_CHECKING:
    from ...vocab import Vocab
    from ..doc import Doc

__all__ = ["groups", "read_docs", "write_docs"]

_MAGIC = b"SLOOM001"
_HEAD = struct.Struct("<QI")
#: A block is closed when it has this many tokens, or documents.
_TOKENS, _DOCS = 1 << 16, 1 << 12
#: Bytes that are read at a time, so that a wrong length doesn't take up memory.
_PIECE = 1 << 24


def write_docs(path: str | Path, docs: Iterable[Doc]) -> int:
    """Write a stream of documents with all their annotation to a ``.loom`` file; returns how many.

    No more than a block (65,536 tokens) is held in memory. The file appears when all are written.
    Raises :class:`SerializationError` for user data that isn't plain.
    """
    count = 0
    with file_written(path) as file:
        file.write(_MAGIC)
        for group in groups(docs, _TOKENS, _DOCS):
            count += len(group)
            for block in to_blocks(group):
                file.write(_HEAD.pack(len(block), zlib.crc32(block)))
                file.write(block)
        file.write(_HEAD.pack(0, 0))
    return count


def groups(docs: Iterable[Doc], tokens: int, most: float = math.inf) -> Iterator[list[Doc]]:
    """Divide documents, in order, into groups of at least so many tokens, or of ``most``."""
    group: list[Doc] = []
    found = 0
    for doc in docs:
        group.append(doc)
        found += len(doc)
        if found >= tokens or len(group) >= most:
            yield group
            group, found = [], 0
    if group:
        yield group


def read_docs(path: str | Path, vocab: Vocab) -> Iterator[Doc]:
    """The documents of a ``.loom`` file, block by block; ``vocab`` learns their strings.

    Raises :class:`MissingFileError`, and :class:`FormatError` if the file is something else, of an
    unknown version, damaged or cut short.
    """
    path = existing(path, "file of documents")
    with path.open("rb") as file:
        magic = file.read(len(_MAGIC))
        if magic[:5] != _MAGIC[:5]:
            raise FormatError(path, None, "isn't a .loom file of documents")
        if magic != _MAGIC:
            version = magic[5:].decode("ascii", "replace")
            raise FormatError(
                path, None, f"is of version {version}, and this version of Spanloom reads 001"
            )
        number = 0
        while block := _next_block(path, file, number + 1):
            number += 1
            try:
                docs = from_block(block, vocab)
            except SerializationError as error:
                raise FormatError(path, None, f"block {number}: {error}") from error
            yield from docs


def _next_block(path: Path, file: BinaryIO, number: int) -> bytes:
    """The bytes of the next block, none at the end."""
    head = file.read(_HEAD.size)
    size, check = _HEAD.unpack(head) if len(head) == _HEAD.size else (1, 0)
    pieces = []
    missing = size
    while missing and (piece := file.read(min(missing, _PIECE))):
        pieces.append(piece)
        missing -= len(piece)
    block = b"".join(pieces)
    if missing:
        raise FormatError(path, None, f"was cut short: block {number} isn't all there")
    if zlib.crc32(block) != check:
        raise FormatError(path, None, f"block {number} is damaged: its bytes have another checksum")
    return block
