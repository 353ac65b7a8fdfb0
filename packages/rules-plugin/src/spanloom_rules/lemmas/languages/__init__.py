"""Rules of single languages: each module has the :class:`~spanloom_rules.lemmas.modes.LemmaRules`
that the registry ``lemmatizer_rules`` has under the language's code."""

from __future__ import annotations

__all__: list[str] = []
