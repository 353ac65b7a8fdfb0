"""A public class is one class in one file: its members are its own, but for those that several of
them have in common, and each says what it is."""

from __future__ import annotations

import inspect
from types import MemberDescriptorType

import pytest

from spanloom.examples import Example
from spanloom.tokens import Doc, Span, SpanGroup, SpanGroups, Token
from spanloom.tokens.batch import Batch
from spanloom.vocab import Lexeme, StringStore, Vocab

FACES = [Batch, Doc, Example, Lexeme, Span, SpanGroup, SpanGroups, StringStore, Token, Vocab]

faces = pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)


def public(names) -> set[str]:
    return {name for name in names if not name.startswith("_")}


@faces
def test_every_public_member_is_defined_in_the_class_itself(face):
    def shared(base: type) -> bool:
        # What a list or dict has comes with being one.
        return base.__module__ == "builtins" or sum(issubclass(each, base) for each in FACES) > 1

    given = set().union(*map(dir, filter(shared, face.__mro__[1:])))
    assert public(dir(face)) - given <= set(vars(face))


@faces
def test_every_public_member_has_a_docstring(face):
    # Slots have none: the class's own docstring tells of them.
    members = {name: vars(face)[name] for name in public(vars(face))}
    methods = {n: m for n, m in members.items() if not isinstance(m, MemberDescriptorType)}
    values = {"iob_strings"}
    assert [n for n in sorted(methods) if n not in values and not inspect.getdoc(methods[n])] == []
