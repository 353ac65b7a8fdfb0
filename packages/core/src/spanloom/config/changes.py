"""What differs between two configs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .tree import leaves

__all__ = ["ABSENT", "differences"]


class _Absent:
    """The type of :data:`ABSENT`."""

    def __repr__(self) -> str:
        return "absent"


#: Stands for a value that one of two configs doesn't have.
ABSENT = _Absent()


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The dotted path of each value that differs, with what it is in both, :data:`ABSENT` where it
    isn't there; first those of ``old`` in its order, then what is only in ``new``. Values count as
    equal if their JSON is."""
    before, after = dict(leaves(old)), dict(leaves(new))
    return [
        (path, before.get(path, ABSENT), after.get(path, ABSENT))
        for path in dict.fromkeys([*before, *after])
        if _json(before.get(path, ABSENT)) != _json(after.get(path, ABSENT))
    ]


def _json(value: Any) -> str:
    return repr(value) if value is ABSENT else json.dumps(value, sort_keys=True)
