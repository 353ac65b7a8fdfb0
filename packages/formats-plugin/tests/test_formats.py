"""Entity tags by line, annotated texts, and ``spanloom convert`` between all formats."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from spanloom import Vocab
from spanloom.config import init_config
from spanloom.corpora.corpus import Corpus, read_docs
from spanloom.corpora.writing import writer_for
from spanloom.errors import DataError, FormatError, SpanloomError
from spanloom.examples import MisalignedWarning
from spanloom.pipeline.build import blank
from spanloom.tokens import Doc
from spanloom_formats.conllu.reading import read_conllu
from spanloom_formats.conllu.writing import write_conllu
from spanloom_formats.iob.files import read_iob, write_biluo, write_conll, write_iob
from spanloom_formats.jsonl.files import read_jsonl

from .support import run

SAMPLE = Path(__file__).parent / "data" / "wnut17_sample.conll"

CONLL_2003 = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O
German JJ B-NP B-MISC
call NN I-NP O

-DOCSTART- -X- -X- O

Peter NNP B-NP B-PER
Blackburn NNP I-NP I-PER
"""


def ents(docs: Any) -> list[list[tuple[str, str]]]:
    return [[(ent.text, ent.label_) for ent in doc.ents] for doc in docs]


def read(tmp_path: Path, text: str, **options: Any) -> list[Doc]:
    path = tmp_path / "a.conll"
    path.write_text(text, "utf8")
    return list(read_iob(path, Vocab("en"), **options))


def test_four_columns_and_documents(tmp_path: Path) -> None:
    docs = read(tmp_path, CONLL_2003)
    assert ents(docs) == [[("EU", "ORG"), ("German", "MISC")], [("Peter Blackburn", "PER")]]
    assert [token.tag_ for token in docs[0]] == ["NNP", "VBZ", "JJ", "NN"]
    assert all(doc.has_unknown_spaces for doc in docs)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-X I-X O", [("a b", "X")]),
        ("I-X I-X O", [("a b", "X")]),
        ("O I-X O", [("b", "X")]),
        ("I-X I-Y O", [("a", "X"), ("b", "Y")]),
        ("B-X B-X I-X", [("a", "X"), ("b c", "X")]),
        ("B-X I-X L-X", [("a b c", "X")]),
        ("U-X B-X L-X", [("a", "X"), ("b c", "X")]),
        ("S-X B-X E-X", [("a", "X"), ("b c", "X")]),
        ("- B-a-b O", [("b", "a-b")]),
        ("_ O O", []),
    ],
)
def test_schemes_of_tags(tmp_path: Path, tags: str, expected: list[tuple[str, str]]) -> None:
    lines = zip("abc", tags.split(), strict=True)
    docs = read(tmp_path, "".join(f"{word}\t{tag}\n" for word, tag in lines))
    assert ents(docs) == [expected]
    inline = zip("abc", tags.split(), strict=True)
    docs = read(tmp_path, " ".join(f"{word}|{tag}" for word, tag in inline) + "\n")
    assert ents(docs) == [expected]


def test_lines_with_parts_of_speech_and_odd_words(tmp_path: Path) -> None:
    docs = read(tmp_path, "Ana|NNP|B-PER |||O runs|VB|O\nx|NN|O\n")
    assert docs[0].words == ["Ana", "|", "runs", "x"] and len(list(docs[0].sents)) == 2
    assert [token.tag_ for token in docs[0]] == ["NNP", "", "VB", "NN"]
    assert read(tmp_path, "# a comment\n#\tO\n# O\n")[0].words == ["#", "#"]
    assert read(tmp_path, "\ufeffa\tO\r\nb c\tO\r\n")[0].words == ["a", "b c"]


def test_missing_is_not_outside(tmp_path: Path) -> None:
    doc = read(tmp_path, "a\t-\nb\tO\n")[0]
    assert [token.ent_iob_ for token in doc] == ["", "O"]
    write_iob(tmp_path / "b.iob", [doc, Doc(Vocab("en"), words=["x"])])
    assert (tmp_path / "b.iob").read_text().split("\n")[2:4] == ["a\t-", "b\tO"]
    assert "x\t-" in (tmp_path / "b.iob").read_text()


@pytest.mark.parametrize("bad", ["word", "word\tX-PER", "word\tB-", "\tO", "word\tB PER"])
def test_bad_lines_are_named_or_skipped(tmp_path: Path, bad: str) -> None:
    text = f"a\tO\n\nb\tO\n{bad}\n\nc\tB-X\n"
    with pytest.raises(FormatError, match=r"a\.conll, line 4"):
        read(tmp_path, text)
    problems: list[FormatError] = []
    assert [doc.words for doc in read(tmp_path, text, problems=problems)] == [["a", "c"]]
    assert [problem.line for problem in problems] == [4]


def test_sample_of_wnut(tmp_path: Path) -> None:
    docs = list(read_iob(SAMPLE, Vocab("en"), n_sents=1))
    assert len(docs) == 40
    labels = {label for doc in ents(docs) for _, label in doc}
    assert {"person", "location", "creative-work"} <= labels
    for write in (write_iob, write_biluo, write_conll):
        assert write(tmp_path / "a.iob", docs) == 40
        again = list(read_iob(tmp_path / "a.iob", Vocab("en"), n_sents=0))
        assert ents(again) == ents(docs)
        assert [doc.words for doc in again] == [doc.words for doc in docs]


def test_tokens_of_whitespace_are_no_words(tmp_path: Path) -> None:
    doc = Doc(
        Vocab("en"),
        words=["New", "\n", "York", "\t", "is"],
        ents=["B-GPE", "I-GPE", "I-GPE", "O", "O"],
        heads=[2, 2, 4, 3, 4],
        deps=["compound", "dep", "nsubj", "ROOT", "ROOT"],
        sent_starts=[True, False, False, False, False],
    )
    write_biluo(tmp_path / "a.biluo", [doc])
    again = next(read_iob(tmp_path / "a.biluo", Vocab("en")))
    assert again.words == ["New", "York", "is"]
    assert ents([again]) == [[("New York", "GPE")]]
    write_conllu(tmp_path / "a.conllu", [doc])
    tree = next(read_conllu(tmp_path / "a.conllu", Vocab("en")))
    words = [token for token in tree if not token.is_space]
    assert [(token.text, token.head.text, token.dep_) for token in words] == [
        ("New", "York", "compound"),
        ("York", "is", "nsubj"),
        ("is", "is", "ROOT"),
    ]
    assert ents([tree]) == [[("New \n York", "GPE")]] and tree.text == doc.text


def test_conllu_comes_back(tmp_path: Path) -> None:
    rows = (
        "# newdoc\n# text = Don't go.\n1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
        "1\tDo\tdo\tAUX\tVBP\tMood=Imp\t3\taux\t_\t_\n2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_\n"
        "3\tgo\tgo\tVERB\tVB\tVerbForm=Inf\t0\troot\t_\tSpaceAfter=No\n"
        "4\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_\n\n"
    )
    (tmp_path / "a.conllu").write_text(rows)
    docs = list(read_conllu(tmp_path / "a.conllu", Vocab("en")))
    assert write_conllu(tmp_path / "b.conllu.gz", docs) == 1
    again = list(read_conllu(tmp_path / "b.conllu.gz", Vocab("en")))
    assert [doc.to_json() for doc in again] == [doc.to_json() for doc in docs]


def records(tmp_path: Path, *lines: Any, **options: Any) -> list[Doc]:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), "utf8")
    return list(read_jsonl(path, Vocab("en"), **options))


def test_annotated_texts(tmp_path: Path) -> None:
    docs = records(
        tmp_path,
        {"text": "I can't go to Rome.", "label": "travel", "meta": {"id": 7}},
        {"text": "Rome", "cats": {"a": 1, "b": 0.0}, "entities": [[0, 4, "GPE"]]},
        {"text": "In Rome", "spans": [{"start": 3, "end": 7, "label": "GPE", "id": 5}]},
        {"text": "In Rome", "spans": {"sc": [[0, 7, "P"], [3, 7, "GPE"]]}, "cats": ["a"]},
    )
    assert docs[0].words == ["I", "ca", "n't", "go", "to", "Rome", "."]
    assert docs[0].cats == {"travel": 1.0} and docs[0].user_data == {"meta": {"id": 7}}
    assert docs[1].cats == {"a": 1.0, "b": 0.0}
    assert ents(docs) == [[], [("Rome", "GPE")], [("Rome", "GPE")], []]
    assert not docs[0].has_annotation("ENT_IOB")
    assert [(span.text, span.label_) for span in docs[3].spans["sc"]] == [
        ("In Rome", "P"),
        ("Rome", "GPE"),
    ]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": "In Rome", "entities": [[3, 6, "X"]]}, "where tokens do.*'Rome'"),
        ({"text": "In Rome", "entities": [[3, 9, "X"]]}, "lie within"),
        ({"text": "In Rome", "entities": [[0, 7, "X"], [3, 7, "Y"]]}, "overlap"),
        ({"text": "In Rome", "entities": [["0", 7, "X"]]}, "in characters"),
        ({"text": "In Rome", "entities": [7]}, "in characters"),
        ({"text": "In Rome", "entities": "X"}, "must be a list"),
        ({"text": "In Rome", "label": ["a"]}, "one string"),
        ({"text": "In Rome", "cats": {"a": "yes"}}, "label and its score"),
        ({"text": "In Rome", "cats": "a"}, "'cats' must"),
        ({"text": None}, "'text'"),
    ],
)
def test_records_that_do_not_fit_are_named(
    tmp_path: Path, record: dict[str, Any], message: str
) -> None:
    good = {"text": "ok"}
    with pytest.raises(FormatError, match=f"(?s)line 2.*{message}"):
        records(tmp_path, good, record, good, strict=True)
    problems: list[FormatError] = []
    assert len(records(tmp_path, good, record, good, problems=problems, strict=True)) == 2
    assert [problem.line for problem in problems] == [2]


def test_a_corpus_reads_every_format(tmp_path: Path) -> None:
    nlp = blank("en")
    docs = list(read_iob(SAMPLE, nlp.vocab))
    names = ["a.iob", "b.biluo.gz", "c.conll", "d.jsonl", "f.loom", "g.conllu"]
    for name in names:
        writer_for(name)(tmp_path / name, docs)
        examples = list(Corpus(tmp_path / name)(nlp))
        assert sum(len(example.reference.ents) for example in examples) == sum(map(len, ents(docs)))
    assert len(list(Corpus(tmp_path)(nlp))) == len(docs) * len(names)
    with pytest.raises(DataError, match="can't be written"):
        writer_for("a.loom.gz")


def test_convert_there_and_back(tmp_path: Path) -> None:
    steps = ["b.biluo", "c.loom", "d.conllu.gz", "e.jsonl.gz", "f.conll", "g.iob"]
    source: Path = SAMPLE
    for step in steps:
        result = run("convert", source, tmp_path / step, "-l", "en")
        assert "documents" in result.output
        source = tmp_path / step
    original, last = (list(read_docs(path, Vocab("en"))) for path in (SAMPLE, source))
    assert ents(last) == ents(original)
    assert [doc.words for doc in last] == [doc.words for doc in original]


def test_convert_skips_and_names_bad_records(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    lines = [{"text": "a", "label": "x"}, {"text": 1}, {"text": "b", "entities": [[0, 9, "x"]]}]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    assert "line 2" in run("convert", path, tmp_path / "a.loom", code=1).output
    assert not (tmp_path / "a.loom").exists()
    result = run("convert", path, tmp_path / "a.loom", "--skip-bad", "--strict")
    assert "1 documents, 1 tokens" in result.output
    assert "line 2" in result.output and "line 3" in result.output
    assert "2 malformed" in result.output


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.loom", "a.spacy", "a.parquet"])
def test_an_empty_document_among_others_comes_back(name: str, tmp_path: Path) -> None:
    one = Doc(Vocab("en"), ["a", "b"])
    writer_for(tmp_path / name)(tmp_path / name, [one, Doc(one.vocab), one])
    assert [doc.text for doc in read_docs(tmp_path / name, Vocab("en"))] == ["a b ", "", "a b "]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.loom"])
def test_half_a_surrogate_pair_is_kept(name: str, tmp_path: Path) -> None:
    docs = [Doc(Vocab("en"), ["fine", "größe"]), Doc(Vocab("en"), ["so", "\ud83d"])]
    writer_for(tmp_path / name)(tmp_path / name, docs)
    again = [doc.text for doc in read_docs(tmp_path / name, Vocab("en"))]
    assert again == [doc.text for doc in docs]


@pytest.mark.parametrize("name", ["a.conllu", "a.conllu.gz", "a.iob", "a.spacy", "a.parquet"])
def test_half_a_surrogate_pair_is_refused_by_name(name: str, tmp_path: Path) -> None:
    docs = [Doc(Vocab("en"), ["fine"]), Doc(Vocab("en"), ["so", "\ud83d"])]
    with pytest.raises(SpanloomError, match="ud83d"):
        writer_for(tmp_path / name)(tmp_path / name, docs)
    assert not list(tmp_path.iterdir())


@pytest.mark.lengthy
def test_a_line_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(140):
            file.write(b"x" * 1_000_000)
        file.write(b"\n1\ta" + b"\t_" * 8 + b"\n\n")
    with pytest.raises(FormatError, match="line 1: has more than"):
        list(read_docs(path, Vocab("en")))
    problems: list[FormatError] = []
    assert [d.text for d in read_docs(path, Vocab("en"), problems=problems)] == []
    assert len(problems) == 1


NOTE = {
    "text": "Seen in Zurich on Monday: took aspirin twice.",
    "entities": [[8, 14, "GPE"], [18, 24, "DATE"], [31, 37, "DRUG"], [40, 99, "X"]],
    "spans": {"sc": [[8, 14, "A"], [9, 14, "B"]]},
}


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_entities_that_fit_no_tokens_leave_the_others(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "a.jsonl":
        path.write_text("\n".join(map(json.dumps, [{"text": "ok"}, NOTE])), "utf8")
    else:
        pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        spans = [[{"start": s, "end": e, "label": label} for s, e, label in NOTE["entities"]]]
        rows = {"text": ["ok", NOTE["text"]], "entities": [[], *spans]}
        parquet.write_table(pa.table(rows), path)
    with pytest.warns(MisalignedWarning, match=r"(line|row) 2: .*'aspiri'.*and \d more") as told:
        doc = list(read_docs(path, Vocab("en")))[1]
    assert len(told) == 1 and len(told[0].message.spans) == (3 if name == "a.jsonl" else 2)
    assert [ent.text for ent in doc.ents] == ["Zurich", "Monday"]
    unknown = [token.text for token in doc if not token.ent_iob]
    assert unknown == ["aspirin", "twice", "."]
    with pytest.raises(FormatError, match="'aspiri'"):
        list(read_docs(path, Vocab("en"), strict=True))


def test_convert_goes_on_and_debug_data_lists_what_fits_no_tokens(tmp_path: Path) -> None:
    path = tmp_path / "n.jsonl"
    path.write_text(json.dumps(NOTE), "utf8")
    with pytest.warns(MisalignedWarning):
        assert "1 documents" in run("convert", path, tmp_path / "a.loom").output
    assert "aspiri" in run("convert", path, tmp_path / "b.loom", "--strict", code=1).output
    (tmp_path / "c.cfg").write_text(init_config("en", ["ner"]).to_str(interpolate=False), "utf8")
    paths = ["--paths.train", path, "--paths.dev", path]
    told = run("debug", "data", tmp_path / "c.cfg", *paths).output
    for part in ("(DRUG)", "40-99 (X)", "9-14 (B)", "3 spans in train", "GPE"):
        assert part in told


@pytest.mark.parametrize("output", ["b.conllu", "link.conllu", "."])
def test_convert_does_not_overwrite_its_source(output: str, tmp_path: Path) -> None:
    path = tmp_path / "b.conllu"
    text = "1\ta" + "\t_" * 8 + "\n\n"
    path.write_text(text)
    (tmp_path / "link.conllu").symlink_to(path)
    source = tmp_path if output == "." else path
    target = path if output == "." else tmp_path / output
    assert "also the input" in run("convert", source, target, code=1).output
    assert path.read_text() == text
