"""``token_splitter``: splits very long tokens, so that one token isn't too much for a window.

Imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spanloom.errors import ConfigError, ConfigProblem
from spanloom.plugins.factory import component_defaults

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc

__all__ = ["TokenSplitter", "make_token_splitter"]


class TokenSplitter:
    """Splits tokens of at least ``min_length`` characters into pieces of ``split_length``.

    The text and its spaces stay as they are. It belongs first in a pipeline: annotation of a token
    that is split goes to each of its pieces.
    """

    def __init__(self, name: str, min_length: int = 25, split_length: int = 10) -> None:
        """Raises :class:`ConfigError` for lengths below 1."""
        for key, value in (("min_length", min_length), ("split_length", split_length)):
            if value < 1:
                problem = ConfigProblem(
                    f"components.{name}.{key}", f"is {value}", "give a number of characters above 0"
                )
                raise ConfigError([problem], source=f"component '{name}'")
        self.name = name
        self.min_length = min_length
        self.split_length = split_length

    def __call__(self, doc: Doc) -> Doc:
        """Split the long tokens of ``doc``, which is changed and returned."""
        sizes = doc.lexicon.column("LENGTH")[doc.rows]
        long = np.flatnonzero(sizes >= max(self.min_length, self.split_length + 1))
        if not len(long):
            return doc
        step = self.split_length
        with doc.retokenize() as retokenizer:
            for index in long.tolist():
                token = doc[index]
                text = token.text
                orths = [text[start : start + step] for start in range(0, len(text), step)]
                heads = [(token, part) for part in range(len(orths))]
                retokenizer.split(token, orths, heads)
        return doc


@component_defaults(retokenizes=True)
def make_token_splitter(
    nlp: Pipeline, name: str, min_length: int = 25, split_length: int = 10
) -> TokenSplitter:
    """Factory of ``token_splitter``."""
    return TokenSplitter(name, min_length, split_length)
