"""Fixtures that the tests of all packages share: distributions that aren't really installed, a
fresh Python, and documents with every kind of annotation."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# Time says nothing on a machine that does other work besides. The examples are the same each time,
# so that a change fails by its own fault: `nox -s fuzz`, which sets the variable, looks for others.
settings.register_profile(
    "spanloom",
    deadline=None,
    derandomize="SPANLOOM_FUZZ" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("spanloom")

if TYPE_CHECKING:
    from spanloom import Doc, Vocab

FakeDist = Callable[..., Path]
FreshPython = Callable[..., subprocess.CompletedProcess[str]]


def write_dist(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    points: Mapping[str, Mapping[str, str]] | None = None,
    modules: Mapping[str, str] | None = None,
    requires: tuple[str, ...] = (),
) -> None:
    """Write what pip leaves of an installed distribution: metadata, entry points and modules."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Summary: {name}"]
    lines += [f"Requires-Dist: {line}" for line in requires]
    (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
    text = ""
    for group, names in (points or {}).items():
        text += f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in names.items())
    (info / "entry_points.txt").write_text(text, "utf-8")
    for module, source in (modules or {}).items():
        path = folder / f"{module.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on ``sys.path``; modules imported from it are forgotten afterwards."""
    from spanloom.plugins import refresh

    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
    monkeypatch.undo()
    importlib.invalidate_caches()
    refresh()


@pytest.fixture
def fake_dist(site: Path) -> FakeDist:
    """``fake_dist(name, version, points=..., modules=..., requires=...)`` installs one."""
    from spanloom.plugins import refresh

    def install(name: str, version: str = "1.0", **parts: object) -> Path:
        write_dist(site, name, version, **parts)  # type: ignore[arg-type]
        importlib.invalidate_caches()
        refresh()
        return site

    return install


@pytest.fixture
def crowd(site: Path) -> list[str]:
    """Hundreds of distributions, each with two names whose modules must not be imported."""
    from spanloom.plugins import refresh

    names = [f"loom_crowd_{number:03}" for number in range(300)]
    for name in names:
        points = {"spanloom_misc": {f"{name}.{x.upper()}.v1": f"{name}:{x}" for x in "ab"}}
        modules = {name: "def a(): ...\ndef b(): ...\n"}
        write_dist(site, name, points=points, modules=modules, requires=("spanloom<1,>=0.1",))
    refresh()
    return names


@pytest.fixture
def fresh_python(tmp_path: Path) -> FreshPython:
    """``fresh_python(code or [arguments], site=..., **environment)`` in a new process."""

    def run(
        what: str | list[str], site: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        arguments = ["-c", what] if isinstance(what, str) else what
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SPANLOOM_")}
        clean |= environment
        if site is not None:
            path = (str(site), clean.get("PYTHONPATH", ""))
            clean["PYTHONPATH"] = os.pathsep.join(filter(None, path))
        return subprocess.run(
            [sys.executable, *arguments], env=clean, cwd=tmp_path, capture_output=True, text=True
        )

    return run


def _annotated(vocab: Vocab) -> Doc:
    from spanloom import Doc, Span

    doc = Doc(
        vocab,
        words=["I", "can't", "fly", ".", "日本", "👍"],
        spaces=[True, True, False, True, False, False],
        tags=list("ABCDEF"),
        pos=["PRON", "AUX", "VERB", "PUNCT", "PROPN", "SYM"],
        morphs=["Person=1|Number=Sing", "", "VerbForm=Inf", "", "", ""],
        lemmas=["I", "can", "fly", ".", "日本", "👍"],
        heads=[2, 2, 2, 2, 4, 4],
        deps=["nsubj", "aux", "ROOT", "punct", "ROOT", "dep"],
        ents=["B-PER", "O", "O", "O", "B-GPE", ""],
        user_data={"source": "a", "n": [1, 2.5, None], ("._.", "seen", None, None): True},
    )
    doc.cats = {"travel": 1.0, "food": 0.0}
    doc.spans["sc"] = [Span(doc, 0, 2, "X", "Q1", "s1"), Span(doc, 1, 3, "Y")]
    doc.spans["sc"].attrs["by"] = "me"
    doc.spans["none"] = []
    doc.set_sent_start(0, True)
    return doc


@pytest.fixture(scope="session")
def english() -> Callable[[], Vocab]:
    """``english()`` makes a vocab with English rules."""
    from spanloom import Vocab
    from spanloom.lang import language

    return lambda: Vocab("en", rules=language("en").lexical_rules())


@pytest.fixture(scope="session")
def some_docs() -> Callable[[Vocab], list[Doc]]:
    """``some_docs(vocab)``: a document with every kind of annotation, one that the tokenizer made,
    one whose spaces are unknown, one of a root alone, and an empty one."""
    from spanloom import Doc, blank

    def make(vocab: Vocab) -> list[Doc]:
        tokenized = blank("en", vocab=vocab)("We don't know, do we?")
        unknown = Doc(vocab, words=["no", "spaces"])
        root = Doc(vocab, words=["Go"], spaces=[False], heads=[0], deps=["ROOT"])
        return [_annotated(vocab), tokenized, unknown, root, Doc(vocab)]

    return make


@pytest.fixture(scope="session")
def facts() -> Callable[[Doc], dict[str, Any]]:
    """``facts(doc)``: everything about a document, without ids."""
    import numpy as np

    from spanloom.vocab.columns import COLUMNS

    def tell(doc: Doc) -> dict[str, Any]:
        strings = doc.lexicon.strings
        columns = {}
        for name, dtype in COLUMNS.items():
            column = doc.column(name)
            if column is not None:
                columns[name] = strings.strings(column) if dtype is np.uint64 else column.tolist()
        return {
            "text": doc.text,
            "words": doc.words,
            "norms": [token.norm_ for token in doc],
            "spaces": doc.spaces.tolist(),
            "unknown": doc.has_unknown_spaces,
            "columns": columns,
            "cats": doc.cats,
            "user_data": doc.user_data,
            "tensor": None if doc.tensor is None else np.asarray(doc.tensor).tolist(),
            "spans": {
                name: (
                    group.name,
                    group.attrs,
                    [(s.start, s.end, s.label_, s.kb_id_, s.id_) for s in group],
                )
                for name, group in doc.spans.items()
            },
        }

    return tell


_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@st.composite
def _heads(draw: st.DrawFn, size: int) -> list[int]:
    """Heads that all lie before their words, or all behind: trees."""
    heads = [draw(st.integers(0, i)) for i in range(size)]
    return [size - 1 - head for head in reversed(heads)] if draw(st.booleans()) else heads


@st.composite
def _document(draw: st.DrawFn) -> dict[str, Any]:
    words = draw(st.lists(_texts, max_size=8))
    size = len(words)
    each = st.lists(_texts | st.just(""), min_size=size, max_size=size)
    return {
        "words": words,
        "spaces": draw(st.lists(st.booleans(), min_size=size, max_size=size)),
        "tags": draw(st.none() | each),
        "lemmas": draw(st.none() | each),
        "heads": draw(st.none() | _heads(size)),
        "deps": draw(st.none() | each),
        "ents": draw(
            st.none()
            | st.lists(
                st.sampled_from(["O", "", "B-A", "I-A", "B-b"]), min_size=size, max_size=size
            )
        ),
    }


@pytest.fixture(scope="session")
def documents() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Arguments of ``Doc``, of one to five documents."""
    return st.lists(_document(), min_size=1, max_size=5)
