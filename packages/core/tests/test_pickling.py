"""Pipelines, components and errors that cross the border between processes."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import spanloom
from spanloom import Example, Pipeline, errors
from spanloom.errors import ConfigError, ConfigProblem, Failure, FormatError, PluginError
from spanloom.scoring import makers


def trained(*names: str) -> Pipeline:
    nlp = spanloom.blank("en")
    for name in names:
        nlp.add_pipe(name)
    gold = {
        "tags": ["N", "V"],
        "pos": ["NOUN", "VERB"],
        "morphs": ["A=B", ""],
        "sent_starts": [True, False],
        "heads": [1, 1],
        "deps": ["nsubj", "ROOT"],
        "entities": [(0, 3, "PERSON")],
        "cats": {"A": 1.0, "B": 0.0},
    }
    examples = [Example.from_dict(nlp.make_doc("Ann sleeps"), gold)]
    nlp.initialize(lambda: examples)
    for _ in range(3):
        nlp.update(examples)
    return nlp


@pytest.mark.lengthy
@pytest.mark.parametrize("names", [("tok2vec", "tagger", "morphologizer"), ("senter",)])
def test_a_pipeline_gives_the_same_after_pickle(names: tuple[str, ...]) -> None:
    nlp = trained(*names)
    again = pickle.loads(pickle.dumps(nlp))  # noqa: S301
    assert again.to_bytes() == nlp.to_bytes()
    assert again("Ann sleeps").to_json() == nlp("Ann sleeps").to_json()
    for name in names:
        part = pickle.loads(pickle.dumps(nlp.get_pipe(name)))  # noqa: S301
        assert part.to_bytes() == nlp.get_pipe(name).to_bytes()
    doc = again.make_doc("Ann sleeps")
    again.update([Example.from_dict(doc, {"tags": ["N", "V"], "sent_starts": [True, False]})])
    assert copy.deepcopy(nlp).to_bytes() == nlp.to_bytes()


def test_another_process_reads_it(tmp_path: Path) -> None:
    (tmp_path / "nlp").write_bytes(pickle.dumps(trained("tagger")))
    code = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb'))('Ann sleeps')[0].tag_)"
    command = [sys.executable, "-c", code, str(tmp_path / "nlp")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout == "N\n"


@pytest.mark.parametrize("name", [name for name in makers.__all__ if name != "Scorer"])
def test_scorers_can_be_pickled(name: str) -> None:
    pickle.loads(pickle.dumps(getattr(makers, name)()))  # noqa: S301


PROBLEMS = [ConfigProblem("a.b", "is bad", "mend it", 3), ConfigProblem("c", "is missing")]
SAMPLES = {
    ConfigError: lambda: ConfigError(PROBLEMS, "my.cfg"),
    FormatError: lambda: FormatError("rows.txt", 3, "has no tab"),
    PluginError: lambda: PluginError("no", Failure("d", "1", "g", "n", "t", "import", "E", "m")),
}
CLASSES = [each for each in map(vars(errors).get, errors.__all__) if isinstance(each, type)]


@pytest.mark.parametrize(
    "cls", [each for each in CLASSES if issubclass(each, errors.SpanloomError)]
)
def test_errors_come_out_as_they_went_in(cls: type[errors.SpanloomError]) -> None:
    error = SAMPLES.get(cls, lambda: cls("said"))()
    error.add_note("a note")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(again) is cls and str(again) == str(error) and again.args == error.args
        assert again.__dict__ == error.__dict__


class OfAPlugin(ConfigError):
    def __init__(self, one: int, *, two: str) -> None:
        super().__init__([ConfigProblem(two, "is bad")])
        self.one = one


def test_an_error_of_a_plugin_that_takes_other_arguments_too() -> None:
    again = pickle.loads(pickle.dumps(OfAPlugin(1, two="a.b")))  # noqa: S301
    assert again.one == 1 and again.problems[0].path == "a.b"


def test_old_except_clauses_catch_ours() -> None:
    nlp = spanloom.blank("en")
    with pytest.raises(KeyError) as caught:
        nlp.get_pipe("nosuch")
    assert str(caught.value).startswith("This pipeline has no component 'nosuch'")
    with pytest.raises(ValueError, match="nosuch"):
        nlp.add_pipe("nosuch")
    spanloom.Doc.set_extension("of_this_test", default=1)
    try:
        with pytest.raises(ValueError, match="of_this_test"):
            spanloom.Doc.set_extension("of_this_test", default=1)
    finally:
        spanloom.Doc.remove_extension("of_this_test")
