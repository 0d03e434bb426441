"""What work there is: each room registers its tasks by name in `apps.py`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Task = Callable[[str, Callable[[], bool]], None]
"""A task gets its subject and a function to call now and then while it lives, which is False when the run was
taken from it: then it stops. It raises to fail."""

TASKS: dict[str, Task] = {}
SCHEDULES: list[Callable[[], None]] = []
"""Functions that make regular work due; called by a worker now and then."""


AFTER: dict[str, list[Callable[[], None]]] = {}
"""By task: functions that look what became due by it; called by a worker when a run of it has ended well."""


def register(name: str, task: Task, schedule: Callable[[], None] | None = None, *, after: Iterable[str] = ()) -> None:
    """Make a task known, and how it becomes due by itself: regularly, and `after` other tasks."""
    TASKS[name] = task
    if schedule is None:
        return
    if schedule not in SCHEDULES:
        SCHEDULES.append(schedule)
    for other in after:
        looks = AFTER.setdefault(other, [])
        if schedule not in looks:
            looks.append(schedule)
