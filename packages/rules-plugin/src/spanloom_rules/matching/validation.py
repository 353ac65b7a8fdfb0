"""What is wrong with a token pattern, with its place in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from spanloom.errors import DataError
from spanloom.vocab.attrs import ID_ATTRS
from spanloom.vocab.lexicon import FLAGS

from .conditions import COMPARISONS, SETS
from .specs import attribute, repeats

__all__ = ["PatternError", "UnknownRuleError", "problems", "validate_token_pattern"]

_TEXTS = ID_ATTRS - {"LANG"}
_TRUE_OR_FALSE = frozenset([*FLAGS, "SENT_START", "SPACY"])
_ON_TEXTS = ("REGEX", *SETS, "FUZZY", *(f"FUZZY{n}" for n in range(1, 10)))
_ON_NUMBERS = ("REGEX", *SETS, *COMPARISONS)


class PatternError(DataError):
    """Patterns that can't be. ``key`` is the rule, ``problems`` has what is wrong by the number of
    the pattern."""

    def __init__(
        self, key: str | int, problems: Mapping[int, Sequence[str]], what: str = "the rule"
    ) -> None:
        self.key = key
        self.problems = {number: list(found) for number, found in problems.items() if found}
        lines = [
            f"pattern {number}: {problem}"
            for number, found in self.problems.items()
            for problem in found
        ]
        super().__init__("\n  ".join([f"{what} {key!r} has patterns that can't be:", *lines]))


class UnknownRuleError(DataError, KeyError):
    """There is no rule of this name."""

    __str__ = Exception.__str__  # a KeyError shows its message in quotes


def validate_token_pattern(pattern: Any) -> list[str]:
    """What is wrong with a pattern, a line each; empty if nothing is. The text of one in JSON is
    taken too."""
    if isinstance(pattern, str):
        try:
            pattern = json.loads(pattern)
        except json.JSONDecodeError:
            return [f"it isn't a list of dicts, but the text {pattern!r:.60}"]
    return problems(pattern, full=True)


def problems(pattern: Any, *, full: bool) -> list[str]:
    """What is wrong with a pattern; all of its values are looked at only if ``full``."""
    if not isinstance(pattern, list | tuple):
        return [f"it must be a list of dicts, one for each token, not {pattern!r:.60}"]
    if not pattern:
        return ["it has no tokens"]
    found = []
    for i, spec in enumerate(pattern):
        if not isinstance(spec, Mapping):
            found.append(f"token {i}: give a dict of conditions, not {spec!r:.60}")
        elif full:
            found += [f"token {i}, {problem}" for problem in _token_problems(spec)]
    return found


def _token_problems(spec: Mapping[Any, Any]) -> Iterator[str]:
    for key, value in spec.items():
        if isinstance(key, str) and key.upper() == "OP":
            yield from _raised("OP", repeats, value)
        elif key == "_":
            if not isinstance(value, Mapping):
                yield f"_: give a dict of custom attributes, not {value!r:.60}"
                continue
            for name, wanted in value.items():
                if isinstance(wanted, Mapping):
                    yield from _operator_problems(f"_.{name}", wanted, (*_ON_TEXTS, *_ON_NUMBERS))
                elif wanted is None:
                    yield f"_.{name}: None isn't allowed"
        else:
            known = list(_raised(str(key), attribute, key))
            yield from known
            if not known:
                yield from _value_problems(attribute(key), value)


def _raised(place: str, check: Callable[[Any], Any], value: Any) -> Iterator[str]:
    try:
        check(value)
    except DataError as error:
        yield f"{place}: {error}"


def _value_problems(attr: str, value: Any) -> Iterator[str]:
    if attr == "ENT_IOB":
        if isinstance(value, bool) or value not in ("", "I", "O", "B", 0, 1, 2, 3):
            yield f"ENT_IOB: give '', 'I', 'O' or 'B', not {value!r:.60}"
    elif attr in _TRUE_OR_FALSE:
        if not isinstance(value, bool):
            yield f"{attr}: give true or false, not {value!r:.60}"
    elif attr in _TEXTS:
        if isinstance(value, Mapping):
            yield from _operator_problems(attr, value, _ON_TEXTS, str)
        elif not isinstance(value, str):
            yield f"{attr}: give a string or a dict of operators, not {value!r:.60}"
    elif isinstance(value, Mapping):
        yield from _operator_problems(attr, value, _ON_NUMBERS, int)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{attr}: give a number or a dict of operators, not {value!r:.60}"


def _operator_problems(
    attr: str, operators: Mapping[Any, Any], known: Sequence[str], kind: type | None = None
) -> Iterator[str]:
    for name, value in operators.items():
        op = str(name).upper()
        if op not in known:
            near = ", ".join(dict.fromkeys(known))
            yield f"{attr}: there is no operator {name!r}, but {near}"
        elif op in SETS:
            if not isinstance(value, list | tuple | set | frozenset):
                yield f"{attr}: {op} needs a list, not {value!r:.60}"
            else:
                for each in value:
                    if kind is not None and (type(each) is not kind):
                        yield f"{attr}: {op} has {each!r:.60}, which isn't {_NAMES[kind]}"
        elif op in COMPARISONS:
            if isinstance(value, bool) or not isinstance(value, int | float):
                yield f"{attr}: {op} needs a number, not {value!r:.60}"
        elif isinstance(value, Mapping) and kind is not int:
            yield from _operator_problems(f"{attr}, {op}", value, SETS, str)
        elif not isinstance(value, str):
            yield f"{attr}: {op} needs a string, not {value!r:.60}"


_NAMES: dict[type, str] = {str: "a string", int: "a whole number"}
