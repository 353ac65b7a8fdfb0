"""Texts and annotated examples that the checks use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.pipeline import Pipeline

__all__ = ["LONG", "SPACES", "TEXTS", "annotated_examples", "write_sample"]

TEXTS = (
    "Ada Lovelace wrote the first program in London.",
    "It rained.",
    "Why? Nobody knew, not even the two engineers from Bern who built it!",
    "naïve café – 東京 🙂 e\u0301",
    "One word",
)

SPACES = (" ", "\n\n", "\t \u00a0", "  led by spaces", "ends in them  \n", "\u200b")
"""Texts of white space, or full of it."""

_PIECE = "The quick brown fox, aged 7, jumps over the lazy dog near Basel. "
LONG = _PIECE * (100_000 // len(_PIECE) + 1)
"""A text of 100 kB."""

_ANNOTATED: tuple[dict[str, Any], ...] = (
    {
        "words": ["Ada", "Lovelace", "lives", "in", "London", "."],
        "tags": ["NNP", "NNP", "VBZ", "IN", "NNP", "."],
        "pos": ["PROPN", "PROPN", "VERB", "ADP", "PROPN", "PUNCT"],
        "morphs": ["Number=Sing", "Number=Sing", "Number=Sing", "", "Number=Sing", ""],
        "lemmas": ["Ada", "Lovelace", "live", "in", "London", "."],
        "heads": [2, 0, 2, 4, 2, 2],
        "deps": ["nsubj", "flat", "ROOT", "case", "obl", "punct"],
        "sent_starts": [1, -1, -1, -1, -1, -1],
        "entities": ["B-PER", "L-PER", "O", "O", "U-LOC", "O"],
        "cats": {"PLACE": 1.0, "WEATHER": 0.0},
        "spans": {"sc": [(0, 12, "PER"), (4, 12, "NAME"), (22, 28, "LOC")]},
    },
    {
        "words": ["It", "rained", ".", "Nobody", "came", "."],
        "tags": ["PRP", "VBD", ".", "NN", "VBD", "."],
        "pos": ["PRON", "VERB", "PUNCT", "PRON", "VERB", "PUNCT"],
        "morphs": ["Number=Sing", "Tense=Past", "", "Number=Sing", "Tense=Past", ""],
        "lemmas": ["it", "rain", ".", "nobody", "come", "."],
        "heads": [1, 1, 1, 4, 4, 4],
        "deps": ["nsubj", "ROOT", "punct", "nsubj", "ROOT", "punct"],
        "sent_starts": [1, -1, -1, 1, -1, -1],
        "entities": ["O"] * 6,
        "cats": {"PLACE": 0.0, "WEATHER": 1.0},
        "spans": {"sc": []},
    },
)


def annotated_examples(nlp: Pipeline) -> list[Example]:
    """A few examples with every kind of annotation that core knows."""
    from spanloom.examples.example import Example
    from spanloom.tokens import Doc

    return [Example.from_dict(Doc(nlp.vocab, words=each["words"]), each) for each in _ANNOTATED]


def write_sample(folder: Any) -> list[Any]:
    """Small files in the formats that readers are likely to take; their paths."""
    rows = "".join(
        f"{i}\t{word}\t{word}\tX\tX\t_\t{i - 1}\t{'root' if i == 1 else 'dep'}\t_\t_\n"
        for i, word in enumerate(("One", "small", "text", "."), 1)
    )
    files = {
        "sample.conllu": f"{rows}\n" * 3,
        "sample.jsonl": '{"text": "One small text of eight words or more."}\n' * 3,
        "sample.txt": "One small text of eight words or more.\n" * 3,
    }
    for name, text in files.items():
        (folder / name).write_text(text, "utf8")
    return [folder / name for name in files]
