from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points, version

import spanloom_vectors


def test_public_names_are_there_and_have_docstrings():
    assert spanloom_vectors.__all__ == sorted(spanloom_vectors.__all__)
    for name in spanloom_vectors.__all__:
        assert getattr(spanloom_vectors, name).__doc__


def test_version_is_that_of_core():
    assert spanloom_vectors.__version__ == version("spanloom") == version("spanloom-vectors")


def test_importing_it_or_its_hooks_imports_nothing_heavy():
    code = (
        "import sys, spanloom_vectors, spanloom_vectors._plugin; "
        "print([m for m in ('numpy', 'thinc', 'click', 'rich') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_frozen_list_of_names():
    groups = ("architectures", "factories", "vectors")
    names = {
        group: sorted(
            point.name
            for point in entry_points(group=f"spanloom_{group}")
            if point.value.startswith("spanloom_vectors.")
        )
        for group in groups
    }
    assert names == {
        "architectures": ["spanloom.StaticVectors.v1", "spanloom.StaticVectors.v2"],
        "factories": ["similarity_classifier"],
        "vectors": ["spanloom.Vectors.v1"],
    }
