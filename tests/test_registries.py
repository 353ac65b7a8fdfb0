"""``docs/registries.md``: every registry has its contract there, with an example that keeps it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spanloom import registry
from spanloom_devkit.testing.suite import BASES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "registries.md"
TEXT = PAGE.read_text("utf-8")
OURS = [name for name in registry.kinds() if registry[name].group.startswith("spanloom_")]
EXAMPLE = re.compile(r"^@?registry\.(\w+)\(\"([\w.-]+)\"", re.M)
#: What a class of the kit must be told besides.
GIVEN: dict[str, dict[str, Any]] = {
    "encoders": {"source": "anything"},
    "callbacks": {"config": {"words": ["warp"]}},
    "misc": {"config": {"path": "words.weave"}},
    "vectors": {"path": "words.json", "words": ("warp", "weft")},
    "readers": {"config": {"path": "lines.tsv"}},
    # It is named in this process alone, and annotates nothing that a custom example would need.
    "factories": {"unsupported": {"test_spawn": "other processes don't know the page"}},
}


def test_every_registry_has_its_checks() -> None:
    assert sorted(BASES) == OURS


@pytest.mark.parametrize("name", OURS)
def test_every_registry_has_its_contract(name: str) -> None:
    heading = f"### `{name}`\n"
    assert heading in TEXT
    body = TEXT.partition(heading)[2].partition("\n#")[0]
    assert len(re.split(r"^```", body, flags=re.M)[0].split()) > 8, "it says nothing"
    assert any(kind == name for kind, _ in EXAMPLE.findall(TEXT)), "it has no example"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The page's code was run, in a folder that has the files it wrote."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        namespace: dict[str, object] = {"__name__": "__page__"}
        for code in re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S):
            exec(compile(code, str(PAGE), "exec", dont_inherit=True), namespace)
        yield


@pytest.mark.parametrize(("kind", "name"), EXAMPLE.findall(TEXT))
def test_every_example_keeps_its_contract(page: None, kind: str, name: str) -> None:
    case = type("Example", (BASES[kind],), {"name": name, **GIVEN.get(kind, {})})
    ran = 0
    for check in [each for each in dir(case) if each.startswith("test_")]:
        made = case()
        try:
            made.setup_method(getattr(made, check))
            getattr(made, check)()
            ran += 1
        except pytest.skip.Exception:
            continue
    assert ran > 3
