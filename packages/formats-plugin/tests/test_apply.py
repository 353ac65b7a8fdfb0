"""The command ``apply``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import spanloom
from spanloom import Example, Pipeline
from spanloom.corpora.corpus import read_docs
from spanloom.errors import DataError, OccupiedError, SpanloomError
from spanloom.io.files import write_text
from spanloom_formats import apply_pipeline

from .support import run

TEXTS = [f"Text number {i}. It has two sentences." for i in range(25)]


@pytest.fixture
def nlp() -> Pipeline:
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp


@pytest.fixture
def model(nlp: Pipeline, tmp_path: Path) -> Path:
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS), "utf8")
    return path


def found(nlp: Pipeline, path: Path) -> list[str]:
    docs = list(read_docs(path, nlp.vocab))
    assert all(len(list(doc.sents)) == 2 for doc in docs)
    return [doc.text for doc in docs]


@pytest.mark.lengthy
@pytest.mark.parametrize("name", ["out.loom", "sub/out.loom"])
def test_texts_are_annotated_in_order(
    nlp: Pipeline, model: Path, source: Path, tmp_path: Path, name: str
) -> None:
    told = run("apply", model, source, tmp_path / name, "--batch-size", "4")
    assert "25 documents" in told.output and "words per second" in told.output
    assert found(nlp, tmp_path / name) == TEXTS
    assert not (tmp_path / f"{name}.parts").exists()


def test_lines_of_standard_input_are_documents(nlp: Pipeline, model: Path, tmp_path: Path) -> None:
    run("apply", model, "-", tmp_path / "in.loom", "--lines", text="Said. So.\n\nSeen. So.\n")
    assert found(nlp, tmp_path / "in.loom") == ["Said. So.", "Seen. So."]


def test_a_run_that_was_stopped_goes_on(nlp: Pipeline, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.loom"

    def stop(docs: int, words: int) -> None:
        if docs == 13:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_pipeline(nlp, source, out, size=4, batch_size=2, progress=stop)
    assert not out.exists()
    with pytest.raises(SpanloomError, match="different size"):
        apply_pipeline(nlp, source, out, size=5, resume=True)
    done = apply_pipeline(nlp, source, out, size=4, resume=True)
    assert (done.docs, done.before) == (25, 12)
    assert found(nlp, out) == TEXTS
    # Without resume, everything is done again.
    assert apply_pipeline(nlp, source, out, size=4).before == 0


@pytest.mark.lengthy
def test_a_stopped_run_goes_on_with_the_same_weights_and_texts_alone(
    source: Path, tmp_path: Path
) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tagger")
    tagged = Example.from_dict(nlp.make_doc("a b"), {"tags": ["A", "B"]})
    optimizer = nlp.initialize(lambda: [tagged])
    model = tmp_path / "tagger"
    nlp.to_disk(model)
    out = tmp_path / "out.loom"

    def stop(docs: int, words: int) -> None:
        if docs == 13:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_pipeline(spanloom.load(model), source, out, size=4, batch_size=2, progress=stop)
    nlp.update([tagged], sgd=optimizer)
    with pytest.raises(SpanloomError, match="different pipeline"):
        apply_pipeline(nlp, source, out, size=4, resume=True)
    texts = source.read_text("utf8")
    source.write_text(texts.replace(TEXTS[11], "Changed."), "utf8")
    with pytest.raises(SpanloomError, match="Text 12 of the source"):
        apply_pipeline(spanloom.load(model), source, out, size=4, resume=True)
    source.write_text(texts, "utf8")
    done = apply_pipeline(spanloom.load(model), source, out, size=4, resume=True)
    assert (done.docs, done.before) == (25, 12)
    assert found(nlp, out) == TEXTS


def test_a_run_stopped_before_the_end_was_written(
    nlp: Pipeline, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.loom"
    out.mkdir()  # so that writing it fails, when all is annotated
    with pytest.raises(OSError):  # noqa: PT011
        apply_pipeline(nlp, source, out, size=4)
    out.rmdir()
    assert apply_pipeline(nlp, source, out, size=4, resume=True).docs == 25
    assert found(nlp, out) == TEXTS


def test_an_output_of_no_known_format_is_refused(nlp: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(DataError, match="can't be written in this format"):
        apply_pipeline(nlp, tmp_path / "a.txt", tmp_path / "out.doc")


def test_standard_output_gets_lines_of_json(model: Path, source: Path, tmp_path: Path) -> None:
    with source.open("a") as file:
        file.write(json.dumps({"text": "Half \ud83d of it. And more."}) + "\n")
    before = sorted(tmp_path.iterdir())
    told = run("apply", model, source, "-")
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert [row["text"] for row in rows] == [*TEXTS, "Half \ud83d of it. And more."]
    assert all(len(row["sents"]) == 2 for row in rows) and "26 documents" in told.stderr
    assert sorted(tmp_path.iterdir()) == before
    assert "name an output file" in run("apply", model, source, "-", "--resume", code=1).output


def test_an_output_that_is_among_the_sources_is_refused(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a.jsonl"
    path.write_text('{"text": "One. Two.", "mine": 1}\n')
    assert "also the input" in run("apply", model, tmp_path / "in", path, code=1).output
    assert "mine" in path.read_text()


def test_an_output_that_holds_other_files_is_refused(model: Path, source: Path) -> None:
    write_text(source.parent / "project" / "thesis.txt", "mine")
    told = run("apply", model, source, source.parent / "project", code=1).output
    assert "Error:" in told and "project" in told
    assert [path.name for path in (source.parent / "project").iterdir()] == ["thesis.txt"]


def test_an_output_that_is_the_source_is_refused(model: Path, source: Path) -> None:
    link = source.with_name("link.jsonl")
    link.symlink_to(source)
    before = source.read_text()
    for output in (source, link):
        assert "is also the input" in run("apply", model, source, output, code=1).output
    assert source.read_text() == before


def test_a_folder_that_is_named_like_the_parts_is_not_cleared(
    nlp: Pipeline, source: Path, tmp_path: Path
) -> None:
    write_text(tmp_path / "out.jsonl.parts" / "thesis.txt", "mine")
    with pytest.raises(OccupiedError, match="parts"):
        apply_pipeline(nlp, source, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl.parts" / "thesis.txt").read_text() == "mine"


def test_a_path_that_cannot_be_written_ends_in_one_line(model: Path, source: Path) -> None:
    for output in (source.with_name("x" * 300 + ".jsonl"), source / "o.jsonl"):
        told = run("apply", model, source, output, code=1).output
        assert told.startswith("Error:") and len(told.splitlines()) == 1


@pytest.mark.parametrize("name", ["out.conllu", "out.spacy", "out.conllu.gz", "out.iob"])
def test_half_a_surrogate_pair_is_told_before_hours_of_work(
    model: Path, source: Path, name: str
) -> None:
    bad = source.with_name("bad.jsonl")
    rows = [*({"text": text} for text in TEXTS), {"text": "Half \ud83d of it."}]
    bad.write_text("".join(json.dumps(row) + "\n" for row in rows))
    output = source.with_name(name)
    for more in ((), ("--resume",)):
        told = run("apply", model, bad, output, *more, code=1).output
        assert f"text {len(rows)} of the source holds half a surrogate pair" in told
        assert ".jsonl or .loom" in told
    assert not list(source.parent.glob("out.*"))
    run("apply", model, bad, source.with_name("out.loom"))
