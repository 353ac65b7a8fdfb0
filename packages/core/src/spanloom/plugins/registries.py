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

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..errors import ConfigError, ConfigProblem, UnknownNameError
from .index import on_refresh
from .known import providers
from .offers import prefer, preferences, recorded
from .registry import Registry, ThincRegistry

if TYPE_CHECKING:
    import confection
    from confection import Config

__all__ = ["Dialect", "Registries", "SavedPipeline", "preferences", "registry"]


class SavedPipeline(Protocol):
    """A trained pipeline that another library saved, ready to be built and read."""

    @property
    def config(self) -> Mapping[str, Any]:
        """What it is built of, in names that are ours or a dialect's."""

    @property
    def meta(self) -> Mapping[str, Any]:
        """The meta data of its author."""

    def read(self, nlp: Any, exclude: Collection[str]) -> None:
        """Fill the pipeline that was built of the config, but for the components ``exclude``.
        Raises a ``SpanloomError`` for what is damaged or can't be had here."""


class Dialect(Protocol):
    """How another library names what we have under names of our own, and writes its rules.

    A package registers one as an entry point of the group ``spanloom_dialects``. Its name there is
    the first part of that library's names: ``spacy`` is asked about ``spacy.Tagger.v2``, where no
    registry offers that name itself. A config with such names and none of ours counts as that
    library's: what it leaves out gets defaults.
    """

    def our_names(self, name: str) -> Iterable[str]:
        """Names that may be ours for ``name``, the best first; the first that the registry offers
        is taken. Empty where there is none."""

    def advice(self, registry_name: str, name: str) -> str | None:
        """What to do about something of that library's that isn't here: half a sentence, which the
        error about the unknown name ends with. ``None`` for other names."""

    def tokenizer_rules(self, data: bytes) -> dict[str, Any] | None:
        """The rules of a tokenizer that this library saved, with the fields of
        ``TokenizerRules``; ``None`` where the bytes aren't of its making. Raises a
        ``SpanloomError`` or ``ValueError`` where they are damaged."""

    def pipeline(self, source: str | Path | bytes) -> SavedPipeline | None:
        """The pipeline that this library saved under a path, as an installed package of that name
        or as these bytes; ``None`` where there is none. Runs nothing that comes with it."""


class Registries:
    """All registries, each an attribute. `registry` is the one instance that is used."""

    def __init__(self) -> None:
        self.dialects: Registry = Registry("dialects")
        """How another library names things: a `Dialect`, by the first part of its names."""
        self.factories = self._named("factories")
        """``(nlp, name, **cfg) -> component``"""
        self.architectures = self._named("architectures")
        """``(**cfg) -> thinc.api.Model``"""
        self.tokenizers = self._named("tokenizers")
        """``(**cfg) -> (nlp -> tokenizer)``"""
        self.vectors = self._named("vectors")
        """``(**cfg) -> ((path, hash=None) -> vector table)``"""
        self.objectives = self._named("objectives")
        """``(**cfg) -> pretraining objective``"""
        self.readers = self._named("readers")
        """``(**cfg) -> (nlp -> iterator of examples)``"""
        self.batchers = self._named("batchers")
        """``(**cfg) -> (items -> iterator of batches)``"""
        self.augmenters = self._named("augmenters")
        """``(**cfg) -> ((nlp, example) -> iterator of examples)``"""
        self.loggers = self._named("loggers")
        """``(**cfg) -> consumer of training steps``"""
        self.scorers = self._named("scorers")
        """``(**cfg) -> (examples -> scores)``"""
        self.span_getters = self._named("span_getters")
        """``(**cfg) -> (docs -> spans of each)``"""
        self.annotation_setters = self._named("annotation_setters")
        """``(**cfg) -> ((docs, transformer output) -> None)``"""
        self.encoders = self._named("encoders")
        """``(**cfg) -> (model or pipeline -> encoder of texts)``"""
        self.languages = self._named("languages")
        """A language's settings."""
        self.lemmatizer_rules = self._named("lemmatizer_rules")
        """How a language's words get their lemmas, by its code."""
        self.syntax_iterators = self._named("syntax_iterators")
        """``doc -> bounds of noun phrases``, by the code of a language."""
        self.converters = self._named("converters")
        """``file -> iterator of docs``"""
        self.writers = self._named("writers")
        """``(path, docs) -> number of docs written``, by the ending of file names."""
        self.engines = self._named("engines")
        """``(pipeline, source, output, **options) -> what was done``, by the name of an engine."""
        self.renderers = self._named("renderers")
        """``(doc, style, **options) -> text``"""
        self.callbacks = self._named("callbacks")
        """``(**cfg) -> (nlp -> nlp)``"""
        self.models = self._named("models")
        """Loaders of trained pipelines that are installed as packages."""
        self.misc = self._named("misc")
        """Anything else."""
        self.optimizers = ThincRegistry("optimizers")
        """thinc's, as are all below."""
        self.schedules = ThincRegistry("schedules")
        self.layers = ThincRegistry("layers", self._our_names)
        self.losses = ThincRegistry("losses")
        self.initializers = ThincRegistry("initializers")
        self.datasets = ThincRegistry("datasets")
        self.ops = ThincRegistry("ops")
        on_refresh(self._forget)

    def _named(self, name: str) -> Registry:
        return Registry(name, our_names=self._our_names)

    def _our_names(self, name: str) -> Iterable[str]:
        """Names that may be ours for a name of another library, as its dialect says."""
        prefix = name.partition(".")[0]
        if prefix == name or prefix not in self.dialects:
            return ()
        dialect: Dialect = self.dialects.get(prefix)
        return dialect.our_names(name)

    def advice(self, registry_name: str, name: str) -> str | None:
        """What to do about a name of another library that nobody offers, if its dialect knows."""
        return cast("str | None", self._asked("advice", registry_name, name))

    def foreign_tokenizer_rules(self, data: bytes) -> dict[str, Any] | None:
        """Rules of a tokenizer that another library saved, if a dialect knows them."""
        return cast("dict[str, Any] | None", self._asked("tokenizer_rules", data))

    def foreign_pipeline(self, source: str | Path | bytes) -> SavedPipeline | None:
        """A pipeline that another library saved, if a dialect knows it."""
        return cast("SavedPipeline | None", self._asked("pipeline", source))

    def _asked(self, method: str, *arguments: Any) -> Any:
        """What the first dialect that knows says."""
        answers = (getattr(self.dialects.get(n), method)(*arguments) for n in self.dialects.names())
        return next((answer for answer in answers if answer is not None), None)

    def dialect_hint(self) -> str:
        """How an error about what may be another library's ends: which packages to install."""
        known = providers("dialects").items()
        absent = sorted({dist for name, dist in known if name not in self.dialects})
        return f"; if another library saved it: pip install {' '.join(absent)}" if absent else ""

    def _forget(self) -> None:
        for name in self.kinds():
            self[name].forget()

    def kinds(self) -> list[str]:
        """The kinds of things that can be registered: the names of all registries, sorted."""
        return sorted(name for name, value in vars(self).items() if isinstance(value, Registry))

    def __getitem__(self, name: str) -> Registry:
        """The registry called ``name``. Raises `UnknownNameError`, with near names."""
        found = vars(self).get(name)
        if isinstance(found, Registry):
            return found
        near = get_close_matches(name, self.kinds(), n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UnknownNameError(f"No registry '{name}'.{hint} There are: {', '.join(self.kinds())}")

    def has(self, registry_name: str, func_name: str) -> bool:
        """Whether a registry of that name exists and offers the function; imports no plugin."""
        found = vars(self).get(registry_name)
        return isinstance(found, Registry) and func_name in found

    def get(self, registry_name: str, func_name: str) -> Any:
        """What a name in a registry stands for; see `Registry.get` for the errors."""
        return self[registry_name].get(func_name)

    def find(self, registry_name: str, func_name: str) -> dict[str, str | int | None]:
        """Where it stands: its ``module``, ``file``, ``line_no`` and ``docstring``."""
        found: dict[str, str | int | None] = self[registry_name].find(func_name)
        return found

    def supplier(self, registry_name: str, func_name: str) -> str:
        """``"distribution version"`` of who supplies a name; see `Registry.supplier`."""
        return self[registry_name].supplier(func_name)

    def names(self, registry_name: str) -> list[str]:
        """All names of a registry, sorted; imports no plugin."""
        return self[registry_name].names()

    def prefer(self, choices: Mapping[str, str]) -> AbstractContextManager[None]:
        """Settle clashes inside a ``with``: ``{"architectures/x.v1": "distribution"}``."""
        return prefer(choices)

    def preferring(self, config: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Settle clashes inside a ``with`` as the config's ``[plugins] prefer`` says."""
        return prefer(preferences(config))

    def recorded(self, suppliers: Mapping[str, str]) -> AbstractContextManager[None]:
        """Inside a ``with``, tell who supplied a name that nobody offers when the pipeline that is
        being loaded was saved: ``{"factories/x": "distribution 1.0"}``."""
        return recorded(suppliers)

    def settled(self, suppliers: Mapping[str, str]) -> dict[str, str]:
        """For `prefer`: which of several to take, as when a pipeline was saved with them."""
        found = {}
        for key, said in suppliers.items():
            kind, _, name = key.partition("/")
            dist = said.partition(" ")[0]
            if self.has(kind, name) and self[kind].disputed(name, dist):
                found[key] = dist
        return found

    # -- configs

    def resolve(self, config: Config | Mapping[str, Any], **options: Any) -> dict[str, Any]:
        """Fill a config and call the functions that its ``@registry = "name"`` blocks name.

        Returns the resolved sections. Raises `ConfigError` where arguments are missing, unknown or
        of the wrong type, and what `Registry.get` raises where a name can't be had. ``options`` are
        confection's: a ``schema``, ``overrides`` (dotted paths to values), ``validate``.
        """
        with _config_errors():
            resolved: dict[str, Any] = self._confection.resolve(_plain(config), **options)
        return resolved

    def fill(self, config: Config | Mapping[str, Any], **options: Any) -> Config:
        """Write down each default that the named functions' signatures hold; calls none of them.

        Raises as `resolve`, except that a name nobody offers is left as it is; ``options`` are
        those of `resolve` and ``interpolate``.
        """
        with _config_errors():
            return self._confection.fill(_plain(config), **options)

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
