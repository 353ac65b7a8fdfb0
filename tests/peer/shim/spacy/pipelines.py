"""spaCy's classes of pipelines, one for each language, from our one class."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from spanloom import Pipeline, Vocab
from spanloom.config import Config, default_config
from spanloom.errors import DataError

__all__ = ["DEFAULT_CONFIG", "Language", "get_lang_class", "load_model_from_config"]

DEFAULT_CONFIG = default_config()


class Language(Pipeline):
    """A pipeline that is made as spaCy's are, from a vocab."""

    code: ClassVar[str] = "xx"

    def __init__(self, lang: str | Vocab | bool = True, **settings: Any) -> None:
        if isinstance(lang, Vocab):
            settings["vocab"] = lang
        if settings.get("vocab") is True:
            del settings["vocab"]
        super().__init__(lang if isinstance(lang, str) else self.code, **settings)

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | None = None, **settings: Any) -> Self:
        """A config of spaCy's need not say which language: the class does."""
        for name in ("auto_fill", "validate"):  # ours always does both
            settings.pop(name, None)
        given = Config(config or {})
        return super().from_config(Config({"nlp": {"lang": cls.code}}).merge(given), **settings)


_NAMES = {"de": "German", "en": "English", "it": "Italian", "xx": "MultiLanguage"}


@cache
def get_lang_class(code: str) -> type[Language]:
    """The class of a language, which can be pickled."""
    try:
        Pipeline(code)
    except DataError as error:
        raise ImportError(str(error)) from error
    name = _NAMES.get(code, code.capitalize())
    made = type(name, (Language,), {"code": code, "__module__": __name__})
    globals()[name] = made
    return made


def load_model_from_config(config: Mapping[str, Any], **settings: Any) -> Pipeline:
    """spaCy's function, which takes two settings that ours has no need of."""
    for name in ("auto_fill", "validate"):
        settings.pop(name, None)
    return Pipeline.from_config(config, **settings)


for _code in _NAMES:
    get_lang_class(_code)
