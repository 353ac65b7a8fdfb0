"""Checks of encoders of texts, and of what is done with a transformer's output."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from .base import BuildConformance
from .compare import annotation, as_failure, difference
from .texts import LONG, SPACES, TEXTS

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["AnnotationSetterConformance", "EncoderConformance"]

_WIDTH = 4


class EncoderConformance(BuildConformance):
    """Checks of an encoder of texts: from a source, such as a folder, to vectors of texts.

    ``source`` is what it opens; what that can be is the encoder's to say.
    """

    registry: ClassVar[str] = "encoders"
    source: ClassVar[Any] = None

    def encoder(self) -> Any:
        """The encoder of `source`."""
        made = self.made()
        if self.source is None:
            pytest.skip(
                "give `source`, what it opens, in a subclass, or in "
                f'[tool.spanloom.conformance."encoders/{self.name}"]'
            )
        with as_failure():
            return made(self.source)

    def test_vectors(self) -> None:
        """Each text, whatever it is, gets one vector of ``width`` finite numbers."""
        encoder = self.encoder()
        texts = [*TEXTS, *SPACES, "", LONG]
        with as_failure():
            found = encoder.encode(texts)
            width = encoder.width
        assert isinstance(width, int) and width > 0, f"a width of {width!r}"
        assert isinstance(found, np.ndarray), f"{type(found).__name__} where an array is due"
        assert found.shape == (len(texts), width), f"{found.shape}, not ({len(texts)}, {width})"
        assert found.dtype == np.float32, f"numbers of type {found.dtype}, not float32"
        assert np.isfinite(found).all(), "vectors with NaN or infinite numbers"

    def test_nothing(self) -> None:
        """No texts are no vectors."""
        encoder = self.encoder()
        with as_failure():
            found = encoder.encode([])
        assert found.shape == (0, encoder.width), f"{found.shape}, not (0, {encoder.width})"

    def test_batches(self) -> None:
        """A text's vector doesn't depend on the texts beside it."""
        encoder = self.encoder()
        whole = self._encoded(encoder, TEXTS)
        alone = np.concatenate([self._encoded(encoder, [text]) for text in TEXTS])
        assert np.allclose(whole, alone, rtol=1e-3, atol=1e-4), "texts alone have other vectors"

    def test_determinism(self) -> None:
        """The same texts have the same vectors, and other texts others."""
        encoder = self.encoder()
        found = self._encoded(encoder, TEXTS)
        assert (found == self._encoded(encoder, TEXTS)).all(), "the same texts have other vectors"
        assert len(np.unique(found, axis=0)) > 1, "all texts have one vector"

    def _encoded(self, encoder: Any, texts: Any) -> Any:
        try:
            found = encoder.encode(list(texts))
        except Exception as error:
            pytest.skip(f"it can't encode ({type(error).__name__}): see test_vectors")
        if len(found) != len(texts) or not np.isfinite(found).all():
            pytest.skip("it gives no vectors: see test_vectors")
        return found


class AnnotationSetterConformance(BuildConformance):
    """Checks of an annotation setter, which is called with documents and a transformer's output for
    them. The output has a row of random numbers for each token."""

    registry: ClassVar[str] = "annotation_setters"

    def test_sets(self) -> None:
        """It is called with documents and output, and leaves text and tokens as they are."""
        docs = _docs(TEXTS)
        words = [doc.words for doc in docs]
        self._set(docs)
        assert [doc.words for doc in docs] == words, "it changes the tokens"

    def test_empty_document(self) -> None:
        """Documents without tokens, alone and among others, and no documents are no error."""
        for texts in ([], [""], ["", "A text.", ""]):
            self._set(_docs(texts))

    def test_whitespace(self) -> None:
        """Documents of white space are no error."""
        self._set(_docs(SPACES))

    def test_keeps_output(self) -> None:
        """The output stays as it is: components that listen read it afterwards."""
        docs = _docs(TEXTS)
        output = self._set(docs)
        assert (output.tensors[-1] == _output(docs).tensors[-1]).all(), "it changes the output"

    def test_batches(self) -> None:
        """What a document gets doesn't depend on what else is in the batch."""
        whole = _docs(TEXTS)
        self._set(whole)
        alone = []
        for text in TEXTS:
            alone += _docs([text])
            self._set(alone[-1:])
        told = difference(whole, alone, lambda doc: {**annotation(doc), **_noted(doc)})
        assert not told, f"a document alone is annotated otherwise: {told}"

    def _set(self, docs: list[Doc]) -> Any:
        setter, output = self.made(), _output(docs)
        with as_failure():
            setter(docs, output)
        return output


def _noted(doc: Doc) -> dict[str, Any]:
    return {str(key): value for key, value in doc.user_data.items()}


def _docs(texts: Any) -> list[Doc]:
    from spanloom.pipeline import blank

    return list(blank("en").pipe(texts))


def _output(docs: list[Doc]) -> Any:
    """Of a transformer whose pieces are the tokens. Its class is had by name, from the package
    without which there is nothing to set."""
    if find_spec("spanloom_transformers") is None:
        pytest.skip("needs spanloom-transformers")
    data: Any = import_module("spanloom_onnx.data")
    align: Any = import_module("spanloom_onnx.align")
    lengths = np.asarray([len(doc) for doc in docs], dtype=np.int64)
    count = int(lengths.sum())
    rows = np.arange(count)
    # The numbers of a token are those of its word and place, whatever the batch.
    words = [(sum(map(ord, word)), i) for doc in docs for i, word in enumerate(doc.words)]
    values = np.sin(np.asarray(words, dtype="f").reshape(count, 2) @ np.ones((2, _WIDTH), "f"))
    nothing = [np.zeros(0, np.int64)]
    return data.FullTransformerBatch(
        [[doc[:]] if len(doc) else [] for doc in docs],
        (values * np.arange(1, _WIDTH + 1, dtype="f"),),
        align.PieceAlignment(rows, np.ones(count, np.int64)),
        lengths,
        lengths,
        data.Pieces(
            rows,
            np.concatenate([*nothing, *(doc.starts for doc in docs)]),
            np.concatenate([*nothing, *(doc.ends for doc in docs)]),
            lengths[lengths > 0],
        ),
    )
