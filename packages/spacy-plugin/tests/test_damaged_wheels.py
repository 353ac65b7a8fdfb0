"""Wheels that are damaged end in our errors."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import spanloom
from spanloom.errors import SpanloomError


def test_a_wheel_with_a_password_was_a_raw_error(tmp_path: Path) -> None:
    wheel = tmp_path / "locked-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("config.cfg", "meta.json"):
            archive.writestr(f"x/{name}", "{}")
    data = bytearray(wheel.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + offset] |= 1
    wheel.write_bytes(data)
    with pytest.raises(SpanloomError):
        spanloom.load(wheel)
