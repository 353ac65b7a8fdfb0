"""What saving replaces, and what it leaves alone: files of strangers, links, sources; what a crash
leaves; damage that loading finds."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import spanloom
from spanloom import Example, Pipeline
from spanloom.errors import MissingFileError, OccupiedError, SerializationError, SpanloomError
from spanloom.io import files as files_module
from spanloom.io.files import clear_up, file_written, folder_written, write_text
from spanloom.tokens.storage.docfile import write_docs
from spanloom.training.run import train

from .support import config_for, run


def pipeline() -> Pipeline:
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger")
    doc = nlp.make_doc("One dog")
    nlp.initialize(lambda: [Example.from_dict(doc, {"tags": ["CD", "NN"]})])
    return nlp


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder full of somebody's files, some named as ours are."""
    folder = tmp_path / "project"
    for name in ("thesis.txt", "data/rows.txt", "config.cfg", "model", "strings.json", ".hidden"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")
    return folder


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf8", "replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


WRITERS: dict[str, Callable[[Path], object]] = {
    "Pipeline.to_disk": lambda path: pipeline().to_disk(path),
    "Vocab.to_disk": lambda path: spanloom.blank("en").vocab.to_disk(path),
    "component.to_disk": lambda path: pipeline().get_pipe("tagger").to_disk(path),
    "StringStore.to_disk": lambda path: spanloom.blank("en").vocab.strings.to_disk(path),
    "Tokenizer.to_disk": lambda path: spanloom.blank("en").tokenizer.to_disk(path),
    "Doc.to_disk": lambda path: spanloom.blank("en")("a").to_disk(path),
    "write_docs": lambda path: write_docs(path, [spanloom.blank("en")("a")]),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_folder_of_other_files_is_refused_and_they_stay(writer: str, project: Path) -> None:
    before = content(project)
    with pytest.raises(OccupiedError, match="project"):
        WRITERS[writer](project)
    assert content(project) == before
    assert os.listdir(project.parent) == ["project"]  # nothing is left beside it


@pytest.mark.parametrize("alone", ["thesis.txt", "model", "cfg", "meta.json", "tagger/model"])
@pytest.mark.parametrize("writer", ["Pipeline.to_disk", "Vocab.to_disk", "component.to_disk"])
def test_one_file_of_a_stranger_is_enough(writer: str, alone: str, tmp_path: Path) -> None:
    write_text(tmp_path / "out" / alone, "mine")
    with pytest.raises(OccupiedError, match=alone):
        WRITERS[writer](tmp_path / "out")
    assert content(tmp_path / "out") == {alone: "mine"}


@pytest.mark.parametrize("writer", ["Pipeline.to_disk", "Vocab.to_disk", "component.to_disk"])
def test_a_file_is_not_replaced_by_a_folder(writer: str, tmp_path: Path) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text("mine")
    for target in (path, path / "inside"):
        with pytest.raises(OccupiedError, match=r"thesis\.txt' is a file"):
            WRITERS[writer](target)
    assert content(tmp_path) == {"thesis.txt": "mine"}


@pytest.mark.parametrize("writer", ["Pipeline.to_disk", "Vocab.to_disk", "component.to_disk"])
def test_what_is_ours_is_replaced_and_an_empty_folder_is_filled(
    writer: str, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    WRITERS[writer](tmp_path / "out")
    before = sorted(content(tmp_path / "out"))
    WRITERS[writer](tmp_path / "out")
    assert sorted(content(tmp_path / "out")) == before


def test_a_pipeline_of_other_components_is_replaced(tmp_path: Path) -> None:
    pipeline().to_disk(tmp_path / "out")
    (tmp_path / "out" / "config.cfg").write_text("# edited\n")
    spanloom.blank("en").to_disk(tmp_path / "out")
    assert not (tmp_path / "out" / "tagger").exists()


def test_a_note_within_a_saved_pipeline_stays(tmp_path: Path) -> None:
    nlp = pipeline()
    nlp.to_disk(tmp_path / "out")
    (tmp_path / "out" / "tagger" / "notes.txt").write_text("mine")
    before = (tmp_path / "out" / "tagger" / "model").read_bytes()
    with pytest.raises(OccupiedError, match=r"tagger/notes\.txt"):
        nlp.to_disk(tmp_path / "out")
    assert (tmp_path / "out" / "tagger" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "out" / "tagger" / "model").read_bytes() == before


def test_the_working_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "out" / "deep")
    for path in (".", os.getcwd(), tmp_path / "out"):
        with pytest.raises(OccupiedError, match="working directory"):
            pipeline().to_disk(path)


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path, project: Path) -> None:
    link = tmp_path / "latest"
    (tmp_path / "run1").mkdir()
    link.symlink_to(tmp_path / "run1", target_is_directory=True)
    pipeline().to_disk(link)
    assert link.is_symlink() and spanloom.load(tmp_path / "run1").pipe_names == ["tagger"]
    page = tmp_path / "page.html"
    page.symlink_to(project / "thesis.txt")
    write_text(page, "new")
    assert page.is_symlink() and (project / "thesis.txt").read_text() == "new"
    other = tmp_path / "other"
    other.symlink_to(project, target_is_directory=True)
    with pytest.raises(OccupiedError, match=r"thesis\.txt"):
        pipeline().to_disk(other)


@pytest.mark.skipif(os.name != "posix", reason="devices have names on POSIX")
def test_a_device_is_written_to_and_not_replaced() -> None:
    write_text("/dev/null", "gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


# -- commands


def saved(folder: Path) -> tuple[Path, Path]:
    """A pipeline, and a file of documents."""
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(folder / "m")
    write_docs(folder / "docs.loom", [nlp("One. Two.")])
    return folder / "m", folder / "docs.loom"


def test_commands_refuse_a_folder_of_other_files(tmp_path: Path, project: Path) -> None:
    model, docs = saved(tmp_path)
    config = tmp_path / "c.cfg"
    run("init", "config", config, "--pipeline", "tagger")
    before = content(project)
    for command in (
        ["evaluate", model, docs, "--output", project],
        ["init", "config", project, "--force"],
        ["init", "fill-config", config, project],
    ):
        told = run(*command, code=1).output
        assert "Error:" in told and "project" in told, command
        assert content(project) == before, command


@pytest.mark.lengthy
def test_training_leaves_what_lies_in_its_output(
    tmp_path: Path, project: Path, data: dict[str, str]
) -> None:
    config = config_for(data)
    write_text(project / "checkpoints" / "notes.txt", "mine")
    before = content(project)
    train(config, project, quiet=True)
    train(config, project, quiet=True)
    assert before.items() <= content(project).items()
    write_text(project / "model-best" / "notes.txt", "mine")
    steps = content(project)
    with pytest.raises(OccupiedError, match=r"notes\.txt"):  # before the first step
        train(config, project, quiet=True)
    assert content(project) == steps


@pytest.mark.lengthy
def test_saving_the_best_over_the_output_keeps_the_run(
    tmp_path: Path, data: dict[str, str]
) -> None:
    result = train(config_for(data), tmp_path / "out", quiet=True)
    assert result.best is not None
    with pytest.raises(OccupiedError, match="model-best"):
        spanloom.load(result.best).to_disk(tmp_path / "out")
    assert {"model-best", "model-last", "checkpoints"} <= set(os.listdir(tmp_path / "out"))


def test_output_that_is_the_source_is_refused(tmp_path: Path) -> None:
    model, _ = saved(tmp_path)
    rows = tmp_path / "a.jsonl"
    rows.write_text('{"text": "One.", "more": 1}\n')
    link = tmp_path / "b.jsonl"
    link.symlink_to(rows)
    for command in (
        ["evaluate", model, rows, "--output", link],
        ["evaluate", model, rows, "--output", rows],
    ):
        assert "is also the input" in run(*command, code=1).output
    assert "more" in rows.read_text()


def test_a_path_that_cannot_be_written_ends_in_one_line(tmp_path: Path) -> None:
    model, docs = saved(tmp_path)
    (tmp_path / "t.txt").write_text("One.")
    for output in (tmp_path / ("x" * 300 + ".json"), tmp_path / "t.txt" / "o.json"):
        told = run("evaluate", model, docs, "--output", output, code=1).stderr
        assert told.startswith("Error:") and len(told.splitlines()) == 1
    told = run("init", "config", "x" * 300, code=1).output
    assert "File name too long" in told and "xxx" in told


# -- whole or not at all


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text(tmp_path / "out" / "it", "old")
    monkeypatch.setattr(sys, "platform", "another")  # one without an exchange in one step
    calls = []

    def failing(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise OSError("no")
        os.rename(source, target)

    with pytest.raises(OSError, match="no"), folder_written(tmp_path / "out") as fresh:
        write_text(fresh / "it", "new")
        monkeypatch.setattr(files_module.os, "replace", failing)
    assert content(tmp_path) == {"out/it": "old"}


def test_files_reach_the_disk_before_they_get_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[tuple[str, str]] = []
    fsync, replace = os.fsync, os.replace

    def flushed(handle: int) -> None:
        happened.append(("flush", os.path.basename(os.readlink(f"/proc/self/fd/{handle}"))))
        fsync(handle)

    def renamed(source: Path, target: Path) -> None:
        happened.append(("name", Path(target).name))
        replace(source, target)

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("names of open files are read from /proc")
    monkeypatch.setattr(files_module.os, "fsync", flushed)
    monkeypatch.setattr(files_module.os, "replace", renamed)
    with folder_written(tmp_path / "out") as fresh:
        (fresh / "weights").write_text("1")
        at = fresh.name
    assert happened == [
        ("flush", "weights"),
        ("flush", at),
        ("name", "out"),
        ("flush", tmp_path.name),
    ]


@pytest.mark.lengthy
def test_a_file_that_another_thread_makes_is_not_open_to_all(tmp_path: Path) -> None:
    masks = set()
    done = threading.Event()

    def make() -> None:
        while not done.is_set():
            path = tmp_path / "theirs"
            path.unlink(missing_ok=True)
            path.touch()
            masks.add(stat.S_IMODE(path.stat().st_mode))

    before = os.umask(0o027)
    try:
        thread = threading.Thread(target=make)
        thread.start()
        for number in range(300):
            write_text(tmp_path / f"{number}", "")
        done.set()
        thread.join()
        assert masks == {0o640} and stat.S_IMODE((tmp_path / "0").stat().st_mode) == 0o640
    finally:
        os.umask(before)


def test_what_a_kill_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    for name in (".out.0123abcd/x", ".out.old.0123abcd/it/cfg", ".out.notes/x", ".outer.0123abcd"):
        write_text(tmp_path / name, "x")
    with pytest.raises(MissingFileError, match=r"\.out\.old\.0123abcd"):
        spanloom.load(tmp_path / "out")
    clear_up(tmp_path, "out")
    assert sorted(content(tmp_path)) == [".out.notes/x", ".outer.0123abcd", "out/cfg"]


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="there is no such call")
def test_what_a_kill_left_a_day_ago_is_removed_by_the_next_save(tmp_path: Path) -> None:
    for name in (".p.0123abcd", ".p.89abcdef", ".other.0123abcd"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model").write_text("half")
    for name in (".p.0123abcd", ".other.0123abcd"):
        os.utime(tmp_path / name, (0, 0))
    spanloom.blank("en").to_disk(tmp_path / "p")
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"p", ".p.89abcdef", ".other.0123abcd"}  # the second may be written right now


def test_at_no_moment_is_there_neither_the_old_nor_the_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline().to_disk(tmp_path / "m")
    there = []

    def watched(source: Path, target: Path) -> None:
        os.rename(source, target)
        there.append((tmp_path / "m" / "meta.json").exists())

    monkeypatch.setattr("spanloom.io.files.os.replace", watched)
    pipeline().to_disk(tmp_path / "m")
    assert there and all(there)
    assert [each.name for each in tmp_path.iterdir()] == ["m"]


def test_a_folder_is_replaced_where_the_system_has_no_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "another")
    for _ in range(2):
        pipeline().to_disk(tmp_path / "m")
    assert [each.name for each in tmp_path.iterdir()] == ["m"]
    spanloom.load(tmp_path / "m")


def test_a_file_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), file_written(tmp_path / "f") as file:
        file.write(b"1")
        raise ZeroDivisionError
    assert not os.listdir(tmp_path)


# -- damage


def flips(path: Path, count: int = 10) -> Iterator[int]:
    whole = path.read_bytes()
    for number in range(1, count + 1):
        broken = bytearray(whole)
        broken[len(whole) * number // (count + 1)] ^= 1 << (number % 8)
        path.write_bytes(broken)
        yield number
    path.write_bytes(whole)


@pytest.mark.lengthy
def test_one_flipped_bit_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    pipeline().to_disk(tmp_path / "m")
    for name in ("tagger/model", "tokenizer"):
        for _ in flips(tmp_path / "m" / name):
            with pytest.raises(SerializationError, match=f"{name}.*damaged"):
                spanloom.load(tmp_path / "m")
    spanloom.load(tmp_path / "m")


def test_a_missing_file_is_named_and_excluded_parts_are_not_looked_at(tmp_path: Path) -> None:
    pipeline().to_disk(tmp_path / "m")
    (tmp_path / "m" / "tagger" / "model").unlink()
    with pytest.raises(MissingFileError, match="tagger/model"):
        spanloom.load(tmp_path / "m")
    assert spanloom.load(tmp_path / "m", exclude=["tagger"]).pipe_names == []
    (tmp_path / "m" / "vocab" / "strings.json").unlink()
    with pytest.raises(MissingFileError, match=r"strings\.json"):
        spanloom.load(tmp_path / "m", exclude=["tagger"])


def test_an_edited_config_is_loaded_with_a_warning(tmp_path: Path) -> None:
    pipeline().to_disk(tmp_path / "m")
    path = tmp_path / "m" / "config.cfg"
    path.write_text(path.read_text().replace("batch_size = 256", "batch_size = 7"))
    (tmp_path / "m" / "README.md").write_text("Added later.")
    with pytest.warns(UserWarning, match=r"config\.cfg.*edited"):
        assert spanloom.load(tmp_path / "m").batch_size == 7


@pytest.mark.lengthy
def test_bytes_with_a_flipped_bit_are_refused() -> None:
    nlp = pipeline()
    data = nlp.to_bytes()
    for at in range(len(data) // 2, len(data), len(data) // 20):
        broken = bytearray(data)
        broken[at] ^= 4
        with pytest.raises(SpanloomError):
            pipeline().from_bytes(bytes(broken))
