"""Building and loading: whatever is wrong, the error is one of ours and says where."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spanloom
from spanloom import Pipeline
from spanloom.config import Config
from spanloom.config.tree import leaves
from spanloom.errors import ConfigError, SerializationError, SpanloomError

from .support import encoder

TOK2VEC = encoder(8, rows=20)
LISTENER = {"@architectures": "spanloom.Tok2VecListener.v1", "width": 8, "upstream": "tok2vec"}
CONFIG: dict[str, Any] = {
    "nlp": {"lang": "en", "pipeline": ["tok2vec", "tagger", "morphologizer"]},
    "components": {
        "tok2vec": {"factory": "tok2vec", "model": TOK2VEC},
        "tagger": {
            "factory": "tagger",
            "model": {"@architectures": "spanloom.Tagger.v2", "tok2vec": LISTENER},
        },
        "morphologizer": {
            "factory": "morphologizer",
            "model": {"@architectures": "spanloom.Tagger.v2", "tok2vec": LISTENER},
        },
    },
}


def test_all_problems_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    config = copy.deepcopy(CONFIG)
    config["nlp"]["batch_size"] = "many"
    config["components"]["tagger"]["overwrite"] = "yes"
    config["components"]["tok2vec"]["model"]["widht"] = 8
    config["components"]["morphologizer"]["factory"] = "morpholgizer"
    path = tmp_path / "wrong.cfg"
    path.write_text(Config(config).to_str())
    with pytest.raises(ConfigError) as caught:
        Pipeline.from_config(spanloom.config.load_config(path))
    found = {problem.path: problem for problem in caught.value.problems}
    assert set(found) == {
        "nlp.batch_size",
        "components.tagger.overwrite",
        "components.tok2vec.model.widht",
        "components.morphologizer.factory",
    }
    assert all(problem.line for problem in found.values())
    assert "did you mean 'width'" in found["components.tok2vec.model.widht"].fix
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("components.tagger.model", 5, "must be a block"),
        ("components.tagger.model", None, "must be a block"),
        ("components.tagger.scorer", "tags", "must be a block"),
        ("nlp.tokenizer", "spanloom.Tokenizer.v1", "dict"),
        ("nlp.tokenizer", "${nlp}", "refers to itself"),
        ("nlp.lang", "${nlp.lang}", "circle"),
        ("nlp.pipeline", "tagger", "list"),
        ("components", 3, "must be a section"),
    ],
)
def test_wrong_values_are_problems_of_the_config(path: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Pipeline.from_config(changed(path, value))


def test_sections_that_nothing_is_built_of_do_not_matter() -> None:
    more = {"training": {"logger": {"@loggers": "nobody.has.v1"}}, "corpora": {"train": 1}}
    spare = {"factory": "nobody_has_this", "model": 1}
    components = {**CONFIG["components"], "spare": spare}
    nlp = Pipeline.from_config({**CONFIG, **more, "components": components})
    assert nlp.pipe_names == ["tok2vec", "tagger", "morphologizer"]
    whole = {"nlp": {**CONFIG["nlp"], "pipeline": ["tok2vec", "spare"]}, "components": components}
    assert Pipeline.from_config(whole, exclude=["spare"]).pipe_names == ["tok2vec"]
    with pytest.raises(ConfigError, match="spare.factory"):
        Pipeline.from_config(whole)


def test_settings_of_added_components_are_checked_too() -> None:
    nlp = spanloom.blank("en")
    with pytest.raises(ConfigError, match=r"overwrite: is 'yes', but bool.*\n.*has no argument"):
        nlp.add_pipe("tagger", config={"overwrite": "yes", "modell": {}})
    assert nlp.component_names == []


def changed(path: str, value: Any) -> dict[str, Any]:
    config = copy.deepcopy(CONFIG)
    node = config
    *outer, key = path.split(".")
    for part in outer:
        node = node[part]
    node[key] = value
    return config


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.floats(allow_nan=True),
    st.text(max_size=4),
    st.sampled_from(["${nlp}", "${a.b}", "tagger", "spanloom.Tagger.v2"]),
    st.lists(st.integers(-1, 3), max_size=2),
    st.sampled_from([{}, {"a": 1}, {"@architectures": "spanloom.Tagger.v2"}, {"@x": 1}]),
)
PATHS = [
    *(path for path, _ in leaves(CONFIG)),
    *("nlp", "components", "components.tagger", "components.morphologizer.model", "nlp.tokenizer"),
]


@pytest.mark.lengthy
@settings(deadline=None, max_examples=150)
@given(path=st.sampled_from(PATHS), value=JUNK)
def test_no_value_leads_to_an_error_of_another_kind(path: str, value: Any) -> None:
    try:
        Pipeline.from_config(changed(path, value))
    except SpanloomError:
        pass


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    nlp = Pipeline.from_config(CONFIG)
    doc = spanloom.Doc(nlp.vocab, words=["a", "b"], tags=["A", "B"], morphs=["X=1", "X=2"])
    example = spanloom.Example(spanloom.Doc(nlp.vocab, words=["a", "b"]), doc)
    nlp.initialize(lambda: [example])
    path = tmp_path_factory.mktemp("saved") / "model"
    nlp.to_disk(path)
    return path


FILES = [
    *("config.cfg", "meta.json", "tokenizer", "vocab/strings.json"),
    *("morphologizer/cfg", "morphologizer/model", "tagger/cfg", "tagger/model", "tok2vec/model"),
]


@pytest.mark.lengthy
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    name=st.sampled_from(FILES),
    cut=st.floats(0, 1),
    junk=st.one_of(st.binary(max_size=20), st.sampled_from([b"[]", b"{}", b"null"])),
    whole=st.booleans(),
)
def test_no_damage_leads_to_an_error_of_another_kind(
    saved: Path, name: str, cut: float, junk: bytes, whole: bool
) -> None:
    path = saved / name
    data = path.read_bytes()
    place = int(cut * len(data))
    path.write_bytes(junk if whole else data[:place] + junk + data[place + len(junk) :])
    try:
        spanloom.load(saved)
    except SpanloomError:
        pass
    finally:
        path.write_bytes(data)


@spanloom.registry.factories("test_reads_numbers")
class ReadsNumbers:
    """A component of somebody's own, which doesn't look at what it reads."""

    def __init__(self, nlp: Any, name: str) -> None:
        self.number = 1

    def __call__(self, doc: spanloom.Doc) -> spanloom.Doc:
        return doc

    def to_disk(self, path: Path, **_: Any) -> None:
        path.write_text(str(self.number))

    def from_disk(self, path: Path, **_: Any) -> None:
        self.number = int(path.read_text())


def test_what_others_raise_while_they_read_names_the_file(tmp_path: Path) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("test_reads_numbers", name="numbers")
    nlp.to_disk(tmp_path / "saved")
    assert spanloom.load(tmp_path / "saved").pipe_names == ["numbers"]
    (tmp_path / "saved" / "numbers").write_text("one")
    meta = json.loads((tmp_path / "saved" / "meta.json").read_text())
    del meta["files"]["numbers"]  # it was changed on purpose
    (tmp_path / "saved" / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(SerializationError, match="Can't read .*numbers: .*ValueError.*'one'"):
        spanloom.load(tmp_path / "saved")
