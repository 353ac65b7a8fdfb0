from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import spanloom
from spanloom.cli.main import cli
from spanloom_vectors import Table, open_vectors


def run(*args: object) -> str:
    return invoked(0, *args)


def failing(*args: object) -> str:
    return invoked(1, *args)


def invoked(code: int, *args: object) -> str:
    result = CliRunner().invoke(cli, [str(arg) for arg in args], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def glove(data):
    return data / "glove_200.txt"


def test_help_lists_the_commands():
    output = run("vectors", "--help")
    for name in ("convert", "evaluate", "info", "prune", "search"):
        assert name in output
    assert "vectors" in run("init", "--help")


def test_init_vectors_gives_a_pipeline(glove, tmp_path):
    output = run("init", "vectors", "en", glove, tmp_path / "out", "--name", "glove", "-a", "LOWER")
    nlp = spanloom.load(tmp_path / "out")
    assert nlp.vocab.vectors.shape == (200, 25) and nlp.vocab.vectors.name == "glove"
    assert nlp.vocab.vectors.hash in output and nlp("THE")[0].has_vector
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_init_vectors_prunes_and_truncates(glove, tmp_path):
    out = tmp_path / "out"
    output = run("init", "vectors", "en", glove, out, "--prune", 30, "--truncate", 100)
    table = open_vectors(out)
    assert table.shape == (30, 25) and len(table.words) == 100
    assert "70 words share" in output
    run(
        "init",
        "vectors",
        "en",
        glove,
        out,
        "--prune",
        30,
        "--prune-mode",
        "drop",
        "--dtype",
        "int8",
    )
    assert len(open_vectors(out).words) == 30 and open_vectors(out).dtype == "int8"


def test_convert_there_and_back(glove, tmp_path):
    run("vectors", "convert", glove, tmp_path / "a.wlv")
    run("vectors", "convert", tmp_path / "a.wlv", tmp_path / "b.bin", "--to", "word2vec-binary")
    run("vectors", "convert", tmp_path / "b.bin", tmp_path / "c.vec.gz", "--limit", 50)
    output = run("vectors", "convert", tmp_path / "c.vec.gz", tmp_path / "d.wlv")
    whole, part = Table.open(tmp_path / "a.wlv"), Table.open(tmp_path / "d.wlv")
    assert part.hash in output and list(part.words) == list(whole.words)[:50]
    assert part["the"].tolist() == whole["the"].tolist()


def test_convert_says_what_it_left_out(data, tmp_path):
    path = data / "ff_utf8_incomplete.txt"
    output = run("vectors", "convert", path, tmp_path / "a.wlv")
    assert "1 undecodable" in output and "line 2" in output
    assert "line 2" in failing("vectors", "convert", path, tmp_path / "b.wlv", "--policy", "error")
    assert not (tmp_path / "b.wlv").exists() and len(list(tmp_path.iterdir())) == 1


def test_info_of_files_and_folders(data, tmp_path):
    facts = json.loads(run("vectors", "info", data / "ff_fasttext.bin", "--json"))
    assert facts["format"] == "fasttext" and facts["subwords"]["buckets"] == 100
    run("init", "vectors", "en", data / "glove_200.txt", tmp_path / "out")
    output = run("vectors", "info", tmp_path / "out", "--verify")
    assert "200" in output and "The content has the hash" in output


def test_prune_reports_what_became_of_each_word(glove, tmp_path):
    report = tmp_path / "report.tsv"
    output = run("vectors", "prune", glove, tmp_path / "a.wlv", "--rows", 20, "--report", report)
    lines = [line.split("\t") for line in report.read_text().splitlines()]
    table = Table.open(tmp_path / "a.wlv")
    assert len(lines) == 180 and len(table) == 20 and table.hash in output
    for word, into, _ in lines:
        assert table[word].tolist() == table[into].tolist()


def test_search_and_evaluate(glove, tmp_path):
    found = json.loads(run("vectors", "search", glove, "two", "-n", 3, "--json"))
    assert len(found) == 3 and found[0]["score"] >= found[2]["score"]
    assert len(run("vectors", "search", glove, "he", "her", "-m", "his", "-n", 2).splitlines()) == 2
    pairs, questions = tmp_path / "pairs.tsv", tmp_path / "questions.txt"
    pairs.write_text("one\ttwo\t9\nthe\tyears\t1\nhe\tshe\t8\nxyz\tthe\t1\n")
    questions.write_text(": family\nhe his she her\n")
    output = run("vectors", "evaluate", glove, pairs, questions)
    assert "3 of 4" in output and "questions.txt: family" in output
    results = json.loads(run("vectors", "evaluate", glove, pairs, "--json"))
    assert results[0]["measure"] == "correlation"


def test_errors_are_said(tmp_path, glove):
    assert "word" in failing("vectors", "search", glove)
    assert "nowhere" in failing("vectors", "info", tmp_path / "nowhere")
    assert "'zzz'" in failing("vectors", "search", glove, "zzz")
