"""Pipelines of ours as folders that spaCy 3.8 loads."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from spanloom.config import Config
from spanloom.errors import PipelineError
from spanloom.io import msgpack
from spanloom.io.files import folder_written, json_ready, write_bytes, write_text
from spanloom.vocab.morphology import feats_to_dict, normalize_feats
from spanloom.vocab.strings import hash_strings, symbol_ids

from .listening import as_spacys, listens
from .models import without_refs
from .moves import UNIT, Action, moves_bytes, ner_order, parser_order, reordered
from .tokenizers import PATTERNS

__all__ = ["to_spacy"]

Files = Mapping[str, bytes]
"""What is in a component's folder; a name that begins with "." is the end of a file's beside it."""

_VERSION = ">=3.8.0,<3.9.0"
#: What makes the pieces of a word in a table of floret.
_FLORET = ("minn", "maxn", "hash_count", "hash_seed", "bow", "eow")
#: What spacy-transformers has, and not spaCy.
_OF_TRANSFORMERS = re.compile(r"\w*Transformer|(strided|doc|sent)_spans|null_annotation")
#: Arguments of layers that spaCy's don't have. They count in training alone.
_ONLY_OURS = ("grad_factor",)


def to_spacy(nlp: Any, path: str | Path, *, exclude: Collection[str] = ()) -> None:
    """Write a folder that spaCy 3.8 loads with the same components, but for those of ``exclude``.

    It takes what spaCy has: pipelines that came from it, and components trained here whose model
    spaCy knows. A parser must have spaCy's actions (``system = "spacy"``). Tags on white space, and
    emoji of several characters, are as spaCy has them. Raises :class:`PipelineError`, which names
    what spaCy couldn't run.
    """
    names = [name for name in nlp.component_names if name not in exclude]
    blocks = {name: dict(nlp.config["components"][name]) for name in names}
    for name in names:
        _check(name, blocks[name], nlp.get_pipe(name))
    parts = {name: _WRITERS[blocks[name]["factory"]][0](nlp.get_pipe(name)) for name in names}
    with folder_written(path, ["config.cfg", "meta.json"]) as folder:
        write_text(folder / "config.cfg", _config(nlp, blocks).to_str(interpolate=False))
        meta = {**json_ready(nlp.meta), "lang": nlp.lang, "spacy_version": _VERSION}
        meta |= {"pipeline": names, "components": names}
        write_text(folder / "meta.json", json.dumps(meta, indent=2))
        write_bytes(folder / "tokenizer", _tokenizer(nlp.tokenizer))
        for name, files in parts.items():
            model = getattr(nlp.get_pipe(name), "model", None)
            if model is not None and listens(model):
                files = {**files, "model": as_spacys(files["model"], model)}
            for file, data in files.items():
                target = folder / f"{name}{file}" if file[0] == "." else folder / name / file
                target.parent.mkdir(parents=True, exist_ok=True)
                write_bytes(target, data)
        _write_vocab(nlp, folder / "vocab")


def _check(name: str, block: Mapping[str, Any], component: Any) -> None:
    factory = block["factory"]
    if factory not in _WRITERS:
        raise PipelineError(
            f"spaCy has no component that does what '{name}' ({factory}) does here: leave it out "
            f"(exclude=['{name}'])"
        )
    if factory == "parser" and component.cfg.get("system") != "spacy":
        raise PipelineError(
            f"'{name}' has learnt other actions than those of spaCy's parser: leave it out "
            f"(exclude=['{name}']), or train one in spaCy"
        )
    if factory == "sentencizer" and component.system != "spacy":
        raise PipelineError(
            f"'{name}' begins sentences elsewhere than spaCy's: leave it out "
            f"(exclude=['{name}']), or let it have the setting system = 'spacy'"
        )


def _config(nlp: Any, blocks: Mapping[str, Mapping[str, Any]]) -> Config:
    components = {
        name: _theirs(
            {k: v for k, v in block.items() if k in ("factory", *_WRITERS[block["factory"]][1])}
        )
        for name, block in blocks.items()
    }
    for name, block in components.items():
        if blocks[name]["factory"] == "transformer":
            block["model"] = _transformer_model(block["model"])
        if isinstance(block.get("scorer"), Mapping):
            # spaCy's take what they are to score from the component.
            block["scorer"] = {"@scorers": block["scorer"]["@scorers"]}
    settings = {
        "lang": nlp.lang,
        "pipeline": list(blocks),
        "disabled": [name for name in nlp.disabled if name in blocks],
        "batch_size": nlp.batch_size,
        "before_creation": None,
        "after_creation": None,
        "after_pipeline_creation": None,
        "tokenizer": {"@tokenizers": "spacy.Tokenizer.v1"},
    }
    return Config({"nlp": settings, "components": components})


def _transformer_model(block: Mapping[str, Any]) -> dict[str, Any]:
    """The block of a transformer with what spacy-transformers knows of it."""
    configs = ("tokenizer_config", "transformer_config", "grad_scaler_config")
    found = {key: dict(block.get(key) or {}) for key in configs}
    found["tokenizer_config"].pop("split_special_tokens", None)
    return {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": block["name"],
        "get_spans": block["get_spans"],
        "mixed_precision": bool(block.get("mixed_precision")),
        **found,
    }


def _theirs(value: Any) -> Any:
    """A part of a config with spaCy's names for ours."""
    if isinstance(value, Mapping):
        return {key: _theirs(each) for key, each in value.items() if key not in _ONLY_OURS}
    if isinstance(value, list):
        return [_theirs(each) for each in value]
    if isinstance(value, str) and value.startswith(("spanloom.", "spanloom-spacy.")):
        name = value.partition(".")[2]
        return f"spacy-transformers.{name}" if _OF_TRANSFORMERS.match(name) else f"spacy.{name}"
    return value


def _tokenizer(tokenizer: Any) -> bytes:
    data = tokenizer.to_bytes()
    state = json.loads(data if data[:1] == b"{" else msgpack.loads(data)["rules"])
    ids = symbol_ids()
    exceptions = {
        string: [
            {ids["ORTH"]: piece[0], **({ids["NORM"]: piece[1]} if len(piece) > 1 else {})}
            for piece in pieces
        ]
        for string, pieces in state["special_cases"].items()
    }
    return msgpack.dumps(
        {
            **{theirs: state[ours] for ours, theirs in PATTERNS.items()},
            "exceptions": exceptions,
            "faster_heuristics": not state.get("cases_inside", False),
        }
    )


def _write_vocab(nlp: Any, folder: Path) -> None:
    folder.mkdir()
    write_text(folder / "strings.json", json.dumps(sorted({*nlp.vocab.strings})))
    rules = nlp.vocab.rules
    norms = dict(getattr(rules, "table", {}))
    if not norms:
        words = [*rules.norm_exceptions]
        values = rules.norm_exceptions.values()
        norms = dict(zip(hash_strings(words).tolist(), values, strict=True))
    write_bytes(folder / "lookups.bin", msgpack.dumps({"lexeme_norm": norms}))
    if nlp.vocab.vectors is not None:
        words = _write_vectors(nlp.vocab.vectors, folder)
        strings = sorted({*nlp.vocab.strings, *words})
        write_text(folder / "strings.json", json.dumps(strings))


def _write_vectors(table: Any, folder: Path) -> list[str]:
    """Write a table of vectors; returns the words that have one of their own."""
    words = list(getattr(table, "words", ()))
    settings: dict[str, Any] = {"mode": "default"}
    if getattr(table, "kind", "") == "floret":
        rows, pieces = table.bucket_rows, table.subwords
        settings = {"mode": "floret", **{name: getattr(pieces, name) for name in _FLORET}}
    elif words:
        rows = table.vectors_for(words)
    else:
        raise PipelineError("the table of vectors has neither words nor rows of pieces of words")
    with (folder / "vectors").open("wb") as file:
        np.save(file, rows)
    keys = dict(zip(hash_strings(words).tolist() if words else (), range(len(words)), strict=True))
    write_bytes(folder / "key2row", msgpack.dumps(keys))
    write_text(folder / "vectors.cfg", json.dumps(settings))
    return words


def _files(cfg: Mapping[str, Any], model: bytes) -> dict[str, bytes]:
    return {"cfg": json.dumps(dict(cfg)).encode(), "model": model}


def _tok2vec(component: Any) -> Files:
    return _files({}, component.model.to_bytes())


def _tagger(component: Any) -> Files:
    kept = ("labels", "overwrite", "neg_prefix", "label_smoothing")
    return _files({key: component.cfg[key] for key in kept}, component.model.to_bytes())


def _morphologizer(component: Any) -> Files:
    ids = symbol_ids()
    morphs, tags = {}, {}
    for label in component.labels:
        features = feats_to_dict(label)
        tags[label] = ids.get(features.pop("POS", ""), 0)
        morphs[label] = normalize_feats(features)
    kept = ("overwrite", "extend", "label_smoothing")
    cfg = {"labels_morph": morphs, "labels_pos": tags, **{k: component.cfg[k] for k in kept}}
    return _files(cfg, component.model.to_bytes())


def _senter(component: Any) -> Files:
    return _files({"overwrite": component.cfg["overwrite"]}, component.model.to_bytes())


def _parser(component: Any) -> Files:
    order = parser_order(component.cfg)
    return _of_actions(component, order, sorted(order, key=lambda each: each[0]), 5)


def _ner(component: Any) -> Files:
    order = ner_order(component.cfg)
    # spaCy's own last Unit says that a token is blocked.
    theirs = sorted([*order, (UNIT, "")], key=lambda each: each[0])
    return _of_actions(component, order, theirs, 6)


def _of_actions(component: Any, ours: list[Action], theirs: list[Action], kinds: int) -> Files:
    model = reordered(component.model.to_bytes(), ours, theirs, f"'{component.name}'")
    cfg = {key: component.cfg.get(key) for key in ("min_action_freq", "incorrect_spans_key")}
    cfg = {key: value for key, value in cfg.items() if value is not None}
    return {**_files(cfg, msgpack.dumps(model)), "moves": moves_bytes(theirs, kinds)}


def _textcat(component: Any) -> Files:
    return _files(component.cfg, without_refs(component.model.to_bytes()))


def _spans(component: Any) -> Files:
    return _files(component.cfg, component.model.to_bytes())


def _transformer(component: Any) -> Files:
    return _files(component.cfg, component.spacy_bytes())


def _sentencizer(component: Any) -> Files:
    settings = {"punct_chars": list(component.punct_chars), "overwrite": component.overwrite}
    return {".json": json.dumps(settings).encode()}


def _ruler(component: Any) -> Files:
    # What it writes is what spaCy reads.
    with tempfile.TemporaryDirectory() as name:
        component.to_disk(Path(name) / "it")
        return {path.name: path.read_bytes() for path in Path(name, "it").iterdir()}


def _attribute_ruler(component: Any) -> Files:
    return {"patterns": msgpack.dumps(component.patterns)}


def _lemmatizer(component: Any) -> Files:
    return {"lookups/lookups.bin": component.lookups.to_bytes()}


def _trainable_lemmatizer(component: Any) -> Files:
    trees = component.trees.to_json()
    texts = [tree[key] for tree in trees for key in ("orig", "subst") if key in tree]
    ids = dict(zip(texts, hash_strings(texts).tolist(), strict=True)) if texts else {}
    ids[""] = 0
    component.vocab.strings.ids([text for text in ids if text])
    packed = [{key: ids.get(value, value) for key, value in tree.items()} for tree in trees]
    cfg = {"labels": component.cfg["labels"]}
    model = component.model.to_bytes()
    return {**_files(cfg, model), "trees": msgpack.dumps({"trees": packed})}


_OF_NER = ("model", "scorer", "moves", "incorrect_spans_key", "update_with_oracle_cut_size")
_OF_RULERS = ("scorer", "phrase_matcher_attr", "matcher_fuzzy_compare", "validate")

_WRITERS: Mapping[str, tuple[Callable[[Any], Files], Collection[str]]] = {
    "tok2vec": (_tok2vec, ("model",)),
    "tagger": (_tagger, ("model", "scorer", "overwrite", "neg_prefix", "label_smoothing")),
    "morphologizer": (
        _morphologizer,
        ("model", "scorer", "overwrite", "extend", "label_smoothing"),
    ),
    "senter": (_senter, ("model", "scorer", "overwrite")),
    "parser": (
        _parser,
        ("model", "scorer", "moves", "min_action_freq", "update_with_oracle_cut_size"),
    ),
    "ner": (_ner, _OF_NER),
    "attribute_ruler": (_attribute_ruler, ("scorer", "validate")),
    "beam_ner": (_ner, (*_OF_NER, "beam_width", "beam_density", "beam_update_prob")),
    "entity_ruler": (_ruler, (*_OF_RULERS, "overwrite_ents", "ent_id_sep")),
    "future_entity_ruler": (_ruler, (*_OF_RULERS, "overwrite_ents", "ent_id_sep")),
    "sentencizer": (_sentencizer, ("scorer", "punct_chars", "overwrite")),
    "span_ruler": (
        _ruler,
        (*_OF_RULERS, "spans_key", "spans_filter", "annotate_ents", "ents_filter", "overwrite"),
    ),
    "span_finder": (
        _spans,
        ("model", "scorer", "spans_key", "threshold", "min_length", "max_length"),
    ),
    "spancat": (_spans, ("model", "suggester", "scorer", "spans_key", "threshold", "max_positive")),
    "spancat_singlelabel": (
        _spans,
        ("model", "suggester", "scorer", "spans_key", "negative_weight", "allow_overlap"),
    ),
    "textcat": (_textcat, ("model", "scorer", "threshold")),
    "transformer": (_transformer, ("model", "set_extra_annotations", "max_batch_items")),
    "textcat_multilabel": (_textcat, ("model", "scorer", "threshold")),
    "lemmatizer": (_lemmatizer, ("scorer", "mode", "overwrite")),
    "trainable_lemmatizer": (
        _trainable_lemmatizer,
        ("model", "scorer", "backoff", "min_tree_freq", "overwrite", "top_k"),
    ),
}
"""By factory: what writes its component's folder, and the settings that spaCy's factory takes, of
those that ours has."""
