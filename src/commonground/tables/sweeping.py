"""What a build leaves behind that was killed, and raw parts that nothing is made of any more: removed after their time.

Whatever a release shows stays for ever: its builds, and the parts that they are made of.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.utils import timezone

from commonground.standards import files
from commonground.standards.crosswalk import Crosswalk, Join
from commonground.tables import store
from commonground.tables.manifest import home
from commonground.tables.models import BUILD, Build, Part, Reading
from commonground.work.models import Run

LEFT: Final = timedelta(days=1)
"""So long nobody may have touched files of which the database knows nothing: no build takes as long."""
UNUSED: Final = timedelta(days=30)
"""So long a part is kept that neither a build nor the next reading needs, such as one of a build that failed."""


def sweep() -> None:
    """Remove both, while nobody builds."""
    if Run.objects.filter(task=BUILD, state=Run.State.RUNNING).exists():
        return
    read = {number for parts in Reading.objects.values_list("parts", flat=True) for number in parts}
    joined = [one.file for name in files.standards() for walk in files.crosswalks(name) for one in _joins(walk)]
    unused = Part.objects.filter(builds=None, fetched__lt=timezone.now() - UNUSED)
    unused.exclude(pk__in=read).exclude(source__in=joined).delete()
    before = time.time() - LEFT.total_seconds()
    known = set(Part.objects.values_list("path", flat=True))
    for path in _old(home().glob("rows/*/*.p*"), before):
        if str(path.relative_to(home())) not in known:
            path.unlink(missing_ok=True)
    made = set(Build.objects.values_list("folder", flat=True))
    for folder in _old(home().glob("tables/*/*/*"), before):
        if str(folder.relative_to(home())) not in made and folder.is_dir():
            store.forget(folder)


def _joins(crosswalk: Crosswalk) -> Iterator[Join]:
    for source in crosswalk.sources:
        yield from source.join


def _old(paths: Iterator[Path], before: float) -> Iterator[Path]:
    for path in paths:
        with suppress(OSError):  # another process removed it
            if path.stat().st_mtime < before:
                yield path
