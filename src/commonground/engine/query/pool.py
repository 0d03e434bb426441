"""The processes that answer, kept warm: one question at a time each; one that misbehaves is ended and replaced."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, BinaryIO, Final, cast

import orjson
import pyarrow as pa

from commonground.engine.query import bounds, frames, wording
from commonground.engine.query.catalog import Catalog
from commonground.engine.query.lanes import LINE, PROMPT, Lane, Turn
from commonground.engine.query.limits import ANSWER, CEILING, LONGEST, Limits
from commonground.errors import CommonGroundError, Crowded, NotFound, QuestionRefused, TooBig, TooLong

_LOG: Final = logging.getLogger(__name__)
PATIENCE: Final = 15.0
"""Seconds that a question waits for its turn."""
_GRACE: Final = 0.5
"""Seconds after its time in which a process may say by itself that the time is over."""
_LOOK: Final = 0.02
_KINDS: Final[Mapping[str, type[CommonGroundError]]] = {
    one.__name__: one for one in (NotFound, QuestionRefused, TooBig, TooLong)
}
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TZDIR")
"""Of our environment: addresses and secrets stay here."""
Cancel = Callable[[], bool]
"""Asked now and then while a question is answered: true calls it off."""


@dataclass(slots=True)
class Told:
    """What is known when all rows were sent. `left_out`: as `Catalog.lacking`, for this question."""

    truncated: bool = False
    seconds: float = 0.0
    rows: int = 0
    schema: pa.Schema = field(default_factory=lambda: pa.schema([]))
    left_out: Mapping[str, str] = field(default_factory=dict)


class _Process:
    """One process that answers."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "commonground.engine.query.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=os.sep,
            env={**environment, "MALLOC_ARENA_MAX": "2", "PYTHONUTF8": "1"},
            start_new_session=True,  # Ctrl-C is for us to handle
        )
        self._in = cast("BinaryIO", self._child.stdin)
        self._out = cast("BinaryIO", self._child.stdout)
        self.fit = True
        """Whether it can take another question."""
        self.patient = False
        """Whether it makes way for others, once and for all."""

    def make_way(self) -> None:
        """Take less time than the others where it is scarce, from now on."""
        if not self.patient:
            self.patient = True
            bounds.make_way(self._child.pid)

    def ask(self, question: bytes, seconds: float, cancel: Cancel, turn: Turn) -> Iterator[tuple[bytes, bytes]]:
        """The frames of an answer. Raises what the process refused, or why it was ended."""
        self.fit = False

        def late() -> None:
            if turn.lengthen():
                self.make_way()

        watch = _Watch(self._child, seconds, cancel, late)
        watch.start()
        try:
            frames.send(self._in, frames.QUESTION, question)
            while True:
                letter, body = frames.receive(self._out)
                if letter != frames.ROWS:
                    break
                yield letter, body
        except (EOFError, OSError):
            watch.stop()
            raise watch.reason(self._child.wait()) from None
        finally:
            watch.stop()
        self.fit = not watch.ended
        yield letter, body

    def end(self) -> None:
        """End it at once, whatever it does."""
        self._child.kill()
        for pipe in (self._in, self._out):
            try:
                pipe.close()
            except OSError:  # what it did not read any more
                continue
        self._child.wait()


class _Watch(Thread):
    """Ends a process that takes too long or too much memory, or whose question was called off."""

    def __init__(
        self, child: subprocess.Popen[bytes], seconds: float, cancel: Cancel, late: Callable[[], object]
    ) -> None:
        super().__init__(daemon=True)
        self._child = child
        self._seconds = seconds
        self._cancel = cancel
        self._late = late
        """Called again and again when the question has become a long one."""
        self.done = Event()
        self.ended: CommonGroundError | None = None

    def run(self) -> None:
        began = monotonic()
        last = began + self._seconds + _GRACE
        while not self.done.wait(_LOOK):
            if self._cancel():
                self.ended = TooLong("The question was called off.", advice="Ask it again when you want.")
            elif monotonic() > last:
                self.ended = wording.too_long(self._seconds)
            elif bounds.held(self._child.pid) > CEILING:
                self.ended = wording.too_big()
            if self.ended:
                self._child.kill()
                return
            if monotonic() - began > PROMPT:
                self._late()

    def stop(self) -> None:
        """Look no longer. Waits, so that it never ends a process that has gone on to another question."""
        self.done.set()
        self.join()

    def reason(self, code: int) -> CommonGroundError:
        """Why there is no answer."""
        if self.ended:
            return self.ended
        if code == -getattr(signal, "SIGXCPU", 0):
            return wording.too_long(self._seconds)
        _LOG.warning("A process that answers questions ended with code %d.", code)
        message = "The question broke the process that answers; another one took its place."
        return TooBig(message, advice=wording.SMALLER)


class Pool:
    """So many prompt questions at once, and so many exports and long ones beside them; the others wait their turn."""

    def __init__(self, size: int, patient: int = 1) -> None:
        self._prompt = Lane(size)
        self._patient = Lane(patient, LINE)
        self._idle: list[_Process] = []
        self._idle_patient: list[_Process] = []
        self._lock = Lock()
        self._size = size
        self._most_patient = patient
        self._closed = False

    def warm(self) -> None:
        """Have processes ready before anybody asks."""
        with self._lock:
            missing = self._size - len(self._idle)
            self._idle += [_Process() for _ in range(missing)]

    @contextmanager
    def asked(
        self, catalog: Catalog, sql: str, limits: Limits, cancel: Cancel, who: str = ""
    ) -> Iterator[tuple[Told, Iterator[pa.RecordBatch]]]:
        """The rows of an answer as they come, and what is told of them, which is complete after the last one.

        `who` asks has turns beside others who ask. At least one batch comes, perhaps without rows. Raises `NotFound`,
        `QuestionRefused`, `TooBig`, `TooLong`, or `Crowded` when no turn came.
        """
        question = _written(catalog, sql, limits)
        turn = Turn(self._prompt, self._patient, who, long=limits.rows > ANSWER.rows)
        if not turn.begin(PATIENCE):
            message = "More questions are being asked than can be answered at once."
            raise Crowded(message, wait=5, advice="Ask again in a few seconds.")
        try:
            process = self._taken(patient=turn.long)
            told = Told(left_out=catalog.lacking(sql))
            try:
                yield told, _rows(process.ask(question, limits.seconds, cancel, turn), told)
            finally:
                self._given_back(process)
        finally:
            turn.end()

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._closed = True
            idle = self._idle + self._idle_patient
            self._idle, self._idle_patient = [], []
        for process in idle:
            process.end()

    def _taken(self, *, patient: bool) -> _Process:
        with self._lock:
            idle = self._idle_patient if patient else self._idle
            process = idle.pop() if idle else None
        process = process or _Process()
        if patient:
            process.make_way()
        return process

    def _given_back(self, process: _Process) -> None:
        """Kept for the next one: a prompt one always, of those that make way for others as many as have turns."""
        with self._lock:
            kept = process.fit and not self._closed
            if process.patient:
                kept = kept and len(self._idle_patient) < self._most_patient
                self._idle_patient += [process] if kept else []
            elif not self._closed:
                self._idle.append(process if kept else _Process())
        if not kept:
            process.end()


def _written(catalog: Catalog, sql: str, limits: Limits) -> bytes:
    if len(sql) > LONGEST:
        message = f"The question is {len(sql):,} characters long; at most {LONGEST:,} are read."
        raise TooBig(message, advice="Ask it in parts.")
    if "\0" in sql:
        raise QuestionRefused("The question has a NUL in it.", advice="Leave it out.")
    question: dict[str, Any] = {"catalog": catalog.written, "sql": sql}
    question |= {"rows": limits.rows, "bytes": limits.bytes, "seconds": limits.seconds}
    try:
        return orjson.dumps(question)
    except orjson.JSONEncodeError:
        raise QuestionRefused("The question is no text in UTF-8.", advice="Write it again.") from None


def _rows(answer: Iterator[tuple[bytes, bytes]], told: Told) -> Iterator[pa.RecordBatch]:
    for letter, body in answer:
        if letter == frames.ROWS:
            with pa.ipc.open_stream(body) as reader:
                for batch in reader:
                    told.schema = batch.schema
                    told.rows += batch.num_rows
                    yield batch
            continue
        facts = orjson.loads(body)
        if letter == frames.ERROR:
            level = logging.WARNING if facts["ours"] else logging.DEBUG
            _LOG.log(level, "%s %s", facts["message"].partition("\n")[0], facts["log"])
            raise _KINDS[facts["kind"]](facts["message"], advice=facts["advice"])
        told.truncated, told.seconds = facts["truncated"], facts["seconds"]


_shared: list[Pool] = []
_making: Final = Lock()


def shared() -> Pool:
    """The pool of this process, made when it is first asked for."""
    with _making:
        if not _shared:
            size = max(2, min(4, os.cpu_count() or 1))
            _shared.append(Pool(size, size))
            atexit.register(_shared[0].close)
        return _shared[0]
