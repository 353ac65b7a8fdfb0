"""The ``trainable_lemmatizer`` component: a tree of edits for each token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from spanloom.components.classifier import TOKEN_CLASSIFIER_MODEL, TokenClassifier
from spanloom.components.columns import MISSING, aligned, assign
from spanloom.errors import DataError, PipelineError, SerializationError
from spanloom.io.files import existing
from spanloom.plugins.factory import component_defaults
from spanloom.scoring.counts import spaces_mask
from spanloom.tokens.batch import Batch, flatten
from spanloom.vocab.lexicon import STRING_FEATURES
from spanloom.vocab.strings import StringStore

from .edit_trees import EditTrees

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.layers.types import TokenModel
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab
    from spanloom.vocab.lexicon import Lexicon
    from spanloom.vocab.protocols import PipelineLike

__all__ = ["EditTreeLemmatizer", "make_trainable_lemmatizer"]


class EditTreeLemmatizer(TokenClassifier):
    """Sets ``token.lemma``, by choosing one of the :class:`~spanloom_tasks.EditTrees` that occur in
    the examples ``min_tree_freq`` times or more.

    The ``top_k`` best trees are tried, and the first that can be applied to the word is taken. If
    none can, the lemma is the feature ``backoff`` of the word ("orth", "lower", "norm"; ``None``:
    none). A gold lemma that needs another tree counts as missing. The other ``settings`` are those
    of :class:`~spanloom.components.TokenClassifier`.

    Raises :class:`DataError` for settings that can't be.
    """

    kind: ClassVar[str] = "lemma (with a tree of edits that occurs often enough)"

    def __init__(
        self,
        vocab: Vocab,
        model: TokenModel,
        name: str = "trainable_lemmatizer",
        *,
        backoff: str | None = "orth",
        min_tree_freq: int = 3,
        top_k: int = 1,
        **settings: Any,
    ) -> None:
        super().__init__(vocab, model, name, **settings)
        if backoff is not None and backoff.upper() not in STRING_FEATURES:
            known = ", ".join(map(str.lower, STRING_FEATURES))
            raise DataError(f"'{name}': backoff is {backoff!r}, and can be {known} or None")
        if top_k < 1:
            raise DataError(f"'{name}': top_k is {top_k}: at least one tree must be tried")
        self.backoff = backoff
        self.min_tree_freq = min_tree_freq
        self.top_k = top_k
        self.trees = EditTrees(vocab.strings)
        self._forget()

    def _forget(self) -> None:
        self._lexicon: Lexicon | None = None
        # Lexicon row and class + 1 -> the lemma's id; None if the tree can't be applied.
        self._lemmas: dict[tuple[int, int], int | None] = {}

    # -- labels: the numbers of trees

    @property
    def tree2label(self) -> dict[int, int]:
        """The class of each tree that is chosen from."""
        return {tree: at for at, tree in enumerate(self.cfg["labels"])}

    @property
    def label_data(self) -> Any:
        """The trees, and which of them are chosen from: what ``initialize(labels=...)`` takes."""
        return {"trees": self.trees.to_json(), "labels": self.labels}

    def add_label(self, label: str) -> int:
        """Raises :class:`PipelineError`: trees come from examples."""
        raise PipelineError(
            f"'{self.name}' takes no label {label!r}: its classes are trees of edits, which come "
            f"from examples, or from initialize(labels=...) as label_data gives them"
        )

    def _given_labels(self, labels: Any) -> Iterable[Iterable[Any]]:
        if not isinstance(labels, Mapping) or not {"trees", "labels"} <= {*labels}:
            raise DataError(
                f"'{self.name}': labels are a dict with 'trees' and 'labels', as label_data gives "
                f"them, not {labels!r:.60}"
            )
        self.trees.from_json(labels["trees"])
        return [labels["labels"]]

    def read_labels(self, examples: Iterable[Example]) -> list[Any]:
        """The trees that occur often enough in the references, in the order of the text."""
        pairs: Counter[tuple[str, str]] = Counter()
        for reference in (example.reference for example in examples):
            lemmas = reference.column("LEMMA")
            if lemmas is not None:
                words = np.flatnonzero((lemmas != 0) & ~spaces_mask(reference)).tolist()
                texts, strings = reference.words, reference.lexicon.strings
                pairs.update((texts[i], strings[lemmas.item(i)]) for i in words)
        # In a store for the time being: rare trees aren't kept.
        trees, counts, shown = EditTrees(StringStore()), Counter[int](), {}
        for (form, lemma), times in pairs.items():
            tree = trees.add(form, lemma)
            counts[tree] += times
            shown[tree] = form, lemma
        return [
            self.trees.add(*shown[tree]) for tree in counts if counts[tree] >= self.min_tree_freq
        ]

    def _set_labels(self, *lists: Iterable[Any]) -> None:
        super()._set_labels(*lists)
        self.cfg["trees"] = self.trees.to_json()

    def _index_labels(self) -> None:
        self._forget()

    # -- learning

    def targets(self, examples: Sequence[Example]) -> NDArray[np.int64]:
        """See :class:`TokenClassifier`."""
        lemmas, known = aligned(examples, "LEMMA")
        texts = [text for example in examples for text in example.predicted.words]
        strings = [
            string
            for example in examples
            for string in [example.reference.lexicon.strings] * len(example.predicted)
        ]
        classes = np.full(len(texts), MISSING, dtype=np.int64)
        places, found = self.tree2label, dict[tuple[str, str], int]()
        for i in np.flatnonzero(known & (lemmas != 0)).tolist():
            pair = texts[i], strings[i][int(lemmas[i])]
            if pair not in found:
                tree = self.trees.find(*pair)
                found[pair] = places.get(-1 if tree is None else tree, MISSING)
            classes[i] = found[pair]
        return classes

    # -- running

    def predict(self, docs: Sequence[Doc]) -> NDArray[np.int64]:
        """The best class of each token whose tree can be applied, flat for all documents, shape
        ``(n tokens,)``; :data:`MISSING` where none can."""
        batch = self.ready(docs)
        if self.top_k == 1:
            candidates = super().predict(batch)[:, None]
        else:
            ops: Any = self.model.ops
            scores = flatten(self.model.predict(batch), ops.xp)
            order = ops.to_numpy(scores).argsort(axis=1, kind="stable")
            candidates = order[:, ::-1][:, : self.top_k].astype(np.int64)
        best = np.full(len(candidates), MISSING, dtype=np.int64)
        for column in candidates.T:
            fits = (best == MISSING) & self._lemmas_of(batch, column)[1]
            best[fits] = column[fits]
        return best

    def write(self, docs: Sequence[Doc], classes: NDArray[np.int64]) -> None:
        """Set the column ``LEMMA``."""
        start = 0
        for lexicon, group in groupby(docs, lambda doc: doc.lexicon):
            batch = Batch(group)
            end = start + len(batch.rows)
            lemmas, fits = self._lemmas_of(batch, classes[start:end])
            if self.backoff is not None:
                feature = lexicon.column(self.backoff.upper())[batch.rows]
                lemmas = np.where(fits | self._left_out(batch), lemmas, feature)
            assign(batch, "LEMMA", lemmas, overwrite=bool(self.cfg["overwrite"]))
            start = end

    def _lemmas_of(
        self, batch: Batch, classes: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
        """The lemma of each token by the tree of its class, and whether that can be applied; once
        for each word and class."""
        if not len(classes):
            return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.bool_)
        lexicon = batch[0].lexicon
        if lexicon is not self._lexicon:
            self._forget()
            self._lexicon = lexicon
        width = len(self.cfg["labels"]) + 1  # MISSING is the first
        keys, at = np.unique(batch.rows * np.int64(width) + classes + 1, return_inverse=True)
        found = [self._lemma(lexicon, *divmod(key, width)) for key in keys.tolist()]
        lemmas = np.asarray([lemma or 0 for lemma in found], dtype=np.uint64)
        return lemmas[at.ravel()], np.asarray([each is not None for each in found])[at.ravel()]

    def _lemma(self, lexicon: Lexicon, row: int, place: int) -> int | None:
        key = row, place
        if key not in self._lemmas:
            lemma = None
            if place:
                lemma = self.trees.apply(self.cfg["labels"][place - 1], lexicon.texts[row])
            self._lemmas[key] = None if lemma is None else lexicon.strings.add(lemma)
        return self._lemmas[key]

    # -- saving

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read the folder that :meth:`to_disk` wrote, or spaCy, which keeps the trees in a file of
        their own."""
        file = existing(path, f"saved '{self.name}'") / "trees"
        if file.exists():
            self.trees.from_disk(file)
        return super().from_disk(path, exclude=exclude)

    def take(self, cfg: Any, weights: bytes | Mapping[str, Any], source: str) -> None:
        """See :class:`TrainableComponent`."""
        if isinstance(cfg, Mapping):
            if "trees" in cfg:
                self.trees.from_json(cfg["trees"])
            cfg = {**self.cfg, **cfg}
            bad = [each for each in cfg["labels"] if not 0 <= each < len(self.trees)]
            if bad:
                raise SerializationError(
                    f"{source}: '{self.name}' has {len(self.trees)} trees of edits, and its labels "
                    f"name tree {bad[0]}"
                )
        super().take(cfg, weights, source)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lexicon": None, "_lemmas": {}}


@component_defaults(
    {"model": TOKEN_CLASSIFIER_MODEL, "scorer": {"@scorers": "spanloom.lemmatizer_scorer.v1"}},
    settings_of=EditTreeLemmatizer,
    assigns=["token.lemma"],
    score_weights={"lemma_acc": 1.0},
)
def make_trainable_lemmatizer(
    nlp: PipelineLike, name: str, model: TokenModel, **settings: Any
) -> EditTreeLemmatizer:
    """Factory of ``trainable_lemmatizer``."""
    return EditTreeLemmatizer(nlp.vocab, model, name, **settings)
