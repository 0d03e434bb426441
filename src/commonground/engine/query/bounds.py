"""What the operating system itself refuses a process that answers: a second net under DuckDB's own limits."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from commonground.engine.query.limits import CEILING, THREADS

_STEP: Final = 5
"""Of priorities from -20 (first) to 19: a third of the time of others where all want some, so that nothing starves."""
_STATM: Final = "/proc/{}/statm"


def bind() -> None:
    """Limit this process: no files written, no core dumped, and no more memory than a question may have."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    pages = _pages(os.getpid())
    if pages:
        # Addresses, of which an allocator takes more than it fills: the ceiling of what is filled is watched outside.
        most = pages[0] * resource.getpagesize() + 4 * CEILING
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def allow(seconds: float) -> None:
    """So much more processor time; the system ends a process that takes more (SIGXCPU)."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + (seconds + 2) * (THREADS + 1)) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def make_way(process: int) -> None:
    """Let a process that leads a group of its own have less processor time than others where it is scarce."""
    if sys.platform == "win32":
        return
    with suppress(ProcessLookupError):  # it has ended
        # Of the group, because each thread has a priority of its own.
        os.setpriority(os.PRIO_PGRP, process, min(19, os.getpriority(os.PRIO_PGRP, process) + _STEP))


def held(process: int) -> int:
    """Bytes of memory that a process fills; 0 where the system does not tell."""
    pages = _pages(process)
    return pages[1] * os.sysconf("SC_PAGE_SIZE") if pages else 0


def _pages(process: int) -> tuple[int, int] | None:
    """Pages of addresses, and pages filled."""
    try:
        total, filled, *_ = Path(_STATM.format(process)).read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return int(total), int(filled)
