"""A published table of rows that are made up: dates that repeat or are missing, texts that are hard, places."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from commonground.standards import files
from commonground.tables.build.result import Built, Share

STANDARD = "building_permits"
TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMPTZ",
}
TEXTS = (
    "'=HYPERLINK(1)'",
    "'two\nlines, \"quoted\"'",
    "'Ñandú 市 🏠'",
    "''",
    "NULL",
    "'@SUM(A1)'",
    "'-12.5'",
    "'plain'",
)
KNOWN = {
    "permit_id": "upper(left(city, 1)) || '-' || i",
    "permit_type": "['building', 'electrical', 'unmapped', NULL][1 + i % 4]",
    "permit_type_raw": "['New', 'Wires', 'Odd', NULL][1 + i % 4]",
    "description": f"[{', '.join(TEXTS)}][1 + i % {len(TEXTS)}]",
    "issued_on": "CASE WHEN i % 5 <> 3 THEN DATE '2024-01-01' + CAST(i * 7 % 400 AS INTEGER) END",
    "estimated_cost": "CASE WHEN i % 3 <> 1 THEN i * 10.5 END",
    "housing_units": "i % 6",
    "latitude": "CASE WHEN i % 7 <> 2 THEN 41.7 + (i % 100) / 500.0 END",
    "longitude": "CASE WHEN i % 7 <> 2 THEN -87.8 + (i % 90) / 400.0 END",
}
RIGHTS = {
    "source": "x/1",
    "title": "Permits",
    "publisher": "Office",
    "license": "Public domain",
    "spdx": "",
    "license_url": "https://example.org/terms",
    "page": "https://example.org/1",
}


def write(folder: Path, city: str, count: int) -> Path:
    """A city's rows.parquet of so many rows, and one withheld row beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = files.standard(STANDARD).fields
    values = {one.name: f"{KNOWN.get(one.name, 'NULL')}::{TYPES[one.type]}" for one in fields} | {"city": "city"}
    told = ", ".join(f"{value} AS {name}" for name, value in values.items())
    own = "'x/1' AS _dataset, 1::BIGINT AS _part, i + 1 AS _row, 0::TINYINT AS _n, 0::BIGINT AS _issues0,"
    own += " 0::BIGINT AS _issues1, i * 16 AS _order"
    with duckdb.connect() as session:
        session.execute("SET TimeZone = 'UTC'")
        for name, rows, why in (("rows", count, "NULL"), ("withheld", 1, "'no_key'")):
            session.execute(
                f"COPY (SELECT {told}, {own}, {why}::VARCHAR AS _withheld FROM range({rows}) t(i),"
                f" (SELECT '{city}' AS city) ORDER BY i) TO '{folder / name}.parquet'"
                " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 60000)"
            )
    return folder / "rows.parquet"


def publish(home: Path, counts: Mapping[str, int], number: int = 1) -> None:
    """A release of the table, with so many rows of each city."""
    from django.utils import timezone

    from commonground.tables.models import Build, Release

    standard = files.standard(STANDARD)
    release = Release.objects.create(standard=STANDARD, number=number, version=standard.version, at=timezone.now())
    for city, count in counts.items():
        folder = home / "tables" / STANDARD / city / str(number)
        write(folder, city, count)
        result = Built(STANDARD, city, raw=count, read=count + 1, mapped=count, first="2024-01-01", newest="2025-02-03")
        result.withheld["no_key"] = 1
        result.remainder = {"permit_type": Share(max(count, 1) * 3 // 4, count // 4)}
        facts: dict[str, Any] = {"crosswalk": "x", "revision": 1, "made": timezone.now(), "result": result.form()}
        facts["rights"] = [{**RIGHTS, "attribution": f"{city.title()}, Office"}]
        facts["folder"] = str(folder.relative_to(home))
        release.builds.add(Build.objects.create(standard=STANDARD, version=standard.version, city=city, **facts))


if __name__ == "__main__":  # python -m tests.tables.filled CITY=COUNT …: into the home that the environment names
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonground.site.settings")
    import django

    django.setup()
    from django.conf import settings

    from commonground.site.store import migrate

    migrate()
    given = (one.split("=") for one in sys.argv[1:])
    publish(Path(settings.HOME), {city: int(count) for city, count in given})
