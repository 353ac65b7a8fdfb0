"""Random documents and patterns, of few words, so that much matches."""

from __future__ import annotations

WORDS = ["a", "b", "A", "c", "ab", "abc", ".", "12", "B"]
TAGS = ["X", "Y", "Z"]
FEATS = ["", "F=1", "F=1|G=2", "F=1,2", "G=1,2|H=3"]
OPS = [None, None, None, "?", "*", "+", "!", "{2}", "{1,2}", "{,2}", "{2,}"]


def given_words(rng, size):
    """What a document is made of: arguments of Doc, here and in spaCy."""
    words = [rng.choice(WORDS) for _ in range(size)]
    return {
        "words": words,
        "spaces": [rng.random() < 0.7 for _ in words],
        "tags": [rng.choice(TAGS) for _ in words],
        "pos": [rng.choice(["NOUN", "VERB", "ADJ"]) for _ in words],
        "morphs": [rng.choice(FEATS) for _ in words],
        "lemmas": [rng.choice(["a", "b", "lem"]) for _ in words],
        "ents": [rng.choice(["B-P", "O", "O"]) for _ in words],
    }


def token(rng):
    some = [
        lambda: {"ORTH": rng.choice(WORDS)},
        lambda: {"LOWER": rng.choice(["a", "b", "ab"])},
        lambda: {"TEXT": {"IN": rng.sample(WORDS, 2)}},
        lambda: {"LOWER": {"NOT_IN": ["a", "ab"]}},
        lambda: {"TAG": rng.choice(TAGS)},
        lambda: {"POS": rng.choice(["NOUN", "VERB"])},
        lambda: {"POS": {"IN": ["NOUN", "ADJ"]}},
        lambda: {"MORPH": {rng.choice(["IS_SUBSET", "IS_SUPERSET", "INTERSECTS"]): ["F=1", "G=2"]}},
        lambda: {"MORPH": {rng.choice(["IN", "NOT_IN"]): ["F=2,1", "G=2|F=1"]}},
        lambda: {"LEMMA": {"REGEX": "^[al]"}},
        lambda: {"TEXT": {"REGEX": {"IN": ["b", "^1"]}}},
        lambda: {"LOWER": {"FUZZY1": "ab"}},
        lambda: {"LOWER": {"FUZZY": "abcd"}},
        lambda: {"LOWER": {"FUZZY1": {"IN": ["abcd", "b"]}}},
        lambda: {"LENGTH": {rng.choice([">=", "<", "==", "!="]): 2}},
        lambda: {"LENGTH": {">": 0, "<=": 2}},
        lambda: {"IS_ALPHA": True},
        lambda: {"IS_PUNCT": False, "IS_TITLE": False},
        lambda: {"SPACY": rng.random() < 0.5},
        lambda: {"ENT_IOB": rng.choice(["B", "O"])},
        lambda: {"ENT_TYPE": rng.choice(["P", ""])},
        lambda: {"IS_SENT_START": rng.random() < 0.5},
        lambda: {"SHAPE": "xxx"},
        dict,
    ]
    spec = dict(rng.choice(some)())
    if rng.random() < 0.3:
        spec.update(rng.choice(some)())
    op = rng.choice(OPS)
    return {**spec, "OP": op} if op else spec


def short(rng):
    """A pattern of the conditions that hold of many tokens, so that ways branch."""
    some = [{"LOWER": "a"}, {"IS_ALPHA": True}, {}, {"TAG": "X"}]
    return [
        {**rng.choice(some), "OP": rng.choice(["?", "*", "+", "{1}", "{1,2}", "!"])}
        for _ in range(rng.randint(1, 4))
    ]


def rules(rng):
    """Rules of a matcher: key, patterns, greedy."""
    return [
        (
            key,
            [
                short(rng) if rng.random() < 0.4 else [token(rng) for _ in range(rng.randint(1, 4))]
                for _ in range(rng.randint(1, 4))
            ],
            rng.choice([None, None, "FIRST", "LONGEST"]),
        )
        for key in "KLM"[: rng.randint(1, 3)]
    ]


def entries(rng):
    """Entries of a ruler: phrases and token patterns, some with ids."""
    found, seen = [], set()
    for _ in range(rng.randint(1, 8)):
        words = [rng.choice(WORDS[:6]) for _ in range(rng.randint(1, 3))]
        same = " ".join(words).lower()
        if same in seen:
            continue  # spaCy has no order for two labels of one span
        seen.add(same)
        pattern = [{"LOWER": word.lower()} for word in words]
        entry = {
            "label": rng.choice(["A", "B", "C"]),
            "pattern": " ".join(words) if rng.random() < 0.5 else pattern,
        }
        found.append({**entry, "id": rng.choice(["x", "y"])} if rng.random() < 0.4 else entry)
    return found


def told(doc, key):
    """The entities or spans of a document, here or in spaCy."""
    spans = doc.spans.get(key, []) if key else doc.ents
    return [[s.start, s.end, s.label_, s.id_] for s in spans]


#: Factories with settings, and the key of the spans that they set (None: entities).
RULERS = [
    ("entity_ruler", {}, None),
    ("entity_ruler", {"overwrite_ents": True}, None),
    ("entity_ruler", {"phrase_matcher_attr": "LOWER"}, None),
    ("future_entity_ruler", {}, None),
    ("future_entity_ruler", {"overwrite_ents": True}, None),
    ("span_ruler", {}, "ruler"),
    ("span_ruler", {"spans_key": "k", "phrase_matcher_attr": "SHAPE"}, "k"),
    ("span_ruler", {"annotate_ents": True, "spans_key": None, "overwrite": False}, None),
]


def tree(rng, size):
    """Words with heads that make trees, some of which aren't projective."""
    heads = list(range(size))
    order = rng.sample(heads, size)
    for n, i in enumerate(order[1:], 1):
        if rng.random() < 0.8:
            heads[i] = rng.choice(order[:n])
    deps = ["ROOT" if heads[i] == i else rng.choice(["x", "y"]) for i in range(size)]
    return {"words": [rng.choice(WORDS[:3]) for _ in range(size)], "heads": heads, "deps": deps}


RELATIONS = ["<", ">", "<<", ">>", ".", ".*", ";", ";*", "$+", "$-", "$++", "$--"]
RELATIONS += [">+", ">-", ">++", ">--", "<+", "<-", "<++", "<--"]


def tree_pattern(rng):
    """A pattern of the dependency matcher."""
    some = [{"DEP": "x"}, {"LOWER": "a"}, {}, {"ORTH": "b"}, {"DEP": {"IN": ["x", "ROOT"]}}]
    nodes = [{"RIGHT_ID": "0", "RIGHT_ATTRS": rng.choice(some)}]
    for i in range(1, rng.randint(1, 4)):
        node = {
            "LEFT_ID": str(rng.randrange(i)),
            "REL_OP": rng.choice(RELATIONS),
            "RIGHT_ID": str(i),
            "RIGHT_ATTRS": rng.choice(some),
        }
        nodes.append(node)
    return nodes
