from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points, version

import wordloom_vectors


def test_public_names_are_there_and_have_docstrings():
    assert wordloom_vectors.__all__ == sorted(wordloom_vectors.__all__)
    for name in wordloom_vectors.__all__:
        assert getattr(wordloom_vectors, name).__doc__


def test_version_is_that_of_core():
    assert wordloom_vectors.__version__ == version("wordloom") == version("wordloom-vectors")


def test_importing_it_or_its_hooks_imports_nothing_heavy():
    code = (
        "import sys, wordloom_vectors, wordloom_vectors._plugin; "
        "print([m for m in ('numpy', 'thinc', 'click', 'rich') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_frozen_list_of_names():
    groups = ("architectures", "factories", "vectors")
    names = {
        group: sorted(
            point.name
            for point in entry_points(group=f"wordloom_{group}")
            if point.value.startswith("wordloom_vectors.")
        )
        for group in groups
    }
    assert names == {
        "architectures": [
            "spacy.StaticVectors.v1",
            "spacy.StaticVectors.v2",
            "wordloom-vectors.StaticVectors.v1",
            "wordloom-vectors.StaticVectors.v2",
            "wordloom.StaticVectors.v1",
            "wordloom.StaticVectors.v2",
        ],
        "factories": ["similarity_classifier"],
        "vectors": ["spacy.Vectors.v1", "wordloom-vectors.Vectors.v1", "wordloom.Vectors.v1"],
    }
