"""Many threads on one trained pipeline of all tasks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from .support import learn, listening


def rounded(doc):
    cats = {label: round(score, 4) for label, score in doc.cats.items()}
    return doc.to_json() | {"norms": [token.norm_ for token in doc], "cats": cats}


@pytest.mark.slow
def test_threads_share_a_trained_pipeline():
    nlp, examples = listening(["tagger", "parser", "ner", "textcat"])
    learn(nlp, examples, 30, nlp.initialize(lambda: examples))
    texts = [f"{who} sees {verb}{i}, Ann." for i in range(100) for who in "XY" for verb in "ab"]
    serial = [rounded(nlp(text)) for text in texts]

    def wrong(offset):
        """Call the pipeline a thousand times; texts whose annotation differs."""
        turns = ((offset * 13 + turn) % len(texts) for turn in range(1000))
        return [texts[at] for at in turns if rounded(nlp(texts[at])) != serial[at]]

    with ThreadPoolExecutor(32) as pool:
        assert not any(pool.map(wrong, range(32)))
