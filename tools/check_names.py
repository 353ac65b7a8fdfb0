"""Say of each distribution's name whether it is free on the package index, ours, or taken.

python tools/check_names.py      # exit 1 if a name is taken, 2 if the index can't be asked

pip asks, so the index is the one that pip is configured with. Nothing that the index holds is run:
of a name that is there, a wheel is fetched without its dependencies, and its metadata is read.
"""

from __future__ import annotations

import email.parser
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP = (sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check")
ONCE = ("--retries", "0", "--timeout", "20")


class CannotAsk(Exception):
    """The index gave no answer, so nothing is known."""


def projects(folder: Path) -> dict[str, Mapping[str, str]]:
    """Each distribution's name and its project URLs, as its pyproject.toml states them."""
    found = {}
    for path in sorted(folder.glob("packages/*/pyproject.toml")):
        project = tomllib.loads(path.read_text("utf-8"))["project"]
        found[project["name"]] = project.get("urls", {})
    return found


def pip(*arguments: str) -> tuple[bool, str]:
    """Whether a pip command succeeded, and all that it said."""
    done = subprocess.run([*PIP, *arguments], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def is_there(name: str) -> bool:
    """Whether an index has a page of the name, even if nothing on it fits this Python.

    Raises :class:`CannotAsk` if one of the indexes doesn't answer, or none is configured.
    """
    _, said = pip("index", "versions", name, "--pre", "-vv", *ONCE)
    lines = said.splitlines()
    failed = [line for line in lines if "Could not fetch URL" in line and ": 404 " not in line]
    if failed:
        raise CannotAsk(failed[0].strip())
    if any("Fetched page" in line for line in lines):
        return True
    if not any("Could not fetch URL" in line for line in lines):
        raise CannotAsk(f"pip asked no index for '{name}': is one configured? (pip config list)")
    return False


def published_urls(name: str) -> set[str] | None:
    """Project URLs in the metadata of the newest wheel; None if there is no wheel to look into.

    A source distribution isn't asked for, since its metadata is made by running it.
    """
    with tempfile.TemporaryDirectory() as folder:
        wheel_only = ("--only-binary", ":all:", "--no-deps", "--pre", "--ignore-requires-python")
        done, _ = pip("download", name, *wheel_only, "--dest", folder, *ONCE)
        wheels = list(Path(folder).glob("*.whl"))
        if not done or not wheels:
            return None
        with zipfile.ZipFile(wheels[0]) as archive:
            inside = next(each for each in archive.namelist() if each.endswith("/METADATA"))
            metadata = email.parser.BytesParser().parsebytes(archive.read(inside), headersonly=True)
    return {str(value).partition(",")[2].strip() for value in metadata.get_all("Project-URL", [])}


def state(name: str, urls: Mapping[str, str]) -> str:
    """``free``, ``ours`` (a published wheel names our source) or ``taken``, with why."""
    if not is_there(name):
        return "free"
    published = published_urls(name)
    if published is None:
        return "taken: the index has a page of it, and no wheel that could say it is ours"
    if urls and {urls["Homepage"], urls["Source"]} <= published:
        return "ours"
    return f"taken: its metadata names {', '.join(sorted(published)) or 'no URL'}"


def main() -> int:
    """Print the state of each name. 0: all free or ours; 1: one is taken; 2: nobody answered."""
    taken = False
    for name, urls in projects(ROOT).items():
        try:
            found = state(name, urls)
        except CannotAsk as error:
            print(
                f"{name}: not known. The package index can't be asked, so this says nothing about "
                f"any name. Try again with a connection.\n  {error}",
                file=sys.stderr,
            )
            return 2
        print(f"{name}: {found}")
        taken |= found.startswith("taken")
    if taken:
        print("Names that are taken can't be published. Choose others.", file=sys.stderr)
    return int(taken)


if __name__ == "__main__":
    sys.exit(main())
