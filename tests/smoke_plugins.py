"""Install three bad plugins beside whatever is there, and see that all else works; run by the
isolation check, in an environment that is thrown away.

One is broken, one offers a name that core has, one is written for hooks of another version.
A script and no test: it must work where nothing but the packages under check is installed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

HOOKS = "from spanloom.plugins import hookimpl\nSPANLOOM_API = {api}\n"

FAKES = {
    "loom-broken": (
        {
            "spanloom_architectures": {"loom-broken.Layer.v1": "loom_broken:layer"},
            "spanloom_plugins": {"loom-broken": "loom_broken"},
        },
        {"loom_broken": "import a_module_that_is_not_there\n"},
    ),
    "loom-clash": (
        {"spanloom_architectures": {"spanloom.Embed.v1": "loom_clash:Embed"}},
        {"loom_clash": "def Embed(): ...\n"},
    ),
    "loom-old": ({"spanloom_plugins": {"loom-old": "loom_old"}}, {"loom_old": HOOKS.format(api=0)}),
}


def install(folder: Path) -> None:
    """Write what pip leaves of each."""
    for name, (groups, modules) in FAKES.items():
        info = folder / f"{name.replace('-', '_')}-0.1.0.dist-info"
        info.mkdir(exist_ok=True)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n"
        info.joinpath("METADATA").write_text(f"{metadata}Requires-Dist: spanloom<1,>=0.1\n")
        text = "".join(
            f"[{group}]\n" + "".join(f"{key} = {target}\n" for key, target in points.items())
            for group, points in groups.items()
        )
        info.joinpath("entry_points.txt").write_text(text)
        for module, source in modules.items():
            folder.joinpath(f"{module}.py").write_text(source)


def run(*arguments: str, code: int = 0) -> str:
    """The output of a command; it must end with ``code``."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


USE = """
import warnings
from spanloom import registry
from spanloom.errors import PluginError
from spanloom.plugins import manager
try:
    registry.architectures.get("loom-broken.Layer.v1")
except PluginError as error:
    print(error)
else:
    raise AssertionError("loom-broken.Layer.v1 could be used")
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    ours = registry.architectures.get("spanloom.Embed.v1")
assert ours.__module__ == "spanloom.layers.combine", ours
print(*(each.message for each in told), sep="\\n")
assert callable(registry.architectures.get("spanloom.MultiHashEmbed.v2"))
print(*manager().failures, sep="\\n")
assert "spanloom" in {plugin.dist for plugin in manager().plugins}
"""


def look() -> None:
    """What the devkit's commands say, where it is installed."""
    listed = json.loads(run("-m", "spanloom", "plugins", "list", "--json"))
    states = {each["dist"]: each["state"] for each in listed}
    assert states["loom-broken"] == "ok" and states["loom-clash"] == "clash", states
    found = json.loads(run("-m", "spanloom", "plugins", "doctor", "--deep", "--json", code=2))
    errors = {each["owner"] for each in found if each["level"] == "error"}
    assert {"loom-broken", "loom-old"} <= errors <= {"loom-broken", "loom-old", "loom-clash"}, found


def main() -> None:
    """Install them, and look at what is told of each."""
    install(Path(sysconfig.get_path("purelib")))
    if find_spec("spanloom_devkit") is not None:
        look()
    told = run("-c", USE)
    for part in (
        "'loom-broken.Layer.v1' of loom-broken 0.1.0 (loom_broken:layer) can't be used",
        "a_module_that_is_not_there",
        "'spanloom.Embed.v1' in registry 'architectures' is a name of spanloom",
        "loom-clash 0.1.0 (loom_clash:Embed)",
        'prefer = {"architectures/spanloom.Embed.v1": "loom-clash"}',
        "'loom-old' of loom-old 0.1.0 (loom_old) can't be used",
        "its hook module is written for API 0",
    ):
        assert part in told, f"{part}\nisn't in\n{told}"
    shown = run("-m", "spanloom", "--help")
    assert "train" in shown and "Plugins that can't be used" in shown, shown
    print("three bad plugins are named, and disturb nobody")


if __name__ == "__main__":
    main()
