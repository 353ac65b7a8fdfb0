"""tools/check_names.py asks a real index, by pip: a small server of this process."""

from __future__ import annotations

import http.server
import importlib.util
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
URLS = {"Homepage": "https://example.org/ours", "Source": "https://example.org/ours/core"}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_names", ROOT / "tools" / "check_names.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def publish(folder: Path, name: str, urls: dict[str, str] | None) -> None:
    """A project's page, and a wheel with these URLs unless they are None."""
    page = folder / "simple" / name
    page.mkdir(parents=True)
    links = ""
    if urls is not None:
        wheel = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
        lines = [f"Project-URL: {label}, {url}" for label, url in urls.items()]
        info = f"{name.replace('-', '_')}-1.0.dist-info"
        with zipfile.ZipFile(page / wheel, "w") as archive:
            head = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *lines]
            archive.writestr(f"{info}/METADATA", "\n".join(head) + "\n")
            tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            archive.writestr(f"{info}/WHEEL", tags)
            archive.writestr(f"{info}/RECORD", "")
        links = f'<a href="{wheel}">{wheel}</a>'
    (page / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>", "utf-8")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is served as the only index that pip knows."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path))  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    use_index(monkeypatch, server.server_port)
    yield tmp_path
    server.shutdown()
    server.server_close()


def use_index(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for name, value in {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_INDEX_URL": f"http://127.0.0.1:{port}/simple",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_NO_CACHE_DIR": "1",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)


def test_free_ours_and_taken(tool: ModuleType, index: Path) -> None:
    publish(index, "loom-ours", URLS)
    publish(index, "loom-stranger", {"Homepage": "https://example.org/theirs"})
    publish(index, "loom-empty", None)
    assert tool.state("loom-free", URLS) == "free"
    assert tool.state("loom-ours", URLS) == "ours"
    assert tool.state("loom-stranger", URLS).startswith("taken: its metadata names")
    assert tool.state("loom-empty", URLS).startswith("taken: the index has a page")


def test_no_answer_is_not_free(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        use_index(monkeypatch, free.getsockname()[1])
        with pytest.raises(tool.CannotAsk):
            tool.state("loom-free", URLS)


def test_every_package_is_asked_for(tool: ModuleType) -> None:
    found = tool.projects(ROOT)
    assert len(found) == len(list(ROOT.glob("packages/*/pyproject.toml")))
    assert all({"Homepage", "Source"} <= set(urls) for urls in found.values())
