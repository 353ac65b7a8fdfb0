"""Pipelines that spaCy trained, as pipelines of ours.

Their config is translated and ours built of it; then what spaCy saved for each part is put into the
form in which ours is saved, and read as that. Nothing of spaCy's code is needed or run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

from spanloom.config import Config, parse_config
from spanloom.errors import SerializationError
from spanloom.pipeline.saving import readable
from spanloom.plugins.registries import registry

from .components import READERS
from .curated import curated_block, curated_listener
from .listening import as_ours, listens
from .names import our_names
from .parts import Parts, json_of
from .vocabulary import NormedTokenizer, read_vectors, tokenizer_bytes

__all__ = ["SpacyPipeline"]

#: Of the meta data: what spaCy derives from the pipeline.
_DERIVED = {
    "components",
    "disabled",
    "factories",
    "labels",
    "lang",
    "pipeline",
    "spacy_git_version",
    "vectors",
}
#: Settings that components have here so that they do what spaCy's do.
_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "tagger": {"white_space": True},
    "morphologizer": {"white_space": True},
    "senter": {"white_space": True},
    "trainable_lemmatizer": {"white_space": True},
    "parser": {"system": "spacy"},
    "ner": {"system": "spacy"},
    "beam_ner": {"system": "spacy"},
    "sentencizer": {"system": "spacy"},
}
_TOKENIZER = "spacy.Tokenizer.v1"
#: What a config has that no pipeline is built of here.
_CALLBACKS = ("before_creation", "after_creation", "after_pipeline_creation")


class SpacyPipeline:
    """A pipeline that spaCy saved; see :class:`~spanloom.plugins.registries.SavedPipeline`."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        meta = json_of(parts, "meta.json")
        data = parts.get("config.cfg")
        if not isinstance(meta, dict) or data is None:
            raise SerializationError(f"{parts.source}: meta.json or config.cfg is damaged")
        try:
            text = data.decode("utf8")
        except UnicodeDecodeError as error:
            raise SerializationError(f"{parts.source}: config.cfg isn't UTF-8: {error}") from error
        self.meta = {key: value for key, value in meta.items() if key not in _DERIVED}
        self.config: Config = translated(parse_config(text, source=f"{parts.source}: config.cfg"))

    def read(self, nlp: Any, exclude: Collection[str]) -> None:
        """See :class:`~spanloom.plugins.registries.SavedPipeline`."""
        with self._readable("tokenizer"):
            # Others have no rules: their words come from another library.
            if isinstance(nlp.tokenizer, NormedTokenizer):
                nlp.tokenizer.from_bytes(tokenizer_bytes(self.parts))
        with self._readable("vocab"):
            vectors = read_vectors(self.parts)
            if vectors is not None:
                nlp.vocab.vectors = vectors
        for name, component in nlp.components:
            block = self.config["components"][name]
            read = READERS.get(block.get("factory", ""))
            if name in exclude:
                continue
            if read is None:
                self._refuse_saved(name, block)
                continue
            with self._readable(name):
                settings = getattr(component, "cfg", {})
                saved = read(self.parts, name, settings)
                if isinstance(saved, bytes):
                    component.from_bytes(saved)
                    continue
                weights = saved.pop("model")
                if listens(component.model):
                    weights = as_ours(weights, component.model)
                component.take(saved.pop("cfg"), weights, self.parts.source)

    def _refuse_saved(self, name: str, block: Mapping[str, Any]) -> None:
        """Nothing is lost unsaid: what has no reader may have saved nothing."""
        if any(self.parts.get(name, part) is not None for part in ("model", "cfg", "patterns")):
            raise self._unread(name, f"'{block.get('factory')}'")

    def _unread(self, name: str, what: str) -> SerializationError:
        return SerializationError(
            f"{self.parts.source}: '{name}': what spaCy saved of {what} can't be read yet. Load "
            f"the rest with exclude=['{name}']"
        )

    def _readable(self, name: str) -> AbstractContextManager[None]:
        return readable(f"{self.parts.source}: '{name}'")


def translated(config: Config) -> Config:
    """What our pipeline is built of: the sections ``nlp`` and ``components`` of spaCy's config, in
    our names as far as we have them."""
    whole = config.interpolate()
    nlp = {key: value for key, value in whole.get("nlp", {}).items() if key != "vectors"}
    nlp.update({key: None for key in _CALLBACKS if nlp.get(key) is None})
    if (nlp.get("tokenizer") or {}).get("@tokenizers", _TOKENIZER) == _TOKENIZER:
        nlp["tokenizer"] = {"@tokenizers": "spanloom-spacy.NormedTokenizer.v1"}
    components = {
        name: {**_encoding_as_theirs(block), **_SETTINGS.get(block.get("factory", ""), {})}
        for name, block in whole.get("components", {}).items()
        if isinstance(block, dict)
    }
    made = Config({"nlp": _ours(nlp), "components": _ours(components)})
    made.source = config.source
    return made


def _encoding_as_theirs(block: dict[str, Any]) -> dict[str, Any]:
    """The block of a transformer that encodes texts as spacy-transformers does: a text that spells
    a special piece is one."""
    model = block.get("model")
    if block.get("factory") == "curated_transformer":
        return curated_block(block)
    if block.get("factory") != "transformer" or not isinstance(model, dict):
        return block
    tokenizer = {**(model.get("tokenizer_config") or {}), "split_special_tokens": False}
    return {**block, "model": {**model, "tokenizer_config": tokenizer, "system": "spacy"}}


def _ours(value: Any) -> Any:
    """A part of a config with our names for spaCy's."""
    if isinstance(value, dict):
        value = curated_listener(value) or value
        return {
            key: _name(key[1:], each)
            if key.startswith("@") and isinstance(each, str)
            else _ours(each)
            for key, each in value.items()
        }
    return [_ours(each) for each in value] if isinstance(value, list) else value


def _name(kind: str, name: str) -> str:
    if name.startswith(("spacy.", "spacy-transformers.")):
        return next((ours for ours in our_names(name) if registry.has(kind, ours)), name)
    return name
