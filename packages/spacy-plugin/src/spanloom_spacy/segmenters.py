"""Tokenizers that spaCy leaves to other libraries, for languages without spaces between words: the
words come from a package that the user installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from spanloom import Doc
from spanloom.errors import ConfigError, ConfigProblem
from spanloom.tokenizer.tokenizer import TokenizerBase
from spanloom.vocab import Vocab
from spanloom.vocab.protocols import PipelineLike

__all__ = ["SegmentedTokenizer", "chinese_tokenizer", "thai_tokenizer", "vietnamese_tokenizer"]

Segment = Callable[[str], Sequence[str]]
"""The words of a text, in order, with or without the white space between them."""
Maker = Callable[[PipelineLike], "SegmentedTokenizer"]


class SegmentedTokenizer(TokenizerBase):
    """Tokens are the words that ``segment`` finds, and what is between them; one space after a word
    belongs to it."""

    def __init__(self, vocab: Vocab, segment: Segment) -> None:
        self.vocab, self.segment = vocab, segment

    def batch(self, texts: Sequence[str]) -> list[Doc]:
        """Tokenize many texts. Raises :class:`DataError` for what isn't a string."""
        self._check(texts)
        return [self._doc(text) for text in texts]

    def _doc(self, text: str) -> Doc:
        words: list[str] = []
        spaces: list[bool] = []
        at = 0
        for word in self.segment(text) if text else ():
            start = text.find(word, at) if word and not word.isspace() else -1
            if start < 0:
                continue  # white space, or a word that the segmenter changed: it stays in the rest
            if start > at:
                words.append(text[at:start])
                spaces.append(False)
            at = start + len(word)
            words.append(word)
            spaces.append(text[at : at + 1] == " ")
            at += spaces[-1]
        if at < len(text):
            words.append(text[at:])
            spaces.append(False)
        return Doc(self.vocab, words=words, spaces=spaces)


def chinese_tokenizer(segmenter: str = "char") -> Maker:
    """``spacy.zh.ChineseTokenizer``: one token for each character ("char"), or the words of jieba,
    if that is installed ("jieba"). Raises :class:`ConfigError` for another segmenter: the models of
    pkuseg can't be read."""
    if segmenter == "char":
        return _maker(lambda: list)
    if segmenter == "jieba":
        return _maker(lambda: _installed("jieba", "nlp.tokenizer.segmenter").lcut)
    problem = ConfigProblem(
        "nlp.tokenizer.segmenter",
        f"there is no segmenter '{segmenter}'",
        "set 'char' or 'jieba', or register a tokenizer of your own that calls a segmenter",
    )
    raise ConfigError([problem])


def thai_tokenizer() -> Maker:
    """``spacy.th.ThaiTokenizer``: the words of PyThaiNLP, which must be installed: if it isn't,
    :class:`ConfigError`."""
    return _maker(lambda: _installed("pythainlp.tokenize", "nlp.tokenizer").word_tokenize)


def vietnamese_tokenizer(use_pyvi: bool = True) -> Maker:
    """``spacy.vi.VietnameseTokenizer``: the words of pyvi, which must be installed: if it isn't,
    :class:`ConfigError`. Without ``use_pyvi``, what white space separates."""
    return _maker(_by_pyvi if use_pyvi else lambda: str.split)


def _by_pyvi() -> Segment:
    split = _installed("pyvi", "nlp.tokenizer.use_pyvi").ViTokenizer.spacy_tokenize
    return lambda text: list(split(text)[0])


def _maker(find: Callable[[], Segment]) -> Maker:
    return lambda nlp: SegmentedTokenizer(nlp.vocab, find())


def _installed(module: str, path: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        problem = ConfigProblem(
            path, f"needs the package '{package}', which isn't installed", f"pip install {package}"
        )
        raise ConfigError([problem]) from error
