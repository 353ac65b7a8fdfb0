"""What the tests of the tasks share: small models, examples to learn, training."""

from __future__ import annotations

import spanloom
from spanloom import Doc, Example
from spanloom.config import init_config

TOK2VEC = {"@architectures": "spanloom.HashEmbedCNN.v2", "width": 32, "depth": 1, "embed_size": 300}

#: Words, and the tag of each as an entity.
SENTENCES = [
    ("Anna met New York friends", ["B-PER", "O", "B-LOC", "I-LOC", "O"]),
    ("friends of Bob like Rome", ["O", "O", "B-PER", "O", "B-LOC"]),
    ("nobody came", ["O", "O"]),
    ("Bank of New York pays Anna", ["B-ORG", "I-ORG", "I-ORG", "I-ORG", "O", "B-PER"]),
]

#: Words, heads and relations; the third isn't projective, the last has two sentences.
TREES = [
    ("she reads books", [1, 1, 1], ["nsubj", "ROOT", "obj"]),
    ("birds sing", [1, 1], ["nsubj", "ROOT"]),
    ("A hearing is scheduled today", [1, 3, 3, 3, 1], ["det", "nsubj", "aux", "ROOT", "nmod"]),
    ("she sings birds read books", [1, 1, 3, 3, 3], ["nsubj", "ROOT", "nsubj", "ROOT", "obj"]),
]


def transitions(state_type, hidden_width=16, **settings):
    """The block of a small model for the parser or an entity recognizer."""
    return {
        "@architectures": "spanloom.TransitionBasedParser.v2",
        "state_type": state_type,
        "hidden_width": hidden_width,
        "tok2vec": TOK2VEC,
        **settings,
    }


def named(nlp, sentences=SENTENCES):
    """Examples with entities."""
    return [
        Example(Doc(nlp.vocab, words=text.split()), Doc(nlp.vocab, words=text.split(), ents=tags))
        for text, tags in sentences
    ]


def parsed(nlp, trees=TREES):
    """Examples with trees."""
    return [
        Example(
            Doc(nlp.vocab, words=text.split()),
            Doc(nlp.vocab, words=text.split(), heads=heads, deps=deps),
        )
        for text, heads, deps in trees
    ]


def learn(nlp, examples, steps, sgd=None):
    """Update a pipeline with all examples, so many times."""
    sgd = sgd or nlp.create_optimizer()
    for _ in range(steps):
        nlp.update(examples, sgd=sgd)


def taught(name, model, make, steps, *data, **settings):
    """A pipeline of one component that has learnt the examples of ``make``; it; the examples."""
    nlp = spanloom.blank("en")
    component = nlp.add_pipe(name, config={"model": model, **settings})
    examples = make(nlp, *data)
    learn(nlp, examples, steps, nlp.initialize(lambda: examples))
    return nlp, component, examples


def entities(doc):
    return [(ent.text, ent.label_) for ent in doc.ents]


def arcs(doc):
    return [token.head.i for token in doc], [token.dep_ for token in doc]


def has_gradient(component):
    return any(
        node.has_grad(name) and node.get_grad(name).any()
        for node in component.model.walk()
        for name in node.param_names
    )


def annotated(vocab):
    """Two documents that have all that our components learn, with two sentences each."""
    docs = []
    for name, colour, thing in [("Ann", "red", "dogs"), ("Bob", "big", "cats")]:
        doc = Doc(
            vocab,
            words=[name, "sees", colour, thing, ".", "Eve", "sleeps", "."],
            tags=["NNP", "VBZ", "JJ", "NNS", ".", "NNP", "VBZ", "."],
            pos=["PROPN", "VERB", "ADJ", "NOUN", "PUNCT", "PROPN", "VERB", "PUNCT"],
            morphs=["Number=Sing", "", "", "Number=Plur", "", "Number=Sing", "", ""],
            heads=[1, 1, 3, 1, 1, 6, 6, 6],
            deps=["nsubj", "ROOT", "amod", "obj", "punct", "nsubj", "ROOT", "punct"],
            ents=["B-PERSON", "O", "O", "O", "O", "B-PERSON", "O", "O"],
            sent_starts=[True, False, False, False, False, True, False, False],
        )
        doc.cats = {"RED": float(colour == "red"), "BIG": float(colour == "big")}
        docs.append(doc)
    return docs


def listening(names):
    """A pipeline of components that share one small encoder, and its examples."""
    config = init_config("en", names)
    config["components"]["tok2vec"]["model"]["encode"].update(width=16, depth=1)
    config["components"]["tok2vec"]["model"]["embed"].update(width=16, rows=[40] * 4)
    for name in names:
        config["components"][name]["model"]["tok2vec"]["width"] = 16
    nlp = spanloom.Pipeline.from_config(config)
    docs = annotated(nlp.vocab)
    return nlp, [Example(Doc(nlp.vocab, words=doc.words), doc) for doc in docs]
