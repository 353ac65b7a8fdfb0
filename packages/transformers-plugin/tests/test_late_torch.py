"""torch is imported where something needs it, by nothing else, in whatever order things come."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .support import transformer_block

CORE = """
import sys, spanloom
from spanloom import Example
def tagger():
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger")
    rows = [Example.from_dict(nlp.make_doc("Ann sleeps"), {"tags": ["N", "V"]})]
    optimizer = nlp.initialize(lambda: rows)
    nlp.update(rows, sgd=optimizer)
    return nlp
"""

TRANSFORMER = """
from spanloom_transformers import Transformer
def transformer(seed=None):
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config=BLOCK)
    nlp.initialize()
    return nlp("Köln is lazy")._.trf_data.last_hidden_state
def told():
    import torch, thinc.compat, thinc.util, thinc.shims.pytorch, thinc.layers.pytorchwrapper
    from thinc.api import PyTorchWrapper, Model
    assert thinc.compat.has_torch and thinc.util.has_torch
    assert thinc.shims.pytorch.torch is thinc.layers.pytorchwrapper.torch is torch
    layer = PyTorchWrapper(torch.nn.Linear(2, 3))
    import numpy
    y, back = layer(numpy.ones((4, 2), dtype="f"), True)
    assert y.shape == (4, 3) and back(y).shape == (4, 2)
    assert torch.__spec__.loader.get_source("torch")
"""


@pytest.fixture
def fresh(tmp_path: Path, folder: Callable[[str], str]) -> Callable[..., str]:
    """What a piece of code prints in a process of its own."""

    def run(code: str, *args: Any) -> str:
        block = f"BLOCK = {transformer_block(folder('bert'))!r}\n"
        process = subprocess.run(
            [sys.executable, "-c", block + code, *map(str, args)],
            capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False,
        )  # fmt: skip
        assert process.returncode == 0, process.stderr[-2000:]
        return process.stdout

    return run


def test_pipelines_of_core_never_import_it(fresh: Callable[..., str], tmp_path: Path) -> None:
    code = CORE + (
        "if __name__ == '__main__':\n"
        "    nlp = tagger(); nlp.to_disk(sys.argv[1]); nlp = spanloom.load(sys.argv[1])\n"
        "    nlp('Ann'); spanloom.blank('cy').from_bytes(spanloom.blank('cy').to_bytes())\n"
        "    nlp.config.interpolate(); import thinc.api\n"
        "    print('torch' in sys.modules)\n"
    )
    assert fresh(code, tmp_path / "p") == "False\n"
    seen = "import sys, runpy\ntry: runpy.run_module('spanloom', run_name='__main__')\n" + (
        "except SystemExit: pass\nprint('torch' in sys.modules)"
    )
    assert fresh(seen, "info", tmp_path / "p").endswith("False\n")


@pytest.mark.parametrize(
    "order",
    [
        "tagger(); transformer(); told(); tagger()",
        "transformer(); told(); tagger()",
        "import thinc.api\ntagger(); transformer(); told()",
        "import torch\ntagger(); transformer(); told()",
        "tagger(); import torch; told(); transformer()",
        "tagger(); told(); transformer()",
    ],
)
def test_any_order_works(fresh: Callable[..., str], order: str) -> None:
    first, _, rest = order.rpartition("\n")
    fresh(first + "\n" + CORE + TRANSFORMER + rest)


def test_thincs_own_layers_of_torch_are_made_by_name(fresh: Callable[..., str]) -> None:
    fresh(
        CORE + "tagger(); assert 'torch' not in sys.modules\n"
        "make = spanloom.registry.get('layers', 'PyTorchLSTM.v1')\n"
        "import numpy; layer = make(nO=4, nI=4).initialize()\n"
        "assert layer.predict([numpy.ones((3, 4), dtype='f')])[0].shape == (3, 4)"
    )


def test_it_is_seeded_whenever_it_comes(fresh: Callable[..., str]) -> None:
    draw = "\nimport torch\nprint(torch.rand(3).tolist())"
    seed = "\nfrom spanloom.training.randomness import seed_everything, random_state\n"
    late = fresh(CORE + seed + "seed_everything(7); tagger()" + draw)
    early = fresh("import torch\n" + CORE + seed + "seed_everything(7); tagger()" + draw)
    assert late == early


def test_an_absent_torch_is_no_trouble(fresh: Callable[..., str]) -> None:
    hide = (
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch': raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Hide())\n"
    )
    tries = (
        "tagger()\nfrom spanloom.io.late_torch import import_torch\nassert import_torch() is None\n"
        "try: import torch\nexcept ModuleNotFoundError: print('absent')"
    )
    assert fresh(hide + CORE + tries) == "absent\n"
