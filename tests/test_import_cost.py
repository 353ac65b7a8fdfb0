"""Importing Spanloom, and asking it for help, loads nothing heavy."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

HEAVY = ["thinc", "torch", "numpy", "confection", "pydantic", "transformers", "matplotlib"]


def loaded(fresh_python: Callable[..., str], code: str) -> list[str]:
    """Heavy packages that are loaded after ``code`` ran in a new process."""
    tail = f"import json, sys; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    return json.loads(fresh_python(f"{code}\n{tail}").splitlines()[-1])


def test_import_loads_nothing_heavy(fresh_python: Callable[..., str]) -> None:
    assert loaded(fresh_python, "import spanloom") == []


def test_import_does_not_read_entry_points(fresh_python: Callable[..., str]) -> None:
    code = "import sys, spanloom; print('importlib.metadata' in sys.modules)"
    assert fresh_python(code).strip() == "False"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["plugins", "list"]])
def test_light_commands_load_nothing_heavy(
    fresh_python: Callable[..., str], arguments: list[str]
) -> None:
    code = (
        f"import sys; sys.argv[1:] = {arguments!r}\n"
        "from spanloom.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code"
    )
    assert loaded(fresh_python, code) == []


def test_errors_are_light(fresh_python: Callable[..., str]) -> None:
    assert loaded(fresh_python, "import spanloom.errors") == []


def test_a_pipeline_without_models_loads_neither_thinc_nor_torch(
    fresh_python: Callable[..., str],
) -> None:
    code = (
        "import spanloom\n"
        "nlp = spanloom.blank('en')\n"
        "nlp.add_pipe('sentencizer')\n"
        "assert len(list(nlp('One. Two.').sents)) == 2"
    )
    assert not {"thinc", "torch", "transformers"} & set(loaded(fresh_python, code))
