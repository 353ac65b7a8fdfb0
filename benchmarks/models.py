"""The pipelines that benchmarks compare: equal sizes and hash rows, ours and spaCy's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from common import ewt_file, read_lines

__all__ = [
    "batches",
    "our_examples",
    "our_tagger",
    "read_sentences",
    "spacy_examples",
    "spacy_tagger",
]

#: Tokens, whether each is followed by a space, and tags of a sentence.
Sentence = tuple[list[str], list[bool], list[str]]


def _columns(line: str) -> list[str]:
    return line.split("\t")


def read_sentences(part: str, limit: int | None = None) -> list[Sentence]:
    """Sentences of EWT by their syntactic words, with the treebank's own tags (XPOS)."""
    found: list[Sentence] = []
    words: list[str] = []
    spaces: list[bool] = []
    tags: list[str] = []
    for line in read_lines(ewt_file(part)):
        if line and not line.startswith("#"):
            fields = _columns(line)
            if fields[0].isdigit():
                words.append(fields[1])
                spaces.append("SpaceAfter=No" not in fields[9])
                tags.append(fields[4])
        elif not line and words:
            found.append((words, spaces, tags))
            words, spaces, tags = [], [], []
            if limit is not None and len(found) == limit:
                break
    return found


def _model(prefix: str, width: int, depth: int) -> dict[str, Any]:
    """The config of a tagger's own tok2vec with the four hashed features."""
    return {
        "@architectures": f"{prefix}.Tagger.v2",
        "tok2vec": {
            "@architectures": f"{prefix}.Tok2Vec.v2",
            "embed": {
                "@architectures": f"{prefix}.MultiHashEmbed.v2",
                "width": width,
                "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
                "rows": [5000, 1000, 2500, 2500],
                "include_static_vectors": False,
            },
            "encode": {
                "@architectures": f"{prefix}.MaxoutWindowEncoder.v2",
                "width": width,
                "depth": depth,
                "window_size": 1,
                "maxout_pieces": 3,
            },
        },
    }


def our_examples(nlp: Any, sentences: list[Sentence]) -> list[Any]:
    """Examples whose predicted side has the gold tokens."""
    from spanloom import Doc, Example

    return [
        Example(
            Doc(nlp.vocab, words=words, spaces=spaces),
            Doc(nlp.vocab, words=words, spaces=spaces, tags=tags),
        )
        for words, spaces, tags in sentences
    ]


def spacy_examples(nlp: Any, sentences: list[Sentence]) -> list[Any]:
    """The same for spaCy."""
    from spacy.tokens import Doc
    from spacy.training import Example

    return [
        Example(
            Doc(nlp.vocab, words=words, spaces=spaces),
            Doc(nlp.vocab, words=words, spaces=spaces, tags=tags),
        )
        for words, spaces, tags in sentences
    ]


def our_tagger(sentences: list[Sentence], seed: int, width: int = 96, depth: int = 4) -> Any:
    """An initialised pipeline of ours with one tagger."""
    from thinc.api import fix_random_seed

    import spanloom

    fix_random_seed(seed)
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger", config={"model": _model("spanloom", width, depth)})
    examples = our_examples(nlp, sentences)
    nlp.initialize(lambda: examples)
    return nlp


def spacy_tagger(sentences: list[Sentence], seed: int, width: int = 96, depth: int = 4) -> Any:
    """The same for spaCy."""
    import spacy
    from thinc.api import fix_random_seed

    fix_random_seed(seed)
    nlp = spacy.blank("en")
    nlp.add_pipe("tagger", config={"model": _model("spacy", width, depth)})
    examples = spacy_examples(nlp, sentences)
    nlp.initialize(lambda: examples)
    return nlp


def batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    """``items`` in groups of ``size`` examples, the same for both."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
