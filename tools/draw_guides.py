"""Draw the pictures of the guides on rules, lemmas and spans, from what the components find.

python tools/draw_guides.py           # writes docs/images/rules.svg, lemmas.svg and spans.svg
python tools/draw_guides.py --check   # exit 1 if one of them isn't what would be drawn
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import spanloom
from spanloom import Doc, Span
from spanloom_display.marks import levels
from spanloom_rules import Lookups, Matcher, PhraseMatcher

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"

#: Measures in pixels: of a letter, and between words; of a line of bars, and of the margins.
LETTER, SPACE, LINE, MARGIN, NAMES = 9, 14, 26, 20, 150

STYLE = """
.ground { fill: #ffffff } .word { fill: #1d2129; font-size: 16px }
.name { fill: #4a5563; font-size: 12px } .label { fill: #1d2129; font-size: 11px; font-weight: 600 }
.bar0 { fill: #cfe3f5; stroke: #0072b2 } .bar1 { fill: #fbdcc8; stroke: #c4500a }
.bar2 { fill: #fff3cc; stroke: #a98a36 } .bar3 { fill: #d5efdf; stroke: #1f7a4d }
@media (prefers-color-scheme: dark) {
.ground { fill: #14181e } .word { fill: #eef2f6 } .name { fill: #b4c0cc } .label { fill: #eef2f6 }
.bar0 { fill: #1d3d57; stroke: #62b5ea } .bar1 { fill: #57301d; stroke: #f0894a }
.bar2 { fill: #4a421f; stroke: #c9a646 } .bar3 { fill: #1d4a34; stroke: #5fc794 }
}
"""


@dataclass(frozen=True)
class Row:
    """A line under the words: a name before it, and spans of tokens, or a text for each token."""

    name: str
    spans: Sequence[Span] = ()
    texts: Sequence[str] = ()


def picture(doc: Doc, title: str, rows: Sequence[Row]) -> str:
    """The words of a document, and rows under them, as SVG."""
    texts = [row.texts for row in rows if row.texts]
    wide = [max(map(len, column)) for column in zip(doc.words, *texts, strict=True)]
    lefts, at = [], NAMES
    for letters in wide:
        lefts.append(at)
        at += letters * LETTER + SPACE
    rights = [left + letters * LETTER for left, letters in zip(lefts, wide, strict=True)]
    colours: dict[str, int] = {}
    parts = [
        f'<text class="word" x="{left}" y="{MARGIN + 16}">{escape(word)}</text>'
        for left, word in zip(lefts, doc.words, strict=True)
    ]
    top = MARGIN + LINE
    for row in rows:
        parts.append(f'<text class="name" x="{MARGIN}" y="{top + 16}">{escape(row.name)}</text>')
        parts += [
            f'<text class="name" x="{left}" y="{top + 16}">{escape(text)}</text>'
            for left, text in zip(lefts, row.texts, strict=False)
        ]
        placed = levels([(span.start, span.end) for span in row.spans])
        for span, level in zip(row.spans, placed, strict=True):
            x, y = lefts[span.start] - 4, top + level * LINE + 2
            width = rights[span.end - 1] - x + 4
            colour = colours.setdefault(span.label_, len(colours) % 4)
            parts.append(
                f'<rect class="bar{colour}" x="{x}" y="{y}" width="{width}" height="20" rx="5"/>'
                f'<text class="label" x="{x + 6}" y="{y + 14}">{escape(span.label_)}</text>'
            )
        top += LINE * (max(placed, default=0) + 1) + 4
    width, height = at + MARGIN, top + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f"font-family=\"system-ui, 'DejaVu Sans', sans-serif\">\n<title>{escape(title)}</title>\n"
        f"<style>{STYLE}</style>\n"
        f'<rect class="ground" width="{width}" height="{height}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def rules() -> str:
    """A token pattern, phrases, and what an entity ruler sets."""
    nlp = spanloom.blank("en")
    doc = nlp("Hello, Ann! Apple opens an office in San Francisco, not in New York.")
    matcher = Matcher(nlp.vocab)
    matcher.add("GREET", [[{"LOWER": {"IN": ["hello", "hi"]}}, {"IS_PUNCT": True, "OP": "?"}]])
    phrases = PhraseMatcher(nlp.vocab, attr="LOWER")
    phrases.add("CITY", list(nlp.tokenizer.pipe(["new york", "york", "san francisco"])))
    found = matcher(doc, as_spans=True), phrases(doc, as_spans=True)
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": "ORG", "pattern": "Apple"},
            {"label": "GPE", "pattern": [{"LOWER": "san"}, {"LOWER": "francisco"}]},
            {"label": "GPE", "pattern": "New York"},
        ]
    )
    rows = [Row("Matcher", found[0]), Row("PhraseMatcher", found[1])]
    rows.append(Row("entity_ruler", ruler(doc).ents))
    return picture(doc, "What a token pattern, phrases and an entity ruler find in a text", rows)


def lemmas() -> str:
    """Lemmas by rules, and noun phrases."""
    nlp = spanloom.blank("en")
    lookups = Lookups()
    endings = {"verb": [["ies", "y"], ["ing", "e"]], "noun": [["ies", "y"], ["s", ""]]}
    lookups.add_table("lemma_rules", endings)
    lookups.add_table("lemma_exc", {"aux": {"was": ["be"]}})
    lookups.add_table("lemma_index", {"verb": ["make"], "noun": ["plan", "city"]})
    lemmatizer = nlp.add_pipe("lemmatizer", config={"mode": "rule"})
    lemmatizer.initialize(lookups=lookups)
    doc = Doc(
        nlp.vocab,
        words=["She", "was", "making", "small", "plans", "for", "the", "cities"],
        pos=["PRON", "AUX", "VERB", "ADJ", "NOUN", "ADP", "DET", "NOUN"],
        heads=[2, 2, 2, 4, 2, 4, 7, 5],
        deps=["nsubj", "aux", "ROOT", "amod", "dobj", "prep", "det", "pobj"],
    )
    lemmatizer(doc)
    rows = [
        Row("token.pos_", texts=[token.pos_ for token in doc]),
        Row("token.lemma_", texts=[token.lemma_ for token in doc]),
        Row("doc.noun_chunks", list(doc.noun_chunks)),
    ]
    return picture(doc, "Lemmas by part of speech, and the base noun phrases of a tree", rows)


def spans() -> str:
    """Spans that overlap, beside entities, which don't."""
    nlp = spanloom.blank("en")
    doc = nlp("I like London and Berlin in Germany")
    cities = [Span(doc, 2, 3, "CITY"), Span(doc, 4, 5, "CITY")]
    doc.spans["sc"] = [*cities, Span(doc, 2, 5, "PAIR"), Span(doc, 4, 7, "PLACE")]
    doc.ents = [*cities, Span(doc, 6, 7, "COUNTRY")]
    rows = [Row("doc.ents", doc.ents), Row('doc.spans["sc"]', list(doc.spans["sc"]))]
    return picture(doc, "Entities don't overlap; spans of a group may", rows)


def main() -> int:
    """Write the pictures, or compare them."""
    warnings.simplefilter("error")
    stale = []
    for draw in (rules, lemmas, spans):
        path = IMAGES / f"{draw.__name__}.svg"
        drawn = draw()
        if "--check" not in sys.argv:
            path.write_text(drawn, "utf-8")
        elif not path.is_file() or path.read_text("utf-8") != drawn:
            stale.append(path.name)
    if stale:
        print(f"{', '.join(stale)}: run python tools/draw_guides.py", file=sys.stderr)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
