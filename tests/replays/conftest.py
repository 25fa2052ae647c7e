"""A desk whose words are on record, with two changes in one minute, and an endpoint whose behaviour is planted.

What the endpoint answers hangs on what is sent to it and on nothing else: it knows no versions, only the words of the system
message and of the documents.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

import blameline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, PER_DAY, ONSET = 8, 130, 4.0
SYSTEM = {"v1": "Careful: check the order first.", "v2": "Brief: one sentence."}
DOCUMENTS = {"i-1": "Fresh documents.", "i-2": "Stale documents."}


def draw(*words: object) -> float:
    """Between 0 and 1, and always the same for the same words."""
    digest = hashlib.blake2b(":".join(map(str, words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


BEHAVIOURS: dict[str, Any] = {
    "prompt": lambda brief, _: 0.1 + 0.5 * brief,
    "together": lambda brief, stale: 0.1 + 0.5 * (brief and stale),
    "either": lambda brief, stale: 0.1 + 0.5 * (brief or stale),
    "neither": lambda *_: 0.6,
}
"""Chance of a bad answer, by whether the prompt is the new one and whether the index is."""


def messages(prompt: str, index: str, question: str) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": SYSTEM[prompt]},
        {"role": "user", "content": f"{DOCUMENTS[index]}\n{question}"},
    ]


def answer_to(asked: list[dict[str, Any]], behaviour: str) -> str:
    """What the planted model says: the same question has the same luck under every arm."""
    words = " ".join(str(one.get("content")) for one in asked)
    question = str(asked[-1].get("content")).partition("\n")[2]
    bad = draw("luck", question) < BEHAVIOURS[behaviour](SYSTEM["v2"] in words, DOCUMENTS["i-2"] in words)
    return "It ships on Tuesday." if bad else "It ships on Monday, checked."


def requests(behaviour: str, *, hostile: str = "", words: bool = True) -> list[dict[str, Any]]:
    """The traffic: from the onset on, new prompt and new index for everybody."""
    rng = np.random.default_rng(7)
    rows = []
    for n, day in enumerate(np.sort(rng.uniform(0, DAYS, DAYS * PER_DAY))):
        late = day > ONSET
        prompt, index = ("v2", "i-2") if late else ("v1", "i-1")
        asked = messages(prompt, index, f"Where is order {n}? {hostile}".strip())
        said = answer_to(asked, "prompt" if behaviour == "neither" else behaviour)
        row = {
            "trace_id": f"{n:032x}",
            "span_id": f"{n:016x}",
            "at": (START + timedelta(days=float(day))).isoformat(),
            "gen_ai.operation.name": "chat",
            "cloud.region": "eu" if rng.random() < 0.5 else "us",
            "gen_ai.prompt.version": prompt,
            "app.index.version": index,
            "gen_ai.request.model": "m-1",
            "gen_ai.request.temperature": 0.2,
            "gen_ai.usage.input_tokens": 80,
            "gen_ai.usage.output_tokens": 20,
            "answer_correct": float("checked" in said),
        }
        if words:
            row["gen_ai.input.messages"] = json.dumps(
                [{"role": one["role"], "parts": [{"type": "text", "content": one["content"]}]} for one in asked]
            )
            row["gen_ai.output.messages"] = json.dumps(
                [{"role": "assistant", "parts": [{"type": "text", "content": said}], "finish_reason": "stop"}]
            )
        rows.append(row)
    return rows


def write_case(folder: Path, rows: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    (folder / "requests.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    at = (START + timedelta(days=ONSET)).isoformat()
    changes = [
        {"id": "edit", "at": at, "kind": "prompt_edit", "from": "v1", "to": "v2"},
        {"id": "index", "at": at, "kind": "index_refresh", "from": "i-1", "to": "i-2"},
    ]
    (folder / "changes.yaml").write_text(yaml.safe_dump(changes))
    said = {"segments": ["cloud.region"], "columns": {"scores": ["answer_correct"]}}
    (folder / "incident.yaml").write_text(yaml.safe_dump(said))
    return folder


class Endpoint:
    """An OpenAI-compatible server in a thread; what it is asked is kept."""

    def __init__(self, behaviour: str, faults: Iterator[str] | None = None) -> None:
        self.behaviour = behaviour
        self.faults = faults or itertools.repeat("")
        self.asked: list[dict[str, Any]] = []
        self.keys: Counter[str | None] = Counter()
        self.answers: Callable[[dict[str, Any]], dict[str, Any]] = self.plain
        self.tokens = 100
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                endpoint.keys[self.headers.get("authorization")] += 1
                fault = next(endpoint.faults)
                status, text = 200, ""
                if fault == "hang":
                    time.sleep(1.5)
                elif fault == "broken":
                    text = '{"choices": [{"mess'
                elif fault:
                    status, text = int(fault), json.dumps({"error": f"no: {self.headers.get('authorization')}"})
                if not fault:
                    endpoint.asked.append(body)
                    text = json.dumps(endpoint.answers(body))
                try:
                    self.send_response(status)
                    if fault == "429":
                        self.send_header("retry-after", "0.01")
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass  # the client hung up

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def plain(self, body: dict[str, Any]) -> dict[str, Any]:
        message = {"role": "assistant", "content": answer_to(body["messages"], self.behaviour)}
        return {
            "model": body["model"],
            "choices": [{"message": message, "finish_reason": "stop"}],
            "usage": {"total_tokens": self.tokens},
        }


@pytest.fixture
def endpoint() -> Iterator[Callable[..., Endpoint]]:
    """Starts endpoints, and stops them at the end."""
    with _running() as start:
        yield start


@contextmanager
def _running() -> Iterator[Callable[..., Endpoint]]:
    started: list[Endpoint] = []

    def start(behaviour: str, faults: Iterator[str] | None = None) -> Endpoint:
        one = Endpoint(behaviour, faults)
        started.append(one)
        threading.Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return one

    yield start
    for one in started:
        one.server.shutdown()
        one.server.server_close()


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The case file of a desk, loaded once for each behaviour."""
    known: dict[Any, Path] = {}

    def load(behaviour: str = "prompt", *, content: Any = None, **how: Any) -> Path:
        key = (behaviour, content, *sorted(how.items()))
        if key not in known:
            root = tmp_path_factory.mktemp("desk")
            with blameline.open(root / "desk.duckdb") as case:
                loaded = case.load(write_case(root / "case", requests(behaviour, **how)), content=content)
                assert not loaded.problems, loaded.problems
            known[key] = root / "desk.duckdb"
        return known[key]

    return load


@pytest.fixture
def fills(tmp_path: Path) -> list[str]:
    """The old prompt as a text, and every request as the old index would have made it."""
    prompt, index = tmp_path / "v1.txt", tmp_path / "i-1.jsonl"
    prompt.write_text(SYSTEM["v1"])
    lines = [
        {"case_id": f"{n:032x}", "messages": messages("v2", "i-1", f"Where is order {n}?")}
        for n in range(DAYS * PER_DAY)
    ]
    index.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return [f"prompt=v1:{prompt}", f"retrieval=i-1:{index}"]
