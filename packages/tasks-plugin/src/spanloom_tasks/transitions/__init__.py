"""Transition systems over arrays: the states of all documents of a batch advance together.

Nothing here knows components or layers. Tokens are numbered through the batch, flat; a scorer gives
a matrix of scores for the states that it is asked about.
"""

from __future__ import annotations

from .loss import oracle_gradient

__all__ = ["oracle_gradient"]
