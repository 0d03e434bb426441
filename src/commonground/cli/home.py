"""Make the home ready: the first command on an empty one creates and migrates it."""

from __future__ import annotations

import os
from functools import cache


@cache
def ready() -> None:
    """Set Django up and bring the database to the newest schema. Cheap when it is there already."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonground.site.settings")
    import django

    django.setup()
    from commonground.site.store import migrate

    migrate()
