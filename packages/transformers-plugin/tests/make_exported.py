"""Make the exported pipeline that the tests of spanloom-onnx read, where torch isn't there. From
this package's folder: ``python -m tests.make_exported``. Files of format 1 must stay readable, so
another format gets a folder of its own.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import spanloom
from spanloom_transformers import export

from .support import MODELS, TEXTS, TOKENIZERS, listener_block, tagged_examples, transformer_block

TARGET = Path(__file__).resolve().parents[2] / "onnx-plugin" / "tests" / "data"


def main() -> None:
    """Write the folder ``exported``, and what it must give into ``expected.json``."""
    import torch

    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        tokenizer = TOKENIZERS["wordpiece"]()
        MODELS["bert"][0](len(tokenizer)).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        nlp = spanloom.blank("en")
        block = transformer_block(folder, get_spans={"@span_getters": "spanloom.strided_spans.v1"})
        nlp.add_pipe("transformer", config=block)
        nlp.add_pipe("tagger", config={"model": listener_block()})
        examples = tagged_examples(nlp)
        optimizer = nlp.initialize(lambda: examples)
        for _ in range(30):
            nlp.update(examples, sgd=optimizer)
        TARGET.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(TARGET / "exported", ignore_errors=True)
        export(nlp, TARGET / "exported", texts=TEXTS)
        docs = list(nlp.pipe(TEXTS))
        expected = [
            {
                "text": doc.text,
                "tags": [token.tag_ for token in doc],
                "sums": doc._.trf_data.tensors[-1].sum(axis=1).round(4).tolist(),
            }
            for doc in docs
        ]
        (TARGET / "expected.json").write_text(
            json.dumps(expected, indent=1, ensure_ascii=False) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
