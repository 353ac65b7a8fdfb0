"""How patterns are matched: conditions on tokens, classes of tokens, and automata over these.

The matchers above use it. A pattern is a list of dicts, one for each token; each distinct dict is a
test, a set of conditions that all must hold. Each token is of a class, the set of conditions that
hold of it, which for attributes of the word is looked up by its row of the lexicon. An automaton
reads classes.
"""

from __future__ import annotations

__all__: list[str] = []
