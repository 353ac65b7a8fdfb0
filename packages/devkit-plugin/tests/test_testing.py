"""The conformance kit: each check fails on a plugin that is broken in that way, and on no other."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from spanloom.errors import UnknownNameError
from spanloom_devkit.testing import SpanGetterConformance, checks_of

pytestmark = pytest.mark.lengthy

FakeDist = Callable[..., Path]
FreshPython = Callable[..., subprocess.CompletedProcess[str]]

HOOKS = "from spanloom.plugins import hookimpl\nSPANLOOM_API = 1\n"

#: A component that learns one number, and writes whether a token is long.
COMPONENT = '''
import time
from pathlib import Path
import srsly

class Long:
    """Marks long tokens with the tag LONG."""

    state = None

    def __init__(self, vocab, name, length):
        self.vocab, self.name, self.length = vocab, name, length

    def __call__(self, doc):
        for token in doc:
            token.tag_ = "LONG" if len(token) > self.length else "SHORT"
        return doc

    def update(self, examples, *, drop=0.0, sgd=None, losses=None):
        self.length += 1
        losses[self.name] = losses.get(self.name, 0.0) + 1 / self.length
        return losses

    def initialize(self, get_examples, *, nlp=None, labels=None):
        self.length = 3

    def to_bytes(self, *, exclude=()):
        return srsly.msgpack_dumps({"length": self.length})

    def from_bytes(self, data, *, exclude=()):
        self.length = srsly.msgpack_loads(data)["length"]
        return self

    def to_disk(self, path, *, exclude=()):
        Path(path).write_bytes(self.to_bytes())

    def from_disk(self, path, *, exclude=()):
        self.length = srsly.msgpack_loads(Path(path).read_bytes())["length"]
        return self

def make(nlp: object, name: str, length: int = 4) -> Long:
    return Long(nlp.vocab, name, length)
'''


def changed(source: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return source


def some(cases: Iterable[str], *quick: str) -> list[object]:
    """Cases of which all but the quick ones are slow; ``nox -s "tests(devkit)"`` runs them too."""
    slow = pytest.mark.slow
    return [case if case in quick else pytest.param(case, marks=slow) for case in cases]


# -- components

WRITE = 'token.tag_ = "LONG" if len(token) > self.length else "SHORT"'
BROKEN_COMPONENTS = {
    "none": ((), set()),
    "test_loads": (("import srsly", "import srsly, loom_absent"), {"test_loads"}),
    "test_signature": (("length: int = 4", "length=4"), {"test_signature"}),
    "optional": (("length: int = 4", "length: int = None"), {"test_signature"}),
    "test_builds": (("self.length = 3", "self.length = 3 / 0"), {"test_builds"}),
    "test_config_round_trip": (
        ("length: int = 4", "length: float = float('nan')"),
        {"test_config_round_trip"},
    ),
    "test_annotates": (
        (
            "        return doc\n",
            "        if len(doc) > 6: raise IndexError(len(doc))\n        return doc\n",
        ),
        {"test_annotates"},
    ),
    "test_determinism": ((WRITE, "token.tag_ = str(time.perf_counter_ns())"), {"test_determinism"}),
    "test_bytes": (
        ('self.length = srsly.msgpack_loads(data)["length"]', "self.length = 3"),
        {"test_bytes"},
    ),
    "test_disk": (
        ("self.length = srsly.msgpack_loads(Path(path).read_bytes())", "self.x = 0, "),
        {"test_disk"},
    ),
    "test_pickle": (
        ("        return doc\n", "        doc.user_data['f'] = lambda: doc\n        return doc\n"),
        {"test_pickle"},
    ),
    "test_threads": (
        (
            "for token in doc:",
            "self.state = doc; time.sleep(0.001)\n        for token in self.state:",
        ),
        {"test_threads"},
    ),
    "test_empty_document": (
        ("for token in doc:", "doc[0]\n        for token in doc:"),
        {"test_empty_document"},
    ),
    "test_whitespace": (
        (
            "for token in doc:",
            "assert not doc.text.strip() == '' or not doc.text\n        for token in doc:",
        ),
        {"test_whitespace"},
    ),
    "test_long_document": (
        ("for token in doc:", "assert len(doc) < 5000\n        for token in doc:"),
        {"test_long_document"},
    ),
    "test_batches": (
        (
            "    def update",
            "    def annotate(self, docs):\n"
            "        for doc in docs:\n"
            "            for token in doc: token.tag_ = str(len(docs))\n"
            "\n"
            "    def update",
        ),
        {"test_batches"},
    ),
    "test_learns": (("1 / self.length", "self.length"), {"test_learns"}),
}


@pytest.mark.parametrize("case", some(BROKEN_COMPONENTS, "none", "test_batches"))
def test_components(failed: Callable[..., set[str]], case: str) -> None:
    pairs, expected = BROKEN_COMPONENTS[case]
    source = changed(COMPONENT, *([pairs] if pairs else []))
    points = {"spanloom_factories": {"loom_long": "loom_long:make"}}
    wrong = failed(points=points, modules={"loom_long": source})
    assert wrong == expected


@pytest.mark.slow
@pytest.mark.parametrize("broken", [False, True])
def test_components_in_processes(failed: Callable[..., set[str]], broken: bool) -> None:
    pair = ("for token in doc:", "self.tell()\n        for token in doc:")
    tell = (
        "    def update",
        "    def tell(self):\n"
        "        import multiprocessing\n"
        "        assert multiprocessing.parent_process() is None\n\n"
        "    def update",
    )
    source = changed(COMPONENT, *([pair, tell] if broken else []))
    points = {"spanloom_factories": {"loom_long": "loom_long:make"}}
    wrong = failed(spawn=True, points=points, modules={"loom_long": source})
    assert wrong == ({"test_spawn"} if broken else set())


# -- layers

LAYER = """
import numpy
from thinc.api import Model, glorot_uniform_init, with_array
from thinc.types import Floats2d

def forward(model, X, is_train):
    W = model.get_param("W")
    Y = X @ W
    def backprop(dY):
        model.inc_grad("W", X.T @ dY)
        return dY @ W.T
    return Y, backprop

def init(model, X=None, Y=None):
    model.set_dim("nI", X.shape[1])
    size = (X.shape[1], model.get_dim("nO"))
    model.set_param("W", glorot_uniform_init(model.ops, size))

def layer(nO: int = 4, rate: float = 0.5) -> Model[list[Floats2d], list[Floats2d]]:
    inner = Model("weave", forward, init=init, dims={"nO": nO, "nI": None}, params={"W": None})
    return with_array(inner)
"""

BROKEN_LAYERS: dict[str, list[tuple[str, str]]] = {
    "none": [],
    "test_signature": [("rate: float", "rate")],
    "test_builds": [("    inner =", "    nO.x\n    inner =")],
    "test_config_round_trip": [("rate: float = 0.5", "rate: str = '${weave.rate}'")],
    "test_is_a_model": [("return with_array(inner)", "return 3")],
    "test_runs": [("    W = model.get_param", "    W = model.get_the_param")],
    "test_bytes": [
        ("def forward", "scales = {}\n\ndef forward"),
        ("    model.set_dim", "    scales[model.id] = numpy.random.rand()\n    model.set_dim"),
        ("Y = X @ W", "scale = scales.get(model.id, 1.0); Y = X @ W * scale"),
        ("X.T @ dY", "X.T @ dY * scale"),
    ],
    "test_determinism": [
        ("import numpy\n", "import numpy, time\n"),
        ("Y = X @ W", "Y = X @ W * (time.perf_counter_ns() % 1000)"),
    ],
    "test_batches": [("Y = X @ W", "Y = X @ W * len(X)"), ("X.T @ dY", "X.T @ dY * len(X)")],
    "test_empty": [
        (
            "return with_array(inner)",
            "return Model('full', full, init=fill, layers=[with_array(inner)])",
        ),
        (
            "def layer",
            "def full(model, X, is_train):\n"
            "    assert all(map(len, X)), 'an empty one'\n"
            "    return model.layers[0](X, is_train)\n\n"
            "def fill(model, X=None, Y=None): model.layers[0].initialize(X=X)\n\n"
            "def layer",
        ),
    ],
    "test_gradients": [("X.T @ dY", "X.T @ dY * 2")],
}


@pytest.mark.parametrize("case", some(BROKEN_LAYERS, "none", "test_gradients"))
def test_layers(failed: Callable[..., set[str]], case: str) -> None:
    source = changed(LAYER, *BROKEN_LAYERS[case])
    points = {"spanloom_architectures": {"loom-weave.Layer.v1": "loom_layer:layer"}}
    wrong = failed(points=points, modules={"loom_layer": source})
    assert wrong == ({case} - {"none"})


HEAD = """
from thinc.api import Model, chain
from thinc.types import Floats2d
from spanloom.components import Tagger
from spanloom.plugins.factory import component_defaults
from spanloom.layers import Tagger as tagger_layer

def stop(model, X, is_train):
    return X, lambda dY: [each * 0 for each in dY]

def layer(tok2vec: Model, nO: int | None = None) -> "Model[list[Doc], list[Floats2d]]":
    width = tok2vec.get_dim("nO")
    return tagger_layer(chain(tok2vec, Model("stop", stop, dims={"nO": width})), nO)

ENCODER = {"@architectures": "spanloom.HashEmbedCNN.v2", "pretrained_vectors": None, "width": 8,
           "depth": 1, "embed_size": 100, "window_size": 1, "maxout_pieces": 2,
           "subword_features": True}
MODEL = {"@architectures": "loom-weave.Head.v1", "tok2vec": ENCODER}

@component_defaults({"model": MODEL})
def make(nlp: object, name: str, model: Model) -> Tagger:
    return Tagger(nlp.vocab, model, name)
"""


@pytest.mark.slow
@pytest.mark.parametrize("case", ["none", "test_gradients_through_listeners"])
def test_listening_components(failed: Callable[..., set[str]], case: str) -> None:
    pairs = [("each * 0 for each in dY", "each for each in dY")] if case == "none" else []
    points = {
        "spanloom_factories": {"loom_head": "loom_head:make"},
        "spanloom_architectures": {"loom-weave.Head.v1": "loom_head:layer"},
    }
    wrong = failed(points=points, modules={"loom_head": changed(HEAD, *pairs)})
    assert wrong == ({case} - {"none"})


# -- span getters, readers and others

GETTER = """
import random
def getter(window: int = 4):
    def get(docs):
        return [[doc[i:i + window] for i in range(0, len(doc), window)] for doc in docs]
    return get
"""
FOUND = "[doc[i:i + window] for i in range(0, len(doc), window)]"
BROKEN_GETTERS: dict[str, list[tuple[str, str]]] = {
    "none": [],
    "test_builds": [("    def get", "    window.x\n    def get")],
    "test_spans": [("for doc in docs]", "for doc in docs] + [[]]")],
    "test_empty_document": [(FOUND, f"(len(docs) and 1 // len(doc)) or {FOUND}")],
    "test_whitespace": [(FOUND, f"(doc.text.strip() or not doc.text or 1 / 0) and {FOUND}")],
    "test_long_document": [(FOUND, f"(len(doc) < 5000 or 1 / 0) and {FOUND}")],
    "test_batches": [(FOUND, "[doc[:len(docs)]] if len(doc) else []")],
    "test_determinism": [(FOUND, "[doc[:random.randint(1, len(doc))]] if len(doc) else []")],
}


@pytest.mark.parametrize("case", some(BROKEN_GETTERS, "none", "test_spans"))
def test_span_getters(failed: Callable[..., set[str]], case: str) -> None:
    points = {"spanloom_span_getters": {"loom-weave.windows.v1": "loom_getter:getter"}}
    wrong = failed(points=points, modules={"loom_getter": changed(GETTER, *BROKEN_GETTERS[case])})
    assert wrong == ({case} - {"none"})


READER = """
import json
from pathlib import Path
from spanloom import Example

class Reader:
    def __init__(self, path):
        self.path = path

    def __call__(self, nlp):
        for line in Path(self.path).read_text().splitlines():
            doc = nlp.make_doc(json.loads(line)["text"])
            yield Example(doc, doc.copy())

def reader(path: str) -> Reader:
    return Reader(path)
"""
BROKEN_READERS: dict[str, list[tuple[str, str]]] = {
    "none": [],
    "test_examples": [("yield Example(doc, doc.copy())", "yield doc")],
    "test_again": [
        ("def __call__", "said = ()\n    def __call__"),
        ("for line in", "self.said = [*self.said, 1]\n        for line in"),
        (".splitlines()", ".splitlines()[len(self.said):]"),
    ],
    "test_missing_file": [
        ("for line in", "if not Path(self.path).exists(): return\n        for line in")
    ],
}


@pytest.mark.parametrize("case", some(BROKEN_READERS, "none", "test_again"))
def test_readers(failed: Callable[..., set[str]], case: str) -> None:
    points = {"spanloom_readers": {"loom-weave.Lines.v1": "loom_reader:reader"}}
    source = changed(READER, *BROKEN_READERS[case])
    wrong = failed(points=points, modules={"loom_reader": source})
    if case == "test_examples":
        wrong -= {"test_again"}
    assert wrong == ({case} - {"none"})


SMALL = """
from spanloom import Doc
def tokenizer():
    def make(nlp):
        def split(text):
            return Doc(nlp.vocab, words=list(text), spaces=[False for _ in text])
        return split
    return make

def batcher(size: int = 3):
    def batches(items):
        items = list(items)
        return [items[i:i + size] for i in range(0, len(items), size)]
    return batches

def scorer():
    def score(examples):
        return {"mine": 1.0}
    return score
"""
BROKEN_SMALL = {
    "none": ("", "", set()),
    "test_keeps_text": ("list(text)", "list(text.lower())", {"test_keeps_text"}),
    "test_batches": ("items[i:i + size]", "items[i:i + size + 1]", {"test_batches"}),
    "test_nothing": ("items = list(items)", "items = list(items); items[0]", {"test_nothing"}),
    "test_scores": ('{"mine": 1.0}', "1.0", {"test_scores"}),
}


@pytest.mark.parametrize("case", some(BROKEN_SMALL, "none"))
def test_small_registries(failed: Callable[..., set[str]], case: str) -> None:
    old, new, expected = BROKEN_SMALL[case]
    points = {
        "spanloom_tokenizers": {"loom-weave.letters.v1": "loom_small:tokenizer"},
        "spanloom_batchers": {"loom-weave.few.v1": "loom_small:batcher"},
        "spanloom_scorers": {"loom-weave.mine.v1": "loom_small:scorer"},
    }
    wrong = failed(points=points, modules={"loom_small": SMALL.replace(old, new)})
    assert wrong == expected


# -- distributions

GOOD = {
    "points": {
        "spanloom_misc": {"loom-weave.Thing.v1": "loom_things:thing"},
        "spanloom_plugins": {"loom-weave": "loom_hooks"},
    },
    "modules": {"loom_things": "def thing(): ...\n", "loom_hooks": HOOKS},
}
COMMAND = (
    f"{HOOKS}@hookimpl\ndef register_commands(commands):\n"
    "    commands.add('weave', target='loom_things:absent', help='Weave.')\n"
)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, set()),
        ({"requires": ()}, {"test_requirements"}),
        ({"requires": ("spanloom",)}, {"test_requirements"}),
        ({"requires": ("spanloom>=0.0.1,<0.0.2",)}, {"test_requirements"}),
        ({"points": {"spanloom_factoriess": {"x": "loom_things:thing"}}}, {"test_registries"}),
        ({"points": {"spanloom_misc": {"Thing": "loom_things:thing"}}}, {"test_name"}),
        ({"points": {"spanloom_misc": {"loom-weave.T.v1": "loom_things:no"}}}, {"test_loads"}),
        (
            {"points": {"spanloom_misc": {"loom-weave.T.v1": "loom_absent:no"}}},
            {"test_loads", "test_files"},
        ),
        ({"points": {"spanloom_plugins": {"weave": "loom_hooks"}}}, {"test_hook_name"}),
        ({"hooks": HOOKS.replace("1", "9")}, {"test_hooks"}),
        ({"hooks": f"{HOOKS}@hookimpl\ndef before_tarin(): ...\n"}, {"test_hooks"}),
        ({"hooks": f"import numpy\n{HOOKS}"}, {"test_light_import"}),
        (
            {
                "hooks": f"import time\nend = time.process_time() + 0.2\n"
                f"while time.process_time() < end: ...\n{HOOKS}"
            },
            {"test_light_import"},
        ),
        ({"hooks": COMMAND}, {"test_commands"}),
    ],
)
def test_distributions(
    failed: Callable[..., set[str]], parts: dict[str, object], expected: set[str]
) -> None:
    parts = dict(parts)
    hooks = parts.pop("hooks", HOOKS)
    whole = {**GOOD, "modules": {**GOOD["modules"], "loom_hooks": hooks}, **parts}
    assert failed(**whole) == expected


def test_extras(failed: Callable[..., set[str]]) -> None:
    """A module may need an extra, if whoever lacks it is told."""
    parts = {
        "points": {"spanloom_misc": {"loom-weave.Thing.v1": "loom_things:thing"}},
        "modules": {"loom_things": "import hypothesis\ndef thing(): ...\n"},
    }
    needs = "spanloom>=0.1"
    good = 'hypothesis>=6; extra == "more"'
    assert failed(**parts, requires=(needs, good)) == set()


def test_extras_that_hide_the_cause(failed: Callable[..., set[str]]) -> None:
    source = (
        "try:\n    import hypothesis\n"
        "except ImportError:\n    raise ModuleNotFoundError('sorry', name='hypothesis_x')\n"
        "def thing(): ...\n"
    )
    wrong = failed(
        points={"spanloom_misc": {"loom-weave.Thing.v1": "loom_things:thing"}},
        modules={"loom_things": source},
        requires=("spanloom>=0.1", 'hypothesis>=6; extra == "more"'),
    )
    assert wrong == {"test_extras"}


def test_clashes(fake_dist: FakeDist, failed: Callable[..., set[str]]) -> None:
    fake_dist("loom-other", points={"spanloom_misc": {"loom-weave.Thing.v1": "loom_o:thing"}})
    assert failed(**GOOD) >= {"test_clashes"}


# -- pytest


def test_command_line(fake_dist: FakeDist, fresh_python: FreshPython, tmp_path: Path) -> None:
    """Nothing of the author's is needed, and other tests aren't run unless they are named."""
    bad = {**GOOD["points"], "spanloom_misc": {"loom-weave.T.v1": "loom_things:no"}}
    site = fake_dist("loom-weave", "0.1.0", **{**GOOD, "points": bad}, requires=("spanloom>=0.1",))
    (tmp_path / "test_mine.py").write_text("def test_mine(): assert False\n")
    pytest_ = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--spanloom-conformance"]
    done = fresh_python([*pytest_, "loom-weave", "-rs"], site)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "misc/loom-weave.T.v1::test_loads" in done.stdout and "1 failed" in done.stdout
    assert "What the name stands for can be imported" in done.stdout
    assert "it has no extras" in done.stdout and "test_mine" not in done.stdout
    both = fresh_python([*pytest_, "loom-weave", "test_mine.py", "-k", "test_mine or files"], site)
    assert "1 failed, 1 passed" in both.stdout, both.stdout
    wrong = fresh_python([*pytest_, "loom-absent"])
    assert wrong.returncode == 4 and "no installed distribution 'loom-absent'" in wrong.stderr


def test_pytest_without_the_option_imports_nothing_of_ours(
    fresh_python: FreshPython, tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    ours = sorted(m for m in sys.modules if m.startswith('spanloom'))\n"
        "    kit = ['spanloom_devkit', 'spanloom_devkit.testing', "
        "'spanloom_devkit.testing.plugin']\n"
        "    ours = [m for m in ours if not m.startswith(('spanloom.io', 'spanloom.errors'))]\n"
        "    assert ours == ['spanloom', *kit], ours\n"
        "    assert not {'numpy', 'thinc', 'confection', 'catalogue'} & set(sys.modules)\n"
    )
    done = fresh_python(
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    )
    assert done.returncode == 0, done.stdout


def test_settings_of_the_project(fake_dist: FakeDist, tmp_path: Path) -> None:
    fake_dist("loom-weave", "0.1.0", **GOOD)
    (tmp_path / "pyproject.toml").write_text(
        "[project]\nname = 'Loom_Weave'\n"
        '[tool.spanloom.conformance."misc/loom-weave.Thing.v1"]\n'
        "unsupported = { test_loads = 'too heavy' }\n"
        '[tool.spanloom.conformance.distribution.unsupported]\ntest_requirements = "it has none"\n'
    )
    skipped = []
    for check in checks_of("loom-weave", tmp_path):
        try:
            check.run()
        except pytest.skip.Exception as skip:
            skipped.append((check.method, skip.msg))
    assert ("test_loads", "too heavy") in skipped
    assert ("test_requirements", "it has none") in skipped
    with pytest.raises(UnknownNameError, match="loom-absent"):
        checks_of("loom-absent")


class TestInAuthorsTests(SpanGetterConformance):
    """A class of the author's own is collected as any other."""

    name = "loom-mine.all.v1"

    def setup_method(self, method: Callable[..., object]) -> None:
        from spanloom import registry

        registry.span_getters(self.name, overwrite=True)(_all)
        super().setup_method(method)


def _all():  # type: ignore[no-untyped-def]
    return lambda docs: [[doc[:]] if len(doc) else [] for doc in docs]


def test_examples_of_the_authors_own(fake_dist: FakeDist, tmp_path: Path) -> None:
    source = changed(
        COMPONENT,
        (
            "        self.length = 3\n",
            "        assert all('MINE' in eg.reference.cats for eg in get_examples()), 'examples'\n"
            "        self.length = 3\n",
        ),
    )
    points = {"spanloom_factories": {"loom_long": "loom_long:make"}}
    site = fake_dist("loom-weave", points=points, modules={"loom_long": source})
    (site / "pyproject.toml").write_text(
        '[project]\nname = "loom-weave"\n'
        '[tool.spanloom.conformance."factories/loom_long"]\nexamples = "loom_examples:mine"\n'
    )
    (site / "tests").mkdir()
    (site / "tests" / "loom_examples.py").write_text(
        "from spanloom import Example\n"
        "def mine(nlp):\n"
        "    return [Example.from_dict(nlp.make_doc('A text'), {'cats': {'MINE': 1.0}})]\n"
    )
    [check] = [each for each in checks_of("loom-weave", site) if each.method == "test_builds"]
    check.run()


def test_a_component_that_annotates_nothing_is_no_success(fake_dist: FakeDist) -> None:
    source = changed(COMPONENT, ('"LONG" if len(token) > self.length else "SHORT"', '""'))
    points = {"spanloom_factories": {"loom_long": "loom_long:make"}}
    fake_dist("loom-weave", points=points, modules={"loom_long": source})
    for check in checks_of("loom-weave"):
        if check.method in {"test_annotates", "test_bytes", "test_disk", "test_batches"}:
            with pytest.raises(pytest.skip.Exception, match="annotated none of the texts"):
                check.run()
