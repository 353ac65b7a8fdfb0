"""The command ``convert``, as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import run

ROW = "1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_"
TREES = "\n".join(
    [
        "1\tdogs\tdog\tNOUN\tNNS\tNumber=Plur\t2\tnsubj\t_\t_\n"
        "2\trun\trun\tVERB\tVBP\tTense=Pres\t0\troot\t_\tSpaceAfter=No\n"
        "3\t.\t.\tPUNCT\t.\t_\t2\tpunct\t_\t_\n"
    ]
    * 12
)


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    path = tmp_path / "trees.conllu"
    path.write_text(TREES, "utf8")
    return path


def test_convert(tmp_path: Path, trees: Path) -> None:
    out = tmp_path / "a.jsonl.gz"
    result = run("convert", trees, out, "--n-sents", "4", "--lang", "en")
    assert "3 documents, 36 tokens" in result.output
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.conllu").write_text(TREES)
    (folder / "b.conllu").write_text(TREES)
    assert "72 tokens" in run("convert", folder, out).output


def test_convert_names_bad_lines_or_skips_and_counts_them(tmp_path: Path) -> None:
    path, out = tmp_path / "bad.conllu", tmp_path / "a.jsonl"
    path.write_text(f"{ROW}\n\n{ROW[:-2]}\n\n1\tno\n\n{ROW}\n")
    result = run("convert", path, out, code=1)
    assert f"{path}, line 3: has 9 columns" in result.output
    assert not out.exists()
    skipped = run("convert", path, out, "--skip-bad")
    assert "2 malformed sentences or lines were left out" in skipped.output
    assert "1 documents, 2 tokens" in skipped.output


def test_convert_of_nothing_writes_nothing(tmp_path: Path) -> None:
    path, out = tmp_path / "a.conllu", tmp_path / "a.jsonl"
    path.write_text("# only a comment\n")
    assert "contains no documents" in run("convert", path, out, code=1).output
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["none.conllu", "a.jsonl"], "none.conllu"), (["TREES", "a.docx"], ".jsonl")],
)
def test_convert_tells_what_goes_wrong_without_a_traceback(
    trees: Path, arguments: list[str], message: str
) -> None:
    names = {"TREES": str(trees)}
    result = run("convert", *[names.get(argument, argument) for argument in arguments], code=1)
    assert message in result.output
    assert result.output.startswith("Error: ") and "Traceback" not in result.output
