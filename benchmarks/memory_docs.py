"""Memory of kept Docs in bytes per token, ours beside spaCy's.

Counted by ``tracemalloc`` (both allocate through Python), for tokenized Docs that are kept, on a
vocabulary that knows the words already. Each text is a string of its own, so that what a Doc keeps
of it counts. "annotated" Docs have tags, parts of speech, morphology, lemmas, heads, labels and
entities as well; "read" ones have been asked for each token's text and place.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

from common import Row, arguments, ewt_texts, has_spacy, report
from spanloom import Vocab
from spanloom.lang import language
from spanloom.tokenizer import Tokenizer

Use = Callable[[Any], None]


def ours() -> Any:
    """Our English tokenizer."""
    english = language("en")
    return Tokenizer(Vocab("en", rules=english.lexical_rules()), english.tokenizer_rules())


def spacys() -> Any:
    """spaCy's English tokenizer."""
    import spacy

    return spacy.blank("en").tokenizer


def nothing(doc: Any) -> None:
    """Leave the Doc as the tokenizer gives it."""


def read(doc: Any) -> None:
    """Ask each token for its text and its place."""
    for token in doc:
        assert token.text is not None and token.idx >= 0


def annotate(doc: Any) -> None:
    """Set what a whole pipeline would."""
    for token in doc:
        token.tag_, token.pos_, token.dep_ = "NN", "NOUN", "nsubj"
        token.lemma_ = token.text
        token.set_morph("Number=Sing")
        token.head = doc[max(token.i - 1, 0)]
    if len(doc) > 1:
        doc.set_ents([doc[:1]])


def bytes_per_token(make: Callable[[], Any], texts: Sequence[str], use: Use) -> float:
    """What kept Docs of ``texts`` add, for each token."""
    tokenizer = make()
    for doc in tokenizer.pipe(texts):
        use(doc)
    del doc
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    docs = list(tokenizer.pipe(text[:1] + text[1:] for text in texts))
    for doc in docs:
        use(doc)
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return used / sum(map(len, docs))


def main() -> None:
    """Measure sentences and texts of 1,000 characters."""
    options = arguments(__doc__)
    sentences = ewt_texts("train")[: 200 if options.quick else 3000]
    joined = " ".join(sentences)
    long = [joined[at : at + 1000] for at in range(0, len(joined) - 1000, 1000)]
    rows = []
    for name, texts, limit, goal in (("sentences", sentences, 120, 3), ("1,000", long, 37, 5)):
        for kind, use in (("tokenized", nothing), ("read", read), ("annotated", annotate)):
            plain = use is nothing
            rows.append(
                Row(
                    f"{name}, {kind}",
                    bytes_per_token(ours, texts, use),
                    bytes_per_token(spacys, texts, use) if has_spacy() else None,
                    unit="bytes/token",
                    goal=goal if plain else None,
                    limit=limit if plain else None,
                )
            )
    report(rows, "Memory of kept Docs", options.json)


if __name__ == "__main__":
    main()
