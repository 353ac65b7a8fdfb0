"""``spanloom render``."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import spanloom
from spanloom import Doc
from spanloom.cli import cli
from spanloom.errors import FormatError, MissingFileError
from spanloom_display import render_html
from spanloom_display.cli.render import render_command


@pytest.fixture
def model(tmp_path):
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "model")
    return str(tmp_path / "model")


def run(*arguments, text=None):
    result = CliRunner().invoke(render_command, arguments, input=text, catch_exceptions=False)
    return result


@pytest.mark.lengthy
def test_texts_from_options_file_and_standard_input(model, tmp_path):
    (tmp_path / "text.txt").write_text("From a <file>.", "utf8")
    page = tmp_path / "out" / "page.html"
    result = run(model, str(tmp_path / "text.txt"), "--text", "Said.", "--output", str(page))
    assert result.exit_code == 0
    html = page.read_text("utf8")
    assert "Said" in html and "&lt;" in html and "<file>" not in html
    assert "Piped" in run(model, "-", text="Piped.").output


def test_nothing_to_show_says_how_to_give_text(model):
    result = run(model)
    assert result.exit_code == 2
    assert "--text" in result.output


def test_missing_and_broken_files_are_named(model, tmp_path):
    with pytest.raises(MissingFileError, match="none.txt"):
        run(model, str(tmp_path / "none.txt"))
    (tmp_path / "bad.txt").write_bytes(b"one\ntwo \xff")
    with pytest.raises(FormatError, match="line 2: isn't valid UTF-8"):
        run(model, str(tmp_path / "bad.txt"))


def test_by_itself_a_page_shows_what_is_annotated():
    vocab = spanloom.Vocab("en")
    tree = {"heads": [1, 1], "deps": ["nsubj", "ROOT"]}
    doc = Doc(vocab, words=["Ann", "left"], ents=["B-PER", "O"], **tree)
    html = render_html(doc, "auto")
    assert "<svg" in html and "PER" in html
    bare = render_html(Doc(vocab, words=["x"]), "auto")
    assert "<svg" not in bare and "x" in bare
    assert "<svg" in doc._repr_html_()


def test_a_page_neither_takes_the_place_of_a_folder_nor_of_its_source(model, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "thesis.txt").write_text("mine")
    text = tmp_path / "t.txt"
    text.write_text("One.")
    for output, told in ((project, "project"), (text, "is also the input")):
        result = CliRunner().invoke(cli, ["render", model, str(text), "--output", str(output)])
        assert result.exit_code == 1 and told in result.output
    assert (project / "thesis.txt").read_text() == "mine" and text.read_text() == "One."
