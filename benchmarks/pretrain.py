"""Pretraining: words per CPU second, both objectives, beside ``spacy pretrain`` at equal sizes.

Width 96, depth 4, four hashed features, hidden layer of 300, batches of 3,000 words, dropout 0.2;
four bytes of a word are predicted (spaCy's ``n_characters = 4``, our 2 of each end), or vectors of
300 dimensions. Time covers reading, tokenizing and learning from the same JSON lines. Both start
with a warm tokenizer: they read the text once before.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from common import Row, arguments, check_threads, cpu_median, ewt_texts, has_spacy, report
from sides import OURS, Side

VECTOR_WIDTH, BATCH, DROPOUT = 300, 3000, 0.2
HIDDEN = {"maxout_pieces": 3, "hidden_size": 300}


def table(words: list[str]) -> np.ndarray[Any, Any]:
    """Vectors for ``words``: any will do for speed."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((len(words), VECTOR_WIDTH)).astype(np.float32)


def ours(path: Path, objective: str, words: list[str]) -> tuple[Callable[[], None], int]:
    """A function that learns from the text once, and how many words it has for us."""
    from thinc.api import Adam

    from spanloom.corpora.batchers import batch_by_words
    from spanloom_pretrain import JsonlCorpus, PretrainCharacters, PretrainVectors, Settings
    from spanloom_pretrain.loop import pretrain_steps

    nlp = OURS.pipeline(0, "en")
    if objective == "vectors":
        from spanloom_vectors import Table

        nlp.vocab.vectors = Table.from_arrays(words, table(words))
    characters = PretrainCharacters(**HIDDEN, n_characters=2)
    settings = Settings(
        corpus=JsonlCorpus(path, min_length=5, max_length=500),
        make_batcher=lambda: batch_by_words(BATCH),
        optimizer=Adam(0.001, use_averages=True),
        objective=characters if objective == "characters" else PretrainVectors(**HIDDEN),
        dropout=DROPOUT,
        max_epochs=1,
        held_out=0.0,
        eval_frequency=10**9,
    )
    count = sum(len(eg.reference) for eg in settings.corpus(nlp))

    def run() -> None:
        for _ in pretrain_steps(nlp, settings):
            pass

    return run, count


def spacys(path: Path, objective: str, words: list[str]) -> tuple[Callable[[], None], int]:
    """The same for spaCy."""
    import spacy
    from spacy.training.corpus import JsonlCorpus
    from spacy.training.pretrain import create_pretraining_model, ensure_docs, make_update
    from spacy.vectors import Vectors
    from thinc.api import Adam

    nlp = Side("spacy").pipeline(0, "en")
    get = spacy.registry.architectures.get
    if objective == "vectors":
        nlp.vocab.vectors = Vectors(data=table(words), keys=words, strings=nlp.vocab.strings)
        nlp.initialize = lambda: None  # it would drop the vectors
        make = get("spacy.PretrainVectors.v1")(**HIDDEN, loss="cosine")
    else:
        make = get("spacy.PretrainCharacters.v1")(**HIDDEN, n_characters=4)
    section = {"component": "tok2vec", "layer": "", "dropout": DROPOUT, "objective": make}
    batcher = spacy.registry.batchers.get("spacy.batch_by_words.v1")(
        size=BATCH, tolerance=0.2, discard_oversize=False
    )
    corpus = JsonlCorpus(path, min_length=5, max_length=500)
    count = sum(len(eg.reference) for eg in corpus(nlp))

    def run() -> None:
        task = create_pretraining_model(nlp, section)
        optimizer = Adam(0.001, use_averages=True)
        for batch in batcher(corpus(nlp)):
            make_update(task, ensure_docs(batch), optimizer, task.attrs["loss"])

    return run, count


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__)
    check_threads()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.jsonl"
        texts = ewt_texts("dev", 100 if options.quick else None)
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf8")
        words = sorted({word for text in texts for word in text.split()})
        repeats = 1 if options.quick else 3
        for objective in ("characters", "vectors"):
            rates = []
            for make in (ours, spacys) if has_spacy() else (ours,):
                run, count = make(path, objective, words)
                rates.append(count / cpu_median(run, repeats, warm_up=0))
            rows.append(
                Row(
                    f"pretrain, {objective}",
                    rates[0],
                    rates[1] if len(rates) > 1 else None,
                    "words/CPU s",
                    higher_is_better=True,
                    goal=2.5,
                )
            )
    report(rows, "Pretraining", options.json)


if __name__ == "__main__":
    main()
