"""What users write, right and wrong: mypy objects to each line that says so, and to no other."""

from __future__ import annotations

from collections.abc import Iterator

import spanloom
from spanloom import Doc, Example, Pipeline, Span, Token, Vocab, registry
from spanloom.components import Tagger
from spanloom.corpora import Corpus
from spanloom.tokens import SpanGroup

nlp = spanloom.blank("en")
doc = nlp("Ann sang.")
span, token = doc[0:1], doc[0]

doc.ents = [span]
doc.ents = [("PER", 0, 1), Span(doc, 1, 2, "X")]
doc.ents = (each for each in [span])
doc.ents = [1]  # wrong
doc.ents = ["B-PER"]  # wrong
doc.ents = [("PER", "0", "1")]  # wrong
doc.ents = None  # wrong
first: Span = doc.ents[0]
name: str = doc.ents[0].label_
number: int = doc.ents[0].label_  # wrong
doc.set_ents([span], blocked=[doc[1:2]])
doc.set_ents([("PER", 0, 1)])  # wrong
doc.cats = {"A": 1.0}
doc.cats = {"A": "yes"}  # wrong
doc.spans["sc"] = [span]
doc.spans["sc"] = [1]  # wrong
doc.spans.update({"other": [span]}, more=[span])
doc.spans.update({"other": [1]})  # wrong
group: SpanGroup = doc.spans["sc"]
group.append(token)  # wrong
doc.set_column("TAG", [1, 2, 3])
doc.set_spaces([True, False, False])
doc.set_spaces("yes")  # wrong

token.tag_ = "NN"
token.tag_ = 7  # wrong
token.lemma_ = None  # wrong
token.head = doc[1]
token.head = 1  # wrong
token.is_sent_start = True
token.is_sent_start = "yes"  # wrong
token.set_morph("Number=Sing")
token.set_morph({"Number": "Sing"})
token.set_morph(3.5)  # wrong
text: str = token.head.text
child: Token = next(iter(token.children))
children: Iterator[Span] = token.children  # wrong

Doc(nlp.vocab, words=["a"], tags=["X"], ents=["B-PER"])
Doc(nlp.vocab, words=["a"], ents=[("PER", 0, 1)])
Doc(nlp.vocab, words=["a"], ents=[1])  # wrong
Doc(nlp, words=["a"])  # wrong
Span(doc, 0, 1, "X")
Span(doc, 0, "1", "X")  # wrong
Example(doc, doc)
Example(doc, "Ann sang.")  # wrong
predicted: Doc = Example(doc, doc).predicted
reference: Doc = Example(doc, doc).y
wrong_side: Span = Example(doc, doc).x  # wrong

docs: Iterator[Doc] = nlp.pipe(["a", doc])
pairs: Iterator[tuple[Doc, int]] = nlp.pipe([("a", 1)], as_tuples=True)
others: Iterator[tuple[Doc, str]] = nlp.pipe([("a", 1)], as_tuples=True)  # wrong
nlp.pipe([1, 2])  # wrong
nlp(["a"])  # wrong

tagger: Tagger = nlp.add_pipe("tagger")
labels: tuple[str, ...] = nlp.get_pipe("tagger", Tagger).labels
print(nlp.get_pipe("tagger", Tagger).labls)  # wrong
nlp.get_pipe(0)  # wrong
nlp.select_pipes(disable="tagger").restore()
nlp.select_pipes(disable=1)  # wrong
nlp.update([Example(doc, doc)])
nlp.update([doc])  # wrong
nlp.to_disk("out")
nlp.to_disk(nlp)  # wrong
loaded: Pipeline = spanloom.load("out", disable=["tagger"])
spanloom.load("out", disabled=["tagger"])  # wrong

examples: Iterator[Example] = iter(Corpus("a.loom")(nlp))
Corpus("a.loom").docs(Vocab("en"), nlp.tokenizer)
Corpus("a.loom").docs(Vocab("en"), "whole")  # wrong


@Pipeline.component("loud")
def loud(doc: Doc) -> Doc:
    return doc


@registry.misc("mine.v1")
def mine(size: int) -> int:
    return size


same: Doc = loud(doc)
loud("a")  # wrong
mine("a")  # wrong
