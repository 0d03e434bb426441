"""Who claims runs, and whether they still live: each process holds a lock on a file of its own in the home.

The system lets go of the lock when a process dies, however it dies; so a run of a dead process is free at
once for all that share its home, and for others when its lease runs out. Pure.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import time
from contextlib import suppress
from pathlib import Path

OLD = 30 * 86_400.0
"""Seconds; a lease lasts minutes."""
_held: dict[tuple[Path, int], tuple[str, int]] = {}


def name(folder: Path) -> str:
    """The name of this process among the owners in `folder`; from its first use on the lock is held."""
    key = (folder, os.getpid())  # a forked child is another owner
    if key not in _held:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        own = secrets.token_hex(8)
        handle = os.open(folder / own, os.O_WRONLY | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        os.write(handle, f"process {os.getpid()} on {socket.gethostname()}".encode())
        _held[key] = (own, handle)
    return _held[key][0]


def who(folder: Path, owner: str) -> str:
    """What people call an owner: `process 4711 on data-server`; "" for one of another home, or of an older version."""
    with suppress(OSError):
        return (folder / owner).read_text(encoding="utf-8") if owner else ""
    return ""


def _sweep(folder: Path) -> None:
    """Files of processes that died long ago: no run names them any more."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another process sweeps as well
            if path.stat().st_mtime < time.time() - OLD and dead(folder, path.name):
                path.unlink()


def dead(folder: Path, owner: str) -> bool:
    """Whether that owner surely lives no more. Its file goes away; one of another home is not known here."""
    path = folder / owner
    if not owner or owner in {own for own, _ in _held.values()} or not path.is_file():
        return False
    try:
        handle = os.open(path, os.O_WRONLY)
    except FileNotFoundError:  # swept a moment ago
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
