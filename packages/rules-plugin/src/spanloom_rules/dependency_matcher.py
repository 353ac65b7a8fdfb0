"""The dependency matcher: finds tokens by what holds of each and how they stand in the tree."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from spanloom import Vocab
from spanloom.errors import DataError
from spanloom.tokens import Doc, Span

from .matcher import Matcher
from .matching.relations import RELATIONS, Tree
from .matching.rules import RuleMatcher
from .matching.validation import PatternError

__all__ = ["DependencyMatcher", "DependencyPattern", "OnTree", "TreeMatch"]

DependencyPattern = list[dict[str, Any]]
"""A dict for each node: ``RIGHT_ID`` names it, ``RIGHT_ATTRS`` are its conditions; all but the
first have ``REL_OP`` and ``LEFT_ID``, how it stands to which node before it."""

TreeMatch = tuple[int, list[int]]
"""The id of the rule, and the token of each node of the pattern."""

OnTree = Callable[["DependencyMatcher", Doc, int, list[TreeMatch]], Any]
"""Called with the matcher, the document, the number of the match, and all matches."""

_KEYS = {"RIGHT_ID", "RIGHT_ATTRS", "REL_OP", "LEFT_ID"}
#: For each node of a pattern: the number of its rule in the token matcher, the node that it's
#: related to, and how; the first node has none.
_Nodes = list[tuple[int, int, str]]


class DependencyMatcher(RuleMatcher[DependencyPattern, OnTree]):
    """Finds subtrees that match patterns.

    >>> matcher = DependencyMatcher(nlp.vocab)  # doctest: +SKIP
    >>> verb = {"RIGHT_ID": "verb", "RIGHT_ATTRS": {"POS": "VERB"}}
    >>> who = {"LEFT_ID": "verb", "REL_OP": ">", "RIGHT_ID": "who", "RIGHT_ATTRS": {"DEP": "nsubj"}}
    >>> matcher.add("WHO", [[verb, who]])

    ``REL_OP`` is one of :data:`~spanloom_rules.matching.relations.RELATIONS`, such as ``>`` (the
    left node is the head of the right one) or ``<<`` (it's below it). ``regex_timeout`` is that of
    :class:`~spanloom_rules.Matcher`.
    """

    def __init__(
        self, vocab: Vocab, *, validate: bool = False, regex_timeout: float | None = None
    ) -> None:
        super().__init__(vocab, validate=validate)
        self.regex_timeout = regex_timeout
        self._matcher = Matcher(vocab, validate=validate, regex_timeout=regex_timeout)
        self._parsed: dict[int, list[_Nodes]] = {}
        self._numbers = 0

    def add(
        self, key: str | int, patterns: list[DependencyPattern], *, on_match: OnTree | None = None
    ) -> None:
        """Add patterns to the rule ``key``; ``on_match`` is called for each match. Raises
        :class:`PatternError` for patterns that can't be; then nothing is added."""
        self._check(key, patterns, on_match)
        wrong = {i: list(_problems(pattern)) for i, pattern in enumerate(patterns)}
        if any(wrong.values()):
            raise PatternError(key, wrong)
        number = self._key(key)
        nodes = [self._nodes(key, i, pattern) for i, pattern in enumerate(patterns)]
        self._put(number, patterns, on_match)
        self._parsed.setdefault(number, []).extend(nodes)

    def _nodes(self, key: str | int, number: int, pattern: DependencyPattern) -> _Nodes:
        nodes: _Nodes = []
        names: dict[Any, int] = {}
        for i, node in enumerate(pattern):
            self._numbers += 1
            try:
                self._matcher.add(self._numbers, [[node["RIGHT_ATTRS"]]])
            except PatternError as error:
                found = [f"node {i}, RIGHT_ATTRS: {each}" for each in error.problems[0]]
                raise PatternError(key, {number: found}) from error
            left = names.get(node.get("LEFT_ID"), -1)
            nodes.append((self._numbers, left, node.get("REL_OP", "")))
            names[node["RIGHT_ID"]] = i
        return nodes

    def remove(self, key: str | int) -> None:
        """Take out a rule. Raises :class:`UnknownRuleError` if there is none of this name."""
        for nodes in self._parsed.pop(self._take_out(key)):
            for rule, _, _ in nodes:
                self._matcher.remove(rule)

    def __call__(self, doclike: Doc | Span) -> list[TreeMatch]:
        """The matches in a document, or in a span, whose tokens are counted from its own first one:
        rule by rule, and those of a rule tree by tree.

        Raises :class:`DataError` if the document has no heads.
        """
        if not isinstance(doclike, Doc | Span):
            raise DataError(f"a matcher takes a Doc or a Span, not {type(doclike).__name__}")
        doc = doclike if isinstance(doclike, Doc) else doclike.as_doc(copy_user_data=True)
        if not len(doc) or not self._patterns:
            return []
        heads = doc.column("HEAD")
        if heads is None:
            raise DataError(
                "the document has no dependency heads: add a component that sets them before, "
                "such as 'parser'"
            )
        tree = Tree(heads.tolist())
        # Root of a tree -> rule of the token matcher -> its tokens in this tree.
        places: dict[int, dict[int, list[int]]] = {}
        for rule, start, _ in self._matcher(doc):
            places.setdefault(tree.root(start), {}).setdefault(rule, []).append(start)
        matches: list[TreeMatch] = [
            (key, found)
            for key, patterns in self._parsed.items()
            for nodes in patterns
            for tokens in places.values()
            for found in _found(tree, nodes, tokens, [])
        ]
        for i, (key, _) in enumerate(matches):
            on_match = self._callbacks.get(key)
            if on_match is not None:
                on_match(self, doc, i, matches)
        return matches


def _found(
    tree: Tree, nodes: _Nodes, tokens: Mapping[int, list[int]], chosen: list[int]
) -> Iterator[list[int]]:
    """All ways to give the nodes tokens, after those ``chosen``, in order of the tokens."""
    if len(chosen) == len(nodes):
        yield chosen
        return
    rule, left, relation = nodes[len(chosen)]
    places = tokens.get(rule, [])
    if places and left >= 0:
        related = tree.related(relation, chosen[left])
        places = [each for each in places if each in related]
    for place in places:
        yield from _found(tree, nodes, tokens, [*chosen, place])


def _problems(pattern: Any) -> Iterator[str]:
    """What is wrong with the nodes of a pattern."""
    if not isinstance(pattern, list | tuple) or not pattern:
        yield f"it must be a list of dicts, one for each node, not {pattern!r:.60}"
        return
    seen: set[Any] = set()
    for i, node in enumerate(pattern):
        if not isinstance(node, Mapping):
            yield f"node {i}: give a dict, not {node!r:.60}"
            return
        wanted = {"RIGHT_ID", "RIGHT_ATTRS"} if i == 0 else _KEYS
        missing, more = sorted(wanted - set(node)), sorted(set(node) - _KEYS, key=str)
        if missing:
            yield f"node {i}: {', '.join(missing)} missing"
            return
        if more:
            warnings.warn(f"node {i}: {', '.join(map(str, more))} are left out", stacklevel=4)
        if i == 0 and {"REL_OP", "LEFT_ID"} & set(node):
            yield "node 0: the first node is related to none, and has no REL_OP and no LEFT_ID"
        if node["RIGHT_ID"] in seen:
            yield f"node {i}: the RIGHT_ID {node['RIGHT_ID']!r} is there twice"
        if i and node["LEFT_ID"] not in seen:
            yield f"node {i}: the LEFT_ID {node['LEFT_ID']!r} is none of the nodes before"
        if i and node["REL_OP"] not in RELATIONS:
            yield f"node {i}: there is no REL_OP {node['REL_OP']!r}, but {', '.join(RELATIONS)}"
        attrs = node["RIGHT_ATTRS"]
        if not isinstance(attrs, Mapping):
            yield f"node {i}: RIGHT_ATTRS must be a dict of conditions, not {attrs!r:.60}"
        elif attrs.get("OP", "1") not in ("1", "!"):
            yield f"node {i}: a node is one token: RIGHT_ATTRS can't have OP {attrs['OP']!r}"
        seen.add(node["RIGHT_ID"])
