"""The strict check: everything that is wrong, in one report."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from spanloom import registry
from spanloom.config import Config, check_config, fill_config, find_problems, parse_config
from spanloom.errors import ConfigError
from spanloom.plugins import Renamed, manager

TAGGER = """
[nlp]
lang = "en"
pipeline = ["tagger"]

[components.tagger]
factory = "tagger"
"""


def report(text: str) -> dict[str, str]:
    """Path of each problem, and its text."""
    config = parse_config(text)
    return {problem.path: str(problem) for problem in find_problems(config)}


def test_a_right_config_has_no_problems() -> None:
    assert report(TAGGER) == {}


X = '[components.x]\nfactory = "tagger"\n'
OPT = "training.optimizer"
ADAM = f'[{OPT}]\n@optimizers = "Adam.v1"\n'
BATCHER = '[training.batcher]\n@batchers = "spanloom.batch_by_words.v1"\n'
LOGGER = '{"@loggers": "spanloom.ConsoleLogger.v1"}'


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("[trainin]", "trainin", "did you mean 'training'"),
        ("[tagger.model]", "tagger", r"did you mean [components.tagger]"),
        ("[mine]\nx = 1", "mine", "[variables]"),
        ("[pretraining]\nx = 1", "pretraining", "pip install spanloom-pretrain"),
        ("[nlp]\nbatch_siz = 3", "nlp.batch_siz", "did you mean 'batch_size'"),
        ("[nlp]\nlang = 3", "nlp.lang", "str or null is expected"),
        (TAGGER.replace('"tagger"]', '"tager"]'), "nlp.pipeline", "did you mean 'tagger'"),
        ("[components.x]", "components.x", "has no 'factory'"),
        ('[components.x]\nfactory = "taggr"', "components.x.factory", "Did you mean 'tagger'"),
        (X.replace("tagger", "transformer"), "components.x.factory", "spanloom-transformers"),
        (X + "modl = 1", "components.x.modl", "did you mean 'model'"),
        (X + 'overwrite = "yes"', "components.x.overwrite", "bool is expected"),
        (f'[{OPT}]\n@optimzers = "Adam.v1"', f"{OPT}.@optimzers", "did you mean 'optimizers'"),
        (f'[{OPT}]\n@optimizers = "Adm.v1"', f"{OPT}.@optimizers", "Did you mean 'Adam.v1'"),
        (ADAM + "learn_rat = 1", f"{OPT}.learn_rat", "did you mean 'learn_rate'"),
        (ADAM + 'learn_rate = "0.1"', f"{OPT}.learn_rate", "remove the quotes"),
        (ADAM + '@schedules = "constant.v1"', OPT, "names several functions"),
        (f"[{OPT}]\n@optimizers = 3", f"{OPT}.@optimizers", "must be a name"),
        (BATCHER, "training.batcher.size", "is missing"),
        ("[training]\nmax_steps = 1.5", "training.max_steps", "int is expected"),
        ("[training]\nmax_steps = true", "training.max_steps", "is true, but int"),
        ("[training]\nseed = ${system.sed}", "training.seed", "did you mean 'system.seed'"),
        ('[training]\ndev_corpus = "corpora.dv"', "training.dev_corpus", "mean 'corpora.dev'"),
        ('[training]\nfrozen_components = ["x"]', "training.frozen_components", "names 'x'"),
        ("[initialize.components.x]", "initialize.components.x", "no component 'x'"),
        (f"[training]\nlogger = [{LOGGER}]", "training.logger", "inside a list"),
    ],
)
def test_one_mistake(text: str, path: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANLOOM_PLUGINS", "none")  # whatever else is installed
    found = report(text)
    assert list(found) == [path]
    assert message in found[path]
    assert found[path].startswith("line ")


def test_all_problems_come_in_one_report_in_the_order_of_lines() -> None:
    text = '[nlp]\nlangg = "en"\n[trainin]\n[training]\npatience = "3"\n[components.x]\n'
    with pytest.raises(ConfigError) as caught:
        check_config(parse_config(text, source="my.cfg"))
    lines = [problem.line for problem in caught.value.problems]
    assert lines == sorted(lines) and len(lines) == 4
    assert str(caught.value).startswith("my.cfg: 4 problems\n")


def test_values_are_checked_after_references_are_resolved() -> None:
    text = '[variables]\nrate = "high"\n[training.optimizer]\n@optimizers = "Adam.v1"\n'
    found = report(text + "learn_rate = ${variables.rate}\n")
    assert list(found) == ["training.optimizer.learn_rate"]


def test_references_in_a_circle() -> None:
    assert (
        "circle" in report("[variables]\na = ${variables.b}\nb = ${variables.a}\n")["(references)"]
    )


def test_complete_check_lists_what_is_missing_and_how_to_write_it_down() -> None:
    config = parse_config(TAGGER)
    with pytest.raises(ConfigError) as caught:
        check_config(config, complete=True)
    missing = {problem.path: problem for problem in caught.value.problems}
    assert "its default is 20000" in missing["training.max_steps"].message
    assert "init fill-config" in missing["training.max_steps"].fix
    assert "components.tagger.model.tok2vec.width" in missing
    filled = fill_config(config)
    left = {problem.path: problem for problem in find_problems(filled, complete=True)}
    assert set(left) == {"corpora.train.path", "corpora.dev.path"}
    assert "--paths.train" in left["corpora.train.path"].fix


def test_language_is_needed_for_training() -> None:
    filled = fill_config(parse_config(TAGGER.replace('lang = "en"\n', "")))
    filled["paths"].update(train="a", dev="b")
    assert [problem.path for problem in find_problems(filled, complete=True)] == ["nlp.lang"]


def test_vectors_that_spacy_writes_into_every_config_are_no_problem_without_a_path() -> None:
    vectors = '[nlp.vectors]\n@vectors = "nobody.Vectors.v1"\n'
    assert report(vectors) == {}
    assert "nlp.vectors.@vectors" in report(vectors + '[initialize]\nvectors = "x"\n')


def test_checking_names_imports_nothing_that_is_not_named() -> None:
    before = set(sys.modules)
    report('[components.x]\nfactory = "taggr"\n')
    new = {name for name in set(sys.modules) - before if name.startswith("spanloom.components.")}
    assert new <= {"spanloom.plugins.factory"}


@pytest.fixture
def open_function() -> Iterator[str]:
    name = "test_check.open.v1"

    @registry.misc(name)
    def anything(*parts: int, **settings: int) -> int:
        return sum(parts) + sum(settings.values())

    yield name
    registry.misc.remove(name)


def test_functions_that_take_anything_are_not_told_what_to_take(open_function: str) -> None:
    block = {"@misc": open_function, "any": 3, "*": {"a": 1, "b": 2}}
    assert find_problems(Config({"variables": {"it": block}})) == []


def test_a_name_of_an_earlier_release_is_told_what_it_is_called_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    renamed = Renamed("spanloom.Tagger.v2", until="0.9")
    monkeypatch.setitem(manager().renamed, ("architectures", "old.Tagger.v1"), renamed)
    found = report('[variables.model]\n@architectures = "old.Tagger.v1"\n')
    assert "use 'spanloom.Tagger.v2'" in found["variables.model.@architectures"]
