"""Trees of edits: how a word becomes its lemma, so that it can be done to other words.

The longest string that both have in common stays; what is before it and behind it is edited by
trees of their own, or replaced where nothing is in common (Chrupała 2008, "Towards a
machine-learning architecture for lexical functional grammar parsing", chapter 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from spanloom.errors import SerializationError
from spanloom.io import msgpack as _msgpack
from spanloom.io.files import existing, write_bytes

if TYPE_CHECKING:
    from spanloom.vocab.strings import StringStore

__all__ = ["NO_TREE", "EditTrees"]

NO_TREE = 0xFFFFFFFF
"""In the place of a tree: nothing is there to be edited."""

#: Longer words are replaced as a whole: what is common is searched in quadratic time.
_LONGEST = 200


class _Match(NamedTuple):
    """The middle stays, and what lies on both sides is edited by other trees."""

    prefix_len: int
    suffix_len: int
    prefix_tree: int
    suffix_tree: int


class _Subst(NamedTuple):
    """One string takes the place of another."""

    orig: str
    subst: str


_Node = _Match | _Subst


class EditTrees:
    """Trees by number. Equal trees, and parts of trees, have one number.

    ``strings`` is where the ids of strings are looked up in what spaCy saved; strings that come to
    stand in trees are added to it.
    """

    def __init__(self, strings: StringStore) -> None:
        self.strings = strings
        self._nodes: list[_Node] = []
        self._numbers: dict[_Node, int] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def __getitem__(self, tree: int) -> dict[str, Any]:
        """A tree as a dict: ``orig`` and ``subst``, or ``prefix_len``, ``suffix_len``,
        ``prefix_tree`` and ``suffix_tree``."""
        return dict(self._nodes[tree]._asdict())

    def add(self, form: str, lemma: str) -> int:
        """The number of the tree that makes ``lemma`` of ``form``, which is added if it's new."""
        tree = self._tree(form, lemma, add=True)
        assert tree is not None
        return tree

    def find(self, form: str, lemma: str) -> int | None:
        """The number of that tree, ``None`` if it isn't there."""
        return self._tree(form, lemma, add=False)

    def _tree(self, form: str, lemma: str, *, add: bool) -> int | None:
        node = self._made(form, lemma, add=add)
        number = None if node is None else self._numbers.get(node)
        if node is not None and number is None and add:
            number = self._numbers[node] = len(self._nodes)
            self._nodes.append(node)
            if isinstance(node, _Subst):
                self.strings.ids(node)
        return number

    def _made(self, form: str, lemma: str, *, add: bool) -> _Node | None:
        if form == lemma:
            return _Match(0, 0, NO_TREE, NO_TREE)
        at, start, size = 0, 0, 0
        if max(len(form), len(lemma)) <= _LONGEST:
            at, start, size = SequenceMatcher(None, form, lemma, False).find_longest_match()
        if not size:
            return _Subst(form, lemma)
        end, stop = at + size, start + size
        before = self._tree(form[:at], lemma[:start], add=add) if at or start else NO_TREE
        whole = end == len(form) and stop == len(lemma)
        behind = NO_TREE if whole else self._tree(form[end:], lemma[stop:], add=add)
        if before is None or behind is None:
            return None
        return _Match(at, len(form) - end, before, behind)

    def apply(self, tree: int, form: str) -> str | None:
        """What a tree makes of ``form``; ``None`` if it can't be applied to it."""
        node = self._nodes[tree]
        if isinstance(node, _Subst):
            return node.subst if form == node.orig else None
        end = len(form) - node.suffix_len
        if node.prefix_len > end:
            return None
        before = self._side(node.prefix_tree, form[: node.prefix_len])
        behind = self._side(node.suffix_tree, form[end:])
        if before is None or behind is None:
            return None
        return before + form[node.prefix_len : end] + behind

    def _side(self, tree: int, form: str) -> str | None:
        return "" if tree == NO_TREE else self.apply(tree, form)

    def tree_to_str(self, tree: int) -> str:
        """A tree to be read: ``(m 2 1 prefix-tree suffix-tree)`` keeps all but 2 characters before
        and 1 behind, ``(s 'a' 'b')`` replaces."""
        node = self._nodes[tree]
        if isinstance(node, _Subst):
            return f"(s '{node.orig}' '{node.subst}')"
        parts = (node.prefix_tree, node.suffix_tree)
        before, behind = ("()" if each == NO_TREE else self.tree_to_str(each) for each in parts)
        return f"(m {node.prefix_len} {node.suffix_len} {before} {behind})"

    def to_json(self) -> list[dict[str, Any]]:
        """All trees, as :meth:`__getitem__` gives them."""
        return [self[tree] for tree in range(len(self))]

    def from_json(self, trees: Iterable[Mapping[str, Any]]) -> Self:
        """Take the trees of :meth:`to_json`, in the place of those that are there; strings may be
        given by their ids. Raises :class:`SerializationError` for what are no trees."""
        self._nodes, self._numbers = [], {}
        for number, tree in enumerate(trees):
            node = self._node(number, tree)
            self._nodes.append(node)
            self._numbers.setdefault(node, number)
            if isinstance(node, _Subst):
                self.strings.ids(node)
        return self

    def _node(self, number: int, tree: Any) -> _Node:
        names = {*tree} if isinstance(tree, Mapping) else set()
        if names == {*_Subst._fields}:
            texts = [self._text(tree[name]) for name in _Subst._fields]
            if None not in texts:
                return _Subst(*map(str, texts))
        if names == {*_Match._fields} and all(type(each) is int for each in tree.values()):
            node = _Match(**tree)
            # Trees stand behind their parts, so that none goes in circles.
            sides = [each for each in (node.prefix_tree, node.suffix_tree) if each != NO_TREE]
            if min(node) >= 0 and all(each < number for each in sides):
                return node
        raise SerializationError(f"tree {number} of edits isn't one: {tree!r:.100}")

    def _text(self, value: Any) -> str | None:
        if isinstance(value, int) and value in self.strings:
            return self.strings[value]
        return value if isinstance(value, str) else None

    def to_bytes(self) -> bytes:
        """All trees as msgpack."""
        return _msgpack.dumps({"trees": self.to_json()})

    def from_bytes(self, bytes_data: bytes) -> Self:
        """Take the trees of :meth:`to_bytes`, or of spaCy's. Raises :class:`SerializationError`
        for other bytes."""
        try:
            trees: Sequence[Any] = list(_msgpack.loads(bytes_data)["trees"])
        except Exception as error:
            raise SerializationError(
                f"these aren't the bytes of trees of edits: {error}"
            ) from error
        return self.from_json(trees)

    def to_disk(self, path: str | Path) -> None:
        """Write :meth:`to_bytes` to a file."""
        write_bytes(path, self.to_bytes())

    def from_disk(self, path: str | Path) -> Self:
        """Read the file that :meth:`to_disk` wrote, or spaCy."""
        return self.from_bytes(existing(path, "trees of edits").read_bytes())
