"""Several clients at once, each asking one thing after the other over a connection that it keeps."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import Lock
from urllib.parse import urlsplit

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Seconds of each answer, and of all together."""

    each: list[float]
    passed: float

    @property
    def a_second(self) -> float:
        """Answers a second."""
        return len(self.each) / self.passed


def ask(base: str, paths: Iterable[str], clients: int) -> Asked:
    """Ask for every path once, `clients` at a time. Raises `SystemExit` at any answer but 200."""
    left, lock = iter(paths), Lock()

    def next_path() -> str | None:
        with lock:
            return next(left, None)

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        rows = list(pool.map(lambda _: list(_client(base, iter(next_path, None))), range(clients)))
    return Asked([one for row in rows for one in row], time.perf_counter() - start)


def _client(base: str, paths: Iterator[str]) -> Iterator[float]:
    connection = HTTPConnection(urlsplit(base).netloc, timeout=PATIENCE)
    for path in paths:
        start = time.perf_counter()
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{base}{path} answered {answer.status}.")
        yield time.perf_counter() - start
    connection.close()


def wait(base: str, seconds: float = 120.0) -> None:
    """Until the server answers. Raises `SystemExit` when it does not in time."""
    until = time.monotonic() + seconds
    while True:
        try:
            connection = HTTPConnection(urlsplit(base).netloc, timeout=5)
            connection.request("GET", "/robots.txt")
            connection.getresponse().read()
        except (OSError, HTTPException) as error:
            if time.monotonic() > until:
                raise SystemExit(f"{base} did not start: {error}.") from error
            time.sleep(0.2)
        else:
            return
