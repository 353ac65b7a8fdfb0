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


_COLUMNS = "words", "tags", "pos", "morphs", "lemmas", "heads", "deps", "sent_starts", "entities"


def _annotation(tokens: str, **of_text: Any) -> dict[str, Any]:
    """Annotation from a table with a token a line; ``_`` stands for nothing."""
    rows = [row.split() for row in tokens.strip().splitlines()]
    found: dict[str, Any] = {
        name: ["" if value == "_" else value for value in values]
        for name, values in zip(_COLUMNS, zip(*rows, strict=True), strict=True)
    }
    for name in ("heads", "sent_starts"):
        found[name] = list(map(int, found[name]))
    return found | of_text


_ANNOTATED = (
    _annotation(
        """
        Ada       NNP  PROPN  Number=Sing  Ada       2  nsubj   1  B-PER
        Lovelace  NNP  PROPN  Number=Sing  Lovelace  0  flat   -1  L-PER
        lives     VBZ  VERB   Number=Sing  live      2  ROOT   -1  O
        in        IN   ADP    _            in        4  case   -1  O
        London    NNP  PROPN  Number=Sing  London    2  obl    -1  U-LOC
        .         .    PUNCT  _            .         2  punct  -1  O
        """,
        cats={"PLACE": 1.0, "WEATHER": 0.0},
        spans={"sc": [(0, 12, "PER"), (4, 12, "NAME"), (22, 28, "LOC")]},
    ),
    _annotation(
        """
        It      PRP  PRON   Number=Sing  it      1  nsubj   1  O
        rained  VBD  VERB   Tense=Past   rain    1  ROOT   -1  O
        .       .    PUNCT  _            .       1  punct  -1  O
        Nobody  NN   PRON   Number=Sing  nobody  4  nsubj   1  O
        came    VBD  VERB   Tense=Past   come    4  ROOT   -1  O
        .       .    PUNCT  _            .       4  punct  -1  O
        """,
        cats={"PLACE": 0.0, "WEATHER": 1.0},
        spans={"sc": []},
    ),
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
