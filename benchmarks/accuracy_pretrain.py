"""What pretraining, word vectors and both are worth, beside spaCy: entities of WNUT17, tags and
parses of UD English EWT, after training on few sentences and on many.

    export SPANLOOM_EWT=.../ud_english_ewt SPANLOOM_NER=.../wnut17
    python benchmarks/accuracy_pretrain.py --raw social_wnut_raw.jsonl.gz --vectors glove.txt.gz

Each start is random weights, pretrained ones (characters), word vectors as a feature, or both
(pretrained with that feature). Sizes are numbers of sentences drawn by the seed; 0 is all. Batches
are of 300 words up to 500 sentences, of 500 up to 1,000, of 1,000 above; dropout 0.1, Adam 0.001
with averages. The weights that are best on (the first 600 sentences of) dev are scored on test.

Runs are long, so they can be cut: each one that is done is a line of ``--out``/runs.jsonl and isn't
done again, and weights lie there as well. ``--sizes``, ``--starts``, ``--tasks``, ``--libraries``
and ``--seeds`` choose what to run, ``--pretrain`` makes weights alone, ``--table`` only reports.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common import arguments, check_threads, has_spacy, read_lines
from entities import read_part
from parsing import read_trees
from sides import Side, train

STARTS = ("random", "pretrained", "vectors", "both")
#: What is scored, and by what the best weights are chosen.
METRICS = {"entities": ("ents_f",), "parses": ("dep_las", "dep_uas", "tag_acc", "sents_f")}
DEV = 600
EVALUATIONS = 6


@dataclass(frozen=True)
class Run:
    """One training."""

    task: str
    size: int
    start: str
    library: str
    seed: int

    @property
    def pace(self) -> tuple[int, int]:
        """Steps, and words in each."""
        for size, steps, words in ((500, 300, 300), (1000, 400, 500), (5000, 800, 1000)):
            if 0 < self.size <= size:
                return steps, words
        return (800 if self.task == "entities" else 1500), 1000


def make_config(library: str, task: str, options: Any, start: str) -> dict[str, Any]:
    """The same config for both libraries, up to the prefix of the names."""
    vectors = start in ("vectors", "both")
    side = Side(library)
    encoder = side.encoder()
    encoder["embed"]["include_static_vectors"] = vectors
    heads = ["ner"] if task == "entities" else ["tagger", "parser"]
    listener = {"@architectures": f"{library}.Tok2VecListener.v1", "width": 96}
    components: dict[str, Any] = {"tok2vec": {"factory": "tok2vec", "model": encoder}}
    for head in heads:
        components[head] = {"factory": head, "model": side.head(head) | {"tok2vec": listener}}
    corpus = {
        "@readers": f"{library}.JsonlCorpus.v1",
        "path": str(options.out / "raw.jsonl"),
        "min_length": 3,
        "max_length": 500,
        "limit": 0,
    }
    return {
        "nlp": {"lang": "en", "pipeline": ["tok2vec", *heads]},
        "components": components,
        "corpora": {"pretrain": corpus},
        "training": {"seed": 0},
        "pretraining": pretraining(library, options),
        "initialize": {"vectors": str(vector_file(library, options)) if vectors else None},
    }


def pretraining(library: str, options: Any) -> dict[str, Any]:
    """Each library's section: our defaults, and those of ``spacy pretrain``."""
    if library == "spanloom":
        limits = {"max_epochs": options.epochs, "max_steps": options.steps}
        section: dict[str, Any] = {**limits, "eval_frequency": 1000}
        return {**section, "shuffle_buffer": 1000}  # the file is in random order
    from spacy import util
    from spacy.language import DEFAULT_CONFIG_PRETRAIN_PATH

    section = dict(util.load_config(DEFAULT_CONFIG_PRETRAIN_PATH)["pretraining"])
    return {**section, "max_epochs": options.spacy_epochs}


def vector_file(library: str, options: Any) -> Path:
    """The table of vectors as the library reads it, found by the lower-case form of words."""
    path: Path = options.out / f"vectors-{library}"
    if path.exists():
        return path
    if library == "spanloom":
        from spanloom_vectors import read_vectors

        read_vectors(Path(options.vectors), attrs=["LOWER"]).save(path)
        return path
    import spacy
    from spacy.training.initialize import convert_vectors

    nlp = spacy.blank("en")
    plain = options.out / "vectors.txt"
    plain.write_text("\n".join(read_lines(Path(options.vectors))) + "\n", "utf8")
    convert_vectors(nlp, plain, truncate=0, prune=-1, attr="LOWER")
    nlp.to_disk(path)
    return path


def raw_text(options: Any) -> None:
    """The raw text in random order: spaCy doesn't shuffle."""
    path = options.out / "raw.jsonl"
    if not path.exists():
        options.out.mkdir(parents=True, exist_ok=True)
        lines = list(read_lines(Path(options.raw)))
        random.Random(0).shuffle(lines)
        path.write_text("\n".join(lines) + "\n", "utf8")


def weights(library: str, options: Any, start: str) -> Path:
    """The pretrained weights; they are made if they aren't there."""
    folder = options.out / f"{start}-{library}"
    path: Path = folder / "model-last.bin"
    if path.exists():
        return path
    raw_text(options)
    config = make_config(library, "entities", options, start)
    begin = time.process_time()
    if library == "spanloom":
        from spanloom.training.checkpoint import find_checkpoint
        from spanloom_pretrain import pretrain

        pretrain(config, folder, resume=find_checkpoint(folder) is not None)
    else:
        from spacy.training.pretrain import pretrain as spacy_pretrain

        folder.mkdir(parents=True, exist_ok=True)
        spacy_pretrain(_spacy_config(config), folder, silent=False)
    note = {"library": library, "start": start, "cpu": time.process_time() - begin}
    with open(options.out / "pretraining.jsonl", "a", encoding="utf8") as file:
        file.write(json.dumps(note) + "\n")
    return path


def _spacy_config(config: dict[str, Any]) -> Any:
    from spacy import util

    nlp = util.load_model_from_config(util.Config(config), auto_fill=True)
    return nlp.config.interpolate()


def pipeline(run: Run, options: Any) -> Any:
    """A pipeline whose ``initialize`` loads vectors and weights."""
    from thinc.api import fix_random_seed

    config = make_config(run.library, run.task, options, run.start)
    if run.start in ("pretrained", "both"):
        config["initialize"]["init_tok2vec"] = str(weights(run.library, options, run.start))
    else:
        del config["pretraining"]
    fix_random_seed(run.seed)
    if run.library == "spacy":
        from spacy import util

        return util.load_model_from_config(util.Config(config), auto_fill=True)
    from spanloom import Pipeline
    from spanloom.config import fill_config

    return Pipeline.from_config(fill_config(config))


def scores(run: Run, options: Any) -> dict[str, float]:
    """Train, and score test."""
    nlp = pipeline(run, options)
    side = Side(run.library)
    read = read_part if run.task == "entities" else read_trees
    rows = {part: read(part) for part in ("train", "dev", "test")}
    random.Random(run.seed).shuffle(rows["train"])
    rows["train"] = rows["train"][: run.size or None]
    rows["dev"] = rows["dev"][:DEV]
    parts = {name: [side.example(nlp, None, **row) for row in part] for name, part in rows.items()}
    steps, words = run.pace
    name = METRICS[run.task][0]
    trained = train(
        nlp,
        parts["train"],
        parts["dev"],
        steps=steps,
        seed=run.seed,
        every=steps // EVALUATIONS,
        measure=lambda found: found[name] or 0.0,
        words=words,
    )
    found = trained.nlp.evaluate(parts["test"])
    return {name: 100 * (found[name] or 0.0) for name in METRICS[run.task]}


def done(options: Any) -> list[dict[str, Any]]:
    """The runs that were done."""
    path = options.out / "runs.jsonl"
    return [json.loads(line) for line in read_lines(path)] if path.exists() else []


def chosen(options: Any) -> Iterator[Run]:
    """The runs that are wanted: small sizes first, as the options order them."""
    libraries = [name for name in options.libraries.split(",") if name != "spacy" or has_spacy()]
    for size in map(int, options.sizes.split(",")):
        for seed in map(int, options.seeds.split(",")):
            for task in options.tasks.split(","):
                for library in libraries:
                    for start in options.starts.split(","):
                        yield Run(task, size, start, library, seed)


def table(rows: list[dict[str, Any]]) -> str:
    """The means over seeds, with the share of the errors of random weights that is gone."""
    lines = ["| | sentences | seeds | random | pretrained | vectors | both |", "|---" * 7 + "|"]
    for library in ("spanloom", "spacy"):
        for task, metrics in METRICS.items():
            for metric in metrics:
                for size in sorted({row["size"] for row in rows}, key=lambda size: size or 10**9):
                    lines += _line(rows, library, task, metric, size)
    return "\n".join(lines)


def _line(rows: list[dict[str, Any]], library: str, task: str, metric: str, size: int) -> list[str]:
    found: dict[str, dict[int, float]] = {start: {} for start in STARTS}
    for row in rows:
        same = (row["library"], row["task"], row["size"]) == (library, task, size)
        if same and metric in row["scores"]:  # rows of earlier runs have fewer
            found[row["start"]][row["seed"]] = row["scores"][metric]
    seeds = sorted(found["random"])
    if not seeds:
        return []
    base = statistics.mean(found["random"].values())
    cells = [f"{base:.1f}"]
    for start in STARTS[1:]:
        values = [found[start][seed] for seed in seeds if seed in found[start]]
        if len(values) < len(seeds):
            cells.append("")
            continue
        mean = statistics.mean(values)
        cells.append(f"{mean:.1f} ({100 * (mean - base) / (100 - base):+.1f} %)")
    name = f"{library}, {metric}"
    return [f"| {name} | {size or 'all'} | {len(seeds)} | " + " | ".join(cells) + " |"]


def main() -> None:
    """Pretrain, train and report what isn't there yet."""
    options = arguments(
        __doc__,
        raw="", vectors="", out="out/pretrain_gain", epochs=5, steps=0, spacy_epochs=2,
        sizes="250,1000", starts=",".join(STARTS), tasks=",".join(METRICS),
        libraries="spanloom,spacy", seeds="0,1,2", pretrain=0, table=0,
    )  # fmt: skip
    options.out = Path(options.out)
    check_threads()
    if not options.table and not (options.raw and options.vectors):
        sys.exit("Give --raw, a file of JSON lines, and --vectors, a table in GloVe's format.")
    if options.pretrain:
        for run in chosen(options):
            if run.start in ("pretrained", "both"):
                weights(run.library, options, run.start)
    elif not options.table:
        known = {tuple(row[key] for key in Run.__annotations__) for row in done(options)}
        for run in chosen(options):
            if tuple(asdict(run).values()) in known:
                continue
            begin = time.process_time()
            row = {**asdict(run), "scores": scores(run, options)}
            row["cpu"] = round(time.process_time() - begin, 1)
            with open(options.out / "runs.jsonl", "a", encoding="utf8") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)
    print(table(done(options)))


if __name__ == "__main__":
    main()
