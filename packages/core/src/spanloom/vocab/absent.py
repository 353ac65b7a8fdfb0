"""Attributes that other libraries have and we don't: reading one says what to use instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from ..errors import AbsentError

__all__ = ["ABSENT", "Absent", "absent"]

C = TypeVar("C", bound=type)

_ATTRIBUTE = "keep it in an attribute of your own (set_extension)"
_REGISTRY = "ask registry.factories, nlp.config['components'] or nlp.analyze_pipes()"
_TABLE = "a table of vectors is a file that doesn't change: spanloom vectors prune makes another"
_MEMORY = "bound the memory by Vocab(max_types=...)"
_WORD = {
    "cluster": _ATTRIBUTE,
    "prob": _ATTRIBUTE,
    "rank": "read vocab.vectors, or the row: lexeme.row, doc.rows",
    "sentiment": _ATTRIBUTE,
}

#: Class -> what it hasn't -> what to do. "name =" is a property that can be read and not set.
ABSENT: dict[str, dict[str, str]] = {
    "Doc": {
        "extend_tensor": "set doc.tensor to the columns side by side (numpy.hstack)",
        "sentiment": _ATTRIBUTE,
        "to_utf8_array": "encode doc.words",
        "has_unknown_spaces =": "make the document with spaces or without: Doc(vocab, words)",
        "vector =": "set doc.user_hooks['vector'], or doc.tensor",
        "vector_norm =": "set doc.user_hooks['vector_norm']",
    },
    "Example": {
        "get_aligned_ents_and_ner": "use get_aligned_ner or get_aligned_spans_x2y",
        "get_matching_ents": "compare doc.ents of example.predicted with get_aligned_spans_y2x",
    },
    "Lexeme": {
        **_WORD,
        "flags": "read its features, such as is_alpha, or check_flag(name)",
        "set_attrs": "set its features one by one: lexeme.is_stop = True",
        "set_flag": "set the feature by its name: lexeme.is_stop = True",
    },
    "Pipeline": {
        "Defaults": "the rules of a language are a class: spanloom.lang.language('en'); register "
        "your own with @registry.languages",
        "begin_training": "use initialize",
        "create_pipe_from_source": "use add_pipe(name, source=other)",
        "default_config": "use spanloom.config.default_config()",
        "default_error_handler": "use set_error_handler",
        "disable_pipes": "use select_pipes(disable=...)",
        "factories": "use registry.factories",
        "get_factory_meta": _REGISTRY,
        "get_factory_name": _REGISTRY,
        "get_pipe_config": "read nlp.config['components'][name]",
        "get_pipe_meta": _REGISTRY,
        "has_factory": "use registry.has('factories', name)",
        "max_length": "texts can have any length",
        "memory_zone": _MEMORY,
        "path": "a pipeline doesn't know where it was loaded from: keep the path yourself",
        "rehearse": "mix examples of the first training into the new ones",
        "resume_training": "use create_optimizer(), or nothing: update makes one",
        "set_factory_meta": "give these to the decorator: @Pipeline.factory(name, assigns=...)",
    },
    "Span": {"sentiment": _ATTRIBUTE},
    "SpanGroup": dict.fromkeys(
        ["from_bytes", "to_bytes"], "groups of spans are saved with their document: doc.to_bytes()"
    ),
    "StringStore": {"memory_zone": _MEMORY, "values": "use ids(list(strings))"},
    "Token": {**_WORD, "lex_id": "use doc.rows[token.i]"},
    "Tokenizer": {
        **dict.fromkeys(["find_infix", "find_prefix", "find_suffix"], "use explain(text)"),
        "faster_heuristics": "matches are always searched in the same way",
        "score": "use nlp.evaluate(examples), which scores tokens too",
    },
    "Vocab": {
        "add_flag": _ATTRIBUTE,
        "cfg": "a vocab has no settings but lang, rules and max_types",
        "deduplicate_vectors": _TABLE,
        "length": "use len(vocab)",
        "lex_attr_getters": "give Vocab(rules=LexicalRules(...))",
        "lookups": "register a language with the norms of its words (LexicalRules)",
        "memory_zone": _MEMORY,
        "prune_vectors": _TABLE,
        "reset_vectors": "set vocab.vectors",
        "writing_system": "read spanloom.lang.language(vocab.lang): direction, spaced, has_case",
    },
}


class Absent:
    """Stands for an attribute that isn't there: reading it raises :class:`AbsentError`, so that
    ``hasattr`` is false."""

    def __init__(self, name: str, use: str) -> None:
        self.name, self.use = name, use

    def __get__(self, instance: object, owner: type | None = None) -> NoReturn:
        raise AbsentError(f"{self.name} isn't there: {self.use}")


def absent(name: str) -> Callable[[C], C]:
    """A decorator that gives a class what `ABSENT` has for it."""

    def mark(cls: C) -> C:
        for attribute, use in ABSENT[name].items():
            read, sets, _ = attribute.partition(" =")
            gone = Absent(f"{name}.{attribute}", use)
            setattr(cls, read, getattr(cls, read).setter(gone.__get__) if sets else gone)
        return cls

    return mark
