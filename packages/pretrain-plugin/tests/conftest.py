"""A small corpus, and a config with a small encoder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Matrices are tiny here: threads that wait for each other would take most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest

from spanloom.config import Config, init_config

SUBJECTS = ["The weaver", "A child", "My neighbour", "The old captain", "Nobody", "Her sister"]
VERBS = ["watched", "carried", "forgot", "painted", "mended", "counted"]
OBJECTS = ["the boats", "a red loom", "seven letters", "the garden wall", "some bread", "it"]


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 sentences as JSON lines."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("raw") / "text.jsonl"
    with path.open("w", encoding="utf8") as file:
        for number in range(400):
            words = [parts[rng.integers(len(parts))] for parts in (SUBJECTS, VERBS, OBJECTS)]
            file.write(json.dumps({"text": f"{' '.join(words)} on day {number}."}) + "\n")
    return path


@pytest.fixture
def make_config(raw: Path) -> Callable[..., Config]:
    """A config that pretrains in a second; keywords with ``__`` for dots replace settings."""

    def make(**settings: Any) -> Config:
        config = init_config("en", ["tagger"], sections=("pretraining",))
        model = config["components"]["tok2vec"]["model"]
        model["embed"]["rows"] = [200] * len(model["embed"]["rows"])
        model["encode"].update(width=32, depth=2)
        config["paths"]["raw"] = str(raw)
        section = config["pretraining"]
        section.update(max_epochs=2, eval_frequency=4, held_out=0.1, shuffle_buffer=50)
        section["batcher"]["size"] = 300
        section["objective"].update(hidden_size=24, n_characters=2)
        section["optimizer"]["learn_rate"] = 0.005
        for path, value in settings.items():
            *parents, key = path.split("__")
            node: Any = config
            for parent in parents:
                node = node[parent]
            node[key] = value
        return config

    return make
