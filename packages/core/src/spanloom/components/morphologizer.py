"""The ``morphologizer`` component: part of speech and morphological features, as one class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..plugins.factory import component_defaults
from ..vocab.columns import check_strings
from ..vocab.morphology import EMPTY_MORPH, feats_to_dict, normalize_feats
from .classifier import TOKEN_CLASSIFIER_MODEL, TokenClassifier
from .columns import MISSING, aligned, assign, lookup, word_values

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..layers.types import TokenModel
    from ..tokens import Doc
    from ..vocab import Vocab
    from ..vocab.protocols import PipelineLike

__all__ = ["Morphologizer", "make_morphologizer"]

# An odd constant, so that (part of speech, features) pairs get distinct keys by multiplication.
_MIX = np.uint64(0x9E3779B97F4A7C15)


def _keys(pos: NDArray[np.uint64], morph: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One number for each pair of ids; equal pairs get equal numbers."""
    with np.errstate(over="ignore"):
        return pos * _MIX ^ morph


class Morphologizer(TokenClassifier):
    """Sets ``token.pos`` and ``token.morph``.

    A label is a FEATS string that holds the part of speech as the feature ``POS``
    (``Number=Sing|POS=NOUN``). With ``extend``, predicted features are added to those that a token
    has; ``overwrite`` then decides which value of the same feature stays. The other ``settings``
    are those of :class:`TokenClassifier`.
    """

    kind: ClassVar[str] = "part of speech or morphology"

    def __init__(
        self,
        vocab: Vocab,
        model: TokenModel,
        name: str = "morphologizer",
        *,
        overwrite: bool = True,
        extend: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(vocab, model, name, overwrite=overwrite, **settings)
        self.cfg["extend"] = extend

    def _index_labels(self) -> None:
        strings = self.vocab.strings
        pos, morph = [], []
        for label in self.labels:
            features = feats_to_dict(label)
            part = features.pop("POS", "")
            check_strings("POS", [part], f"{self.name}: label {label!r}")
            pos.append(strings.add(part))
            morph.append(strings.add(normalize_feats(features)))
        self._pos = np.asarray(pos, dtype=np.uint64)
        self._morph = np.asarray(morph, dtype=np.uint64)
        self._featureless = np.uint64(strings.add(EMPTY_MORPH))

    def read_labels(self, examples: Iterable[Example]) -> list[str]:
        """The pairs of part of speech and features in the references, as labels."""
        pairs: set[tuple[int, int]] = set()
        for example in examples:
            pos, morph = (word_values(example.reference, name) for name in ("POS", "MORPH"))
            some = morph if pos is None else pos
            if some is None:
                continue
            blank = np.zeros_like(some)
            both = np.stack(
                [blank if pos is None else pos, blank if morph is None else morph], axis=1
            )
            pairs.update(map(tuple, np.unique(both, axis=0).tolist()))
        strings = self.vocab.strings
        return sorted(
            self._label(strings[pos], strings[morph]) for pos, morph in pairs if pos or morph
        )

    @staticmethod
    def _label(pos: str, morph: str) -> str:
        return normalize_feats({**feats_to_dict(morph), **({"POS": pos} if pos else {})})

    def targets(self, examples: Sequence[Example]) -> NDArray[np.int64]:
        """See :class:`TokenClassifier`. A token with neither annotation is missing."""
        pos, pos_known = aligned(examples, "POS")
        morph, morph_known = aligned(examples, "MORPH")
        pos, morph = np.where(pos_known, pos, 0), np.where(morph_known, morph, 0)
        pos, morph = pos.astype(np.uint64), morph.astype(np.uint64)
        known = (pos_known & (pos != 0)) | (morph_known & (morph != 0))
        morph = np.where(morph == 0, self._featureless, morph)
        classes = lookup(_keys(self._pos, self._morph), _keys(pos, morph))
        return np.where(known, classes, MISSING)

    def write(self, docs: Sequence[Doc], classes: NDArray[np.int64]) -> None:
        """Set the columns ``POS`` and ``MORPH``."""
        overwrite = bool(self.cfg["overwrite"])
        # MISSING is the last of these.
        pos, morph = (np.append(ids, np.uint64(0))[classes] for ids in (self._pos, self._morph))
        assign(docs, "POS", pos, overwrite=overwrite)
        if self.cfg["extend"]:
            self._merge(docs, morph, overwrite)
        else:
            assign(docs, "MORPH", morph, overwrite=overwrite)

    def _merge(self, docs: Sequence[Doc], morph: NDArray[np.uint64], overwrite: bool) -> None:
        """Merge features with those present, once for each distinct pair of FEATS strings."""
        strings = self.vocab.strings
        start = 0
        for doc in docs:
            fresh = morph[start : start + len(doc)]
            start += len(doc)
            present = doc.column("MORPH")
            if present is not None:
                pairs, at = np.unique(np.stack([present, fresh], 1), axis=0, return_inverse=True)
                merged = []
                for old, new in pairs.tolist():
                    first, second = feats_to_dict(strings[old]), feats_to_dict(strings[new])
                    both = {**first, **second} if overwrite else {**second, **first}
                    merged.append(strings.add(normalize_feats(both)) if new else old)
                fresh = np.asarray(merged, dtype=np.uint64)[at.ravel()]
            doc.set_column("MORPH", fresh)


@component_defaults(
    {"model": TOKEN_CLASSIFIER_MODEL, "scorer": {"@scorers": "spanloom.morphologizer_scorer.v1"}},
    settings_of=Morphologizer,
    assigns=["token.morph", "token.pos"],
    score_weights={"pos_acc": 0.5, "morph_acc": 0.5, "morph_per_feat": None},
)
def make_morphologizer(
    nlp: PipelineLike, name: str, model: TokenModel, **settings: Any
) -> Morphologizer:
    """Factory of ``morphologizer``."""
    return Morphologizer(nlp.vocab, model, name, **settings)
