"""The ``sentencizer`` component: sentence boundaries after marks of punctuation, by rule."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import srsly
from numpy.typing import NDArray

from ..errors import SerializationError
from ..io import msgpack as _msgpack
from ..io.files import read_json, write_bytes
from ..plugins.factory import component_defaults
from ..tokens.batch import Batch
from .base import DocAnnotator, GetExamples, Scorer
from .columns import assign

if TYPE_CHECKING:
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


#: Opening marks that aren't paired by their Unicode category.
_OPENING = ("¿", "¡", "``")
_STRAIGHT = ('"', "'")


class Sentencizer(DocAnnotator):
    """Sets ``token.is_sent_start`` without a model.

    A sentence begins at the first token of a document, and at the first word after one of
    ``punct_chars``, or at a mark between both that opens (a bracket, a quotation mark, ``¿``).
    White space belongs to the sentence before it. A mark that ends one of ``abbreviations``
    (``["approx.", "No."]``, as they are written) ends no sentence. With ``system`` as ``"spacy"`` a
    sentence begins after a mark at the next token that isn't punctuation, white space too.
    """

    def __init__(
        self,
        vocab: Vocab,
        name: str = "sentencizer",
        *,
        punct_chars: Sequence[str] | None = None,
        abbreviations: Sequence[str] = (),
        overwrite: bool = False,
        system: Literal["spanloom", "spacy"] = "spanloom",
        scorer: Scorer | None = None,
    ) -> None:
        self.vocab = vocab
        self.name = name
        self.punct_chars = tuple(punct_chars) if punct_chars else DEFAULT_PUNCTUATION
        self.abbreviations = tuple(abbreviations)
        self.overwrite = overwrite
        self.system = system
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
        if self.abbreviations:
            stops[self._in_abbreviations(batch, stops)] = False
        space, mark = (lexicon.column(name)[batch.rows] != 0 for name in ("IS_SPACE", "IS_PUNCT"))
        simple = self.system == "spacy"
        plain = np.flatnonzero(~stops & ~mark & (simple | ~space))
        lengths = batch.lengths
        first = np.cumsum(lengths) - lengths
        # Between a word and the one before it in the document (or the document's begin) lie only
        # stops, other punctuation and white space: it begins a sentence if there is a stop, or a
        # mark behind the last stop does that opens.
        before = np.concatenate([[0], plain[:-1]]).astype(np.int64)
        since = np.maximum(before, np.repeat(first, lengths)[plain])
        seen: NDArray[np.int64] = np.cumsum(stops) - stops
        begins = plain[seen[plain] > seen[since]]
        if not simple:
            marks = np.append(
                self._opening(batch, np.flatnonzero(mark & ~stops), space), len(stops)
            )
            last: NDArray[np.int64] = np.maximum.accumulate(
                np.where(stops, np.arange(len(stops)), -1)
            )
            begins = np.minimum(begins, marks[np.searchsorted(marks, last[begins])])
        starts[begins] = 1
        starts[first[lengths > 0]] = 1
        return starts

    def _opening(
        self, batch: Batch, marks: NDArray[np.int64], space: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Those of the tokens ``marks`` that open what follows. Quotation marks that languages use
        for both sides do so by the spaces around them."""
        after = np.concatenate([doc.spaces for doc in batch])
        after[:-1] |= space[1:]
        ahead = np.append(True, after[:-1] | space[:-1])[marks]
        after = after[marks]
        rows, inverse = np.unique(batch.rows[marks], return_inverse=True)
        kinds = np.array([_kind(text) for text in batch[0].lexicon.texts_of(rows)], dtype=np.int8)
        kinds = kinds[inverse.ravel()]
        quote = np.where(ahead == after, kinds == _INITIAL, ahead)
        opening: NDArray[np.int64] = marks[(kinds == _OPENS) | ((kinds >= _QUOTE) & quote)]
        return opening

    def _in_abbreviations(self, batch: Batch, stops: NDArray[np.bool_]) -> list[int]:
        """The stops that end an abbreviation."""
        found, at = [], 0
        for doc in batch:
            for i in np.flatnonzero(stops[at : at + len(doc)]).tolist():
                end = int(doc.ends[i])
                for each in self.abbreviations:
                    start = end - len(each)
                    if (
                        doc.text.endswith(each, 0, end)
                        and not doc.text[max(start, 1) - 1 : start].isalnum()
                    ):
                        found.append(at + i)
                        break
            at += len(doc)
        return found

    def set_annotations(self, docs: Sequence[Doc], predictions: NDArray[np.int8]) -> None:
        """Write what :meth:`predict` returned."""
        assign(docs, "SENT_START", predictions, overwrite=self.overwrite)

    def initialize(
        self, get_examples: GetExamples, *, nlp: PipelineLike | None = None, labels: Any = None
    ) -> None:
        """Nothing to learn."""

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """The settings as msgpack."""
        return _msgpack.dumps(self._settings())

    def from_bytes(self, bytes_data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave."""
        try:
            return self._take(_msgpack.loads(bytes_data))
        except ValueError as error:
            raise SerializationError(
                f"These bytes aren't a saved '{self.name}': {error}"
            ) from error

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write the settings as JSON."""
        write_bytes(path, srsly.json_dumps(self._settings()).encode("utf8"))

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read what :meth:`to_disk` wrote."""
        return self._take(read_json(path, f"settings of '{self.name}'"))

    def _settings(self) -> dict[str, Any]:
        settings = {"punct_chars": list(self.punct_chars), "overwrite": self.overwrite}
        return {**settings, "abbreviations": list(self.abbreviations), "system": self.system}

    def _take(self, settings: Any) -> Self:
        if not isinstance(settings, dict) or not isinstance(settings.get("punct_chars"), list):
            raise SerializationError(f"the data isn't that of a '{self.name}'")
        self.punct_chars = tuple(settings["punct_chars"])
        self.abbreviations = tuple(settings.get("abbreviations", ()))
        self.overwrite = bool(settings.get("overwrite", False))
        self.system = settings.get("system", "spanloom")
        return self


_OPENS, _QUOTE, _INITIAL = 1, 2, 3


def _kind(text: str) -> int:
    """Whether a mark opens, is a quotation mark, or one that opens in most languages; else 0."""
    category = unicodedata.category(text) if len(text) == 1 else ""
    if category == "Ps" or text in _OPENING:
        return _OPENS
    if category == "Pi":
        return _INITIAL
    return _QUOTE if category == "Pf" or text in _STRAIGHT else 0


@component_defaults(
    {"scorer": {"@scorers": "spanloom.senter_scorer.v1"}},
    settings_of=Sentencizer,
    assigns=["token.is_sent_start", "doc.sents"],
    score_weights={"sents_f": 1.0, "sents_p": 0.0, "sents_r": 0.0},
)
def make_sentencizer(
    nlp: PipelineLike,
    name: str,
    punct_chars: list[str] | None = None,
    abbreviations: list[str] | None = None,
    **settings: Any,
) -> Sentencizer:
    """Factory of ``sentencizer``."""
    settings.update(punct_chars=punct_chars, abbreviations=abbreviations or ())
    return Sentencizer(nlp.vocab, name, **settings)
