"""What a packaged pipeline may hold: files of kinds that are known to be data, with no code in
them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from spanloom.io import msgpack

__all__ = ["code_within", "is_data"]

_SUFFIXES = frozenset({
    ".arrow", ".bin", ".bpe", ".wlv", ".cfg", ".codes", ".csv", ".floret", ".html", ".jinja",
    ".json", ".jsonl", ".lst", ".md", ".model", ".msgpack", ".npy", ".npz", ".onnx",
    ".parquet", ".rst", ".safetensors", ".spacy", ".spm", ".svg", ".tab", ".tiktoken",
    ".tokenizer", ".toml", ".tsv", ".txt", ".typed", ".vec", ".vocab", ".xml", ".yaml",
    ".yml",
})  # fmt: skip
#: Of files that are packed in others, by name; what else has a dot in its name may be a weight.
_CODE = (
    ".bat", ".cmd", ".com", ".dll", ".dylib", ".exe", ".jar", ".pickle", ".pkl", ".ps1",
    ".pth", ".py", ".pyc", ".pyd", ".pyw", ".pyz", ".sh", ".so",
)  # fmt: skip
#: How files begin that hold code or other files, whatever they are called. No value of msgpack has
#: more after a first byte of 0x80, which is an empty mapping.
_MAGIC = (
    (re.compile(rb"\x80[\x01-\x05]", re.S), "a pickle"),
    (re.compile(rb"\x7fELF|MZ.\x00|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe", re.S), "a program"),
    (re.compile(rb"#!"), "a script"),
    (re.compile(rb"PK\x03\x04|\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|.{257}ustar", re.S), "an archive"),
    (re.compile(rb"\x93NUMPY.{4,6}\{[^}]*'descr':[^}]*O", re.S), "pickled objects"),
)  # fmt: skip
#: First bytes of the mappings and lists of msgpack.
_MAPS = {bytes([each]) for each in (*range(0x81, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF)}
_NAMES_CODE = re.compile(rb'"auto_map"\s*:\s*["\[{]')


def is_data(name: str) -> bool:
    """Whether the path of a file, with slashes, is of a kind that is data."""
    parts = name.split("/")
    if not name.isprintable() or any(part != part.strip(" ") or part[-1:] == "." for part in parts):
        return False
    ending = parts[-1].rpartition(".")
    # Metadata of a wheel, and what components write, may have no ending.
    return not ending[1] or f".{ending[2].lower()}" in _SUFFIXES


def code_within(name: str, content: bytes) -> str | None:
    """What in a file's content could be run, in words, or ``None``. It may lie inside of msgpack,
    where components pack files with their weights."""
    found = _code(name, content)
    if found is None and PurePosixPath(name).suffix in ("", ".msgpack", ".bin"):
        found = next(_packed(content), None)
    return found


def _code(name: str, content: bytes) -> str | None:
    for magic, what in _MAGIC:
        if magic.match(content) and not (what == "an archive" and name.endswith(".npz")):
            return what
    names_code = name.endswith(".json") and _NAMES_CODE.search(content)
    return "the name of code to run (auto_map)" if names_code else None


def _packed(content: bytes) -> Iterator[str]:
    """Code in the values of msgpack, and in msgpack that is packed in it again."""
    todo: list[Any] = [content]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            for key, each in value.items():
                if isinstance(key, str) and isinstance(each, bytes):
                    file = key.strip(" .").lower()
                    found = "code" if file.endswith(_CODE) else _code(file, each)
                    if found is not None:
                        yield f"{found} ('{key}')"
                todo.append(each)
        elif isinstance(value, list | tuple):
            todo += value
        elif isinstance(value, bytes) and value[:1] in _MAPS:
            try:
                todo.append(msgpack.loads(value))
            except Exception:  # bytes of another kind
                continue
