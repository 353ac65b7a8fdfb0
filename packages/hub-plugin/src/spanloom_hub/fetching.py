"""Getting the file of a packaged pipeline: from a path, a URL or the Hugging Face hub.

Only the standard library is used, so that it works in an environment without pip.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, url2pathname

from spanloom.errors import MissingFileError, PackageError
from spanloom.io.files import A_DAY

__all__ = ["Progress", "Source", "fetched", "remove_old"]

_HUB_NAME = re.compile(r"(?:hf://)?([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20
_TIMEOUT = 60.0

Progress = Callable[[int, int | None], object]
"""Called with the bytes that came so far, and how many there will be where that is known."""


@dataclass(frozen=True)
class Source:
    """Where a file came from, and the SHA-256 of what came."""

    url: str
    sha256: str


@contextmanager
def fetched(
    what: str, sha256: str | None = None, progress: Progress | None = None
) -> Iterator[tuple[Path, Source]]:
    """The wheel that ``what`` names, as a local file that lives as long as the ``with`` block.

    ``what`` is a path, an address (``https://``, ``http://``, ``file://``), or a repository of the
    Hugging Face hub as ``owner/name`` or ``owner/name@revision`` that holds one wheel; the
    environment variable ``HF_ENDPOINT`` names another hub. ``sha256`` is the hash that the file
    must have; an address may end in ``#sha256=...``. Without one, a file that comes over plain
    ``http`` from another machine is refused. Raises `PackageError` if the file can't be had or has
    another hash, `MissingFileError` if there is no file at a path.
    """
    url, stated = _address(what)
    wanted = _wanted(sha256 or stated)
    parts = urlsplit(url)
    if parts.scheme == "file":
        path = Path(url2pathname(parts.path))
        if not path.is_file():
            raise MissingFileError(f"There is no file '{path}'")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        _compare(url, wanted, digest)
        yield path, Source(url, digest)
        return
    if parts.scheme == "http" and wanted is None and parts.hostname not in _HERE:
        raise PackageError(
            f"'{url}' isn't encrypted, so it could be changed on the way: use https, or give its "
            "hash with --sha256"
        )
    remove_old(tempfile.gettempdir(), _DOWNLOADS)
    with tempfile.TemporaryDirectory(prefix=_DOWNLOADS) as folder:
        name = Path(unquote(parts.path)).name or "download.whl"
        path = Path(folder) / re.sub(r"[^\w.+-]", "_", name)
        digest = _save(url, path, progress)
        _compare(url, wanted, digest)
        yield path, Source(url, digest)


_HERE = {"localhost", "127.0.0.1", "::1"}
_DOWNLOADS = "spanloom-download-"


def remove_old(folder: str | Path, prefix: str) -> None:
    """Remove the folders of this user whose names begin so, and that a process which was killed
    left more than a day ago."""
    for path in Path(folder).glob(f"{glob.escape(prefix)}*"):
        with suppress(OSError):
            found = path.lstat()
            own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
            if own and time.time() - found.st_mtime > A_DAY and stat.S_ISDIR(found.st_mode):
                shutil.rmtree(path)


def _address(what: str) -> tuple[str, str | None]:
    """The address without its fragment, and the hash in it."""
    path = Path(what).expanduser()
    if path.exists():
        return path.resolve().as_uri(), None
    hub = _HUB_NAME.fullmatch(what)
    parts = urlsplit(what)
    if parts.scheme in {"http", "https", "file"}:
        stated = re.fullmatch(r"sha256=(\S+)", parts.fragment)
        return urlunsplit(parts._replace(fragment="")), stated[1] if stated else None
    if hub is not None and not what.endswith(".whl"):
        return _on_hub(hub[1], hub[2] or "main")
    if "://" in what:
        raise PackageError(f"'{what}': only https, http and file addresses can be downloaded")
    raise MissingFileError(
        f"There is no file '{path.absolute()}'. Pipelines can't be downloaded by name alone: give "
        "a path, an address (https://...whl) or a repository of the hub (owner/name)."
    )


def _on_hub(repo: str, revision: str) -> tuple[str, str | None]:
    base = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    asked = f"{base}/api/models/{repo}/revision/{quote(revision, safe='')}?blobs=true"
    with _opened(asked) as response:
        try:
            files = json.loads(response.read(1 << 24))["siblings"]
            wheels = {each["rfilename"]: each for each in files if _is_wheel(each["rfilename"])}
        except (ValueError, KeyError, TypeError) as error:
            raise PackageError(f"'{asked}' didn't answer as a hub does: {error!r}") from None
    if len(wheels) != 1:
        listed = ", ".join(sorted(wheels)) or "none"
        raise PackageError(
            f"'{repo}' at {base} holds {len(wheels)} wheels ({listed}), not 1: give the address "
            "of the file"
        )
    name, described = next(iter(wheels.items()))
    # A large file's hash is known to the hub, and tells whether the file came whole.
    lfs = described.get("lfs") or {}
    return f"{base}/{repo}/resolve/{quote(revision, safe='')}/{quote(name)}", lfs.get("sha256")


def _is_wheel(name: Any) -> bool:
    return isinstance(name, str) and name.endswith(".whl")


def _wanted(sha256: str | None) -> str | None:
    if sha256 is None:
        return None
    wanted = sha256.removeprefix("sha256:").lower()
    if not _SHA256.fullmatch(wanted):
        raise PackageError(f"'{sha256}' isn't a SHA-256, which has 64 hexadecimal digits")
    return wanted


def _compare(url: str, wanted: str | None, found: str) -> None:
    if wanted is not None and wanted != found:
        raise PackageError(
            f"'{url}' has the SHA-256 {found}, not {wanted}: it isn't the expected file. Nothing "
            "was installed."
        )


class _Careful(HTTPRedirectHandler):
    """Follows no redirect from an encrypted address to one that isn't."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise PackageError(f"'{req.full_url}' redirects to '{newurl}', which isn't encrypted")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def _opened(url: str) -> Iterator[Any]:
    request = Request(url, headers={"User-Agent": f"spanloom/{version('spanloom')}"})
    try:
        with build_opener(_Careful).open(request, timeout=_TIMEOUT) as response:
            yield response
    except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise PackageError(f"Can't download '{url}': {error}") from None


def _save(url: str, path: Path, progress: Progress | None) -> str:
    digest, done = hashlib.sha256(), 0
    with _opened(url) as response, path.open("wb") as file:
        stated = response.headers.get("Content-Length", "")
        total = int(stated) if stated.isdigit() else None
        while chunk := response.read(_CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, total)
    if total is not None and done != total:
        raise PackageError(f"'{url}': only {done:,} of {total:,} bytes arrived. Try again.")
    return digest.hexdigest()
