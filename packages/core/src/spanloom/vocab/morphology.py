"""Morphological analyses: "Number=Sing|Person=3" in the FEATS format of Universal Dependencies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import DataError
from .strings import StringStore

__all__ = ["EMPTY_MORPH", "MorphAnalysis", "Morphology", "normalize_feats"]

#: How an analysis without features is stored, as against one that is missing.
EMPTY_MORPH = "_"


def feats_to_dict(feats: str) -> dict[str, str]:
    """The features of a FEATS string; several values of one stay joined with a comma.

    Raises :class:`DataError` for a part that isn't ``Name=Value``.
    """
    found: dict[str, str] = {}
    if feats in ("", EMPTY_MORPH):
        return found
    for part in feats.split("|"):
        name, sign, value = part.partition("=")
        if not sign or not name:
            raise DataError(
                f"'{part}' in the morphological features '{feats}' is not of the form Name=Value"
            )
        found[name] = value
    return found


def normalize_feats(feats: str | Mapping[str, str]) -> str:
    """The one way to write these features: sorted by name and then by value, by code points as
    spaCy does it, and "_" if there are none.

    Raises :class:`DataError` for a part that isn't ``Name=Value``.
    """
    if isinstance(feats, str):
        feats = feats_to_dict(feats)
    parts = (f"{name}={','.join(sorted(feats[name].split(',')))}" for name in sorted(feats))
    return "|".join(parts) or EMPTY_MORPH


class MorphAnalysis:
    """The morphological features of a token. Can't be changed; see :meth:`set`.

    It prints as its FEATS string ("" if it has no features), iterates over its ``Name=Value``
    parts, and ``"Number=Sing" in morph`` asks for one.
    """

    __slots__ = ("_feats", "strings")

    def __init__(self, strings: StringStore, feats: str | Mapping[str, str] = "") -> None:
        self.strings = strings
        self._feats = normalize_feats(feats)

    @classmethod
    def from_id(cls, vocab: Any, key: int) -> MorphAnalysis:
        """The analysis of an id, as a MORPH column holds it."""
        return cls(vocab.strings, vocab.strings[key])

    @property
    def key(self) -> int:
        """The id of the FEATS string, as the MORPH column of a document holds it."""
        return self.strings.add(self._feats)

    def to_dict(self) -> dict[str, str]:
        """The value of each feature; several values are joined with a comma."""
        return feats_to_dict(self._feats)

    def to_json(self) -> str:
        """The FEATS string."""
        return str(self)

    def get(self, name: str, default: list[str] | None = None) -> list[str]:
        """The values of a feature: ``default``, else an empty list, if it hasn't any."""
        value = self.to_dict().get(name)
        if value is None:
            return [] if default is None else default
        return value.split(",")

    def set(self, name: str, value: str | None) -> MorphAnalysis:
        """Another analysis, with this feature set, or left out if ``value`` is ``None``."""
        feats = self.to_dict()
        if value is None:
            feats.pop(name, None)
        else:
            feats[name] = value
        return MorphAnalysis(self.strings, feats)

    def __str__(self) -> str:
        return "" if self._feats == EMPTY_MORPH else self._feats

    def __repr__(self) -> str:
        return f"MorphAnalysis({str(self)!r})"

    def __iter__(self) -> Iterator[str]:
        return iter(str(self).split("|") if str(self) else [])

    def __len__(self) -> int:
        return len(self.to_dict())

    def __contains__(self, feature: object) -> bool:
        return feature in list(self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return str(self) == other
        return isinstance(other, MorphAnalysis) and self._feats == other._feats

    def __hash__(self) -> int:
        return hash(str(self))


class Morphology:
    """The morphological analyses of a vocab: adds them in normalised form and reads them back."""

    __slots__ = ("_keys", "strings")

    EMPTY_MORPH, FEATURE_SEP, FIELD_SEP, VALUE_SEP = EMPTY_MORPH, "|", "=", ","
    feats_to_dict = staticmethod(feats_to_dict)
    dict_to_feats = staticmethod(normalize_feats)

    def __init__(self, strings: StringStore) -> None:
        self.strings = strings
        self._keys: dict[str, int] = {}

    def add(self, feats: str | Mapping[str, str] | MorphAnalysis) -> int:
        """Normalise and store features; returns their id, which a MORPH column holds.

        Raises :class:`DataError` for a part that isn't ``Name=Value``.
        """
        if isinstance(feats, MorphAnalysis):
            feats = str(feats)
        if not isinstance(feats, str):
            return self.strings.add(normalize_feats(feats))
        key = self._keys.get(feats)
        if key is None:
            key = self._keys[feats] = self.strings.add(normalize_feats(feats))
        return key

    def get(self, key: int) -> MorphAnalysis:
        """The analysis of an id (0, a missing one, has no features)."""
        return MorphAnalysis(self.strings, self.strings[key])
