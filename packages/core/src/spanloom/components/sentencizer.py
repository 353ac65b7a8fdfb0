"""The ``sentencizer`` component: sentence boundaries after marks of punctuation, by rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import srsly
from numpy.typing import NDArray

from ..errors import SerializationError
from ..io import msgpack as _msgpack
from ..io.files import read_json, write_bytes
from ..plugins.factory import component_defaults
from ..tokens.batch import Batch
from .base import DocAnnotator, GetExamples, Scorer
from .classifier import assign

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..tokens import Doc
    from ..vocab import Vocab
    from ..vocab.protocols import PipelineLike

__all__ = ["DEFAULT_PUNCTUATION", "Sentencizer", "make_sentencizer"]

# Code points with the property Sentence_Terminal in PropList.txt of Unicode 16, and the half-width
# ideographic stop.
DEFAULT_PUNCTUATION = tuple(
    "!.?\u0589\u061d\u061e\u061f\u06d4\u0700\u0701\u0702\u07f9\u0837\u0839\u083d\u083e\u0964\u0965"
    "\u104a\u104b\u1362\u1367\u1368\u166e\u1735\u1736\u17d4\u17d5\u1803\u1809\u1944\u1945\u1aa8"
    "\u1aa9\u1aaa\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1c3b\u1c3c\u1c7e\u1c7f\u203c\u203d\u2047\u2048"
    "\u2049\u2e2e\u2e3c\u3002\ua4ff\ua60e\ua60f\ua6f3\ua6f7\ua876\ua877\ua8ce\ua8cf\ua92f\ua9c8"
    "\ua9c9\uaa5d\uaa5e\uaa5f\uaaf0\uaaf1\uabeb\ufe52\ufe56\ufe57\uff01\uff0e\uff1f\uff61"
)


class Sentencizer(DocAnnotator):
    """Sets ``token.is_sent_start`` without a model.

    A sentence begins at the first token of a document, and at the first token that is no
    punctuation after one of ``punct_chars``.
    """

    def __init__(
        self,
        vocab: Vocab,
        name: str = "sentencizer",
        *,
        punct_chars: Sequence[str] | None = None,
        overwrite: bool = False,
        scorer: Scorer | None = None,
    ) -> None:
        self.vocab = vocab
        self.name = name
        self.punct_chars = tuple(punct_chars) if punct_chars else DEFAULT_PUNCTUATION
        self.overwrite = overwrite
        self.scorer = scorer

    def annotate(self, batch: Batch) -> None:
        """Annotate a batch in place."""
        self.set_annotations(batch, self.predict(batch))

    def predict(self, docs: Sequence[Doc]) -> NDArray[np.int8]:
        """1 where a sentence begins, else -1, flat for all documents."""
        batch = Batch.of(docs)
        starts = np.full(len(batch.rows), -1, dtype=np.int8)
        if not len(starts):
            return starts
        lexicon = batch[0].lexicon
        stop_rows = lexicon.rows_of(list(self.punct_chars))
        stops = np.isin(batch.rows, stop_rows)
        plain = np.flatnonzero(~stops & ~lexicon.column("IS_PUNCT")[batch.rows])
        lengths = batch.lengths
        first = np.cumsum(lengths) - lengths
        # Between a plain token and the one before it in the document (or the document's begin)
        # lie only stops and other punctuation: it begins a sentence if there is a stop.
        before = np.concatenate([[0], plain[:-1]]).astype(np.int64)
        since = np.maximum(before, np.repeat(first, lengths)[plain])
        seen: NDArray[np.int64] = np.cumsum(stops) - stops
        starts[plain[seen[plain] > seen[since]]] = 1
        starts[first[lengths > 0]] = 1
        return starts

    def set_annotations(self, docs: Sequence[Doc], predictions: NDArray[np.int8]) -> None:
        """Write what :meth:`predict` returned."""
        assign(docs, "SENT_START", predictions, overwrite=self.overwrite)

    def initialize(
        self, get_examples: GetExamples, *, nlp: PipelineLike | None = None, labels: Any = None
    ) -> None:
        """Nothing to learn."""

    def score(self, examples: Iterable[Example], **_: Any) -> dict[str, Any]:
        """The scores of the sentence boundaries."""
        return dict(self.scorer(examples)) if self.scorer is not None else {}

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """The settings as msgpack."""
        return _msgpack.dumps(self._settings())

    def from_bytes(self, data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave."""
        try:
            return self._take(_msgpack.loads(data))
        except ValueError as error:
            raise SerializationError(
                f"the bytes aren't those of a '{self.name}': {error}"
            ) from error

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write the settings as JSON."""
        write_bytes(path, srsly.json_dumps(self._settings()).encode("utf8"))

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read what :meth:`to_disk` wrote."""
        return self._take(read_json(path, f"settings of '{self.name}'"))

    def _settings(self) -> dict[str, Any]:
        return {"punct_chars": list(self.punct_chars), "overwrite": self.overwrite}

    def _take(self, settings: Any) -> Self:
        if not isinstance(settings, dict) or not isinstance(settings.get("punct_chars"), list):
            raise SerializationError(f"the data isn't that of a '{self.name}'")
        self.punct_chars = tuple(settings["punct_chars"])
        self.overwrite = bool(settings.get("overwrite", False))
        return self


@component_defaults(
    {"scorer": {"@scorers": "spanloom.senter_scorer.v1"}},
    assigns=["token.is_sent_start", "doc.sents"],
    score_weights={"sents_f": 1.0, "sents_p": 0.0, "sents_r": 0.0},
)
def make_sentencizer(
    nlp: PipelineLike,
    name: str,
    punct_chars: list[str] | None = None,
    overwrite: bool = False,
    scorer: Scorer | None = None,
) -> Sentencizer:
    """Factory of ``sentencizer``."""
    return Sentencizer(nlp.vocab, name, punct_chars=punct_chars, overwrite=overwrite, scorer=scorer)
