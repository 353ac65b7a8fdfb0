"""The actions of spaCy's parser and entity recognizer: their order, and the weights of each.

spaCy saves how often training saw each label of each kind of action. The order of its model's
outputs follows from these numbers; ours follows from lists of labels. So the rows of the output
layer are put in another order when a pipeline is read, and back when it is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spanloom.errors import SerializationError
from spanloom.io import msgpack

__all__ = ["actions_of", "moves_bytes", "ner_actions", "parser_actions", "reordered"]

#: A kind of action, as spaCy numbers them, and a label.
Action = tuple[int, str]

SHIFT, REDUCE, LEFT, RIGHT, BREAK = range(5)
MISSING, BEGIN, IN, LAST, UNIT, OUT = range(6)


def actions_of(data: bytes, *, ner: bool, source: str) -> list[Action]:
    """The actions in the bytes of a ``moves`` file, in the order of the model's outputs. Raises
    :class:`SerializationError` for other bytes."""
    try:
        counts = json.loads(msgpack.loads(data)["moves"])
        return _ordered({int(kind): dict(labels) for kind, labels in counts.items()}, ner)
    except Exception as error:
        raise SerializationError(f"{source}: these are no actions ({error!r})") from error


def _ordered(counts: Mapping[int, Mapping[str, int]], ner: bool) -> list[Action]:
    seen: dict[Action, None] = {}
    added: list[tuple[int, str]] = []
    kinds: dict[str, list[int]] = {}
    for kind in sorted(counts):
        for number, label in sorted(((n, name) for name, n in counts[kind].items()), reverse=True):
            if number < 0:  # added after training
                added.append((number, label))
                kinds.setdefault(label, []).append(kind)
            else:
                seen[kind, label] = None
    for _, label in sorted(added, reverse=True):
        for kind in kinds[label]:
            seen[kind, label] = None
    if ner:
        return [(k, name) for k, name in seen if k != MISSING and not (k == OUT and name)]
    return list(seen)


def parser_actions(actions: Sequence[Action]) -> dict[str, list[str]]:
    """The settings of a parser with these actions: labels of Left and Right, and of Break."""
    if [label for kind, label in actions if kind in (SHIFT, REDUCE)] != ["", ""]:
        raise SerializationError("a parser needs one action Shift and one Reduce")
    names = {"left": LEFT, "right": RIGHT, "breaks": BREAK}
    return {key: [label for k, label in actions if k == kind] for key, kind in names.items()}


def parser_order(settings: Mapping[str, Sequence[str]]) -> list[Action]:
    """The actions of a parser with these settings, in our order."""
    order = [(SHIFT, ""), (REDUCE, ""), *((BREAK, label) for label in settings["breaks"])]
    order += [(LEFT, label) for label in settings["left"]]
    return [*order, *((RIGHT, label) for label in settings["right"])]


def ner_actions(actions: Sequence[Action]) -> dict[str, list[str]]:
    """The settings of an entity recognizer with these actions: its labels. Raises
    :class:`SerializationError` for a label that not all kinds of actions have."""
    labels = [label for kind, label in actions if kind == BEGIN]
    for kind in (IN, LAST, UNIT):
        missing = set(labels) ^ {label for k, label in actions if k == kind and label}
        if missing:
            raise SerializationError(f"entities of {missing} begin, and can't end")
    return {"labels": labels}


def ner_order(settings: Mapping[str, Sequence[str]]) -> list[Action]:
    """The actions of an entity recognizer with these settings, in our order."""
    kinds = (BEGIN, UNIT, IN, LAST)
    return [(OUT, ""), *((kind, label) for kind in kinds for label in settings["labels"])]


def reordered(
    model: bytes, old: Sequence[Action], new: Sequence[Action], source: str
) -> dict[str, Any]:
    """What is in a model's bytes, with the outputs ``old`` in the order of ``new``; outputs that
    aren't among the old get zeros. Raises :class:`SerializationError` where they don't fit."""
    try:
        message: dict[str, Any] = msgpack.loads(model)
        nodes, params = message["nodes"], message["params"]
        refs = nodes[0]["refs"]
        node = refs["upper"]
        axes = {"W": 0, "b": 0}
        if nodes[node]["name"] == "noop":
            node, axes = refs["lower"], {"W": 1, "b": 0, "pad": 2}
        for name, axis in axes.items():
            params[node][name] = _moved(np.asarray(params[node][name]), axis, old, new)
        nodes[node]["dims"]["nO"] = len(new)
        return message
    except SerializationError:
        raise
    except Exception as error:
        raise SerializationError(
            f"{source}: this isn't a model of actions ({type(error).__name__}: {error})"
        ) from error


def _moved(array: Any, axis: int, old: Sequence[Action], new: Sequence[Action]) -> Any:
    if array.shape[axis] != len(old):
        raise SerializationError(f"{len(old)} actions, and {array.shape[axis]} outputs for them")
    places = {action: at for at, action in enumerate(old)}
    after = np.zeros((*array.shape[:axis], len(new), *array.shape[axis + 1 :]), array.dtype)
    for at, action in enumerate(new):
        if action in places:
            np.moveaxis(after, axis, 0)[at] = np.moveaxis(array, axis, 0)[places[action]]
    return after


def moves_bytes(actions: Sequence[Action], kinds: int) -> bytes:
    """A ``moves`` file whose actions come in this order within each kind."""
    counts: dict[str, dict[str, int]] = {str(kind): {} for kind in range(kinds)}
    for at, (kind, label) in enumerate(actions):
        counts[str(kind)][label] = len(actions) - at
    return msgpack.dumps({"moves": json.dumps(counts), "cfg": {"neg_key": None}})
