"""Writing and reading annotated documents: our ``.loom`` and ``.spacy`` files, beside spaCy's, and
Arrow and Parquet where pyarrow is installed.

The documents are those of UD English EWT's training part with all columns. Each side writes what it
read from the same file, and reads into a new vocabulary; reading counts until the last document is
there. Sizes are of the files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from common import Row, arguments, check_threads, cpu_median, ewt_file, has_spacy, report
from spanloom import Vocab, registry
from spanloom.corpora.writing import writer_for
from spanloom.tokens import Doc
from spanloom.tokens.storage.docfile import read_docs, write_docs
from spanloom_formats.conllu.reading import read_conllu
from spanloom_spacy import DocBin

#: How many times faster than spaCy's DocBin our own format is to be.
GOAL = 5.0


def spacy_side(path: Path) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """What writes and what reads a ``.spacy`` file with spaCy."""
    import spacy
    from spacy.tokens import DocBin as TheirDocBin

    docs = list(TheirDocBin().from_disk(path).get_docs(spacy.blank("en").vocab))
    out = path.with_name("theirs.spacy")

    def write() -> None:
        TheirDocBin(docs=docs, store_user_data=True).to_disk(out)

    def read() -> list[Any]:
        return list(TheirDocBin().from_disk(out).get_docs(spacy.blank("en").vocab))

    return write, read


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__)
    check_threads()
    docs = list(read_conllu(ewt_file("dev" if options.quick else "train"), Vocab("en")))
    with tempfile.TemporaryDirectory() as folder:
        report(measured(docs, Path(folder)), "Files of documents", options.json)


def measured(docs: list[Doc], folder: Path) -> list[Row]:
    """The figures."""
    tokens = sum(len(doc) for doc in docs)
    loom, ours = folder / "ours.loom", folder / "ours.spacy"
    write_loom = tokens / cpu_median(lambda: write_docs(loom, docs))
    read_loom = tokens / cpu_median(lambda: list(read_docs(loom, Vocab("en"))))

    def write_bin() -> None:
        DocBin(docs=docs, store_user_data=True).to_disk(ours)

    write_spacy = tokens / cpu_median(write_bin)
    read_spacy = tokens / cpu_median(lambda: list(DocBin().from_disk(ours).get_docs(Vocab("en"))))
    write_peer = read_peer = size_peer = None
    if has_spacy():
        theirs = spacy_side(ours)
        write_peer, read_peer = (tokens / cpu_median(each) for each in theirs)
        size_peer = ours.with_name("theirs.spacy").stat().st_size / tokens

    def rate(name: str, our: float, peer: float | None, goal: float | None = None) -> Row:
        return Row(name, our, peer, unit="tokens/CPU s", higher_is_better=True, goal=goal)

    rows = [
        rate(".loom, written (peer: DocBin)", write_loom, write_peer, goal=GOAL),
        rate(".loom, read (peer: DocBin)", read_loom, read_peer, goal=GOAL),
        rate(".loom beside our .spacy, written", write_loom, write_spacy),
        rate(".loom beside our .spacy, read", read_loom, read_spacy),
        rate(".spacy, written (peer: DocBin)", write_spacy, write_peer, goal=1.0),
        rate(".spacy, read (peer: DocBin)", read_spacy, read_peer, goal=1.0),
        Row(".loom, size", loom.stat().st_size / tokens, size_peer, unit="bytes/token"),
        Row(".spacy, size", ours.stat().st_size / tokens, size_peer, unit="bytes/token"),
    ]
    for suffix in ("parquet", "arrow") if find_spec("pyarrow") else ():
        path = folder / f"ours.{suffix}"
        save, load = writer_for(path), registry.converters.get(suffix)
        written = tokens / cpu_median(lambda: save(path, docs))  # noqa: B023
        read = tokens / cpu_median(lambda: list(load(path, Vocab("en"))))  # noqa: B023
        size = path.stat().st_size / tokens
        rows += [
            rate(f".{suffix}, written (peer: DocBin)", written, write_peer),
            rate(f".{suffix}, read (peer: DocBin)", read, read_peer),
            Row(f".{suffix}, size", size, size_peer, unit="bytes/token"),
        ]
    return rows


if __name__ == "__main__":
    main()
