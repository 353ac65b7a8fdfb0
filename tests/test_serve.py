"""``examples/serve.py`` under load, on the loopback: ``nox -s engines`` has what it needs."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import spanloom
from spanloom import Example, Pipeline
from spanloom.corpora.corpus import read_docs

pytest.importorskip("fastapi", reason="pip install fastapi uvicorn")
pytest.importorskip("uvicorn", reason="pip install fastapi uvicorn")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="times of processes from /proc")

ROOT = Path(__file__).resolve().parent.parent
CLIENTS, EACH = 200, 5


@pytest.fixture(scope="module")
def nlp() -> Pipeline:
    pytest.importorskip("spanloom_formats")
    nlp = spanloom.blank("en")
    for name in ("tagger", "morphologizer", "parser"):
        nlp.add_pipe(name)
    docs = list(read_docs(ROOT / "examples" / "data" / "dev.conllu", nlp.vocab))[:20]
    nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc) for doc in docs])
    return nlp


@pytest.fixture(scope="module")
def model(nlp: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "model"
    nlp.to_disk(folder)
    return folder


@contextmanager
def server(model: Path, *options: str) -> Iterator[tuple[int, int]]:
    """Port and process of a server that is up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(ROOT / "examples" / "serve.py"), str(model)]
    process = subprocess.Popen([*command, "--port", str(port), *options])
    try:
        deadline = time.monotonic() + 120
        while True:
            with suppress(OSError):
                if asyncio.run(ask(port, "GET", "/health"))[0] == 200:
                    break
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


async def ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, str]:
    (answer,) = await client(port, [(method, path, body)])
    return answer


async def client(port: int, requests: list[tuple[str, str, Any]]) -> list[tuple[int, str]]:
    """Status and body of requests, one after another on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    for method, path, body in requests:
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\n\r\n".encode() + data)
        header = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(header.partition("content-length:")[2].split()[0])
        answers.append((int(header.split()[1]), (await reader.readexactly(length)).decode()))
    writer.close()
    return answers


def asked(texts: list[list[str]], port: int) -> list[list[tuple[int, str]]]:
    """The answers to the texts of many clients at once."""

    async def run() -> list[list[tuple[int, str]]]:
        calls = [[("POST", "/annotate", {"text": text}) for text in each] for each in texts]
        return await asyncio.gather(*(client(port, each) for each in calls))

    return asyncio.run(run())


def texts_of_clients() -> list[list[str]]:
    lines = (ROOT / "examples" / "data" / "train.conllu").read_text("utf8").splitlines()
    found = [line[9:] for line in lines if line.startswith("# text = ")]
    return [
        [f"{found[(i * EACH + j) % len(found)]} {i} to {j}" for j in range(EACH)]
        for i in range(CLIENTS)
    ]


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_200_clients_get_their_own_answers_for_a_third_of_the_cost(
    nlp: Pipeline, model: Path
) -> None:
    texts = texts_of_clients()
    want = [doc.to_json() for doc in nlp.pipe([text for each in texts for text in each])]
    costs = []
    for options in ((), ("--largest", "1")):
        with server(model, *options) as (port, process):
            asked(texts[:20], port)  # what is imported late
            before = cpu_seconds(process)
            answers = [answer for each in asked(texts, port) for answer in each]
            costs.append(cpu_seconds(process) - before)
            assert {status for status, _ in answers} == {200}
            assert [json.loads(body) for _, body in answers] == want
            _, numbers = asyncio.run(ask(port, "GET", "/metrics"))
            assert f"spanloom_documents_total {20 * EACH + CLIENTS * EACH}\n" in numbers
            assert "spanloom_waiting 0\n" in numbers
    together, alone = costs
    print(f"{together:.2f} s of CPU together, {alone:.2f} s one by one: {alone / together:.1f}x")
    assert alone > 3 * together


def test_bad_requests_cost_themselves_only(model: Path) -> None:
    with server(model, "--queue", "50") as (port, _):
        status, body = asyncio.run(ask(port, "GET", "/health"))
        assert status == 200 and json.loads(body)["components"][0] == "tagger"
        for wrong in ({"words": "x"}, {"text": 1}, {"text": "x" * 100_001}):
            assert asyncio.run(ask(port, "POST", "/annotate", wrong))[0] == 422
        answers = [a for each in asked([["Too many at once."]] * CLIENTS, port) for a in each]
        assert {status for status, _ in answers} == {200, 503}
        assert all("at once" in body for status, body in answers if status == 200)
        assert asyncio.run(ask(port, "POST", "/annotate", {"text": "Again."}))[0] == 200
