"""The page around rendered documents: styles by name, the sheet, and writing it to a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from spanloom.errors import DataError
from spanloom.io.files import write_text

from .boxes import pos_legend, token_boxes
from .marks import entity_marks, span_bars
from .markup import Markup, direction, element, hues_of, join
from .tree import dependency_trees

if TYPE_CHECKING:
    from spanloom.tokens import Doc, Span

__all__ = ["STYLES", "render_html", "save_html", "styles_of"]

#: What :func:`render_html` can show.
STYLES = ("dep", "ent", "span", "tokens")

# Nothing that a text contains can run or be fetched, even if an escape were ever forgotten.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_PAGE_CSS = "body{margin:0}.sl-page{min-height:100vh;padding:28px max(20px,calc(50vw - 560px))}"
_PAGE_CSS += ".sl-page h1{font-size:22px;font-weight:650;margin:0 0 14px}"


@cache
def _sheet() -> str:
    return files(__package__).joinpath("style.css").read_text("utf-8")


def _entities(docs: Sequence[Doc], chosen: _Chosen) -> list[Markup]:
    groups = [chosen.of(doc.ents) for doc in docs]
    hues = chosen.hues_of(groups)
    return [entity_marks(doc, group, hues) for doc, group in zip(docs, groups)]


def _spans(docs: Sequence[Doc], key: str, chosen: _Chosen) -> list[Markup]:
    groups = [chosen.of(_span_group(doc, key)) for doc in docs]
    hues = chosen.hues_of(groups)
    return [span_bars(doc, group, hues) for doc, group in zip(docs, groups)]


@dataclass(frozen=True)
class _Chosen:
    """Which labels are shown, ``None`` for all, and the hues of some."""

    labels: Collection[str] | None
    hues: Mapping[str, int]

    def of(self, spans: Iterable[Span]) -> list[Span]:
        """Those of the spans that are shown."""
        return [span for span in spans if self.labels is None or span.label_ in self.labels]

    def hues_of(self, groups: Iterable[Iterable[Span]]) -> dict[str, int]:
        """The hue of each label."""
        return {**hues_of(span.label_ for group in groups for span in group), **self.hues}


def _span_group(doc: Doc, key: str) -> list[Span]:
    if key not in doc.spans:
        known = ", ".join(map(repr, doc.spans)) or "none"
        raise DataError(
            f"The document has no spans under the key '{key}' (it has: {known}). Set "
            f"doc.spans['{key}'], or give another key: render_html(docs, style='span', "
            "spans_key=...)."
        )
    return list(doc.spans[key])


def _article(doc: Doc, body: Markup) -> Markup:
    if not len(doc):
        body = element("p", "This document has no tokens.", class_="sl-empty")
    return element(
        "article", body, class_="sl-doc", dir=direction(doc.text), lang=doc.vocab.lang or None
    )


def render_html(
    docs: Doc | Iterable[Doc],
    style: str | Sequence[str] = "tokens",
    *,
    page: bool = True,
    title: str = "Annotated text",
    spans_key: str = "sc",
    labels: Collection[str] | None = None,
    hues: Mapping[str, int] | None = None,
) -> str:
    """HTML of annotated documents.

    ``style`` is one of :data:`STYLES`, or several, each shown under the other: ``"tokens"`` shows
    each token with its part of speech, tag, and, on hover or focus, lemma and morphology; ``"ent"``
    marks the entities in the text; ``"span"`` draws the spans of ``doc.spans[spans_key]`` as bars,
    which may overlap; ``"dep"`` draws the dependency tree of each sentence; ``"auto"`` is what
    :func:`styles_of` finds. With ``page`` the result is a whole page without outside references,
    else a fragment with its style sheet, for a notebook or another page. Text is always escaped.
    Colours follow the reader's light or dark setting, and text right to left is laid out from the
    right. Of entities and spans, those with one of ``labels`` are shown, and ``hues`` has the
    colour of some labels, in degrees of the colour wheel (0 red, 120 green, 240 blue); the others
    get one each.

    Raises :class:`DataError` for an unknown style, hues that are none, a spans key that a document
    doesn't have, or ``"dep"`` without heads.
    """
    from spanloom.tokens import Doc

    group = [docs] if isinstance(docs, Doc) else list(docs)
    styles = [style] if isinstance(style, str) else list(style)
    if styles == ["auto"]:
        styles = styles_of(group)
    for each in styles:
        _check(each, group)
    legend = pos_legend(group) if "tokens" in styles else Markup("")
    if wrong := [hue for hue in (hues or {}).values() if not isinstance(hue, int | float)]:
        raise DataError(f"hues are degrees from 0 to 360, and not {wrong[0]!r}")
    chosen = _Chosen([labels] if isinstance(labels, str) else labels, hues or {})
    columns = [_bodies(group, each, spans_key, chosen) for each in styles]
    articles = (_article(doc, join(bodies)) for doc, *bodies in zip(group, *columns))
    content = join([legend, *articles])
    if not page:
        sheet = element("style", Markup(_sheet()))
        return element("div", sheet, content, class_="spanloom")
    return _page(title, content)


def styles_of(docs: Sequence[Doc]) -> list[str]:
    """The styles that show what all of ``docs`` are annotated with; tokens if nothing else."""
    filled = [doc for doc in docs if len(doc)]
    shown = {"ent": "ENT_IOB", "dep": "DEP"}
    found = [
        style
        for style, column in shown.items()
        if filled and all(doc.has_annotation(column) for doc in filled)
    ]
    tagged = any(doc.has_annotation(column) for doc in filled for column in ("TAG", "POS"))
    return [*found, *(["tokens"] if tagged or not found else [])]


def _check(style: str, docs: Sequence[Doc]) -> None:
    if style not in STYLES:
        raise DataError(f"There is no style '{style}': choose one of {', '.join(STYLES)}")
    if style == "dep" and any(len(doc) and not doc.has_annotation("DEP") for doc in docs):
        raise DataError(
            "A document has no dependency heads to draw. Run a parser over it first, or choose "
            "style='tokens'."
        )


def _bodies(docs: Sequence[Doc], style: str, spans_key: str, chosen: _Chosen) -> list[Markup]:
    if style == "ent":
        return _entities(docs, chosen)
    if style == "span":
        return _spans(docs, spans_key, chosen)
    return [dependency_trees(doc) if style == "dep" else token_boxes(doc) for doc in docs]


def _page(title: str, content: Markup) -> str:
    head = element(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="color-scheme" content="light dark">'),
        element("title", title),
        element("style", Markup(_sheet() + _PAGE_CSS)),
    )
    main = element("main", element("h1", title), content, class_="spanloom sl-page")
    return f'<!doctype html>\n<html lang="en">{head}<body>{main}</body></html>\n'


def save_html(
    path: str | Path,
    docs: Doc | Iterable[Doc],
    style: str | Sequence[str] = "tokens",
    *,
    title: str = "Annotated text",
    spans_key: str = "sc",
    labels: Collection[str] | None = None,
    hues: Mapping[str, int] | None = None,
) -> Path:
    """Write the page of :func:`render_html` to ``path`` (whole or not at all) and return the
    path."""
    text = render_html(docs, style, title=title, spans_key=spans_key, labels=labels, hues=hues)
    write_text(path, text)
    return Path(path)
