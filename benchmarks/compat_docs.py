"""Whether documents, examples and words behave as spaCy's do, on random ones.

Random words, spaces, trees, entities and second tokenisations are given to both sides, and what
tokens, spans, documents and examples say is compared; so are all features of the words of EWT.
Prints what was compared and how often it differed, and exits with 1 if anything did.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from common import arguments, ewt_texts, has_spacy
from spanloom import Doc, Example, Vocab
from spanloom.vocab.lexicon import FLAGS, STRING_FEATURES

#: What depends on a language's rules, which each side has of its own.
BY_LANGUAGE = ("IS_STOP", "LIKE_NUM", "NORM")
TOKEN = ("idx", "is_sent_start", "is_sent_end", "n_lefts", "n_rights", "ent_iob_", "ent_type_")
TREE = ("lefts", "rights", "children", "subtree", "ancestors", "conjuncts")
ARRAY = ["ORTH", "HEAD", "DEP", "SENT_START", "ENT_IOB", "ENT_TYPE", "SPACY", "LEMMA", "LENGTH"]

Facts = Iterator[tuple[str, Any]]


def random_heads(rng: random.Random, size: int) -> list[int]:
    """Heads of sentences of up to six words, without crossing arcs."""
    heads = list(range(size))

    def build(low: int, high: int, head: int) -> None:
        if low < high:
            root = rng.randrange(low, high)
            heads[root] = root if head < 0 else head
            build(low, root, root)
            build(root + 1, high, root)

    start = 0
    while start < size:
        end = min(size, start + rng.randint(1, 6))
        build(start, end, -1)
        start = end
    return heads


def random_ents(rng: random.Random, size: int) -> list[str]:
    """IOB tags in which each entity has a beginning."""
    tags: list[str] = []
    label = ""
    for _ in range(size):
        tag = rng.choice(["O", "", "B-X", "B-Y", "I", "I"])
        if tag == "I":
            tag = f"I-{label}" if label else "O"
        label = tag[2:]
        tags.append(tag)
    return tags


def random_document(rng: random.Random) -> dict[str, Any]:
    """Arguments of a Doc."""
    size = rng.randint(1, 12)
    words = ["".join(rng.choices("abXY1.", k=rng.randint(1, 4))) for _ in range(size)]
    heads = random_heads(rng, size)
    labels = rng.choices(["nsubj", "conj", "x"], k=size)
    return {
        "words": words,
        "spaces": [rng.random() < 0.7 for _ in words],
        "heads": heads,
        "deps": ["ROOT" if h == i else labels[i] for i, h in enumerate(heads)],
        "ents": random_ents(rng, size),
        "tags": rng.choices("AB", k=size),
        "lemmas": words,
    }


def random_words(rng: random.Random, text: str) -> tuple[list[str], list[bool]]:
    """Another tokenisation of a text."""
    cuts = sorted({0, len(text), *(rng.randrange(len(text) + 1) for _ in range(6))})
    pieces = [text[start:end] for start, end in zip(cuts, cuts[1:])]
    spaces = [piece.endswith(" ") and len(piece) > 1 for piece in pieces]
    return [p[:-1] if s else p for p, s in zip(pieces, spaces)], spaces


def document_facts(doc: Any, place: tuple[int, int], chars: tuple[int, int]) -> Facts:
    """What a document, its tokens and one of its spans say."""
    yield "doc.sents", [(s.start, s.end) for s in doc.sents]
    yield "doc.ents", [(e.start, e.end, e.label_) for e in doc.ents]
    yield "doc.to_array", doc.to_array(ARRAY).tolist()
    yield "doc.to_json", doc.to_json()
    yield "doc.get_lca_matrix", doc.get_lca_matrix().tolist()
    for mode in ("strict", "contract", "expand"):
        span = doc.char_span(*chars, alignment_mode=mode) if chars[0] < chars[1] else None
        yield (
            f"doc.char_span {mode}",
            (span.start, span.end) if span is not None and len(span) else 0,
        )
    for token in doc:
        for name in TOKEN:
            yield f"token.{name}", getattr(token, name)
        for name in TREE:
            yield f"token.{name}", [other.i for other in getattr(token, name)]
        yield "token edges", (token.left_edge.i, token.right_edge.i, token.sent.start)
    span = doc[slice(*place)]
    yield "span.text", (span.text, span.text_with_ws, span.start_char, span.end_char, span.lemma_)
    yield "span.root", span.root.i
    # spaCy's order of these isn't that of the text, and it may give a token twice.
    yield (
        "span in the tree",
        [
            sorted({token.i for token in getattr(span, name)})
            for name in ("lefts", "rights", "subtree")
        ],
    )
    yield "span.ents", [(e.start, e.end) for e in span.ents]
    yield "span.sents", [(s.start, s.end) for s in span.sents]


def merged_facts(doc: Any, place: tuple[int, int]) -> Facts:
    """What a document says after a merge."""
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[slice(*place)])
    yield (
        "doc after a merge",
        [(t.text, t.whitespace_, t.head.i, t.dep_, t.lemma_, t.tag_, t.is_sent_start) for t in doc],
    )


def example_facts(example: Any) -> Facts:
    """What an example says of its reference in other tokens."""
    x2y = example.alignment.x2y
    yield "example.alignment", (x2y.lengths.tolist(), x2y.data.tolist())
    for name in ("TAG", "DEP", "LEMMA", "ENT_TYPE"):
        yield "example.get_aligned", example.get_aligned(name, as_string=True)
    yield "example.get_aligned_sent_starts", example.get_aligned_sent_starts()
    yield "example.get_aligned_ner", example.get_aligned_ner()


def compare(rounds: int, counts: Counter[str], differences: Counter[str]) -> None:
    """Compare both sides on random documents."""
    import spacy
    from spacy.training import Example as PeerExample

    rng = random.Random(0)
    vocab, peer_vocab = Vocab("en"), spacy.blank("en").vocab
    for _ in range(rounds):
        given = random_document(rng)
        ours, peer = Doc(vocab, **given), spacy.tokens.Doc(peer_vocab, **given)
        start = rng.randrange(len(ours))
        place = (start, rng.randint(start + 1, len(ours)))
        chars = tuple(sorted(rng.choices(range(len(ours.text) + 1), k=2)))
        words, spaces = random_words(rng, ours.text)
        other = Doc(vocab, words, spaces)
        peer_other = spacy.tokens.Doc(peer_vocab, words, spaces)
        both: list[tuple[Callable[..., Facts], Any, Any]] = [
            (lambda doc, p=place, c=chars: document_facts(doc, p, c), ours, peer),
            (example_facts, Example(other, ours), PeerExample(peer_other, peer)),
            (lambda doc, p=place: merged_facts(doc, p), ours, peer),
        ]
        for facts, one, two in both:
            for (name, mine), (_, theirs) in zip(facts(one), facts(two), strict=True):
                counts[name] += 1
                differences[name] += mine != theirs


def compare_words(counts: Counter[str], differences: Counter[str]) -> None:
    """Compare the features of the words of EWT, as spaces divide them."""
    import spacy

    words = sorted({word for text in ewt_texts("train") for word in text.split()})
    vocab, peer = Vocab("en"), spacy.blank("en").vocab
    rows = vocab.lexicon.rows_of(words)
    for name in (*STRING_FEATURES, *FLAGS):
        if name not in BY_LANGUAGE:
            values = vocab.lexicon.column(name)[rows].tolist()
            counts[f"lexeme.{name}"] = len(words)
            wrong = sum(getattr(peer[w], name.lower()) != v for w, v in zip(words, values))
            differences[f"lexeme.{name}"] = wrong


def main() -> None:
    """Compare, print and exit."""
    options = arguments(__doc__, rounds=1000)
    if not has_spacy():
        sys.exit("Install spaCy 3.8 beside us: there is nothing to compare with.")
    counts: Counter[str] = Counter()
    differences: Counter[str] = Counter()
    compare(50 if options.quick else options.rounds, counts, differences)
    compare_words(counts, differences)
    for name, count in counts.items():
        print(f"{name:34} compared {count:7,}  differ {differences[name]:5,}")
    sys.exit(1 if differences.total() else 0)


if __name__ == "__main__":
    main()
