"""`registry`: every name that a config can mention, by kind.

::

    from spanloom import registry

    @registry.architectures("my_example.MyEmbedding.v1")
    def my_embedding(width: int) -> Model[list[Doc], list[Floats2d]]: ...

    registry.architectures.get("spanloom.Tok2Vec.v2")
    registry.resolve({"model": {"@architectures": "my_example.MyEmbedding.v1", "width": 96}})

Names come from the entry points of installed distributions (group ``spanloom_<registry>``) and
from decorators in the user's own code. Importing this module imports neither thinc nor NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .errors import ConfigError, ConfigProblem, UnknownNameError
from .plugins.index import on_refresh
from .plugins.registries import Registry, ThincRegistry, prefer, preferences

if TYPE_CHECKING:
    import confection
    from confection import Config

__all__ = ["Registries", "registry"]


class Registries:
    """All registries, each an attribute. `registry` is the one instance that is used."""

    def __init__(self) -> None:
        self.factories = Registry("factories")
        """``(nlp, name, **cfg) -> component``"""
        self.architectures = Registry("architectures")
        """``(**cfg) -> thinc.api.Model``"""
        self.tokenizers = Registry("tokenizers")
        """``(**cfg) -> (nlp -> tokenizer)``"""
        self.vectors = Registry("vectors")
        """``(**cfg) -> ((path, hash=None) -> vector table)``"""
        self.objectives = Registry("objectives")
        """``(**cfg) -> pretraining objective``"""
        self.readers = Registry("readers")
        """``(**cfg) -> (nlp -> iterator of examples)``"""
        self.batchers = Registry("batchers")
        """``(**cfg) -> (items -> iterator of batches)``"""
        self.augmenters = Registry("augmenters")
        """``(**cfg) -> ((nlp, example) -> iterator of examples)``"""
        self.loggers = Registry("loggers")
        """``(**cfg) -> consumer of training steps``"""
        self.scorers = Registry("scorers")
        """``(**cfg) -> (examples -> scores)``"""
        self.span_getters = Registry("span_getters")
        """``(**cfg) -> (docs -> spans of each)``"""
        self.annotation_setters = Registry("annotation_setters")
        """``(**cfg) -> ((docs, transformer output) -> None)``"""
        self.encoders = Registry("encoders")
        """``(**cfg) -> (model or pipeline -> encoder of texts)``"""
        self.languages = Registry("languages")
        """A language's settings."""
        self.converters = Registry("converters")
        """``file -> iterator of docs``"""
        self.callbacks = Registry("callbacks")
        """``(**cfg) -> (nlp -> nlp)``"""
        self.models = Registry("models")
        """Loaders of trained pipelines that are installed as packages."""
        self.misc = Registry("misc")
        """Anything else."""
        self.optimizers = ThincRegistry("optimizers")
        """thinc's, as are all below."""
        self.schedules = ThincRegistry("schedules")
        self.layers = ThincRegistry("layers")
        self.losses = ThincRegistry("losses")
        self.initializers = ThincRegistry("initializers")
        self.datasets = ThincRegistry("datasets")
        self.ops = ThincRegistry("ops")
        on_refresh(self._forget)

    def _forget(self) -> None:
        for name in self.registries():
            self[name].forget()

    def registries(self) -> list[str]:
        """Names of all registries, sorted."""
        return sorted(name for name, value in vars(self).items() if isinstance(value, Registry))

    def __getitem__(self, name: str) -> Registry:
        """The registry called ``name``. Raises `UnknownNameError`, with near names."""
        found = vars(self).get(name)
        if isinstance(found, Registry):
            return found
        near = get_close_matches(name, self.registries(), n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UnknownNameError(
            f"no registry '{name}'.{hint} There are: {', '.join(self.registries())}"
        )

    def has(self, registry_name: str, func_name: str) -> bool:
        """Whether a registry of that name exists and offers the function; imports no plugin."""
        found = vars(self).get(registry_name)
        return isinstance(found, Registry) and func_name in found

    def get(self, registry_name: str, func_name: str) -> Any:
        """What a name in a registry stands for; see `Registry.get` for the errors."""
        return self[registry_name].get(func_name)

    def supplier(self, registry_name: str, func_name: str) -> str:
        """``"distribution version"`` of who supplies a name; see `Registry.supplier`."""
        return self[registry_name].supplier(func_name)

    def names(self, registry_name: str) -> list[str]:
        """All names of a registry, sorted; imports no plugin."""
        return self[registry_name].names()

    def load_all(self, registry_name: str) -> tuple[dict[str, Any], dict[str, Exception]]:
        """Load every name of a registry: the objects, and the error of each that failed."""
        return self[registry_name].load_all()

    def prefer(self, choices: Mapping[str, str]) -> AbstractContextManager[None]:
        """Settle clashes inside a ``with``: ``{"architectures/x.v1": "distribution"}``."""
        return prefer(choices)

    def preferring(self, config: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Settle clashes inside a ``with`` as the config's ``[plugins] prefer`` says."""
        return prefer(preferences(config))

    # -- configs

    def resolve(
        self,
        config: Config | Mapping[str, Any],
        *,
        schema: Any = None,
        overrides: Mapping[str, Any] | None = None,
        validate: bool = True,
    ) -> dict[str, Any]:
        """Fill a config and call the functions that its ``@registry = "name"`` blocks name.

        Returns the resolved sections. Raises `ConfigError` where arguments are missing, unknown or
        of the wrong type, and what `Registry.get` raises where a name can't be had. A ``schema`` is
        one of confection's; ``overrides`` maps dotted paths to values.
        """
        with _config_errors():
            resolved: dict[str, Any] = self._confection.resolve(
                _plain(config),
                schema=schema,
                overrides=dict(overrides or {}),
                validate=validate,
            )
        return resolved

    def fill(
        self,
        config: Config | Mapping[str, Any],
        *,
        schema: Any = None,
        overrides: Mapping[str, Any] | None = None,
        interpolate: bool = False,
        validate: bool = True,
    ) -> Config:
        """Write down each default that the named functions' signatures hold; calls none of them.

        Raises as `resolve`, except that a name nobody offers is left as it is.
        """
        with _config_errors():
            return self._confection.fill(
                _plain(config),
                schema=schema,
                overrides=dict(overrides or {}),
                interpolate=interpolate,
                validate=validate,
            )

    @cached_property
    def _confection(self) -> type[confection.registry]:
        import confection

        ours = self

        class Bridge(confection.registry):
            @classmethod
            def has(cls, registry_name: str, func_name: str) -> bool:
                return ours.has(registry_name, func_name)

            @classmethod
            def get(cls, registry_name: str, func_name: str) -> Any:
                return ours.get(registry_name, func_name)

        return Bridge


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    # confection's Config is a dict itself and carries its state; only other mappings are copied.
    return config if isinstance(config, dict) else dict(config)


@contextmanager
def _config_errors() -> Iterator[None]:
    from confection import ConfigValidationError

    try:
        yield
    except ConfigValidationError as error:
        what = error.title or "config"
        problems = [
            ConfigProblem(".".join(map(str, each.get("loc", ()))), f"{each['msg']} ({what})")
            for each in error.errors or ()
        ]
        raise ConfigError(problems or [ConfigProblem("", error.desc or what)]) from error


registry = Registries()
"""The registries of this process."""
