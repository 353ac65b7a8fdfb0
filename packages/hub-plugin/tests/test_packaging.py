"""Trained pipelines as wheels: made, downloaded, installed and loaded without running any of it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pickle
import re
import subprocess
import sys
import sysconfig
import tarfile
import threading
import venv
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import srsly

import spanloom
from spanloom import Doc, Example, registry
from spanloom.config import init_config
from spanloom.errors import MissingFileError, PackageError, PluginError, SpanloomError
from spanloom.plugins import refresh
from spanloom.plugins.installed import find
from spanloom_hub import fetched, install, is_ours, package, unmet
from spanloom_hub.archive import Archive
from spanloom_hub.names import package_name, required_range, requirements

from .support import run

FakeDist = Callable[..., Path]
WHEEL = "en_my_tagger-1.2.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small trained pipeline."""
    config = init_config("en", ["tagger"])
    encoder = config["components"]["tok2vec"]["model"]
    encoder["embed"]["width"] = encoder["encode"]["width"] = 8
    encoder["embed"]["rows"] = [50 for _ in encoder["embed"]["rows"]]
    config["components"]["tagger"]["model"]["tok2vec"]["width"] = 8
    nlp = spanloom.Pipeline.from_config(config)
    words, tags = ["I", "like", "eggs"], ["P", "V", "N"]
    example = Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words, tags=tags))
    optimizer = nlp.initialize(lambda: [example])
    for _ in range(40):
        nlp.update([example], sgd=optimizer)
    nlp.meta.update(
        name="my_tagger", version="1.2.0", description="Tags\nName: x", performance={"tag_acc": 0.5}
    )
    path = tmp_path_factory.mktemp("saved") / "pipeline"
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def wheel(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheels")
    package(saved, out)
    return out / WHEEL


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of pipelines, empty."""
    folder = tmp_path / "mine"
    monkeypatch.setenv("SPANLOOM_MODELS", str(folder))
    return folder


@pytest.fixture
def served(wheel: Path) -> Iterator[str]:
    """The address of a server of the wheel's folder."""
    handler = partial(_Quiet, directory=str(wheel.parent))
    with _serving(handler) as url:
        yield url


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class _serving:
    def __init__(self, handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type]

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# -- making


@pytest.mark.lengthy
def test_wheel_holds_the_pipeline_and_no_code(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    names = archive.namelist()
    info = "en_my_tagger-1.2.0.dist-info"
    assert {name.split("/")[0] for name in names} == {"en_my_tagger", info}
    assert {"en_my_tagger/config.cfg", "en_my_tagger/meta.json", f"{info}/RECORD"} <= {*names}
    assert not [name for name in names if name.endswith(".py")]
    metadata = archive.read(f"{info}/METADATA").decode()
    assert "Requires-Dist: spanloom>=0.1.0,<1\n" in metadata
    assert "\nSummary: Tags Name: x\n" in metadata and metadata.count("\nName:") == 1
    assert "| tag_acc | 50.00 |" in metadata
    assert json.loads(archive.read("en_my_tagger/meta.json"))["name"] == "en_my_tagger"


def test_the_same_pipeline_gives_the_same_bytes(saved: Path, wheel: Path, tmp_path: Path) -> None:
    made = package(saved, tmp_path)
    assert made.files == {tmp_path / WHEEL: sha256(wheel)}
    with pytest.raises(PackageError, match="already exists"):
        package(saved, tmp_path)
    package(saved, tmp_path, force=True)
    other = package(saved, tmp_path, name="Other-One", version="2.0rc1")
    assert (other.name, other.version) == ("en_other_one", "2.0rc1")


def test_one_requirement_is_not_read_as_its_letters(saved: Path, tmp_path: Path) -> None:
    assert "loom-x>=1" in package(saved, tmp_path, requires="loom-x>=1").requires


def test_command_says_what_it_wrote(saved: Path, tmp_path: Path) -> None:
    told = run("package", saved, tmp_path, "--requires", "loom-x>=1", "--sdist").output
    assert sha256(tmp_path / WHEEL) in told and "loom-x>=1" in told
    assert 'spanloom.load("en_my_tagger")' in told
    assert (tmp_path / "en_my_tagger-1.2.0.tar.gz").is_file()


@pytest.mark.lengthy
def test_tools_accept_wheel_and_source(saved: Path, tmp_path: Path) -> None:
    pytest.importorskip("twine")
    package(saved, tmp_path, sdist=True)
    files = sorted(map(str, tmp_path.iterdir()))
    command = [sys.executable, "-m", "twine", "check", "--strict", *files]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("PASSED") == 2, done.stdout + done.stderr


def test_wheel_built_from_source_is_as_good(saved: Path, tmp_path: Path, mine: Path) -> None:
    pytest.importorskip("hatchling")
    package(saved, tmp_path, sdist=True)
    with tarfile.open(tmp_path / "en_my_tagger-1.2.0.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    code = "from hatchling.build import build_wheel; print(build_wheel('built'))"
    folder = tmp_path / "en_my_tagger-1.2.0"
    built = subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    assert built.returncode == 0
    install(folder / "built" / WHEEL, to="user")
    assert spanloom.load("en_my_tagger").pipe_names == ["tok2vec", "tagger"]


def test_requirements_are_what_loading_needs(
    saved: Path, tmp_path: Path, fake_dist: FakeDist
) -> None:
    meta = json.loads((saved / "meta.json").read_text())
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in saved.iterdir():
        (copy / path.name).symlink_to(path)
    (copy / "meta.json").unlink()
    meta["suppliers"]["factories/tagger"] = "loom-tags 2.3.1"
    meta["suppliers"]["readers/spanloom.Corpus.v1"] = "loom-reader 1.0"
    meta["plugins"] = {"loom-kept": {}}
    (copy / "meta.json").write_text(json.dumps(meta))
    fake_dist("loom-kept", "0.4", points={})
    made = package(copy, tmp_path)
    assert made.requires == ("spanloom>=0.1.0,<1", "loom-kept>=0.4,<1", "loom-tags>=2.3.1,<3")
    meta["suppliers"]["factories/tagger"] = "code"
    (copy / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(PackageError, match="tagger: registered by code of your own"):
        package(copy, tmp_path, force=True)
    made = package(copy, tmp_path, requires=["loom-tags ~= 2.3"], force=True)
    assert made.requires[-1] == "loom-tags~=2.3"
    (copy / "run.py").write_text("boom")
    with pytest.raises(PackageError, match="is code, and a packaged pipeline holds data only"):
        package(copy, tmp_path, requires=["loom-tags"], force=True)


@pytest.mark.parametrize(
    ("meta", "name", "whole"),
    [
        ({"lang": "en", "name": "web-sm"}, None, "en_web_sm"),
        ({"lang": "en", "name": "en_web_sm"}, None, "en_web_sm"),
        ({"lang": "de", "name": "x"}, "My Own", "de_my_own"),
    ],
)
def test_names(meta: dict[str, str], name: str | None, whole: str) -> None:
    assert package_name(meta, name) == whole


def test_bad_names_versions_and_folders(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="can't be the name of a package"):
        package(saved, tmp_path, name="../../x")
    with pytest.raises(PackageError, match="'new' isn't a version"):
        package(saved, tmp_path, version="new")
    with pytest.raises(PackageError, match="isn't a requirement"):
        package(saved, tmp_path, requires=["loom x y"])
    with pytest.raises(MissingFileError, match="There is no saved pipeline"):
        package(tmp_path, tmp_path)
    assert required_range("x", "1.4.2.dev3") == "x>=1.4.2,<2"


def test_the_language_of_a_plugin_is_required() -> None:
    meta = {"lang": "tlh", "suppliers": {"languages/tlh": "loom-klingon 0.1.0"}}
    assert "loom-klingon>=0.1.0,<1" in requirements(spanloom.blank("en").config, meta)


def test_a_wheel_is_added_to_a_folder_of_other_files(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    package(saved, tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {"thesis.txt", WHEEL}
    with pytest.raises(SpanloomError, match="is a file"):
        package(saved, tmp_path / "thesis.txt")
    with pytest.raises(SpanloomError, match="inside"):
        package(saved, saved)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


# -- downloading and loading


@pytest.mark.lengthy
def test_from_path_to_annotated_text(wheel: Path, mine: Path) -> None:
    with pytest.raises(MissingFileError, match=r"the pipeline 'en_my_tagger'.*installed: none"):
        spanloom.load("en_my_tagger")
    told = run("download", wheel, "--to", "user").output
    assert sha256(wheel) in told and str(mine) in told
    nlp = spanloom.load("en_my_tagger")
    assert [token.tag_ for token in nlp("I like eggs")] == ["P", "V", "N"]
    assert spanloom.load("en-my-tagger").meta["version"] == "1.2.0"
    assert "en_my_tagger" not in sys.modules
    with pytest.raises(MissingFileError, match="installed: en_my_tagger"):
        spanloom.load("en_my_taggre")


def test_from_a_server_with_a_hash(wheel: Path, served: str, mine: Path) -> None:
    run("download", f"{served}/{WHEEL}#sha256={sha256(wheel)}", "--to", "user")
    info = mine / "en_my_tagger-1.2.0.dist-info"
    origin = json.loads((info / "direct_url.json").read_text())
    assert origin["url"] == f"{served}/{WHEEL}"
    assert origin["archive_info"]["hashes"] == {"sha256": sha256(wheel)}
    assert (info / "INSTALLER").read_text() == "spanloom\n"
    listed = {row.split(",")[0] for row in (info / "RECORD").read_text().splitlines()}
    real = {p.relative_to(mine).as_posix() for p in mine.rglob("*") if p.is_file()}
    assert listed == real
    again = run("download", f"{served}/{WHEEL}", "--to", "user", code=1)
    assert "is already installed in" in again.stderr
    run("download", f"{served}/{WHEEL}", "--to", "user", "--force", "--sha256", sha256(wheel))


def test_a_wrong_hash_installs_nothing(served: str, wheel: Path, mine: Path) -> None:
    for source in (f"{served}/{WHEEL}", str(wheel)):
        told = run("download", source, "--to", "user", "--sha256", "0" * 64, code=1)
        assert "isn't the expected file" in told.stderr
    assert "isn't a SHA-256" in run("download", str(wheel), "--sha256", "12", code=1).stderr
    assert not mine.exists()


def test_a_new_version_replaces_the_old_one(saved: Path, tmp_path: Path, mine: Path) -> None:
    for version in ("1.0", "2.0"):
        made = package(saved, tmp_path, version=version)
        found = install(next(iter(made.files)), to="user")
        assert found.version == version == spanloom.load("en_my_tagger").meta["version"]
    assert sorted(path.name for path in mine.iterdir()) == [
        "en_my_tagger",
        "en_my_tagger-2.0.dist-info",
    ]


def test_what_is_in_the_way_stays(wheel: Path, mine: Path) -> None:
    (mine / "en_my_tagger").mkdir(parents=True)
    (mine / "en_my_tagger" / "notes.txt").write_text("mine")
    with pytest.raises(PackageError, match="belongs to no distribution of that name"):
        install(wheel, to="user")
    assert (mine / "en_my_tagger" / "notes.txt").read_text() == "mine"


def test_needs_are_named_and_not_installed(saved: Path, tmp_path: Path, mine: Path) -> None:
    asked = ["spanloom-tasks>=99", "loom-absent>=1", "loom-off; python_version < '3'"]
    package(saved, tmp_path, requires=asked)
    told = run("download", tmp_path / WHEEL, "--to", "user")
    assert told.stderr.count("pip install") == 1 and "loom-off" not in told.stderr
    assert 'pip install "spanloom-tasks>=99"\n' in told.stderr
    assert "'loom-absent>=1', which Spanloom doesn't know" in told.stderr  # no advice to get it
    assert is_ours("Spanloom_Tasks") and not is_ours("spanloom-tasks @ https://example.com/x.whl")
    assert unmet(["spanloom>=0.1,<1", "spanloom>=99"]) == ["spanloom>=99"]


class _Hub(_Quiet):
    """Answers as the hub does: what a repository holds, and its files by way of a redirect."""

    wheels = (WHEEL,)

    def do_GET(self) -> None:
        folder = Path(self.directory)
        if self.path == "/api/models/me/tags/revision/v1%2F2?blobs=true":
            files = [{"rfilename": "README.md"}]
            files += [
                {"rfilename": name, "lfs": {"sha256": sha256(folder / WHEEL)}}
                for name in self.wheels
            ]
            body = json.dumps({"siblings": files}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        elif self.path == f"/me/tags/resolve/v1%2F2/{WHEEL}":
            self.send_response(302)
            self.send_header("Location", f"/{WHEEL}")
            self.end_headers()
        else:
            super().do_GET()


class _TwoWheels(_Hub):
    wheels = ("a.whl", "b.whl")


def test_from_a_hub(wheel: Path, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _serving(partial(_Hub, directory=str(wheel.parent))) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        run("download", "me/tags@v1/2", "--to", "user")
        assert "404" in run("download", "me/other", code=1).stderr
        told = run("download", "en_core_web_sm", code=1).stderr
        assert "Pipelines can't be downloaded by name alone" in told
    with _serving(partial(_TwoWheels, directory=str(wheel.parent))) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        told = run("download", "hf://me/tags@v1/2", code=1).stderr
        assert "holds 2 wheels (a.whl, b.whl), not 1" in told
    assert spanloom.load("en_my_tagger").pipe_names == ["tok2vec", "tagger"]


class _Rubbish(_Quiet):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")


def test_an_address_that_is_no_hub_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _serving(partial(_Rubbish, directory=str(tmp_path))) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        told = run("download", "me/tags", code=1).stderr
    assert f"{url}/api/models/me/tags" in told and "didn't answer as a hub does" in told


class _Short(_Quiet):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"short")


def test_what_cannot_be_fetched(served: str, tmp_path: Path) -> None:
    for source, message in [
        (f"{served}/none.whl", "404"),
        ("http://127.0.0.1:1/x.whl", "Can't download"),
        ("http://example.com/x.whl", "isn't encrypted"),
        ("ftp://example.com/x.whl", "only https, http and file addresses"),
        (str(tmp_path / "none.whl"), "no file"),
        ((tmp_path / "none.whl").as_uri(), "no file"),
        ("nothing", "give a path, an address"),
    ]:
        assert message in run("download", source, code=1).stderr
    with _serving(partial(_Short, directory=str(tmp_path))) as url:
        with pytest.raises(PackageError, match="Can't download|of 1,000 bytes arrived"):
            with fetched(f"{url}/x.whl"):
                pass


# -- wheels that mean harm


def spoiled(wheel: Path, to: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a wheel whose files ``change`` has changed."""
    files = {name: zipfile.ZipFile(wheel).read(name) for name in zipfile.ZipFile(wheel).namelist()}
    change(files)
    path = to / wheel.name
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data, zipfile.ZIP_DEFLATED)
    return path


INFO = "en_my_tagger-1.2.0.dist-info"


def _points(text: str) -> Callable[[dict[str, bytes]], None]:
    return _with(f"{INFO}/entry_points.txt", text.encode())


def _objects() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    return file.getvalue()


def _packed(name: str, content: bytes) -> bytes:
    """A file packed as a model packs those of its shims."""
    shim = srsly.msgpack_dumps({name: content})
    return bytes(srsly.msgpack_dumps({"nodes": [], "shims": [[shim]]}))


#: For each objection the names of files that meet it.
NAMES = {
    "outside of its folder": [
        *("en_my_tagger/../../evil.txt", "/tmp/evil.txt"),
        *("en_my_tagger\\..\\evil", "C:evil.txt"),
    ],
    "own folders": ["evil.pth", "other/evil.txt", f"{INFO[:-10]}.data/scripts/x"],
    "holds code": [
        *(f"en_my_tagger/{name}" for name in ("__init__.py", "_x.SO", "x.pyw", "x.pyz", "x.pkl")),
        *(f"en_my_tagger/{name}" for name in ("x.py ", "x.json.", "\x1b[2Jx.json")),
    ],
    "one name twice": ["en_my_tagger/META.json"],
}
#: For each objection files of the pipeline that meet it by what they hold.
CONTENTS = {
    "a pickle": {"x": pickle.dumps([1])},
    "a script": {"x.txt": b"#!/bin/sh"},
    "an archive": {"x.bin": gzip.compress(b"")},
    "pickled objects": {"x.npy": _objects()},
    "auto_map": {
        "config.json": b'{"auto_map": {"a": "b"}}',
        "m": _packed("c.json", b'{"auto_map":[1]}'),
    },
    "pwn.py": {"m": _packed("pwn.py", b"x")},
    "doesn't match its RECORD": {"cfg": b"new"},
}


def _with(name: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda files: files.update({name: content})


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("change", "message"),
    [
        *((_with(name, b""), message) for message, names in NAMES.items() for name in names),
        *(
            (_with(f"en_my_tagger/{name}", content), message)
            for message, files in CONTENTS.items()
            for name, content in files.items()
        ),
        (lambda files: files.update({"en_my_tagger/big.txt": bytes(300 << 20)}), "--max-size"),
        (lambda files: files.pop("en_my_tagger/config.cfg"), "isn't a saved pipeline"),
        (lambda files: files.pop(f"{INFO}/METADATA"), "isn't a wheel, or is damaged"),
        (lambda files: files.update({"b-1.dist-info/x": b""}), "2 metadata folders instead of 1"),
        (_points(""), "isn't a packaged pipeline"),
        (_points("[console_scripts]\npip = evil:run\n"), "isn't a packaged pipeline"),
        (_points("[spanloom_models]\nen_my_tagger = os:system\n"), "isn't a packaged pipeline"),
        (_points("[spanloom_models]\nos = os\n"), "own folders"),
        (_points("rubbish"), "can't be read"),
        (
            lambda files: files.update(
                {f"{INFO}/METADATA": files[f"{INFO}/METADATA"].replace(b"1.2.0", b"9.9")}
            ),
            "disagrees with itself",
        ),
    ],
)
def test_unsound_wheels_leave_nothing_behind(
    wheel: Path,
    tmp_path: Path,
    mine: Path,
    change: Callable[[dict[str, bytes]], None],
    message: str,
) -> None:
    bad = spoiled(wheel, tmp_path, change)
    with pytest.raises(PackageError, match=re.escape(message)):
        install(bad, to="user")
    assert not mine.exists() or list(mine.iterdir()) == []
    assert not list(tmp_path.rglob("evil*"))


def test_links_and_rubbish_are_refused(wheel: Path, tmp_path: Path, mine: Path) -> None:
    path = tmp_path / WHEEL
    path.write_bytes(wheel.read_bytes())
    link = zipfile.ZipInfo("en_my_tagger/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(PackageError, match="outside of its folder"):
        install(path, to="user")
    path.write_bytes(b"no zip")
    with pytest.raises(PackageError, match="isn't a wheel"):
        install(path, to="user")


# -- environments


def test_a_loader_of_code_is_still_possible(fake_dist: FakeDist, tmp_path: Path) -> None:
    fake_dist(
        "loom-model",
        points={"spanloom_models": {"loom_model": "loom_model:load"}},
        modules={"loom_model": "import spanloom\ndef load(**_): return spanloom.blank('en')\n"},
    )
    assert find("loom_model") is None
    assert spanloom.load("loom_model").lang == "en"
    assert "loom_model" in registry.names("models")
    fake_dist("loom-bad", points={"spanloom_models": {"bad": "loom_absent:load"}})
    with pytest.raises(PluginError, match="loom-bad"):
        spanloom.load("bad")


@pytest.mark.lengthy
def test_an_environment_without_pip(wheel: Path, tmp_path: Path) -> None:
    """As ``uv venv`` makes them: what is installed can be loaded by name, and be seen by tools."""
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.check_output([python, "-c", ask], text=True).strip())
    source = str(Path(spanloom.__file__).parents[1])
    ours = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n{source}\n"
    (site / "ours.pth").write_text(ours)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SPANLOOM_")}
    command = [str(python), "-m", "spanloom", "download", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, env=clean, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (site / "en_my_tagger" / "meta.json").is_file()
    check = (
        "import sys, spanloom\n"
        "from importlib.metadata import files, version\n"
        "assert version('en-my-tagger') == '1.2.0'\n"
        "assert all(file.locate().exists() for file in files('en_my_tagger'))\n"
        "print([t.tag_ for t in spanloom.load('en_my_tagger')('I like eggs')])\n"
        "assert 'pip' not in sys.modules and 'en_my_tagger' not in sys.modules\n"
    )
    done = subprocess.run([python, "-c", check], capture_output=True, text=True, env=clean)
    assert done.stdout == "['P', 'V', 'N']\n", done.stderr


def test_refresh_is_enough_in_a_notebook(wheel: Path, mine: Path) -> None:
    assert find("en_my_tagger") is None
    install(wheel, to="user")
    refresh()
    found = find("en_my_tagger")
    assert found is not None and found.requires == ("spanloom>=0.1.0,<1",)


def test_a_wheel_that_points_before_its_start_was_a_raw_error(wheel: Path, tmp_path: Path) -> None:
    data = bytearray(wheel.read_bytes())
    at = data.rindex(b"PK\x05\x06") + 16  # where the list of members begins
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "little") + (1 << 20)).to_bytes(
        4, "little"
    )
    path = tmp_path / wheel.name
    path.write_bytes(data)
    with pytest.raises(PackageError, match="damaged"):
        Archive.read(path)


def test_a_requirement_that_is_none_was_a_raw_error(wheel: Path, tmp_path: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        name = f"{INFO}/METADATA"
        files[name] = files[name].replace(b"\n\n", b"\nRequires-Dist: ?!\n\n", 1)

    with pytest.raises(PackageError, match="damaged"):
        Archive.read(spoiled(wheel, tmp_path, change))


def test_what_killed_downloads_left_a_day_ago_is_removed(tmp_path: Path) -> None:
    from spanloom_hub.fetching import remove_old

    for name in ("spanloom-download-old", "spanloom-download-new", "spanloom-else"):
        (tmp_path / name).mkdir()
        if name != "spanloom-download-new":
            os.utime(tmp_path / name, (0, 0))
    remove_old(tmp_path, "spanloom-download-")
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"spanloom-download-new", "spanloom-else"}
