"""What work there is: each room registers its tasks by name in `apps.py`. Pure."""

from __future__ import annotations

from collections.abc import Callable

Task = Callable[[str, Callable[[], bool]], None]
"""A task gets its subject and a function to call now and then while it lives, which is False when the run was
taken from it: then it stops. It raises to fail."""

TASKS: dict[str, Task] = {}
SCHEDULES: list[Callable[[], None]] = []
"""Functions that make regular work due; called by a worker now and then."""


def register(name: str, task: Task, schedule: Callable[[], None] | None = None) -> None:
    """Make a task known, and how it becomes due by itself."""
    TASKS[name] = task
    if schedule and schedule not in SCHEDULES:
        SCHEDULES.append(schedule)
