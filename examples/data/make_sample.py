"""Make the samples in this folder. Same input, same output.

    python examples/data/make_sample.py EWT WNUT

EWT holds train.conllu, dev.conllu and test.conllu of UD English EWT, plain or gzipped. Whole
documents are taken, so that sentences keep their neighbours, and each genre keeps its share of the
sentences. WNUT holds train.conll, dev.conll and test.conll of WNUT 2017: posts are taken at even
distances.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
SENTENCES = {"train": 1800, "dev": 300, "test": 300}
POSTS = {"train": 1700, "dev": 300, "test": 300}


def read_documents(path: Path) -> list[tuple[str, list[str]]]:
    """Documents of a CoNLL-U file: id, and its sentences as text with their comments."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        blocks = [block for block in file.read().split("\n\n") if block.strip()]
    documents: list[tuple[str, list[str]]] = []
    for block in blocks:
        first = block.lstrip("\n").split("\n", 1)[0]
        if first.startswith("# newdoc id = "):
            documents.append((first.removeprefix("# newdoc id = "), []))
        documents[-1][1].append(block.strip("\n"))
    return documents


def sample(documents: list[tuple[str, list[str]]], size: int) -> list[tuple[str, list[str]]]:
    """About ``size`` sentences in whole documents, chosen by the hash of their ids, genre by genre,
    in their original order. A document that would go beyond its genre's share is passed over."""
    genres = defaultdict(list)
    for document in documents:
        genres[document[0].split("-", 1)[0]].append(document)
    total = sum(len(sentences) for _, sentences in documents)
    chosen = set()
    for members in genres.values():
        share = size * sum(len(sentences) for _, sentences in members) / total
        taken = 0
        for name, sentences in sorted(members, key=lambda d: hashlib.sha1(d[0].encode()).digest()):
            if taken + len(sentences) <= share + 3:
                chosen.add(name)
                taken += len(sentences)
    return [document for document in documents if document[0] in chosen]


def sample_treebank(folder: Path) -> None:
    """Write train.conllu, dev.conllu and test.conllu beside this script."""
    for part, size in SENTENCES.items():
        source = next(p for p in sorted(folder.glob(f"{part}.conllu*")) if p.is_file())
        documents = sample(read_documents(source), size)
        sentences = [sentence for _, group in documents for sentence in group]
        text = "".join(f"{sentence}\n\n" for sentence in sentences)
        (HERE / f"{part}.conllu").write_text(text, encoding="utf-8", newline="\n")
        words = sum(
            line[:1].isdigit() and line.split("\t", 1)[0].isdigit() for line in text.split("\n")
        )
        print(f"{part}: {len(documents)} documents, {len(sentences):,} sentences, {words:,} words")


def sample_entities(folder: Path) -> None:
    """Write train.conll, dev.conll and test.conll in the folder ``entities``."""
    for part, size in POSTS.items():
        text = (folder / f"{part}.conll").read_text(encoding="utf-8")
        posts = [post.strip("\n") for post in text.split("\n\n") if post.strip()]
        chosen = [posts[i * len(posts) // size] for i in range(size)]
        text = "".join(f"{post}\n\n" for post in chosen)
        path = HERE / "entities" / f"{part}.conll"
        path.write_text(text, encoding="utf-8", newline="\n")
        tokens = sum(len(post.split("\n")) for post in chosen)
        print(f"{part}: {size:,} posts, {tokens:,} tokens, {text.count(chr(9) + 'B-'):,} entities")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sample_treebank(Path(sys.argv[1]))
    sample_entities(Path(sys.argv[2]))
