"""A batch in parts gives the gradient of the whole batch, for every component."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import spanloom
from spanloom import Vocab
from spanloom.config import init_config
from spanloom.tokens.storage.docfile import write_docs

from .support import annotated


@pytest.mark.lengthy
@pytest.mark.parametrize(
    "name", ["tagger", "morphologizer", "senter", "parser", "ner", "textcat", "textcat_multilabel"]
)
def test_accumulated_gradients_equal_one_large_batch(name: str, tmp_path: Path) -> None:
    path = tmp_path / "docs.loom"
    write_docs(path, annotated(Vocab("en")))
    found = []
    for parts in (1, 2):
        config = init_config("en", [name])
        config["components"]["tok2vec"]["model"]["encode"].update(width=16, depth=1)
        config["components"]["tok2vec"]["model"]["embed"].update(width=16, rows=[40] * 4)
        config["components"][name]["model"]["tok2vec"]["width"] = 16
        if name == "parser":  # it draws random steps to explore
            config["components"][name].update(exploration=0.0, min_action_freq=1)
        config["paths"].update(train=str(path), dev=str(path))
        config["training"].update(
            max_steps=3, eval_frequency=3, dropout=0.0, accumulate_gradient=parts
        )
        config["training"]["batcher"]["size"] = 1000  # both documents
        config["training"]["optimizer"]["learn_rate"] = 0.01
        nlp = spanloom.train(config, quiet=True).nlp
        found.append(
            [
                node.get_param(param)
                for _, component in nlp.components
                for node in component.model.walk()
                for param in node.param_names
            ]
        )
    assert len(found[0]) == len(found[1]) > 4
    for whole, several in zip(*found):
        np.testing.assert_allclose(whole, several, atol=1e-4)
