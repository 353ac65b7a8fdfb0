"""A server of one pipeline, on FastAPI: texts of requests that come at once are annotated together.

    pip install fastapi 'uvicorn[standard]'
    python examples/quickstart.py                         # trains out/quickstart/pipeline
    python examples/serve.py out/quickstart/pipeline
    curl -s localhost:8000/annotate -H "content-type: application/json" -d '{"text": "It works."}'

While a batch is computed, in a thread of its own, further requests gather: they are the next one.
So a request that comes alone waits for nobody, and many cost little more than one. Where too many
wait, new ones are told to come back (503). A text for which a component fails costs its own request
only (422). The vocab is bounded, so memory doesn't grow with the number of requests.

``GET /health`` answers when the pipeline is loaded, ``GET /metrics`` tells numbers in the format of
Prometheus. One process uses about one core: start more of them behind a proxy.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field

import spanloom
from spanloom import Pipeline

#: Characters of one text, and word types that the vocab holds before it begins anew.
LONGEST, TYPES = 100_000, 100_000


class Request(BaseModel):
    """What is annotated."""

    text: str = Field(max_length=LONGEST)


@dataclass
class Numbers:
    """What ``/metrics`` tells."""

    documents: int = 0
    words: int = 0
    batches: int = 0
    failures: int = 0
    refusals: int = 0
    seconds: float = 0.0

    def lines(self, waiting: int) -> str:
        """The numbers since the start, and how many requests wait, as Prometheus reads them."""
        counted = [
            f"# TYPE spanloom_{name}_total counter\nspanloom_{name}_total {value}"
            for name, value in vars(self).items()
        ]
        return "\n".join(
            [*counted, f"# TYPE spanloom_waiting gauge\nspanloom_waiting {waiting}", ""]
        )


@dataclass
class Batcher:
    """Texts that wait, and the task that annotates all that do together."""

    nlp: Pipeline
    largest: int
    longest_queue: int
    numbers: Numbers = field(default_factory=Numbers)
    waiting: list[tuple[str, asyncio.Future[Any]]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def annotate(self, text: str) -> Any:
        """The document of a text, as what JSON holds. Raises what annotating it raised."""
        if len(self.waiting) >= self.longest_queue:
            self.numbers.refusals += 1
            raise HTTPException(503, "too many requests are waiting", {"Retry-After": "1"})
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting.append((text, answer))
        self.news.set()
        return await answer

    async def run(self) -> None:
        """Annotate what waits, again and again, in one thread of its own."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as thread:
            while True:
                await self.news.wait()
                self.news.clear()
                while self.waiting:
                    batch = self.waiting[: self.largest]
                    del self.waiting[: self.largest]
                    texts = [text for text, _ in batch]
                    answers = await loop.run_in_executor(thread, self._annotated, texts)
                    for (_, waiter), answer in zip(batch, answers, strict=True):
                        if waiter.done():  # its client has gone
                            continue
                        if isinstance(answer, Exception):
                            waiter.set_exception(answer)
                        else:
                            waiter.set_result(answer)

    def _annotated(self, texts: Sequence[str]) -> list[Any]:
        """For each text its document, or the error that it raised."""
        start = perf_counter()
        errors: list[Exception] = []
        answers: list[Any] = [None] * len(texts)
        self.nlp.set_error_handler(lambda name, component, docs, error: errors.append(error))
        given = [(text, place) for place, text in enumerate(texts)]
        for doc, place in self.nlp.pipe(given, as_tuples=True, batch_size=len(texts)):
            answers[place] = doc.to_json()
            self.numbers.words += len(doc)
        # Those that fail do so in order.
        failed = iter(errors)
        answers = [next(failed) if answer is None else answer for answer in answers]
        self.numbers.batches += 1
        self.numbers.documents += len(texts)
        self.numbers.failures += len(errors)
        self.numbers.seconds += perf_counter() - start
        return answers


def make_app(nlp: Pipeline, *, largest: int = 256, longest_queue: int = 10_000) -> FastAPI:
    """The application: batches have at most ``largest`` texts, and ``longest_queue`` may wait."""
    nlp.vocab.max_types = TYPES
    batcher = Batcher(nlp, largest, longest_queue)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(batcher.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    app = FastAPI(title="Spanloom", lifespan=running)

    @app.post("/annotate")
    async def annotate(request: Request) -> JSONResponse:
        """The document of a text, as ``doc.to_json()`` has it."""
        try:
            return JSONResponse(await batcher.annotate(request.text))
        except HTTPException:
            raise
        except Exception as error:
            raise HTTPException(422, f"{type(error).__name__}: {error}") from error

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Which pipeline answers."""
        names = ("name", "version", "lang")
        return {**{name: nlp.meta.get(name) for name in names}, "components": nlp.pipe_names}

    @app.get("/metrics")
    async def metrics() -> PlainTextResponse:
        """Numbers since the start."""
        return PlainTextResponse(batcher.numbers.lines(len(batcher.waiting)))

    return app


def main() -> None:
    """Load the pipeline and serve it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="folder or name of a pipeline")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--largest", type=int, default=256, help="texts in a batch, at most")
    parser.add_argument("--queue", type=int, default=10_000, help="requests that may wait")
    arguments = parser.parse_args()
    app = make_app(
        spanloom.load(arguments.model), largest=arguments.largest, longest_queue=arguments.queue
    )
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
