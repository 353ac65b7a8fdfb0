"""The conformance kit: whether a plugin does what Spanloom expects of it.

Without writing anything::

    pytest --spanloom-conformance=loom-weave

checks all that an installed distribution offers. What a name needs to be built, and what it can't
do, the distribution's ``pyproject.toml`` may say, in a table
``[tool.spanloom.conformance."REGISTRY/NAME"]`` with the keys ``config`` and ``unsupported``. Where
that isn't enough, a class in the author's own tests derives from the base class of the registry::

    class TestMyTagger(ComponentConformance):
        name = "my_tagger"
        config = {"width": 8}

Importing this module imports neither pytest nor anything heavy.
"""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "architecture": ["ArchitectureConformance"],
        "around": [
            "CallbackConformance",
            "MiscConformance",
            "ModelConformance",
            "RendererConformance",
        ],
        "base": ["Conformance", "NameConformance"],
        "component": ["ComponentConformance"],
        "distribution": ["DistributionConformance"],
        "encoding": ["AnnotationSetterConformance", "EncoderConformance"],
        "engines": ["EngineConformance"],
        "files": ["ConverterConformance", "WriterConformance"],
        "others": [
            "BatcherConformance",
            "DialectConformance",
            "LanguageConformance",
            "ReaderConformance",
            "ScorerConformance",
            "SpanGetterConformance",
            "TokenizerConformance",
        ],
        "suite": ["Check", "checks_of"],
        "training": ["AugmenterConformance", "LoggerConformance", "ObjectiveConformance"],
        "words": ["LemmaRulesConformance", "SyntaxIteratorConformance", "VectorsConformance"],
    },
)
