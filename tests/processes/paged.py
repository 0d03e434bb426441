"""`commonground` as it is, with pages of forty records. It says when its work begins, and dies where it is told to.

LARGEST_FILE limits the bytes of a file, PATIENCE the seconds that it waits for a lock.

DIE_AT=commonground.catalog.identity:follow python tests/processes/paged.py harvest chicago --replay FOLDER
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from importlib import import_module
from typing import Any

from commonground.catalog.search.index import Index
from commonground.cli import main
from commonground.cli.home import set_up
from commonground.protocols.socrata import read

BEGUN = "work begins"


def die(*_: Any, **__: Any) -> None:
    """As if somebody had said `kill -9` at this very moment."""
    os.kill(os.getpid(), signal.SIGKILL)


def announced(do: Any) -> Any:
    """The function, and a line before it."""

    def begun(*arguments: Any, **named: Any) -> Any:
        sys.stderr.write(f"{BEGUN}\n")
        sys.stderr.flush()
        return do(*arguments, **named)

    return begun


def impatient(seconds: int) -> None:
    """Wait no longer for locks of the database."""
    from django.db import connection

    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "postgresql":
        options["options"] = f"-c lock_timeout={seconds}s"
    else:
        options["timeout"] = seconds
        options["init_command"] += f"PRAGMA busy_timeout={seconds}000;"


if __name__ == "__main__":
    set_up()
    from commonground.catalog import tasks

    if patience := os.environ.get("PATIENCE"):
        impatient(int(patience))
    if largest := os.environ.get("LARGEST_FILE"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest), int(largest)))

    read.PAGE = 40
    tasks._gather = announced(tasks._gather)
    Index.rebuild = announced(Index.rebuild)  # type: ignore[method-assign]
    if place := os.environ.get("DIE_AT"):
        module, _, name = place.partition(":")
        holder, _, method = name.rpartition(".")
        owner = getattr(import_module(module), holder) if holder else import_module(module)
        setattr(owner, method, die)
    main()
