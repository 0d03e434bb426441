"""Each host in turn: so many requests at once, so often, and not before it wants to be asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Semaphore

from commonground.errors import Busy
from commonground.protocols.http.manners import Manners
from commonground.protocols.http.network import extend


class Host:
    """What this client knows of one host. Safe to share between threads."""

    def __init__(self, name: str, manners: Manners) -> None:
        self.name = name
        self.failures = 0
        self._manners = manners
        self._gate = Semaphore(manners.per_host)
        self._next = 0.0
        self._lock = Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One request. What it waits for its turn is not the host's fault and adds to the time of the attempt."""
        came = time.monotonic()
        with self._gate:
            time.sleep(self._wait())
            extend(time.monotonic() - came)
            yield

    def rest(self, seconds: float) -> None:
        """The host wants to be left alone for so long, by all threads."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def _wait(self) -> float:
        with self._lock:
            now = time.monotonic()
            begin = max(now, self._next)
            if begin - now > self._manners.longest_wait:
                # Asked to wait longer than we would, we come back another day instead of sooner than asked.
                raise Busy(f"{self.name} asked us to come back in {begin - now:,.0f} s.", wait=begin - now)
            self._next = begin + self._manners.pause
        return begin - now
