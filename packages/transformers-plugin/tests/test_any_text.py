"""Whatever a text spells, it is text: special pieces, halves of surrogate pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom_transformers.pieces import PieceTokenizer

from .support import TOKENIZERS, transformer_block

SPECIALS = ["[SEP]", "[MASK]", "[CLS]", "[UNK]", "<s>", "</s>", "<pad>", "<unk>"]


@pytest.mark.parametrize("kind", sorted(TOKENIZERS))
@pytest.mark.parametrize("read", [False, True])
def test_text_that_spells_special_pieces_is_text(
    tokenizers: dict[str, Any], kind: str, read: bool
) -> None:
    tokenizer = tokenizers[kind][read]
    unknown = tokenizer.tokenizer.unk_token_id
    special = set(tokenizer.tokenizer.all_special_ids) - {unknown}
    for word in SPECIALS:
        for text in (f"fox {word} dog", f"fox{word}dog", word, f"{word}{word} fox", f" {word}"):
            found = tokenizer.encode(["fox", text, "dog"])
            inner = slice(found.lengths[0], found.lengths[:2].sum())
            ids, starts, ends = found.ids[inner], found.starts[inner], found.ends[inner]
            assert not special & set(ids.tolist()), (text, ids)
            covered = {i for start, end in zip(starts, ends) for i in range(start, end)}
            assert covered >= {i for i, c in enumerate(text) if not c.isspace()}, text
            assert (np.diff(starts) >= 0).all() and ends.max() <= len(text)
            assert found.ids[: found.lengths[0]].tolist() == tokenizer.encode(["fox"]).ids.tolist()


def test_transformers_own_calls_change_nothing() -> None:
    tokenizer = PieceTokenizer(TOKENIZERS["wordpiece"]())
    before = tokenizer.encode(["fox [SEP] dog"]).ids.tolist()
    tokenizer.tokenizer("fox [SEP] dog")
    assert tokenizer.encode(["fox [SEP] dog"]).ids.tolist() == before


def test_the_other_way_on_request(folder: Callable[[str], str], tmp_path: Any) -> None:
    def special(nlp: Any) -> bool:
        data = nlp("fox [SEP] dog")._.trf_data
        text = data.pieces.ids[data.pieces.ends > data.pieces.starts]
        sep = nlp.get_pipe("transformer").model.shims[0].tokenizer.suffix[0]
        return sep in text

    for split in (True, False):
        nlp = spanloom.blank("en")
        settings = {} if split else {"tokenizer_config": {"split_special_tokens": False}}
        nlp.add_pipe("transformer", config=transformer_block(folder("bert"), **settings))
        nlp.initialize()
        assert special(nlp) is not split
        nlp.to_disk(tmp_path / str(split))
        assert special(spanloom.load(tmp_path / str(split))) is not split


@pytest.mark.parametrize("kind", ["bert", "roberta", "t5", "xlmr"])
def test_half_a_surrogate_pair_is_a_character_like_any(
    build: Callable[..., Any], kind: str
) -> None:
    texts = ["so good \ud83d bye", "\udc00", "Köln is lazy"]
    nlp = build(kind)
    docs = list(nlp.pipe(texts))
    assert [doc.text for doc in docs] == texts and all(doc[-1].tag_ for doc in docs)
    good = nlp("so good \ufffd bye")
    assert docs[0]._.trf_data.pieces.ids.tolist() == good._.trf_data.pieces.ids.tolist()
