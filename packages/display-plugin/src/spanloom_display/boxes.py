"""Style ``tokens``: a box for each token with its part of speech, tag and morphology."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markup import Markup, element, hues_of, join, sentences, visible

if TYPE_CHECKING:
    from spanloom.tokens import Doc, Token

__all__ = ["POS_NAMES", "pos_legend", "token_boxes"]

#: Universal parts of speech: what they mean and their hue. Related ones lie near each other.
POS_NAMES: dict[str, tuple[str, int | None]] = {
    "NOUN": ("noun", 212),
    "PROPN": ("proper noun", 190),
    "PRON": ("pronoun", 236),
    "VERB": ("verb", 8),
    "AUX": ("auxiliary", 344),
    "ADJ": ("adjective", 132),
    "ADV": ("adverb", 164),
    "NUM": ("numeral", 48),
    "DET": ("determiner", 272),
    "ADP": ("preposition or postposition", 30),
    "PART": ("particle", 320),
    "CCONJ": ("coordinating conjunction", 66),
    "SCONJ": ("subordinating conjunction", 88),
    "INTJ": ("interjection", 296),
    "PUNCT": ("punctuation", None),
    "SYM": ("symbol", None),
    "X": ("other", None),
    "SPACE": ("white space", None),
}


def _hue_style(label: str) -> str | None:
    """The inline style that gives an element its hue; none where the label is shown in grey."""
    if not label:
        return None
    hue = POS_NAMES[label][1] if label in POS_NAMES else hues_of([label])[label]
    return None if hue is None else f"--sl-h:{hue}"


def _tip(token: Token) -> Markup | None:
    """What is shown when the pointer or the focus is on a token."""
    lines = [("tag", token.tag_), ("lemma", token.lemma_)]
    for feature in filter(None, str(token.morph).split("|")):
        name, _, value = feature.partition("=")
        lines.append((name, value))
    rows = [
        element("span", element("b", name), f" {value}", class_="sl-row")
        for name, value in lines
        if value
    ]
    return element("span", *rows, class_="sl-tip", role="tooltip") if rows else None


def _box(token: Token) -> Markup:
    pos, tag = token.pos_, token.tag_
    first, second = (pos, tag if tag != pos else "") if pos else (tag, "")
    tip = _tip(token)
    hue = _hue_style(first)
    return element(
        "span",
        element("span", visible(token.text), class_="sl-word"),
        element("span", first or "\u00a0", class_="sl-pos"),
        element("span", second or "\u00a0", class_="sl-tag"),
        *([tip] if tip else []),
        class_="sl-tok" if hue else "sl-tok sl-plain",
        style=hue,
        tabindex=0 if tip else None,
    )


def token_boxes(doc: Doc) -> Markup:
    """``doc`` sentence by sentence, each token in a box. Sentences are numbered."""
    lines = [
        element("li", join([_box(token) for token in sentence], " "), class_="sl-sent")
        for sentence in sentences(doc)
    ]
    return element("ol", *lines, class_="sl-sents")


def pos_legend(docs: list[Doc]) -> Markup:
    """The parts of speech that occur in ``docs``, with their meaning; empty if there are none."""
    used = {token.pos_ for doc in docs for token in doc}
    items = [
        element(
            "span",
            element("b", pos),
            f" {meaning}",
            class_="sl-key" if hue is not None else "sl-key sl-plain",
            style=_hue_style(pos),
        )
        for pos, (meaning, hue) in POS_NAMES.items()
        if pos in used
    ]
    return element("p", *items, class_="sl-legend") if items else Markup("")
