"""What users of spaCy write works as it stands: names of arguments, and small things besides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spanloom import Doc, Example, Pipeline, Span, Token, Vocab, blank, registry
from spanloom.components import Tok2Vec
from spanloom.config import init_config, load_config, parse_config
from spanloom.errors import ConfigError, DataError, PipelineError
from spanloom.examples import get_words_and_spaces
from spanloom.plugins.factory import NewConfig, factory_config, factory_info
from spanloom.tokens import filter_spans


def test_arguments_have_the_names_that_spacy_gives_them() -> None:
    nlp = blank("en")
    doc = Doc(nlp.vocab, words=["a", "b"], tags=["X", "Y"])
    array = doc.to_array(py_attr_ids=["TAG", "LEMMA"])
    assert [t.tag_ for t in Doc(nlp.vocab, words=["a", "b"]).from_array(
        attrs=["TAG", "LEMMA"], array=array)] == ["X", "Y"]  # fmt: skip
    assert doc[:1].to_array(py_attr_ids="TAG").tolist() == [doc[0].tag]
    assert Doc(nlp.vocab).from_bytes(bytes_data=doc.to_bytes()).words == ["a", "b"]
    assert Doc(nlp.vocab).from_json(doc_json=doc.to_json(), validate=True).words == ["a", "b"]
    assert doc.count_by(attr_id="TAG") == {doc[0].tag: 1, doc[1].tag: 1}
    assert not nlp.vocab.has_vector(orth="a") and not len(nlp.vocab.get_vector(orth="a"))
    assert Vocab().from_bytes(bytes_data=nlp.vocab.to_bytes()).lang == "en"
    example = Example.from_dict(predicted=doc, example_dict={"tags": ["P", "Q"]})
    assert example.reference[1].tag_ == "Q"
    nlp.tokenizer.add_special_case(string="ab", substrings=[{"orth": "a"}, {"ORTH": "b"}])
    assert [t.text for t in nlp("ab")] == ["a", "b"]
    nlp.set_error_handler(error_handler=lambda *_: None)
    blank("en").from_bytes(bytes_data=nlp.to_bytes())


def test_functions_are_registered_without_a_decorator() -> None:
    def tagged(doc: Doc) -> Doc:
        doc[0].tag_ = "T"
        return doc

    Pipeline.component("names_tagged", assigns=["token.tag"], requires=["doc.ents"], func=tagged)
    Pipeline.factory("names_made", default_config={"tag": "U"}, func=lambda nlp, name, tag: tagged)
    nlp = blank("en")
    nlp.add_pipe("names_tagged")
    nlp.add_pipe("names_made")
    assert nlp("a")[0].tag_ == "T"
    found = nlp.analyze_pipes()
    assert found["summary"]["names_tagged"]["assigns"] == ["token.tag"]
    assert found["problems"]["names_tagged"] == ["doc.ents"]


def test_a_decorated_factory_can_be_the_shared_encoder_of_a_new_config() -> None:
    def adapt(config: dict[str, Any], asked: NewConfig) -> None:
        config["training"]["dropout"] = 0.25 if asked.encoder == "names_encoder" else None

    width = "${components.names_encoder.model.width}"
    listener = {"@architectures": "spanloom.Tok2VecListener.v1", "width": width}

    @Pipeline.factory(
        "names_encoder",
        default_config=factory_config(registry.factories.get("tok2vec")),
        listener={**listener, "upstream": "names_encoder"},
        init_config=adapt,
    )
    def make(nlp: Pipeline, name: str, model: Any) -> Tok2Vec:
        return Tok2Vec(nlp.vocab, model, name)

    config = init_config("en", ["names_encoder", "tagger"])
    assert config["nlp"]["pipeline"] == ["names_encoder", "tagger"]
    assert config["components"]["tagger"]["model"]["tok2vec"]["upstream"] == "names_encoder"
    assert config["training"]["dropout"] == 0.25
    nlp = Pipeline.from_config(config)
    assert nlp.analyze_pipes()["summary"]["names_encoder"]["consumers"] == ["tagger"]


def test_one_name_is_not_read_as_its_letters() -> None:
    assert init_config("en", "tagger")["nlp"]["pipeline"] == ["tok2vec", "tagger"]
    with pytest.raises(ConfigError, match="pretrain: is"):
        init_config("en", "tagger", sections="pretrain")
    Pipeline.factory(
        "names_one", assigns="token.tag", requires="doc.ents", func=lambda nlp, name: ()
    )
    found = factory_info(registry.factories.get("names_one"))
    assert (list(found.assigns), list(found.requires)) == (["token.tag"], ["doc.ents"])


def test_a_config_keeps_its_references_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "config.cfg"
    init_config("en", ["tagger"]).to_disk(path)
    written = load_config(path)
    assert written["initialize"]["init_tok2vec"] == "${paths.init_tok2vec}"
    assert written["corpora"]["train"]["path"] == "${paths.train}"
    init_config("en", ["tagger"]).to_disk(path, interpolate=True)
    assert load_config(path)["initialize"]["init_tok2vec"] is None


def test_decorators_without_a_name_and_factories_without_arguments_are_refused() -> None:
    for decorator in (Pipeline.component, Pipeline.factory):
        with pytest.raises(PipelineError, match="needs a name"):
            decorator(lambda doc: doc)
    with pytest.raises(PipelineError, match="must take the arguments nlp and name"):
        Pipeline.factory("names_bare", func=lambda tag: tag)


def test_norm_of_one_token_is_its_own() -> None:
    doc = Doc(Vocab(), words=["u", "u"])
    doc[0].norm_ = "you"
    assert [t.norm_ for t in doc] == ["you", "u"] and doc.vocab["u"].norm_ == "u"
    doc[1].norm = doc.vocab.strings.add("You")
    assert Doc(doc.vocab).from_bytes(doc.to_bytes())[1].norm_ == "You"


def test_morph_of_another_token_is_taken_and_that_of_another_vocab_is_not() -> None:
    doc, other = Doc(Vocab(), words=["a", "b"]), Doc(Vocab(), words=["c"])
    doc[0].set_morph("Number=Sing")
    doc[1].morph = doc[0].morph
    assert str(doc[1].morph) == "Number=Sing"
    doc[1].set_morph(doc.vocab.strings.add("Number=Plur"))
    assert str(doc[1].morph) == "Number=Plur"
    with pytest.raises(DataError, match="another vocab"):
        other[0].morph = doc[0].morph


def test_flags_of_words_are_asked_for_by_number() -> None:
    doc = Doc(Vocab(), words=["a", "1"])
    assert (
        [t.check_flag(1) for t in doc] == [t.check_flag("IS_ALPHA") for t in doc] == [True, False]
    )


def test_rest_of_an_entity_begins_where_another_took_its_beginning() -> None:
    doc = Doc(Vocab(), words=list("abcde"), ents=["B-A", "B-B", "I-B", "I-B", "O"])
    doc.set_ents([Span(doc, 0, 2, "C")], default="unmodified")
    assert [t.ent_iob_ for t in doc] == ["B", "I", "B", "I", "O"]
    assert [(e.start, e.end, e.label_) for e in doc.ents] == [(0, 2, "C"), (2, 4, "B")]
    with pytest.raises(DataError, match="list of spans"):
        doc.set_ents([], missing=doc[1:2])


def test_hooks_say_what_the_sentences_of_a_span_are() -> None:
    doc = Doc(Vocab(), words=list("abcd"), sent_starts=[True, False, True, False])
    assert [s.text for s in doc[2:2].sents] == ["c d"]
    doc.user_span_hooks["sents"] = lambda span: [span, span]
    doc.user_span_hooks["sent"] = lambda span: span
    assert len(list(doc[0:1].sents)) == 2 and doc[0:1].sent == doc[0:1]


def test_ends_of_sentences_are_an_annotation() -> None:
    doc = Doc(Vocab(), words=["a", "b"])
    assert not doc.has_annotation("IS_SENT_END")
    doc[1].is_sent_start = False
    assert doc.has_annotation("IS_SENT_END", require_complete=True)


def test_tokens_of_json_have_the_same_keys() -> None:
    doc = Doc(Vocab(), words=["a", "b"], tags=["X", "Y"])
    data = doc.to_json()
    del data["tokens"][1]["tag"]
    with pytest.raises(DataError, match="1 of 2 tokens have 'tag'"):
        Doc(Vocab()).from_json(data)


def test_retokenizer_sets_flags_of_words_and_refuses_what_it_cannot_set() -> None:
    doc = Doc(Vocab(), words=["eins", "zwei", "!"])
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2], attrs={"is_stop": True})
        retokenizer.merge(doc[0:2])  # the same once more
    assert len(doc) == 2 and doc[0].is_stop and not doc[1].is_stop
    Token.set_extension("names_got", getter=lambda token: 1, force=True)
    Token.set_extension("names_done", method=lambda token: 1, force=True)
    for name in ("names_got", "names_done", "names_undeclared"):
        with pytest.raises(DataError, match=name), doc.retokenize() as retokenizer:
            retokenizer.merge(doc[0:2], attrs={"_": {name: 1}})
    assert len(doc) == 2
    Token.remove_extension("names_got")
    Token.remove_extension("names_done")


def test_methods_of_extensions_keep_their_docstring() -> None:
    def shout(doc: Doc) -> str:
        """In capitals."""
        return doc.text.upper()

    Doc.set_extension("names_shout", method=shout, force=True)
    doc = Doc(Vocab(), words=["a"])
    assert doc._.names_shout.__doc__ == "In capitals." and doc._.names_shout() == "A "
    Doc.remove_extension("names_shout")


def test_longest_of_overlapping_spans_are_kept() -> None:
    doc = Doc(Vocab(), words=list("abcdef"))
    spans = [doc[4:6], doc[0:2], doc[1:4], doc[3:5], doc[1:4]]
    assert filter_spans(spans) == [doc[1:4], doc[4:6]] == filter_spans(spans[:2], spans[2:])


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["a", "b"], "a b", (["a", "b"], [True, False])),
        (["a", " ", "b"], "  a \n b", (["  ", "a", "\n ", "b"], [False, True, False, False])),
        ([], " ", ([" "], [False])),
        (["a"], "a ", (["a"], [True])),
    ],
)
def test_white_space_between_words_becomes_words(
    words: list[str], text: str, expected: tuple[list[str], list[bool]]
) -> None:
    assert get_words_and_spaces(words, text) == expected
    assert Doc(Vocab(), *expected).text == text


def test_words_of_another_text_are_refused() -> None:
    for words in (["a", "c"], ["b"]):
        with pytest.raises(DataError):
            get_words_and_spaces(words, "a b")


def test_configs_can_be_indented_as_they_stand_in_code() -> None:
    config = parse_config("""
        [nlp]
        lang = "en"
        pipeline = ["tagger"]

        [nlp.tokenizer]
        @tokenizers = "spanloom.Tokenizer.v1"
        """)
    assert config["nlp"]["pipeline"] == ["tagger"] and config["nlp"]["lang"] == "en"
