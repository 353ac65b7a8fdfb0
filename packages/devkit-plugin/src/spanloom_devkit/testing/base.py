"""What all checks have in common, and those that concern any name of any registry."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from spanloom.config.signatures import MISSING, Parameter, signature_of
from spanloom.errors import RegistryError
from spanloom.plugins.registries import registry as registries

from ..doctor import TYPED_NAMES, well_named
from .compare import as_failure

__all__ = ["SMALL_ENCODER", "BuildConformance", "Conformance", "NameConformance", "missing"]

#: Registries whose names are no blocks of a config.
_NO_BLOCKS = TYPED_NAMES - {"factories"}

#: A small shared encoder, for arguments called ``tok2vec``.
SMALL_ENCODER: dict[str, Any] = {
    "@architectures": "spanloom.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 8,
    "depth": 1,
    "embed_size": 100,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}

#: Guesses for arguments that must be given.
_BY_NAME: dict[str, Any] = {"tok2vec": SMALL_ENCODER, "size": 8}
_BY_TYPE: dict[Any, Any] = {int: 8, float: 0.5, bool: False}


class Conformance:
    """Checks, each a method ``test_*``. A subclass in a test module whose name starts with
    ``Test`` is run by pytest like any class of tests.

    ``unsupported`` maps names of checks (or ``"*"``) to the reason why they don't apply; they are
    skipped, and the reason is shown.
    """

    unsupported: ClassVar[Mapping[str, str]] = {}

    def setup_method(self, method: Callable[..., Any]) -> None:
        """Skip what is unsupported; pytest calls it before each check."""
        reason = self.unsupported.get(method.__name__, self.unsupported.get("*"))
        if reason is not None:
            pytest.skip(reason)


class NameConformance(Conformance):
    """Checks of one name in one registry.

    ``name`` is the name, ``config`` the arguments that it is given; without them, arguments that
    have no default get small values where their types allow a guess.
    """

    registry: ClassVar[str] = ""
    name: ClassVar[str] = ""
    config: ClassVar[Mapping[str, Any]] = {}
    ignored: ClassVar[tuple[str, ...]] = ()
    """Arguments that aren't settings."""

    def test_name(self) -> None:
        """The name is ``distribution.Thing.vN``, or a bare word where users type it."""
        assert well_named(self.registry, self.name), (
            f"'{self.name}' isn't of the form <distribution>.<Thing>.v<N>, such as "
            f"loom-weave.{self.name.rpartition('.')[2].title() or 'Thing'}.v1"
        )

    def test_loads(self) -> None:
        """What the name stands for can be imported, and called."""
        try:
            value = registries.get(self.registry, self.name)
        except RegistryError as error:
            raise AssertionError(str(error)) from error
        assert callable(value), f"'{self.name}' is {type(value).__name__}, which can't be called"

    def test_signature(self) -> None:
        """Every argument has a type; one whose default is None may be None (``X | None``)."""
        function = self.target()
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError) as error:
            raise AssertionError(f"'{self.name}' can't be inspected: {error}") from error
        wrong = []
        for each in parameters:
            text = _annotation(each)
            if each.name in {*self.ignored, "self"}:
                continue
            if not text:
                wrong.append(f"{each.name} has no type")
            elif each.default is None and not re.search(r"\bNone\b|Optional|\bAny\b", text):
                wrong.append(f"{each.name}: {text} = None must be '{text} | None'")
        assert not wrong, f"'{self.name}': {'; '.join(wrong)}"

    def test_config_round_trip(self) -> None:
        """The filled config, written as text and read back, is the same, and stays so."""
        from spanloom.config import Config
        from spanloom.config.fill import fill_block

        if self.registry in _NO_BLOCKS:
            pytest.skip(f"names of {self.registry} aren't called by configs")
        filled = fill_block({"it": self.block()})
        try:
            again = Config().from_str(Config(filled).to_str())
        except Exception as error:
            raise AssertionError(f"the settings can't be written as text: {error}") from error
        assert dict(again) == filled, (
            f"settings change when they are written as text: {filled} became {dict(again)}"
        )
        refilled = fill_block(dict(again))
        assert refilled == filled, f"filling twice gives something else: {refilled}"

    # -- for subclasses

    def target(self) -> Callable[..., Any]:
        """What the name stands for; a skip if it can't be loaded, which is another check's."""
        try:
            found: Callable[..., Any] = registries.get(self.registry, self.name)
        except RegistryError:
            pytest.skip("it can't be loaded: see test_loads")
        return found

    def settings(self) -> dict[str, Any]:
        """``config``, and guesses for arguments that must be given. A skip where there is none."""
        signature = signature_of(self.target(), self.ignored)
        given = dict(self.config)
        unknown = []
        for parameter in signature.parameters.values():
            if parameter.default is MISSING and parameter.name not in given:
                guess = _guess(parameter)
                if guess is MISSING:
                    unknown.append(parameter.name)
                else:
                    given[parameter.name] = guess
        if unknown or (signature.positional and "*" not in given):
            pytest.skip(
                f"needs {', '.join(unknown) or 'arguments'}: give `config` in a subclass, or in "
                f'[tool.spanloom.conformance."{self.registry}/{self.name}"]'
            )
        return given

    def block(self) -> dict[str, Any]:
        """The block of a config that names it."""
        return {f"@{self.registry}": self.name, **self.settings()}

    def made(self) -> Any:
        """What calling it gives; a skip if that fails, which is `test_builds`'s to tell."""
        block = self.block()
        try:
            return registries.resolve({"it": block})["it"]
        except Exception as error:
            pytest.skip(f"it can't be built ({type(error).__name__}): see test_builds")


class BuildConformance(NameConformance):
    """Checks of a name that is built from its settings alone."""

    def test_builds(self) -> None:
        """The settings are accepted."""
        block = self.block()
        with as_failure():
            registries.resolve({"it": block})


def _annotation(parameter: inspect.Parameter) -> str:
    """The type of a parameter as text; empty if it has none."""
    found = parameter.annotation
    if found is parameter.empty:
        return ""
    return found if isinstance(found, str) else inspect.formatannotation(found)


def _guess(parameter: Parameter) -> Any:
    if parameter.name in _BY_NAME:
        return _BY_NAME[parameter.name]
    return _BY_TYPE.get(parameter.annotation, MISSING)


@contextmanager
def missing(name: str) -> Iterator[None]:
    """Hold that reading a file that isn't there raises an error which names it."""
    try:
        yield
    except FileNotFoundError as error:
        assert name in f"{error} {error.filename}", f"doesn't name the file: {error}"  # noqa: PT017
    except Exception as error:
        raise AssertionError(
            f"{type(error).__name__} where a FileNotFoundError is due: {error}"
        ) from error
    else:
        raise AssertionError("a missing file is passed over in silence")
