"""Every block of Python in the README files and the guides runs as written.

The blocks of one page run one after the other in one namespace, in an empty folder. A block that
follows the comment ``<!-- not run -->`` is left out; one that follows ``<!-- file: NAME -->`` is
written to that file, so that the page's own config can be used by its code.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/*/README.md")])
#: Pages whose code needs more than to be run, and the test that gives it that.
ELSEWHERE = {"docs/plugins.md": "packages/core/tests/test_plugins_guide.py"}
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*?) -->\n+)?```(?P<kind>\w+)\n(?P<code>.*?)^```", re.M | re.S
)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def blocks(page: Path) -> list[tuple[int, str, str, str]]:
    """Line, language, mark and content of each fenced block of a page."""
    text = page.read_text("utf-8")
    return [
        (text.count("\n", 0, m.start("code")) + 1, m["kind"], m["mark"] or "", m["code"])
        for m in BLOCK.finditer(text)
    ]


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if str(page.relative_to(ROOT)) not in ELSEWHERE],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_code_of_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__page__"}
    for line, kind, mark, code in blocks(page):
        if mark.startswith("file: "):
            target = tmp_path / mark.removeprefix("file: ")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(code, "utf-8")
        elif kind == "python" and mark != "not run":
            # Blank lines in front, so that a traceback names the line of the page.
            exec(compile("\n" * (line - 1) + code, str(page), "exec"), namespace)


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
