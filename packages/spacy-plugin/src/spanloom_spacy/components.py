"""What spaCy saves for each component, in the form in which ours is saved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from spanloom.errors import SerializationError
from spanloom.io import msgpack
from spanloom.io.lines import json_line

from .curated import curated_model
from .models import without_refs
from .moves import actions_of, ner_actions, ner_order, parser_actions, parser_order, reordered
from .parts import Parts, json_of
from .vocabulary import lookups_bytes, strings_of

__all__ = ["READERS"]


#: The settings of a component.
Cfg = Mapping[str, Any]
#: Settings and weights, the latter packed or not, under "cfg" and "model".
Learnt = dict[str, Any]


def _cfg(parts: Parts, name: str) -> dict[str, Any]:
    cfg = json_of(parts, name, "cfg")
    if not isinstance(cfg, dict):
        raise SerializationError(f"{parts.source}: the settings of '{name}' are missing")
    return cfg


def _part(parts: Parts, name: str, part: str) -> bytes:
    data = parts.get(name, part)
    if data is None:
        raise SerializationError(f"{parts.source}: '{name}/{part}' is missing")
    return data


def _saved(parts: Parts, name: str, base: Cfg, cfg: Cfg, model: Any = None) -> Learnt:
    model = _part(parts, name, "model") if model is None else model
    return {"cfg": {**base, **cfg}, "model": model}


def _tok2vec(parts: Parts, name: str, base: Cfg) -> Learnt:
    return _saved(parts, name, base, {})


def _tagger(parts: Parts, name: str, base: Cfg) -> Learnt:
    cfg = _cfg(parts, name)
    kept = ("labels", "overwrite", "neg_prefix", "label_smoothing")
    return _saved(parts, name, base, {**{k: cfg[k] for k in kept if k in cfg}, "white_space": True})


def _morphologizer(parts: Parts, name: str, base: Cfg) -> Learnt:
    cfg = _cfg(parts, name)
    labels = list(cfg["labels_morph"])
    kept = ("overwrite", "extend", "label_smoothing")
    settings = {key: cfg[key] for key in kept if key in cfg}
    return _saved(parts, name, base, {"labels": labels, **settings, "white_space": True})


def _senter(parts: Parts, name: str, base: Cfg) -> Learnt:
    cfg = _cfg(parts, name)
    settings = {"labels": ["I", "S"], "overwrite": bool(cfg.get("overwrite")), "white_space": True}
    return _saved(parts, name, base, settings)


def _parser(parts: Parts, name: str, base: Cfg) -> Learnt:
    source = f"{parts.source}: '{name}'"
    actions = actions_of(_part(parts, name, "moves"), ner=False, source=source)
    settings = parser_actions(actions)
    model = reordered(_part(parts, name, "model"), actions, parser_order(settings), source)
    kept = {key: _cfg(parts, name).get(key) for key in ("min_action_freq",)}
    return _saved(parts, name, base, {**settings, "root": "ROOT", "system": "spacy", **kept}, model)


def _ner(parts: Parts, name: str, base: Cfg) -> Learnt:
    source = f"{parts.source}: '{name}'"
    actions = actions_of(_part(parts, name, "moves"), ner=True, source=source)
    settings = ner_actions(actions)
    model = reordered(_part(parts, name, "model"), actions, ner_order(settings), source)
    key = _cfg(parts, name).get("incorrect_spans_key")
    return _saved(
        parts, name, base, {**settings, "incorrect_spans_key": key, "system": "spacy"}, model
    )


def _attribute_ruler(parts: Parts, name: str, _: Cfg) -> bytes:
    return msgpack.dumps({"patterns": _part(parts, name, "patterns")})


def _entries(parts: Parts, *path: str) -> list[Any]:
    source, lines = f"{parts.source}: {'/'.join(path)}", _part(parts, *path).decode("utf8")
    numbered = enumerate(lines.split("\n"), 1)
    return [json_line(source, number, line) for number, line in numbered if line.strip()]


def _entity_ruler(parts: Parts, name: str, _: Cfg) -> bytes:
    patterns = _entries(parts, name, "patterns.jsonl")
    return msgpack.dumps({**_cfg(parts, name), "patterns": patterns})


def _span_ruler(parts: Parts, name: str, _: Cfg) -> bytes:
    return msgpack.dumps({"patterns": json.dumps(_entries(parts, name, "patterns"))})


def _lemmatizer(parts: Parts, name: str, _: Cfg) -> bytes:
    return msgpack.dumps({"lookups": lookups_bytes(parts, name, "lookups")})


def _trainable_lemmatizer(parts: Parts, name: str, base: Cfg) -> Learnt:
    cfg = _cfg(parts, name)
    trees = msgpack.loads(_part(parts, name, "trees"))["trees"]
    ids = {tree[key] for tree in trees for key in ("orig", "subst") if key in tree}
    named = strings_of(parts, ids)
    for tree in trees:
        tree.update({key: named[tree[key]] for key in ("orig", "subst") if key in tree})
    kept = {"labels": cfg["labels"], "trees": trees, "white_space": True}
    return _saved(parts, name, base, {**kept, "overwrite": bool(cfg.get("overwrite"))})


def _textcat(parts: Parts, name: str, base: Cfg) -> Learnt:
    settings = _of_cfg(_cfg(parts, name), "labels", "threshold", "positive_label")
    return _saved(parts, name, base, settings, without_refs(_part(parts, name, "model")))


def _spancat(parts: Parts, name: str, base: Cfg) -> Learnt:
    return _saved(parts, name, base, _of_cfg(_cfg(parts, name), *base))


def _transformer(parts: Parts, name: str, base: Cfg) -> Learnt:
    message = msgpack.loads(_part(parts, name, "model"))
    outer, inner = message["nodes"], message["shims"][1]
    if outer[0]["name"] == "transformer_model":
        inner = [curated_model(parts, name, message)]
    node = {"index": 0, "name": "transformer", "dims": {"nO": outer[0]["dims"]["nO"]}, "refs": {}}
    ours = {"nodes": [node], "attrs": [{}], "params": [{}], "shims": [inner]}
    return _saved(parts, name, base, {}, ours)


def _sentencizer(parts: Parts, name: str, _: Cfg) -> bytes:
    packed = b"" if parts.in_files else parts.get(name)
    cfg = msgpack.loads(packed) if packed else json_of(parts, f"{name}.json")
    if not isinstance(cfg, dict):
        raise SerializationError(f"{parts.source}: the settings of '{name}' are missing")
    return msgpack.dumps({**_of_cfg(cfg, "punct_chars", "overwrite"), "system": "spacy"})


def _of_cfg(cfg: Cfg, *names: str) -> dict[str, Any]:
    return {name: cfg[name] for name in names if name in cfg}


READERS: Mapping[str, Callable[[Parts, str, Cfg], bytes | Learnt]] = {
    "attribute_ruler": _attribute_ruler,
    "beam_ner": _ner,
    "entity_ruler": _entity_ruler,
    "future_entity_ruler": _span_ruler,
    "sentencizer": _sentencizer,
    "span_finder": _spancat,
    "span_ruler": _span_ruler,
    "spancat": _spancat,
    "spancat_singlelabel": _spancat,
    "textcat": _textcat,
    "textcat_multilabel": _textcat,
    "transformer": _transformer,
    "lemmatizer": _lemmatizer,
    "trainable_lemmatizer": _trainable_lemmatizer,
    "tok2vec": _tok2vec,
    "tagger": _tagger,
    "morphologizer": _morphologizer,
    "senter": _senter,
    "parser": _parser,
    "ner": _ner,
}
"""By factory: from what spaCy saved for a component, and the settings that ours has, to the bytes
that ours saves, or what ours takes."""
