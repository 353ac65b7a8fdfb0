"""Train, save, load and use a tiny pipeline with whatever is installed; run by the isolation check.

A script and no test: it must work where nothing but the packages under check is installed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import spanloom
from spanloom import Doc, Example
from spanloom.config import init_config

SENTENCES = [
    (["I", "like", "green", "eggs"], ["PRON", "VERB", "ADJ", "NOUN"]),
    (["Eat", "blue", "ham"], ["VERB", "ADJ", "NOUN"]),
]


def main() -> None:
    """Learn two sentences by heart, and still know them after saving and loading."""
    nlp = spanloom.Pipeline.from_config(init_config("en", ["tagger"]))
    examples = [
        Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words, tags=tags))
        for words, tags in SENTENCES
    ]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(40):
        nlp.update(examples, sgd=optimizer)
    assert nlp.evaluate(examples)["tag_acc"] == 1.0
    with tempfile.TemporaryDirectory() as folder:
        nlp.to_disk(Path(folder) / "model")
        again = spanloom.load(Path(folder) / "model")
    for words, tags in SENTENCES:
        assert [token.tag_ for token in again(" ".join(words))] == tags
    print("trained, saved, loaded:", *again.pipe_names)


if __name__ == "__main__":
    main()
