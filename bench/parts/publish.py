"""Publish files as a table of the home: `python bench/parts/publish.py STANDARD CITY=FILE …`. Nothing is built."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from commonground.cli.home import ready


def main(standard: str, given: list[str]) -> None:
    """One release with a build for each city, whose file is linked into the home."""
    ready()
    import pyarrow.parquet as pq
    from django.conf import settings
    from django.utils import timezone

    from commonground.standards import files
    from commonground.tables.build.result import Built
    from commonground.tables.models import Build, Release

    version, now = files.standard(standard).version, timezone.now()
    release = Release.objects.create(standard=standard, number=1, version=version, at=now)
    for city, _, path in (one.partition("=") for one in given):
        folder = Path(settings.HOME) / "tables" / city
        folder.mkdir(parents=True)
        os.link(path, folder / "rows.parquet")
        rows = pq.read_metadata(path).num_rows
        release.builds.add(
            Build.objects.create(
                standard=standard,
                version=version,
                city=city,
                crosswalk="bench",
                revision=1,
                folder=f"tables/{city}",
                made=now,
                result=Built(standard, city, raw=rows, read=rows, mapped=rows).form(),
            )
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
