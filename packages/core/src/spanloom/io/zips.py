"""What reading a zip archive raises where it is damaged."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

__all__ = ["DAMAGE"]

DAMAGE: tuple[type[Exception], ...] = (
    EOFError,
    OSError,  # an offset that is none; bz2's data
    RuntimeError,  # encrypted, or (NotImplementedError) packed by an unknown method
    ValueError,  # names that aren't text
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""For the ``except`` around opening an archive and reading its members; a member that isn't there
is a ``KeyError``."""
