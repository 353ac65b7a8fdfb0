"""Pages of annotated text: what they show, and that no text can break out of them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom import Doc, Vocab
from spanloom.errors import DataError
from spanloom.tokens import Span
from spanloom_display import STYLES, render_html, save_html

EVIL = "<script>alert(1)</script>\"' onmouseover=x <img src=x onerror=y> &amp; --> ]]>"


class Reader(HTMLParser):
    """Collects the elements of a page, its text, and checks that each element is closed."""

    VOID = {"meta"}

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.by_class: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)
        self.classes = (dict(attrs).get("class") or "").split()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        for name in getattr(self, "classes", []):
            self.by_class.setdefault(name, []).append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def vocab() -> Vocab:
    return Vocab()


@pytest.fixture
def doc(vocab: Vocab) -> Doc:
    doc = Doc(
        vocab,
        words=["Ada", "wrote", "programs", ".", "They", "ran", "."],
        spaces=[True, True, False, True, True, False, False],
        tags=["NNP", "VBD", "NNS", ".", "PRP", "VBD", "."],
        pos=["PROPN", "VERB", "NOUN", "PUNCT", "PRON", "VERB", "PUNCT"],
        morphs=["Number=Sing", "Tense=Past|VerbForm=Fin", "Number=Plur", "", "Person=3", "", ""],
        heads=[1, 1, 1, 1, 5, 5, 5],
        deps=["nsubj", "root", "obj", "punct", "nsubj", "root", "punct"],
        sent_starts=[True, False, False, False, True, False, False],
        ents=["B-PERSON", "O", "O", "O", "O", "O", "O"],
    )
    doc.spans["sc"] = [Span(doc, 0, 3, "A"), Span(doc, 1, 2, "B"), Span(doc, 2, 6, "C")]
    return doc


@pytest.mark.parametrize("style", STYLES)
def test_whole_page_without_outside_references(doc: Doc, style: str) -> None:
    page = render_html(doc, style, title="A <title>")
    reader = read(page)
    assert page.startswith("<!doctype html>")
    assert "A <title>" in reader.texts
    assert not {"script", "link", "img", "iframe"} & set(reader.tags)
    assert "http:" not in page and "https:" not in page and "url(" not in page


@pytest.mark.parametrize("style", STYLES)
def test_fragment_can_be_put_into_another_page(doc: Doc, style: str) -> None:
    fragment = render_html(doc, style, page=False)
    assert fragment.startswith('<div class="spanloom">')
    assert "html" not in read(fragment).tags


def test_tokens_show_annotation_and_sentences(doc: Doc) -> None:
    reader = read(render_html(doc, "tokens"))
    assert reader.by_class["sl-word"] == [token.text for token in doc]
    assert reader.by_class["sl-pos"] == [token.pos_ for token in doc]
    assert [tag.strip() for tag in reader.by_class["sl-tag"]] == [t.tag_ for t in doc]
    assert reader.tags.count("li") == 2
    tips = "".join(reader.texts)
    assert "Past" in tips and "VerbForm" in tips


def test_legend_holds_the_parts_of_speech_that_occur(doc: Doc) -> None:
    texts = read(render_html(doc, "tokens")).texts
    assert " proper noun" in texts
    assert " numeral" not in texts


def test_tokens_without_annotation(vocab: Vocab) -> None:
    plain = Doc(vocab, words=["just", "words"])
    assert read(render_html(plain)).by_class["sl-word"] == ["just", "words"]


def test_entities_are_marked_in_the_text_as_it_is(doc: Doc) -> None:
    reader = read(render_html(doc, "ent"))
    assert reader.tags.count("mark") == 1
    assert reader.by_class["sl-ent"][0] == "Ada"
    assert " wrote programs. They ran." in reader.texts


def test_spans_that_overlap_lie_on_different_lines(doc: Doc) -> None:
    reader = read(render_html(doc, "span"))
    assert [t for t in reader.by_class["sl-label"] if t in "ABC"] == ["A", "B", "C"]
    cells = render_html(doc, "span").split('class="sl-cell')
    wrote = cells[2]  # inside A and B, beside a place that is kept for nothing
    assert wrote.count("sl-bar") - wrote.count("sl-none") == 2


def test_trees_have_an_arc_for_each_token_but_the_root(doc: Doc) -> None:
    reader = read(render_html(doc, "dep"))
    assert reader.tags.count("svg") == 2
    labels = reader.by_class["sl-dep"]
    assert sorted(labels) == sorted(token.dep_ for token in doc)


def test_arcs_over_a_common_stretch_have_different_heights() -> None:
    from spanloom_display.tree import Arc, arc_levels

    arcs = [Arc(1, 0, "a"), Arc(1, 4, "b"), Arc(4, 2, "c"), Arc(3, 5, "d"), Arc(4, 3, "e")]
    heights = arc_levels(arcs)
    for i, one in enumerate(arcs):
        for j, other in enumerate(arcs[:i]):
            (a, b), (c, d) = one.ends, other.ends
            if max(a, c) < min(b, d):
                assert heights[i] != heights[j]


@pytest.mark.parametrize("style", STYLES)
def test_markup_in_texts_and_labels_is_escaped(vocab: Vocab, style: str) -> None:
    doc = Doc(
        vocab,
        words=[EVIL, "b"],
        tags=[EVIL, "x"],
        pos=["X", "X"],
        morphs=["A=b", ""],
        lemmas=[EVIL, EVIL],
        heads=[1, 1],
        deps=[EVIL, EVIL],
        ents=[f"B-{EVIL}", "O"],
    )
    doc.spans[EVIL] = [Span(doc, 0, 1, EVIL)]
    reader = read(render_html(doc, style, title=EVIL, spans_key=EVIL))
    assert not {"script", "img"} & set(reader.tags)
    assert not {"onmouseover", "onerror", "src"} & {name for name, _ in reader.attributes}


@pytest.mark.lengthy
@given(words=st.lists(st.text(min_size=1), min_size=1, max_size=8), style=st.sampled_from(STYLES))
def test_any_text_gives_a_well_formed_page(words: list[str], style: str) -> None:
    heads = [0] * len(words)
    doc = Doc(Vocab(), words=words, heads=heads, deps=["d"] * len(words))
    doc.spans["sc"] = [Span(doc, 0, len(doc), words[0])]
    page = render_html(doc, style)
    read(page)
    page.encode("utf-8")


@pytest.mark.parametrize("style", ["tokens", "ent", "dep"])
def test_empty_document_and_no_documents(vocab: Vocab, style: str) -> None:
    assert "no tokens" in render_html(Doc(vocab, words=[]), style)
    assert render_html([], style)


def test_right_to_left_text_is_laid_out_from_the_right(vocab: Vocab) -> None:
    doc = Doc(vocab, words=["שלום", "עולם"], heads=[0, 0], deps=["root", "x"])
    assert ("dir", "rtl") in read(render_html(doc)).attributes
    assert ("dir", "ltr") in read(render_html(Doc(vocab, words=["hello"]))).attributes
    tree = read(render_html(doc, "dep"))
    centres = [float(value) for name, value in tree.attributes if name == "x" and value is not None]
    assert centres[-2] < centres[-4]  # the second word stands left of the first


def test_helpful_errors(doc: Doc, vocab: Vocab) -> None:
    with pytest.raises(DataError, match="choose one of dep, ent, span, tokens"):
        render_html(doc, "tree")
    with pytest.raises(DataError, match="no spans under the key 'x' .*'sc'"):
        render_html(doc, "span", spans_key="x")
    with pytest.raises(DataError, match="no dependency heads"):
        render_html(Doc(vocab, words=["a"]), "dep")


def test_page_is_written_to_a_file(doc: Doc, tmp_path: Path) -> None:
    path = save_html(tmp_path / "new" / "page.html", [doc, doc])
    assert path.read_text("utf-8").count("<article") == 2
    assert [entry.name for entry in path.parent.iterdir()] == ["page.html"]


def test_documents_show_themselves_in_a_notebook(doc: Doc) -> None:
    assert doc._repr_html_() == render_html(doc, "auto", page=False)
    assert doc.render("ent") == render_html(doc, "ent", page=False)


def test_labels_and_their_colours_are_chosen(vocab: Vocab) -> None:
    doc = Doc(vocab, ["a", "b", "c"], ents=["B-X", "B-Y", "O"])
    doc.spans["sc"] = [Span(doc, 0, 2, "X"), Span(doc, 1, 3, "Y")]
    for style in ("ent", "span"):
        page = render_html(doc, style, labels=["Y"], hues={"Y": 77})
        assert page.count('class="sl-label"') == page.count(">Y<") == 1 and "--sl-h:77" in page
        other = render_html(doc, style, labels="X")
        assert other.count('class="sl-label"') == other.count(">X<") == 1
        assert doc.render(style, labels=["Y"]) == render_html(doc, style, page=False, labels=["Y"])
    with pytest.raises(DataError, match="degrees"):
        render_html(doc, "ent", hues={"X": "red"})  # type: ignore[dict-item]
    with pytest.raises(DataError, match=r"no option 'options' of render: .* labels, hues"):
        doc.render("ent", options={"ents": ["X"]})
