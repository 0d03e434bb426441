"""Questions over HTTP: ten clients at once, exports beside them, and the memory that this took."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlencode, urlsplit

from parts.clients import ask, wait
from parts.machine import COMMONGROUND, child, environment, free_port, most_megabytes, run, spread

CLIENTS, EACH = 10, 4
STREAMED = 200 * 2**20
"""Bytes of a stream that are read: more than a process that kept them could hide."""


def figures(home: Path, standard: str, paths: Sequence[Path], questions: Mapping[str, str]) -> dict[str, Any]:
    """p50, p95 and worst of each question by ten clients, and megabytes of the processes at their most.

    `alone` has each question in the same words, as visitors of one page ask it; `others` in other words each time, so
    that nothing is remembered; `beside_exports` asks for a count in other words while exports run.
    """
    publish = Path(__file__).with_name("publish.py")
    given = [f"{path.stem}={path}" for path in paths]
    run([sys.executable, publish, standard, *given], environment(home))
    port = free_port()
    command = [COMMONGROUND, "serve", "--port", str(port), "--workers", "1"]
    with child(command, environment(home), home / "serve.log") as server:
        url = f"http://127.0.0.1:{port}"
        wait(url)
        found: dict[str, Any] = {"clients": CLIENTS, "same_words": {}, "other_words": {}}
        for name, sql in questions.items():
            ask(url, _worded(f"{name}-warm", sql, CLIENTS), CLIENTS)
            found["same_words"][name] = spread(ask(url, [_address(sql)] * CLIENTS * EACH, CLIENTS).each)
            found["other_words"][name] = spread(ask(url, _worded(name, sql, CLIENTS * EACH), CLIENTS).each)
        mixed = chain.from_iterable(
            zip(*(_worded(f"{n}-mixed", q, CLIENTS) for n, q in questions.items()), strict=True)
        )
        found["mixed_other_words"] = spread(ask(url, mixed, CLIENTS).each)
        found["count_beside_exports"] = _beside(url, f"SELECT * FROM {standard}", questions["count_ms"])
        found["query_megabytes"] = max(most_megabytes(one) for one in _below(server.pid) if _answers(one))
        before = max(most_megabytes(one) for one in _below(server.pid) if not _answers(one))
        found["streamed_megabytes"] = {
            form: round(_streamed(url, f"/tables/{standard}.{form}?fields={fields}") / 2**20)
            for form, fields in {"csv": "", "parquet": "city,service_request_id,_row,_order,closed_at"}.items()
        }
        after = max(most_megabytes(one) for one in _below(server.pid) if not _answers(one))
        found["server_megabytes"] = {"before_streams": before, "after_streams": after}
    return found


def _address(sql: str, form: str = "json", **more: str) -> str:
    return f"/sql.{form}?{urlencode({'q': sql, **more})}"


def _worded(name: str, sql: str, count: int) -> Iterator[str]:
    """The same question in so many words that nobody asked before."""
    plain = "".join(one if one.isalnum() else "_" for one in name)
    return (_address(f"SELECT * FROM ({sql}) AS {plain}_{number}") for number in range(count))


def _beside(url: str, export: str, prompt: str) -> dict[str, float]:
    """How long a prompt question takes while two exports are made again and again."""
    over = Event()

    def exporting(number: int) -> None:
        while not over.is_set():
            _streamed(url, _address(f"{export} OFFSET {number}", "csv", limit="200000"))

    with ThreadPoolExecutor(2) as exports:
        for number in range(2):
            exports.submit(exporting, number)
        try:
            return spread(ask(url, _worded("beside", prompt, 60), 4).each)
        finally:
            over.set()


def _streamed(url: str, path: str) -> int:
    """Bytes read of an answer, at most `STREAMED`."""
    connection, size = HTTPConnection(urlsplit(url).netloc, timeout=300), 0
    connection.request("GET", path)
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}: {answer.read(500)!r}")
    while size < STREAMED and (piece := answer.read(2**20)):
        size += len(piece)
    connection.close()
    return size


def _below(process: int) -> list[int]:
    """A process and all that it started, and they."""
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        started = [int(one) for task in tasks for one in (task / "children").read_text().split()]
    except OSError:
        return []
    return [process, *(one for each in started for one in _below(each))]


def _answers(process: int) -> bool:
    return b"commonground.engine.query.worker" in Path(f"/proc/{process}/cmdline").read_bytes()
