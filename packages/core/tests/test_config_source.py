"""Reading config text: mistakes of form, overrides, interpolation, writing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom.config import Config, default_config, load_config, parse_config, parse_overrides
from spanloom.config.changes import differences
from spanloom.config.overrides import with_overrides
from spanloom.config.tree import exists, leaves
from spanloom.errors import ConfigError, MissingFileError


def problems(text: str) -> dict[int | None, str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    return {problem.line: str(problem) for problem in caught.value.problems}


def test_every_mistake_of_form_is_reported_with_its_line() -> None:
    found = problems(
        "x = 1\n[a]\nno equals sign\nquoted = 'single'\n[a]\n[b.c]\nlist = [1,\nempty =\n[open\n"
    )
    assert list(found) == [1, 3, 4, 5, 7, 8, 9]
    assert "outside any section" in found[1]
    assert "no '='" in found[3]
    assert 'write "single"' in found[4]
    assert "line 2" in found[5]
    assert "isn't valid JSON" in found[7]
    assert "null" in found[8]
    assert "no closing bracket" in found[9]


def test_a_key_twice_and_a_key_that_is_a_section() -> None:
    found = problems("[a]\nx = 1\nx = 2\n[a.x]\n[a.x.y]\n")
    assert "already set in line 2" in found[3]
    assert "line 2" in found[4]


def test_values_may_go_on_in_indented_lines_and_sections_may_come_in_any_order() -> None:
    config = parse_config('[a.b]\nx = [1,\n  2]\n# a comment\n[a]\ny = {"p": true}\n')
    assert config == {"a": {"b": {"x": [1, 2]}, "y": {"p": True}}}
    assert config.lines["a.b.x"] == 2
    assert config.lines["a"] == 5


def test_interpolation_of_values_and_sections_keeps_types() -> None:
    text = '[a]\nn = 3\nname = "x"\n[b]\nn = ${a.n}\npath = "dir/${a.name}"\nall = ${a}\n'
    config = parse_config(text)
    assert config["b"]["n"] == "${a.n}"
    whole = config.interpolate()
    assert whole["b"] == {"n": 3, "path": "dir/x", "all": {"n": 3, "name": "x"}}
    assert whole.lines == config.lines


def test_broken_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.cfg"
    path.write_bytes(b'[a]\nx = 1\ny = "\xff"\n')
    with pytest.raises(ConfigError, match="line 3") as caught:
        load_config(path)
    assert str(path) in str(caught.value)


def test_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="spanloom init config"):
        load_config(tmp_path / "none.cfg")


def test_overrides_are_typed_as_json_else_text() -> None:
    given = parse_overrides(
        [
            "--training.max_steps",
            "10",
            "--paths.train=a b.conllu",
            "--a.flag",
            "--a.x",
            "null",
            "--a.list",
            "[1, 2]",
            "--a.neg",
            "-3",
        ]
    )
    assert given == {
        "training.max_steps": 10,
        "paths.train": "a b.conllu",
        "a.flag": True,
        "a.x": None,
        "a.list": [1, 2],
        "a.neg": -3,
    }


def test_overrides_that_are_no_overrides() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_overrides(["--ouput", "dir", "stray", "--a.b", "1", "--a.b", "2"])
    text = str(caught.value)
    assert "--ouput" in text and "stray" in text and "twice" in text


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("training.max_stepz", "did you mean 'max_steps'"),
        ("trainin.max_steps", r"no section \[trainin\].*'training'"),
        ("paths.other", "has no 'other'"),
        ("training.optimizer.x.y", r"no section \[training.optimizer.x\]"),
        ("training.seed.x", "is a value, not a section"),
    ],
)
def test_an_override_must_point_at_something(path: str, message: str) -> None:
    config = "[training]\nmax_steps = 3\n"
    if path.startswith("training.max"):
        # A key of a known section is found out by the check, which knows all keys.
        config = "[training.batcher]\n"
    with pytest.raises(ConfigError, match=message):
        parse_config(config, {path: 1})


def test_overrides_reach_defaults_that_the_file_leaves_out() -> None:
    config = parse_config('[nlp]\nlang = "en"\n', {"training.max_steps": 7, "paths.train": "x"})
    assert config["training"] == {"max_steps": 7}
    assert config["paths"] == {"train": "x"}


keys = st.text("abcxyz_", min_size=1, max_size=5)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
sections = st.recursive(
    st.dictionaries(keys, values, max_size=4),
    lambda inner: st.dictionaries(keys, values | inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.lengthy
@given(st.dictionaries(keys, sections, max_size=4))
def test_what_is_written_is_read_back(data: dict[str, Any]) -> None:
    text = Config(data).to_str(interpolate=False)
    assert parse_config(text).interpolate() == data


def test_default_config_reads_back_and_keeps_its_references() -> None:
    config = default_config()
    text = config.to_str(interpolate=False)
    assert "path = ${paths.train}" in text
    assert parse_config(text) == config


def test_keys_that_no_section_can_hold_are_written_inline() -> None:
    config = Config({"a": {"labels": {"a.b": 1, "c = d": [2]}}})
    text = config.to_str()
    assert 'labels = {"a.b": 1, "c = d": [2]}' in text
    assert parse_config(text) == config


def test_objects_that_are_no_json_cannot_be_written() -> None:
    with pytest.raises(ConfigError, match=r"a\.x"):
        Config({"a": {"x": object()}}).to_str()


@pytest.mark.parametrize(
    ("value", "fix"),
    [
        ("['a', 'b']", 'write ["a", "b"]'),
        ("{'a': True, 'b': None}", 'write {"a": true, "b": null}'),
        ("[1,]", "write [1]"),
        ("[nonsense]", "write the value as JSON"),
    ],
)
def test_values_as_python_writes_them_are_told_as_json(value: str, fix: str) -> None:
    assert fix in problems(f"[nlp]\npipeline = {value}\n")[2]


@pytest.mark.parametrize(
    "rates",
    [
        {".*": 0.07},
        {r"layer\.1\.": 0.5, "^x=1$": 0.1},
        {"a:b": 1.0, "#x": 1, "[x]": 2},
        {"x.y": {"z.w": 1}, "$": 1},
    ],
)
def test_keys_of_a_mapping_that_a_setting_holds_are_data(rates: dict[str, Any]) -> None:
    path = "components.tok2vec.model.rates"
    config = Config({"components": {"tok2vec": {"model": {"rates": rates}}}})
    assert parse_config(config.to_str())["components"]["tok2vec"]["model"]["rates"] == rates
    assert [found for found, _ in leaves(config)] == [path] and exists(config, path)
    other = Config({"components": {"tok2vec": {"model": {"rates": {".*": 1}}}}})
    assert [found for found, *_ in differences(config, other)] in ([path], [])
    for key in rates:
        assert exists(config, f"{path}.{key}")
        changed = with_overrides(config, {f"{path}.{key}": 9})
        assert changed["components"]["tok2vec"]["model"]["rates"] == {**rates, key: 9}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[a]\nx = " + "[" * 100_000, 2),
        ("[a]\nx = " + "[" * 5_000 + "]" * 5_000, 2),
        ("[a]\ny = 1\nx = " + '{"a":' * 3_000 + "1" + "}" * 3_000, 3),
        ("[a]\nx = " + "[" * 5_000 + "${a.y}", 2),
        ("[a]\n\n[" + ".".join("a" * 5_000) + "]\n", 3),
    ],
)
def test_what_is_nested_too_deep_is_refused_with_its_line(text: str, line: int) -> None:
    start = time.process_time()
    with pytest.raises(ConfigError) as caught:
        parse_config(text)
    assert caught.value.problems[0].line == line
    assert time.process_time() - start < 2


def test_brackets_in_strings_are_no_depth() -> None:
    value = ["[" * 200, '\\"{' * 200]
    text = Config({"a": {"x": value}}).to_str()
    assert parse_config(text)["a"]["x"] == value
