"""Who is asking: how many questions of one visitor run at once, and which of them were called off.

A question that runs is an empty file in the home, so that whichever process of the server hears of it can call it off.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from django.conf import settings

from commonground.engine.query import Cancel
from commonground.errors import Crowded

AT_ONCE: Final = 2
"""Questions of one visitor at the same time, in each process of the server. This machine itself is not counted."""
_running: Final[Counter[str]] = Counter()
_lock: Final = Lock()


@contextmanager
def turn(visitor: str, sql: str) -> Iterator[Cancel]:
    """While a question runs: tells whether it was called off. Raises `Crowded` when the visitor asks too much."""
    with _lock:
        if visitor and _running[visitor] >= AT_ONCE:
            message = f"{AT_ONCE} of your questions are being answered already."
            raise Crowded(message, wait=5, advice="Wait for them, or call one off.")
        _running[visitor] += 1
    mark = _folder() / f"{_name(visitor, sql)}-{secrets.token_hex(8)}"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield lambda: not mark.exists()
    finally:
        mark.unlink(missing_ok=True)
        with _lock:
            _running[visitor] -= 1
            if not _running[visitor]:
                del _running[visitor]


def call_off(visitor: str, sql: str) -> int:
    """Call off this visitor's questions of these words; how many there were."""
    marks = list(_folder().glob(f"{_name(visitor, sql)}-*"))
    for mark in marks:
        mark.unlink(missing_ok=True)
    return len(marks)


def _folder() -> Path:
    return Path(settings.HOME) / "asking"


def _name(visitor: str, sql: str) -> str:
    # A browser sends line ends as \r\n from one form and as they are from another.
    words = " ".join(sql.split())
    return hashlib.blake2b(f"{visitor}\n{words}".encode(errors="replace"), digest_size=16).hexdigest()
