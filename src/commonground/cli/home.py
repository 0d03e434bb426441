"""Make the home ready: the first command on an empty one creates and migrates it."""

from __future__ import annotations

import gc
import os
import sys
from functools import cache


def rarely_sweep() -> None:
    """Look for cycles of dead objects more seldom: records are trees, and all the looking took a sixth of a harvest."""
    gc.set_threshold(100_000, 50, 100)


@cache
def set_up() -> None:
    """Set Django up; the database is left alone."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonground.site.settings")
    import django

    rarely_sweep()
    django.setup()


@cache
def ready() -> None:
    """Set Django up and bring the database to the newest schema. Cheap when it is there already."""
    set_up()
    from commonground.site.store import migrate

    migrate()


def as_service() -> None:
    """What runs for long tells every event: in a terminal to people, elsewhere to machines."""
    os.environ.setdefault("COMMONGROUND_LOG", "text" if sys.stderr.isatty() else "json")
