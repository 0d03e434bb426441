"""Runs the command of its arguments, and dies as if somebody had said `kill -9` at the moment that DIE_AT names.

DIE_AT=publish python tests/processes/building.py build food_inspections --replay recordings
"""

from __future__ import annotations

import os
import signal
from typing import Any

from commonground.cli.home import ready

ready()

from django.db.models.signals import m2m_changed, post_save  # noqa: E402 - needs Django

from commonground.cli import main  # noqa: E402
from commonground.tables import store  # noqa: E402
from commonground.tables.models import Build, Part, Release  # noqa: E402


def die(*_: Any, **__: Any) -> None:
    """End as a machine does whose power fails."""
    os.kill(os.getpid(), signal.SIGKILL)


POINTS = {
    "part": lambda: post_save.connect(die, sender=Part),  # its file lies there, its record is not sure
    "rows": lambda: setattr(store, "record", die),  # the rows are written, and nobody knows of them
    "record": lambda: post_save.connect(die, sender=Build),
    "publish": lambda: m2m_changed.connect(die, sender=Release.builds.through),  # amid the transaction
}

if __name__ == "__main__":
    POINTS.get(os.environ.get("DIE_AT", ""), lambda: None)()
    main()
