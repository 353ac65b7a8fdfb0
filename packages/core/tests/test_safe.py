"""What is saved keeps what was set; loading asks nobody and runs nothing."""

from __future__ import annotations

import ast
import shutil
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement

import spanloom
from spanloom import Example, Pipeline, registry
from spanloom.config import Config, init_config
from spanloom.errors import ConfigError

from .support import save_trained, write_treebank

SOURCE = Path(spanloom.__file__).parent


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained pipeline."""
    return save_trained(tmp_path_factory.mktemp("trained"), "tagger")


@pytest.mark.lengthy
def test_overrides_stay_when_the_pipeline_is_saved_again(saved: Path, tmp_path: Path) -> None:
    changes = {"nlp.batch_size": 7, "components.tagger.overwrite": True}
    spanloom.load(saved, config=changes).to_disk(tmp_path / "again")
    nlp = spanloom.load(tmp_path / "again")
    assert nlp.batch_size == 7
    assert nlp.config["components"]["tagger"]["overwrite"] is True
    assert nlp.get_pipe("tagger").cfg["overwrite"] is True


def test_paths_and_numbers_of_numpy_are_values_of_a_config(tmp_path: Path) -> None:
    docs = Path(write_treebank(tmp_path)["paths.train"])
    config = init_config("en", ["tagger"])
    config["paths"]["train"] = docs
    config["training"].update(max_steps=np.int64(2), dropout=np.float32(0.5), eval_frequency=1)
    config["training"]["frozen_components"] = ("tok2vec",)
    result = spanloom.train(config, tmp_path, quiet=True, overrides={"paths.dev": docs})
    saved = spanloom.load(tmp_path / "model-last").config
    assert result.history.evaluations[-1].step == 2
    assert saved["paths"]["train"] == saved["paths"]["dev"] == str(docs)
    assert saved["training"]["dropout"] == 0.5
    assert saved["training"]["frozen_components"] == ["tok2vec"]
    config["training"]["frozen_components"] = {"tok2vec"}
    with pytest.raises(ConfigError, match="frozen_components"):
        spanloom.train(config, quiet=True, overrides={"paths.dev": docs})


class Listed:
    """A component whose initialization takes an argument of its own."""

    words: tuple[str, ...] = ()

    def annotate(self, batch: Any) -> None:
        """Nothing."""

    def initialize(self, get_examples: Any, *, nlp: Pipeline, words: list[str]) -> None:
        """Take the words."""
        self.words = tuple(words)


def test_arguments_of_a_component_s_own_initialization() -> None:
    Pipeline.factory("safe_listed")(lambda nlp, name: Listed())
    try:
        config = spanloom.blank("en").config.copy()
        config["nlp"]["pipeline"] = ["mine"]
        config["components"] = {"mine": {"factory": "safe_listed"}}
        config.setdefault("initialize", {})["components"] = {"mine": {"words": ["a", "b"]}}
        nlp = Pipeline.from_config(Config(config))
        nlp.initialize(lambda: [Example.from_dict(nlp.make_doc("a"), {})])
        assert nlp.get_pipe("mine").words == ("a", "b")
    finally:
        registry.factories.remove("safe_listed")


@pytest.mark.lengthy
def test_loading_opens_no_socket_and_runs_no_code_of_the_folder(
    saved: Path, fresh_python: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(saved, folder)
    for name in ("__init__.py", "functions.py", "tagger/__init__.py", "sitecustomize.py"):
        (folder / name).write_text("raise SystemExit('code of the folder ran')")
    code = f"""
import sys

def watch(event, args):
    if event.startswith(("socket.", "subprocess.", "os.system", "pickle.", "ctypes.dlopen")):
        seen.append(event)

import thinc.api, uuid  # what they load themselves isn't our business
seen = []
sys.addaudithook(watch)
import spanloom
nlp = spanloom.load({str(folder)!r})
print([token.tag_ for token in nlp("big dog sleeps .")], seen)
"""
    told = fresh_python(code)
    assert told.stdout.strip() == "['JJ', 'NN', 'VB', '.'] []", told.stderr


@pytest.mark.lengthy
@pytest.mark.skipif(not (SOURCE.parent.parent / "pyproject.toml").exists(), reason="installed")
def test_everything_imported_is_declared() -> None:
    own = {"spanloom"}
    lines = distribution("spanloom").requires or ()
    declared = {Requirement(line).name.replace("-", "_") for line in lines}
    # Asked for where somebody else has loaded them; pytest by the kit for those who have it, and
    # pyarrow by functions for plugins that require it.
    guests = {"cupy", "pyarrow", "pytest", "torch"}
    wrong = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module or ""]
            for module in modules:
                top = module.partition(".")[0]
                if top not in declared | own | guests | sys.stdlib_module_names:
                    wrong[f"{path.name}:{node.lineno}"] = module
    assert not wrong
