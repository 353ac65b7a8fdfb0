"""The kit finds encoders and listeners that don't keep the laws of sharing."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from spanloom_devkit.testing import ComponentConformance

pytestmark = pytest.mark.lengthy

FakeDist = Callable[..., Path]
ROOT = Path(__file__).parents[3] / "examples" / "third-party" / "loom-table"
SEND = "feature.add(gradient, grad_factor_of(model))"

#: Check -> a change of the worked example that it must find.
MUTANTS = {
    "test_listener_gradient": [
        (SEND, "feature.add(-gradient, grad_factor_of(model))"),
        (SEND, "feature.add(3 * gradient, grad_factor_of(model))"),
        ("np.add.at(total, rows.which, gradient)", "total[rows.which] = gradient"),
    ],
    "test_listener_factor": [(SEND, "feature.add(gradient)")],
    "test_listener_sum": [(SEND, "feature.gradient = gradient * grad_factor_of(model)")],
    "test_listener_frozen": [
        (
            "        if feature.wants_gradient:  # the encoder may be frozen\n",
            "        if feature.backward(flatten(dY)):\n",
        )
    ],
    "test_replace_listeners": [
        ('model.layers[0].set_param("E", self.model.get_param("E").copy())', "model.initialize()"),
        ('{**config["model"], "@arch', '{**config["model"], "rows": 9, "@arch'),
    ],
    "test_source": [
        ('model.layers[0].set_param("E", self.model.get_param("E").copy())', "model.initialize()")
    ],
}


@pytest.fixture
def check(fake_dist: FakeDist) -> Callable[..., None]:
    """Install the example, changed, and run one check."""

    def run(method: str, old: str = "", new: str = "") -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        modules = {
            f"loom_table.{path.stem}": path.read_text()
            for path in (ROOT / "src" / "loom_table").glob("*.py")
        }
        assert any(old in source for source in modules.values()), old
        changed = {name: source.replace(old, new) for name, source in modules.items()}
        fake_dist("loom-table", points=project["entry-points"], modules=changed if old else modules)

        class Case(ComponentConformance):
            name = "word_table"
            listener = {"@architectures": "loom-table.TableListener.v1"}

        getattr(Case(), method)()

    return run


@pytest.mark.parametrize("method", MUTANTS)
def test_the_worked_encoder_keeps_the_laws(check: Callable[..., None], method: str) -> None:
    check(method)


@pytest.mark.parametrize(
    ("method", "old", "new"),
    [(method, *change) for method, changes in MUTANTS.items() for change in changes],
)
def test_a_broken_law_is_found(check: Callable[..., None], method: str, old: str, new: str) -> None:
    with pytest.raises(AssertionError):
        check(method, old, new)


@pytest.mark.parametrize("method", MUTANTS)
def test_the_shared_layer_of_core_keeps_the_laws(method: str) -> None:
    class Case(ComponentConformance):
        name = "tok2vec"

    getattr(Case(), method)()
