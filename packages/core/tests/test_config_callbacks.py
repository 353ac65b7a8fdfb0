"""Functions that a config names for moments in the life of a pipeline, and settings of spaCy's that
nothing here would use."""

from __future__ import annotations

import pytest

import spanloom
from spanloom import Doc, Example, registry
from spanloom.config import Config, check_config
from spanloom.errors import ConfigError, TrainingError
from spanloom.pipeline.devices import use_allocator
from spanloom.tokenizer import WhitespaceTokenizer
from spanloom.training import train


class Lowering(WhitespaceTokenizer):
    """Notes how it is initialized."""

    def initialize(self, get_examples, *, nlp, casing="keep"):
        self.seen = sum(len(example.reference) for example in get_examples())
        self.casing = casing


CALLS: list[str] = []


@registry.callbacks("test_config_callbacks.note.v1")
def note(word: str):
    def change(nlp):
        CALLS.append(f"{word}: {', '.join(nlp.pipe_names)}")
        nlp.vocab.strings.add(word)
        return nlp

    return change


@registry.callbacks("test_config_callbacks.other.v1")
def other():
    return lambda nlp: spanloom.blank("en")


@registry.misc("test_config_callbacks.text.v1")
def text():
    return "no function"


@registry.tokenizers("test_config_callbacks.lowering.v1")
def lowering():
    return lambda nlp: Lowering(nlp.vocab)


@pytest.fixture
def calls() -> list[str]:
    """What was called, in order."""
    CALLS.clear()
    return CALLS


def config_with(**nlp) -> dict:
    nlp = {"lang": "en", "pipeline": ["tagger"], **nlp}
    return {"nlp": nlp, "components": {"tagger": {"factory": "tagger"}}}


NOTING = {"@callbacks": "test_config_callbacks.note.v1"}


def test_callbacks_see_the_pipeline_before_and_after_its_components(tmp_path, calls):
    config = config_with(
        after_creation={**NOTING, "word": "first"},
        after_pipeline_creation={**NOTING, "word": "second"},
    )
    nlp = spanloom.Pipeline.from_config(config)
    assert calls == ["first: ", "second: tagger"]
    assert "first" in nlp.vocab.strings and "second" in nlp.vocab.strings
    example = Example(Doc(nlp.vocab, words=["a"]), Doc(nlp.vocab, words=["a"], tags=["X"]))
    nlp.initialize(lambda: [example])
    nlp.to_disk(tmp_path / "saved")
    spanloom.load(tmp_path / "saved")
    assert calls == ["first: ", "second: tagger"] * 2


def test_a_callback_must_return_the_pipeline_that_it_got():
    config = config_with(after_creation={"@callbacks": "test_config_callbacks.other.v1"})
    with pytest.raises(ConfigError, match=r"nlp\.after_creation: returned a Pipeline instead"):
        spanloom.Pipeline.from_config(config)


@pytest.mark.parametrize("key", ["after_creation", "after_pipeline_creation", "tokenizer"])
def test_what_is_called_and_is_no_function_gave_a_bare_type_error(key):
    config = config_with(**{key: {"@misc": "test_config_callbacks.text.v1"}})
    with pytest.raises(ConfigError, match=rf"nlp\.{key}: makes a str, not a function"):
        spanloom.Pipeline.from_config(config)


@pytest.mark.parametrize("key", ["before_init", "after_init"])
def test_what_initialization_calls_and_is_no_function_gave_a_bare_type_error(data, key):
    config = config_with()
    config["paths"] = {part: data[f"paths.{part}"] for part in ("train", "dev")}
    config["initialize"] = {key: {"@misc": "test_config_callbacks.text.v1"}}
    with pytest.raises(ConfigError, match=rf"initialize\.{key}: makes a str, not a function"):
        train(config, quiet=True)


def test_the_tokenizer_gets_its_arguments_of_initialize():
    config = config_with(tokenizer={"@tokenizers": "test_config_callbacks.lowering.v1"})
    config["initialize"] = {"tokenizer": {"casing": "lower"}}
    nlp = spanloom.Pipeline.from_config(config)
    words = ["a", "b", "c"]
    reference = Doc(nlp.vocab, words=words, tags=["X", "Y", "X"])
    nlp.initialize(lambda: [Example(Doc(nlp.vocab, words=words), reference)])
    assert (nlp.tokenizer.seen, nlp.tokenizer.casing) == (3, "lower")


def test_arguments_that_the_tokenizer_cannot_take_are_an_error():
    config = config_with()
    config["initialize"] = {"tokenizer": {"pkuseg_model": "mixed"}}
    nlp = spanloom.Pipeline.from_config(config)
    with pytest.raises(ConfigError, match=r"initialize\.tokenizer: sets pkuseg_model, .*Tokenizer"):
        nlp.initialize()


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("nlp", "before_creation", {**NOTING, "word": "x"}),
        ("initialize", "vocab_data", "lexemes.jsonl"),
        ("initialize", "lookups", {"@misc": "spacy.LookupsDataLoader.v1"}),
    ],
)
def test_settings_of_spacys_that_nothing_would_use_were_taken_in_silence(section, key, value):
    config = config_with()
    config.setdefault(section, {})[key] = value
    with pytest.raises(ConfigError, match=rf"{section}\.{key}: can't be set: .*"):
        check_config(Config(config))
    config[section][key] = None
    check_config(Config(config))


def test_an_allocator_that_no_library_has_is_an_error_before_training(data):
    config = config_with()
    config["paths"] = {part: data[f"paths.{part}"] for part in ("train", "dev")}
    config["training"] = {"max_steps": 1, "eval_frequency": 1}
    config["system"] = {"gpu_allocator": "pytroch"}
    with pytest.raises(TrainingError, match=r"'pytroch': use one of pytorch, tensorflow"):
        train(config, quiet=True)
    config["system"] = {"gpu_allocator": "pytorch"}  # asks for nothing on the CPU
    assert train(config, quiet=True).history.evaluations


@pytest.mark.gpu
def test_cupy_shares_the_pool_of_pytorch():
    cupy = pytest.importorskip("cupy")
    torch = pytest.importorskip("torch")
    from thinc.api import require_gpu

    require_gpu(0)
    use_allocator("pytorch")
    before = torch.cuda.memory_allocated()
    kept = cupy.zeros(1 << 20, dtype="float32")
    assert torch.cuda.memory_allocated() >= before + kept.nbytes
