"""Taking the rules of a language from an installed spaCy, once, into a file.

spaCy runs here, and only here: what comes out is plain data.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any

from spanloom.errors import DataError, PackageError
from spanloom.io.files import write_text

from .languages import FORMAT, digest_of
from .tokenizers import rules_from_bytes

__all__ = ["import_language", "spacy_languages"]


def spacy_languages() -> list[str]:
    """The codes of the languages that the installed spaCy has. Raises
    :class:`PackageError` without it."""
    path = _spacy("spacy.lang").__path__
    return sorted(each.name for each in pkgutil.iter_modules(path) if each.ispkg)


def _spacy(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise PackageError(
            f"the rules of languages come from an installed spaCy ({error}): run this where it is "
            "installed ('pip install spacy' in an environment of its own), and take the files along"
        ) from error


def import_language(code: str, folder: Path) -> Path:
    """Write the file of a language into a folder; returns its path. Raises :class:`DataError`, with
    near names, for a language that spaCy doesn't have, and :class:`PackageError`."""
    known = spacy_languages()
    if code not in known:
        near = get_close_matches(code, known, cutoff=0.5) or known
        raise DataError(f"spaCy has no language '{code}'. Near it: {', '.join(near)}")
    util = _spacy("spacy.util")
    kind = util.get_lang_class(code)
    # Of the languages with a tokenizer of another library, the rules of its own are taken.
    nlp = kind.from_config({"nlp": {"tokenizer": {"@tokenizers": "spacy.Tokenizer.v1"}}})
    rules = rules_from_bytes(nlp.tokenizer.to_bytes())
    if rules is None:
        raise DataError(f"the rules of '{code}' aren't those of a tokenizer of spaCy 3")
    data: dict[str, Any] = {
        "format": FORMAT,
        "code": code,
        "spacy": version("spacy"),
        "licence": "MIT, https://github.com/explosion/spaCy/blob/master/LICENSE",
        "direction": nlp.Defaults.writing_system["direction"],
        "tokenizer": rules,
        "stop_words": sorted(nlp.Defaults.stop_words),
        "numbers": _numbers(nlp.Defaults),
        "norms": _norms(code, nlp.Defaults),
    }
    path = folder / f"{code}.json"
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps({**data, "sha256": digest_of(data)}, sort_keys=True))
    return path


def _norms(code: str, defaults: Any) -> dict[str, str]:
    """The norms of words: those of spacy-lookups-data, if it is there, and those that stand in the
    module of the language's function."""
    lookups = _spacy("spacy.lookups").load_lookups(code, ["lexeme_norm"], strict=False)
    strings = _spacy("spacy.strings").StringStore()
    table = lookups.get_table("lexeme_norm", {})
    norms = {strings[key] if isinstance(key, int) else key: norm for key, norm in table.items()}
    function = defaults.lex_attr_getters.get(_spacy("spacy.attrs").NORM)
    for value in function.__globals__.values() if function is not None else ():
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            norms.update((key, function(key)) for key in value if isinstance(value[key], str))
    return norms


def _numbers(defaults: Any) -> dict[str, Any]:
    """What :class:`~spanloom_spacy.languages.NumberWords` is made of: words and endings that stand
    in the module of the function, and what the function says of them."""
    attrs = _spacy("spacy.attrs")
    function: Callable[[str], bool] = defaults.lex_attr_getters.get(
        attrs.LIKE_NUM, _spacy("spacy.lang.lex_attrs").like_num
    )
    texts = {text for text in _strings(function) if text and not text.isspace()}
    spelt = sorted(text for text in texts if function(text) and not text.isdigit())
    endings = sorted(
        text
        for text in texts
        if not function(text)
        and all(function(digits + text) for digits in ("7", "12", "4321"))
        and not all(char in ",." for char in text)
    )
    fold = all(function(text.upper()) for text in spelt if text.upper().lower() == text)
    words = sorted({text.lower() for text in spelt}) if fold else spelt
    kinds = {"fold": fold, "digits": function("4321"), "signs": function("+4321")}
    return {"words": words, "suffixes": endings, **kinds}


def _strings(function: Callable[..., Any]) -> Iterator[str]:
    """The strings in the module of a function, its lists and its code."""
    yield from _of(function.__code__)
    for value in function.__globals__.values():
        if isinstance(value, str | set | frozenset | list | tuple | dict):
            yield from _of(value)
        elif getattr(value, "__module__", None) == function.__module__:
            yield from _of(getattr(value, "__code__", None))


def _of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, CodeType):
        for each in value.co_consts:
            yield from _of(each)
    elif isinstance(value, set | frozenset | list | tuple | dict):
        for each in value:
            yield from _of(each)
