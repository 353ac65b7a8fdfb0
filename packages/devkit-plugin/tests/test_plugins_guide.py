"""The plugin of ``docs/plugins.md`` works as the guide says."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

FakeDist = Callable[..., Path]
FreshPython = Callable[..., subprocess.CompletedProcess[str]]
GUIDE = Path(__file__).parents[3] / "docs" / "plugins.md"


@pytest.mark.lengthy
@pytest.mark.skipif(not GUIDE.exists(), reason="the guide isn't beside this package")
def test_the_guide_holds(fake_dist: FakeDist, fresh_python: FreshPython, tmp_path: Path) -> None:
    text = GUIDE.read_text("utf-8")
    project, *_ = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    layers, hooks, command, use, bound, kit, code = re.findall(
        r"```python\n(.*?)```", text, re.DOTALL
    )
    settings = tomllib.loads(project)["project"]
    site = fake_dist(
        settings["name"],
        settings["version"],
        points=settings["entry-points"],
        modules={
            "loom_weave.__init__": "",
            "loom_weave.layers": layers,
            "loom_weave._plugin": hooks,
            "loom_weave.cli": command,
        },
        requires=tuple(settings["dependencies"]),
    )
    listed = fresh_python(["-m", "spanloom", "plugins", "list"], site)
    assert "loom-weave" in listed.stdout and "1 architectures, hooks" in listed.stdout
    done = fresh_python(["-m", "spanloom", "weave", "count", "warp and weft"], site)
    assert done.stdout == "3\n", done.stderr
    done = fresh_python(use, site)
    assert done.stdout == "linear\n", done.stderr
    done = fresh_python(bound, site)
    expected = "".join(f"{line}\n" for line in re.findall(r"print\(.*\)  # (.*)", bound))
    assert done.stdout == expected and "{}" in expected, done.stderr
    (tmp_path / "test_bag.py").write_text(kit)
    done = fresh_python(["-m", "pytest", "-q", "-p", "no:cacheprovider"], site)
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout
    (tmp_path / "my_code.py").write_text(code)
    done = fresh_python(
        "from spanloom import registry\n"
        "from spanloom.plugins import import_code\n"
        "import_code('my_code.py')\n"
        "print(registry.resolve({'x': {'@architectures': 'my_example.Layer.v1', 'nO': 2}}))"
    )
    assert "Linear" in done.stdout or "thinc" in done.stdout, done.stderr


@pytest.mark.skipif(not GUIDE.exists(), reason="the guide isn't beside this package")
def test_the_guide_names_every_hook_and_registry() -> None:
    from spanloom import registry
    from spanloom.plugins import spec

    text = GUIDE.read_text("utf-8")
    hooks = [name for name, value in vars(spec).items() if hasattr(value, "spanloom_spec")]
    assert len(hooks) == 14
    assert [name for name in hooks if f"`{name}(" not in text] == []
    assert [name for name in hooks if not getattr(spec, name).__doc__] == []
    ours = [name for name in registry.kinds() if registry[name].group.startswith("spanloom_")]
    assert [name for name in ours if f"`{name}`" not in text] == []
