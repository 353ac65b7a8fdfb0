"""Reading CoNLL-U, and documents as lines of JSON."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom.corpora.corpus import data_files, format_of
from spanloom.errors import DataError, FormatError, MissingFileError
from spanloom.tokens import Doc
from spanloom.vocab import Vocab
from spanloom_formats.conllu.reading import read_conllu, read_sentences
from spanloom_formats.conllu.writing import write_conllu
from spanloom_formats.jsonl.files import read_jsonl, write_jsonl

EXAMPLES = Path(__file__).parents[3] / "examples" / "data"

ENGLISH = """\
# newdoc id = one
# sent_id = 1
# text = We can't go.
1\tWe\twe\tPRON\tPRP\tCase=Nom|Number=Plur\t4\tnsubj\t_\t_
2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\t_
2\tca\tcan\tAUX\tMD\tVerbForm=Fin\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
4\tgo\tgo\tVERB\tVB\tVerbForm=Inf\t0\troot\t_\tSpaceAfter=No
4.1\tgone\tgo\tVERB\tVBN\t_\t_\t_\t0:root\tCopyOf=4
5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_

# sent_id = 2
# text = Yes
1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_

# newdoc id = two
# text = Stop!
1\tStop\tstop\tVERB\tVB\tMood=Imp\t0\troot\t_\tSpaceAfter=No
2\t!\t!\tPUNCT\t.\t_\t1\tpunct\t_\t_
"""

GERMAN = """\
# text = Er geht zum Haus
1\tEr\ter\tPRON\t_\tPerson=3\t2\tnsubj\t_\t_
2\tgeht\tgehen\tVERB\t_\t_\t0\troot\t_\t_
3-4\tzum\t_\t_\t_\t_\t_\t_\t_\t_
3\tzu\tzu\tADP\tAPPR\tAdpType=Prep\t5\tcase\t_\t_
4\tdem\tder\tDET\tART\tCase=Dat\t5\tdet\t_\t_
5\tHaus\tHaus\tNOUN\tNN\t_\t2\tobl\t_\t_
"""


@pytest.fixture
def vocab() -> Vocab:
    return Vocab("en")


def write(folder: Path, text: str | bytes, name: str = "a.conllu") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_annotation_of_words(tmp_path: Path, vocab: Vocab) -> None:
    first, second = read_conllu(write(tmp_path, ENGLISH), vocab)
    assert first.text == "We can't go. Yes"
    assert first.words == ["We", "ca", "n't", "go", ".", "Yes"]
    assert [token.tag_ for token in first] == ["PRP", "MD", "RB", "VB", ".", "UH"]
    assert [token.pos_ for token in first][:2] == ["PRON", "AUX"]
    assert [str(token.morph) for token in first][:3] == ["Case=Nom|Number=Plur", "VerbForm=Fin", ""]
    assert [token.lemma_ for token in first][1:3] == ["can", "not"]
    assert [token.head.i for token in first] == [3, 3, 3, 3, 3, 5]
    assert [token.dep_ for token in first][:4] == ["nsubj", "aux", "advmod", "ROOT"]
    assert [sentence.text for sentence in first.sents] == ["We can't go.", "Yes"]
    assert second.text == "Stop!"


@pytest.mark.parametrize(
    ("n_sents", "texts"),
    [(1, ["We can't go.", "Yes", "Stop!"]), (0, ["We can't go. Yes", "Stop!"])],
)
def test_sentences_per_document(
    tmp_path: Path, vocab: Vocab, n_sents: int, texts: list[str]
) -> None:
    docs = read_conllu(write(tmp_path, ENGLISH), vocab, n_sents=n_sents)
    assert [doc.text for doc in docs] == texts


def test_words_that_do_not_spell_their_token_are_split_or_merged(
    tmp_path: Path, vocab: Vocab
) -> None:
    path = write(tmp_path, GERMAN)
    (split,) = read_conllu(path, vocab)
    assert split.text == "Er geht zu dem Haus"
    (merged,) = read_conllu(path, vocab, merge_subtokens=True)
    assert merged.text == "Er geht zum Haus"
    zum = merged[2]
    assert (zum.text, zum.tag_, zum.pos_, zum.lemma_) == ("zum", "APPR_ART", "ADP", "zu der")
    assert str(zum.morph) == "AdpType=Prep|Case=Dat"
    assert [token.head.i for token in merged] == [1, 1, 3, 1]
    # Where there is no XPOS, the universal tag takes its place.
    assert [token.tag_ for token in split][:2] == ["PRON", "VERB"]


def test_entities_in_misc(tmp_path: Path, vocab: Vocab) -> None:
    text = (
        "1\tAnn\t_\t_\t_\t_\t_\t_\t_\tNE=B-PER\n2\tLee\t_\t_\t_\t_\t_\t_\t_\tNE=L-PER|SpaceAfter=No\n"
        "3\tran\t_\t_\t_\t_\t_\t_\t_\tNER=O\n"
    )
    (doc,) = read_conllu(write(tmp_path, text), vocab)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Ann Lee", "PER")]
    assert doc.column("TAG") is None and doc.column("HEAD") is None
    assert doc.text == "Ann Leeran"


def test_gzip_crlf_bom_and_no_newline_at_the_end(tmp_path: Path, vocab: Vocab) -> None:
    plain = [doc.text for doc in read_conllu(write(tmp_path, ENGLISH), vocab)]
    odd = b"\xef\xbb\xbf" + ENGLISH.rstrip().replace("\n", "\r\n").encode()
    packed = write(tmp_path, gzip.compress(odd), "b.conllu.gz")
    assert [doc.text for doc in read_conllu(packed, vocab)] == plain


ROW = "1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_", "has 9 columns, but CoNLL-U has 10"),
        (ROW.replace("\t", " "), "separated by tabs"),
        (ROW.replace("1\t", "x\t", 1), "ID is 'x', but must be 1"),
        (ROW.replace("1\t", "2\t", 1), "ID is '2', but must be 1"),
        ("1\t\tyes\tINTJ\tUH\t_\t0\troot\t_\t_", "has no FORM"),
        (ROW.replace("INTJ", "INTERJ"), "UPOS 'INTERJ' isn't one of ADJ"),
        (ROW.replace("UH\t_", "UH\tMood"), "FEATS: .*'Mood'"),
        (ROW.replace("\t0\t", "\t7\t"), "HEAD is '7'"),
        (ROW.replace("\t0\t", "\t1\t"), "HEAD is '1'"),
        (
            ROW.replace("\t0\t", "\t2\t")
            + "\n"
            + ROW.replace("1", "2", 1).replace("\t0\t", "\t1\t"),
            "heads of the words 1, 2 form a circle",
        ),
        ("2-3" + ROW[1:], "isn't a range of words"),
        ("1-4" + ROW[1:] + "\n" + ROW, "are missing"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, vocab: Vocab, line: str, message: str) -> None:
    path = write(tmp_path, f"# text = Yes\n{ROW}\n\n{line}\n\n{ROW}\n")
    with pytest.raises(FormatError, match=message) as caught:
        list(read_conllu(path, vocab))
    assert caught.value.path == path and caught.value.line in (4, 5)
    assert f"{path}, line {caught.value.line}: " in str(caught.value)
    problems: list[FormatError] = []
    docs = list(read_conllu(path, vocab, problems=problems))
    assert [doc.text for doc in docs] == ["Yes Yes"]
    assert len(problems) == 1 and problems[0].line == caught.value.line


def test_broken_utf8_is_named(tmp_path: Path, vocab: Vocab) -> None:
    path = write(tmp_path, f"{ROW}\n\n".encode() + b"1\t\xff\n\n" + ROW.encode())
    with pytest.raises(FormatError, match="line 3: byte 3 of the line isn't UTF-8"):
        list(read_conllu(path, vocab))
    problems: list[FormatError] = []
    assert len(list(read_sentences(path, problems=problems))) == 2
    assert [problem.line for problem in problems] == [3]


def test_a_broken_archive_is_named(tmp_path: Path, vocab: Vocab) -> None:
    data = gzip.compress(ENGLISH.encode() * 50)
    for name, content in [("cut", data[: len(data) // 2]), ("not", b"no gzip at all")]:
        with pytest.raises(FormatError, match="broken"):
            list(read_conllu(write(tmp_path, content, f"{name}.conllu.gz"), vocab))


def test_missing_files_and_unknown_formats(tmp_path: Path, vocab: Vocab) -> None:
    with pytest.raises(MissingFileError):
        list(read_conllu(tmp_path / "none.conllu", vocab))
    with pytest.raises(MissingFileError):
        data_files(tmp_path / "none")
    with pytest.raises(MissingFileError, match=r"\.conllu"):
        data_files(tmp_path)
    with pytest.raises(DataError, match="format of .* isn't supported"):
        data_files(write(tmp_path, "x", "a.docx"))
    with pytest.raises(DataError, match="n_sents"):
        list(read_conllu(write(tmp_path, ENGLISH), vocab, n_sents=-1))


def test_files_of_a_folder_come_in_order_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.conllu", "a.conllu.gz", "c.txt", ".d.conllu"):
        write(tmp_path, "", name)
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub", "", "e.jsonl")
    names = [path.name for path in data_files(tmp_path)]
    assert names == ["a.conllu.gz", "b.conllu", "e.jsonl"]
    assert format_of(Path("x.tar.gz")) is None


words = st.lists(
    st.tuples(
        st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=6),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.lengthy
@given(words)
def test_text_is_words_and_spaces(
    tmp_path_factory: pytest.TempPathFactory, sentence: list[tuple[str, bool]]
) -> None:
    rows = [
        f"{i}\t{word}\t_\tX\t_\t_\t0\troot\t_\t{'_' if space else 'SpaceAfter=No'}"
        for i, (word, space) in enumerate(sentence, 1)
    ]
    path = write(tmp_path_factory.mktemp("words"), "\n".join(rows))
    (doc,) = read_conllu(path, Vocab("xx"))
    assert doc.words == [word for word, _ in sentence]
    text = "".join(word + " " * space for word, space in sentence[:-1]) + sentence[-1][0]
    assert doc.text == text


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the repository's examples aren't here")
def test_real_sentences_give_their_text(vocab: Vocab) -> None:
    path = EXAMPLES / "dev.conllu"
    texts = [
        line[9:] for line in path.read_text("utf8").splitlines() if line.startswith("# text = ")
    ]
    assert [doc.text for doc in read_conllu(path, vocab, n_sents=1)] == texts


def test_lines_of_json_keep_everything(tmp_path: Path, vocab: Vocab) -> None:
    docs = list(read_conllu(write(tmp_path, ENGLISH), vocab))
    for name in ("a.jsonl", "b.jsonl.gz"):
        assert write_jsonl(tmp_path / name, docs) == 2
        again = list(read_jsonl(tmp_path / name, Vocab("en")))
        assert [doc.to_json() for doc in again] == [doc.to_json() for doc in docs]


@pytest.mark.parametrize("line", ["{", "[]", '{"text": 1}', '{"text": "x", "tokens": [{"id": 7}]}'])
def test_a_line_that_is_no_document_is_named(tmp_path: Path, vocab: Vocab, line: str) -> None:
    good = Doc(vocab, words=["a"]).to_json()
    path = tmp_path / "a.jsonl"
    write_jsonl(path, [Doc(vocab, words=["a"])])
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(FormatError, match="line 2"):
        list(read_jsonl(path, vocab))
    problems: list[FormatError] = []
    assert [doc.to_json() for doc in read_jsonl(path, vocab, problems=problems)] == [good]
    assert len(problems) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["I", "like", "tea", ".", "\n\n", "You", "like", "\t", "it", "."],
        ["a", " ", "b"],
        ["a", "\n", " \t", "b", "\r\n"],
        [" ", "a"],
        ["\n", "\n", "a", "\u2028", "b\u00a0c", "d  e", "|\\", "\n"],
        ["a", "\\n", "b|", "\x85", "c"],
    ],
)
@pytest.mark.parametrize("space", [True, False])
@pytest.mark.parametrize("starts", [False, True])
def test_white_space_between_words_comes_back(
    words: list[str], space: bool, starts: bool, tmp_path: Path
) -> None:
    begins = [starts and (i == 0 or i % 2 == 0) for i in range(len(words))]
    doc = Doc(Vocab("en"), words, [space] * len(words), sent_starts=begins)
    write_conllu(tmp_path / "a.conllu", [doc, doc])
    for line in (tmp_path / "a.conllu").read_text("utf8").splitlines():
        assert line == "" or line[0] == "#" or line.count("\t") == 9
    again = list(read_conllu(tmp_path / "a.conllu", Vocab("en"), n_sents=0))
    assert [each.text for each in again] == [doc.text, doc.text]
    assert [w for w in again[0].words if w.strip()] == [w for w in words if w.strip()]


def test_spaces_of_udpipe_and_the_annotation_around_them(tmp_path: Path) -> None:
    rows = [
        "1-2\tal\t_\t_\t_\t_\t_\t_\t_\tSpacesAfter=\\s\\s",
        "1\ta\t_\tADP\t_\t_\t3\tcase\t_\tNER=B-X",
        "2\tel\t_\tDET\t_\t_\t3\tdet\t_\tNER=I-X",
        "3\tmar\t_\tNOUN\t_\t_\t0\troot\t_\tSpacesAfter=\\n|NER=L-X",
    ]
    (tmp_path / "a.conllu").write_text("\n".join(rows) + "\n\n", "utf8")
    doc = next(read_conllu(tmp_path / "a.conllu", Vocab("es")))
    assert doc.text == "a el  mar\n" and [token.i for token in doc if token.is_space] == [2, 4]
    assert [(t.text, t.head.text, t.dep_) for t in doc if not t.is_space] == [
        ("a", "mar", "case"),
        ("el", "mar", "det"),
        ("mar", "mar", "ROOT"),
    ]
    assert [ent.text for ent in doc.ents] == ["a el  mar"] and len(list(doc.sents)) == 1
    merged = next(read_conllu(tmp_path / "a.conllu", Vocab("es"), merge_subtokens=True))
    assert merged.text == "al  mar\n" and merged[2].dep_ == "ROOT"


FULL = """\
# newdoc id = one
# sent_id = s-1
# text = Vámonos al  mar (we go).
# note = kept
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\tGloss=go
1\tVamos\tir\tVERB\t_\tMood=Imp|Number=Plur\t0\troot\t0:root\tRef=1|Lang=es
2\tnos\tyo\tPRON\t_\t_\t1\tobj\t1:obj|4.1:x\t_
3-4\tal\t_\t_\t_\t_\t_\t_\t_\tSpacesAfter=\\s\\s
3\ta\ta\tADP\t_\t_\t5\tcase\t5:case\t_
4\tel\tel\tDET\t_\t_\t5\tdet\t5:det\t_
4.1\tempty\t_\tNOUN\t_\t_\t_\t_\t1:x\tOdd=1
5\tmar\tmar\tNOUN\t_\t_\t1\tobl\t1:obl:a\tNER=B-LOC|Wiki=Q1
6\t(\t(\tPUNCT\t_\t_\t1\tpunct\t1:punct\tSpaceAfter=No|Z=1
7\twe\twe\tX\t_\t_\t1\tdep\t1:dep\tA=1|SpacesAfter=\\t
8\tgo\tgo\tX\t_\t_\t1\tdep\t1:dep\tSpaceAfter=No
9\t).\t).\tPUNCT\t_\t_\t1\tpunct\t1:punct\tSpaceAfter=No

# sent_id = s-2
# text = Sí
1\tSí\tsí\tINTJ\t_\t_\t0\troot\t0:root\t_

"""


def told(text: str) -> list[tuple[list[str], set[str]]]:
    """The lines, and what MISC says in any order."""
    rows = [line.split("\t") for line in text.splitlines()]
    # Where one word has an entity, the others are known to have none.
    return [(row[:9], set("".join(row[9:]).split("|")) - {"_", "NER=O"}) for row in rows]


def test_all_that_a_treebank_says_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text(FULL, "utf8")
    vocab = Vocab("es")
    docs = list(read_conllu(path, vocab))
    assert [ent.text for ent in docs[0].ents] == ["mar"]
    for way in (lambda doc: doc, lambda doc: Doc(vocab).from_bytes(doc.to_bytes())):
        write_conllu(tmp_path / "b.conllu", map(way, docs))
        assert told((tmp_path / "b.conllu").read_text("utf8")) == told(FULL)
    assert not next(iter(read_conllu(path, vocab, extras=False))).user_data


def test_what_no_longer_fits_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text(FULL, "utf8")
    doc = next(read_conllu(path, Vocab("es")))
    part = doc[1:8].as_doc(copy_user_data=True)
    write_conllu(path, [part])
    text = path.read_text("utf8")
    assert "4.1" not in text and "1-2" not in text and "obl:a" not in text
    assert "2-3\tal\t" in text and "Wiki=Q1" in text
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[2:4])
    write_conllu(path, [doc])
    assert "\tal\t" not in path.read_text("utf8")
