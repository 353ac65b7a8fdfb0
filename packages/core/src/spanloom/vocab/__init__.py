"""Words: strings and their ids, the lexicon with a row of features for each word type, vectors.

Below documents: nothing here knows what a text is.
"""

from __future__ import annotations

from .lexeme import Lexeme
from .lexicon import Lexicon
from .strings import StringStore
from .vocab import Vocab

__all__ = ["Lexeme", "Lexicon", "StringStore", "Vocab"]
