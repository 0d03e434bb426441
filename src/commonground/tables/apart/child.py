"""The process in which one task is done: `python -P -m commonground.tables.apart.child`. It takes it from stdin."""

from __future__ import annotations

import json
import pickle
import sys
from typing import Any, Final

from commonground.errors import CommonGroundError

SECONDS: Final = 180
"""Of processor time: a second net, should the one who started us be gone."""


def _bind() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def main() -> None:
    """Do the task, and write what came of it as JSON: `done`, or `kind`, `message` and `advice` of what was refused."""
    _bind()
    task = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    told: dict[str, Any]
    try:
        told = {"done": task.work()}
    except CommonGroundError as error:
        told = {"kind": type(error).__name__, "message": error.message, "advice": error.advice}
    json.dump(told, sys.stdout, default=str)


if __name__ == "__main__":
    main()
