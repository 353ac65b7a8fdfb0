"""What stands in each module of spaCy's, and what that is here."""

from __future__ import annotations

import importlib
from typing import Any, NoReturn

#: Module of spaCy's to its names; each is the same name in a module of ours, or a place
#: (``module:name``) if it has another one.
NAMES: dict[str, dict[str, str] | str] = {
    "spacy": {
        "Language": "spacy.pipelines",
        "Vocab": "spanloom",
        "blank": "spanloom",
        "load": "spanloom",
        "registry": "spanloom",
        "schemas": "spacy.adapters",
    },
    "spacy.attrs": "spacy.symbols",
    "spacy.compat": {"pickle": "spacy.adapters"},
    "spacy.kb": {},
    "spacy.lang": {},
    "spacy.lang.de": {"German": "spacy.pipelines"},
    "spacy.lang.en": {"English": "spacy.pipelines"},
    "spacy.lang.it": {"Italian": "spacy.pipelines"},
    "spacy.lang.tokenizer_exceptions": {"BASE_EXCEPTIONS": "spacy.adapters"},
    "spacy.lang.xx": {"MultiLanguage": "spacy.pipelines"},
    "spacy.language": {"DEFAULT_CONFIG": "spacy.pipelines", "Language": "spacy.pipelines"},
    "spacy.lexeme": {"Lexeme": "spanloom"},
    "spacy.ml": {"FeatureExtractor": "spanloom.layers.extract"},
    "spacy.ml.models": {
        "MaxoutWindowEncoder": "spanloom.layers.window",
        "MultiHashEmbed": "spanloom.layers.multi_hash",
        "build_Tok2Vec_model": "spanloom.layers.tok2vec:Tok2Vec",
        "build_tb_parser_model": "spanloom_tasks:TransitionBasedParser",
    },
    "spacy.ml.models.tok2vec": {
        "MaxoutWindowEncoder": "spanloom.layers.window",
        "MultiHashEmbed": "spanloom.layers.multi_hash",
        "build_Tok2Vec_model": "spanloom.layers.tok2vec:Tok2Vec",
    },
    "spacy.ml._character_embed": {"CharacterEmbed": "spanloom.layers.character_embed"},
    "spacy.lookups": {"Lookups": "spanloom_rules", "Table": "spanloom_rules"},
    "spacy.morphology": {"Morphology": "spanloom.vocab.morphology"},
    "spacy.pipeline": {
        "AttributeRuler": "spanloom_rules",
        "DependencyParser": "spanloom_tasks",
        "EntityRecognizer": "spanloom_tasks",
        "Lemmatizer": "spanloom_rules",
        "SentenceRecognizer": "spanloom.components",
        "Sentencizer": "spanloom.components",
        "Tagger": "spanloom.components",
        "TextCategorizer": "spanloom_tasks",
        "TrainablePipe": "spanloom.components:TrainableComponent",
    },
    "spacy.pipeline._edit_tree_internals.edit_trees": {"EditTrees": "spanloom_tasks"},
    "spacy.pipeline.dep_parser": {"DEFAULT_PARSER_MODEL": "spacy.adapters"},
    "spacy.pipeline.ner": {"DEFAULT_NER_MODEL": "spacy.adapters"},
    "spacy.pipeline.senter": {"DEFAULT_SENTER_MODEL": "spacy.adapters"},
    "spacy.pipeline.span_finder": {"span_finder_default_config": "spacy.adapters:SPAN_FINDER"},
    "spacy.pipeline.tagger": {"DEFAULT_TAGGER_MODEL": "spacy.adapters"},
    "spacy.pipeline.textcat": {
        "DEFAULT_SINGLE_TEXTCAT_MODEL": "spacy.adapters",
        "single_label_bow_config": "spacy.adapters:BOW",
        "single_label_cnn_config": "spacy.adapters:CNN",
        "single_label_default_config": "spacy.adapters:ENSEMBLE",
    },
    "spacy.pipeline.textcat_multilabel": {
        "multi_label_bow_config": "spacy.adapters:BOW",
        "multi_label_cnn_config": "spacy.adapters:CNN",
        "multi_label_default_config": "spacy.adapters:ENSEMBLE",
    },
    "spacy.pipeline.tok2vec": {
        "DEFAULT_TOK2VEC_MODEL": "spacy.adapters",
        "Tok2Vec": "spanloom.components",
        "Tok2VecListener": "spanloom.layers.listener",
    },
    "spacy.strings": {"StringStore": "spanloom"},
    "spacy.tokenizer": {"Tokenizer": "spanloom.tokenizer"},
    "spacy.tokens": {
        "Doc": "spanloom",
        "DocBin": "spanloom_spacy",
        "MorphAnalysis": "spanloom.vocab.morphology",
        "Span": "spanloom",
        "SpanGroup": "spanloom.tokens",
        "Token": "spanloom",
    },
    "spacy.tokens._dict_proxies": {"SpanGroups": "spanloom.tokens"},
    "spacy.tokens.doc": {"Doc": "spanloom"},
    "spacy.training": {
        "Alignment": "spanloom.examples",
        "Corpus": "spanloom.corpora",
        "Example": "spanloom",
        "biluo_tags_to_offsets": "spanloom_formats.iob.tags",
        "biluo_tags_to_spans": "spanloom_formats.iob.tags",
        "iob_to_biluo": "spanloom_formats.iob.tags",
        "offsets_to_biluo_tags": "spanloom_formats.iob.tags",
    },
    "spacy.training.align": {"get_alignments": "spacy.adapters"},
    "spacy.training.alignment_array": {"AlignmentArray": "spanloom.examples.alignment"},
    "spacy.training.example": {"Example": "spanloom"},
    "spacy.training.loggers": {"console_logger": "spanloom_spacy.loggers:console_logger_v1"},
    "spacy.util": {
        "compile_infix_regex": "spanloom.tokenizer:compile_infixes",
        "compile_prefix_regex": "spanloom.tokenizer:compile_prefixes",
        "compile_suffix_regex": "spanloom.tokenizer:compile_suffixes",
        "ensure_path": "pathlib:Path",
        "filter_spans": "spanloom.tokens",
        "fix_random_seed": "thinc.api",
        "get_lang_class": "spacy.pipelines",
        "get_words_and_spaces": "spanloom.examples",
        "load_config": "spanloom.config",
        "load_config_from_str": "spanloom.config:parse_config",
        "load_model": "spanloom:load",
        "load_model_from_config": "spacy.pipelines",
        "load_model_from_path": "spanloom:load",
        "make_tempdir": "spacy.adapters",
        "minibatch": "spacy.adapters",
        "raise_error": "spanloom.pipeline.running",
        "registry": "spanloom",
    },
    "spacy.vocab": {"Vocab": "spanloom"},
}


class NotThereError(Exception):
    """A test uses a name of spaCy's that means nothing of ours."""


class NotThere:
    """Stands for a name of spaCy's that we don't have, so that a file of tests that imports it can
    be read; whoever uses it gets a `NotThereError`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotThereError(self._name)

    __call__ = __getitem__ = __iter__ = __enter__ = __fspath__ = __int__ = __index__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return ()

    def __repr__(self) -> str:
        return f"<{self._name} isn't there>"


def find(module: str, name: str) -> Any:
    """What ``name`` of spaCy's ``module`` is here, or a `NotThere`."""
    names = NAMES.get(module, {})
    place = names if isinstance(names, str) else names.get(name)
    if place is None:
        return NotThere(f"{module}.{name}")
    where, _, other = place.partition(":")
    return getattr(importlib.import_module(where), other or name, NotThere(f"{module}.{name}"))
