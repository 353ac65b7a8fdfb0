"""Which modules the reference shows, and what of them is public: read from source, not imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import griffe

__all__ = ["MODULES", "PROJECTS", "classes", "homes", "load_packages", "public_names", "resolved"]

ROOT = Path(__file__).resolve().parent.parent
#: Core first: the others build on it.
PROJECTS = sorted(ROOT.glob("packages/*/pyproject.toml"), key=lambda p: p.parent.name != "core")
#: Modules whose public names are the API, and what each is about.
MODULES = {
    "spanloom": "The names that most code needs.",
    "spanloom.tokens": "Documents and the views on them.",
    "spanloom.vocab": "Words of a pipeline, with what doesn't depend on a text.",
    "spanloom.vocab.strings": "Text and ids.",
    "spanloom.examples.example": "Predicted and right annotation side by side.",
    "spanloom.examples.alignment": "Tokens of one text, cut in two ways.",
    "spanloom.tokens.batch": "Where shared values and their gradients meet.",
    "spanloom.pipeline": "Make, load, run, train and save pipelines.",
    "spanloom.components": "Components, and base classes for your own.",
    "spanloom.layers": "Layers for models.",
    "spanloom.config": "Read, check, fill and resolve configs.",
    "spanloom.training": "Training runs, checkpoints, history, loggers.",
    "spanloom.corpora": "Read, batch and write annotated data.",
    "spanloom.corpora.writing": "Choose what writes a file.",
    "spanloom.scoring": "Scores and how they are counted.",
    "spanloom.tokenizer": "Text to tokens.",
    "spanloom.lang": "Rules of languages.",
    "spanloom.vocab.features": "What is known of a word by its letters, and rules for it.",
    "spanloom.vocab.vectors": "What core asks of a table of vectors.",
    "spanloom.vocab.encoding": "What core asks of an encoder of texts.",
    "spanloom.plugins.registries": "Names to functions.",
    "spanloom.plugins": "Hooks, and what is installed.",
    "spanloom.errors": "Everything that is raised on purpose.",
    "spanloom_tasks": "Parser, entity recognizers, text classifiers.",
    "spanloom_formats": "Formats of annotated data.",
    "spanloom_rules": "Matchers, and components that work by rule.",
    "spanloom_scale": "Rows of tables, and workers that annotate them.",
    "spanloom_scale.arrow": "Arrow tables and streams, in this process.",
    "spanloom_scale.ray": "Data sets and folders on Ray.",
    "spanloom_scale.spark": "Data frames and folders on Spark.",
    "spanloom_scale.dask": "Data frames and folders on Dask.",
    "spanloom_scale.files": "Folders of files, shard by shard.",
    "spanloom_spacy": "spaCy's names and files.",
    "spanloom_display": "Pages and pictures of annotated text.",
    "spanloom_hub": "Packaged pipelines of others, fetched and installed.",
    "spanloom_vectors": "Tables of word vectors.",
    "spanloom_onnx": "Transformers without torch, and what all transformers have in common.",
    "spanloom_transformers": "Transformers as shared encoders.",
    "spanloom_pretrain": "Pretraining on raw text.",
    "spanloom_devkit": "Looking at installed plugins.",
    "spanloom_devkit.testing": "The kit that tests plugins.",
}


def load_packages() -> griffe.ModulesCollection:
    """All packages, read but not imported."""
    paths = [path.parent / "src" for path in PROJECTS]
    markdown = griffe.load_extensions(str(ROOT / "docs" / "docstrings.py"))
    loader = griffe.GriffeLoader(search_paths=paths, extensions=markdown)
    for path in paths:
        loader.load(next(path.glob("*/__init__.py")).parent.name, try_relative_path=False)
    loader.resolve_aliases(implicit=True, external=False)
    return loader.modules_collection


def resolved(code: griffe.ModulesCollection, path: str) -> griffe.Object | None:
    """The object at a dotted path, behind all aliases; None for what isn't in our source."""
    try:
        found = code[path]
        return found.final_target if found.is_alias else found
    except (KeyError, griffe.AliasResolutionError, griffe.CyclicAliasError):
        return None


def public_names(module: griffe.Object) -> list[str]:
    """``__all__`` of a module."""
    return [str(name) for name in module.exports or [] if not str(name).startswith("__")]


def homes(code: griffe.ModulesCollection) -> dict[str, str]:
    """Path of each public object -> the module on whose page it stands. What two modules export
    stands on the page of the later, more special one."""
    found: dict[str, str] = {}
    for name in reversed(MODULES):
        for public in public_names(code[name]):
            target = resolved(code, f"{name}.{public}")
            if target is not None:
                found.setdefault(target.path, name)
    return found


def classes(code: griffe.ModulesCollection) -> Iterator[griffe.Class]:
    """All public classes."""
    for path in homes(code):
        found = code[path]
        if isinstance(found, griffe.Class):
            yield found
