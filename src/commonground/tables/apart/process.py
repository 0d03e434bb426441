"""Run one task in a process of its own: so long, with so much memory, and never more than a few at once."""

from __future__ import annotations

import json
import logging
import os
import pickle
import signal
import subprocess
import sys
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore, Event, Thread
from typing import Any, Final

from commonground import errors
from commonground.engine.query import bounds
from commonground.errors import CommonGroundError, Crowded, Usage

_LOG: Final = logging.getLogger(__name__)
AT_ONCE: Final = 2
PATIENCE: Final = 10.0
"""Seconds that a task waits for its turn."""
CEILING: Final = 3 * 2**30
"""Bytes of memory that a task may fill."""
_LOOK: Final = 0.05
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TZDIR")
"""Of our environment: addresses and secrets stay here."""
_turns: Final = BoundedSemaphore(AT_ONCE)


def run(task: object, *, seconds: float) -> Any:  # noqa: ANN401 - JSON, as the task says
    """What the task's `work()` gives, which must be JSON. The task is pickled, so it is made of plain data.

    Raises what the task refused by name and words, `Usage` where it took too long or too much memory, and `Crowded`
    when no turn came.
    """
    if not _turns.acquire(timeout=PATIENCE):
        raise Crowded("Too much is being worked on at once.", wait=5, advice="Try again in a few seconds.")
    try:
        with TemporaryDirectory(prefix="commonground-apart-") as folder:
            return _ran(pickle.dumps(task), folder, seconds)
    finally:
        _turns.release()


def _ran(task: bytes, folder: str, seconds: float) -> Any:  # noqa: ANN401 - as above
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "commonground.tables.apart.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**environment, "TMPDIR": folder, "MALLOC_ARENA_MAX": "2", "PYTHONUTF8": "1"},
        start_new_session=True,
    ) as child:
        watch = _Watch(child)
        watch.start()
        try:
            out, said = child.communicate(task, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Usage(
                f"It took longer than {seconds:g} seconds.", advice="Give fewer rows, or a smaller file."
            ) from None
        finally:
            watch.done.set()
            end(child)
    if watch.full:
        raise Usage("It needs more memory than one task may have.", advice="Give fewer rows, or a smaller file.")
    if child.returncode:
        _LOG.warning("a task ended with %s: %s", child.returncode, said[-2000:].decode(errors="replace"))
        raise Usage(
            "It broke the process that works on it.", advice="Give a smaller part of it, to find what breaks it."
        )
    return _told(json.loads(out))


def _told(answer: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
    if "done" in answer:
        return answer["done"]
    kind = getattr(errors, answer["kind"], Usage)
    if not (isinstance(kind, type) and issubclass(kind, CommonGroundError)):
        kind = Usage
    raise kind(answer["message"], advice=answer["advice"])


def end(child: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


class _Watch(Thread):
    """Ends a process that fills too much memory."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self._child = child
        self.done = Event()
        self.full = False

    def run(self) -> None:
        while not self.done.wait(_LOOK):
            if bounds.held(self._child.pid) > CEILING:
                self.full = True
                end(self._child)
                return
