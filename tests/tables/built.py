"""Boston's crimes as cells that a test names, built by the packaged crosswalk and published: all steps but the reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from commonground.cities import cities
from commonground.cities.outlines import outline
from commonground.standards import files
from commonground.tables import raw, rights, store
from commonground.tables.build import rows
from commonground.tables.build.result import Raw
from commonground.tables.manifest import home
from commonground.tables.models import Build, Release

STANDARD, CITY, SOURCE = "crime_incidents", "boston", "boston/4d6711c1-c204-583a-af70-4815a970dcf0"
COLUMNS = (
    *("INCIDENT_NUMBER", "OFFENSE_CODE", "OFFENSE_DESCRIPTION", "OCCURRED_ON_DATE", "Lat", "Long", "STREET"),
    *("OWNER NAME", "NOTE"),
)
HOSTILE = '<script>alert("1")</script> & =HYPERLINK(1)'
ROBBERY = (
    "I1",
    "00301",
    "ROBBERY",
    "2021-01-02 03:04:05",
    "42.35",
    "-71.06",
    "MAIN ST",
    "JANE ROE",
    "call 617-555-0123",
)
AGAIN = ("I1", "00301", "ROBBERY AGAIN", "2021-01-02 03:04:05", "42.35", "-71.06", "MAIN ST", "JANE ROE", None)
ODD = ('I2/<b>"?', "77777", HOSTILE, "yesterday", "0", "0", HOSTILE, None, None)
NO_KEY = (None, None, "NOTHING", "2021-02-02 03:04:05", "42.36", "-71.06", None, None, None)
LATER = ("I3", "00301", "ROBBERY", "2021-03-02 12:00:00", "42.36", "-71.07", "ELM ST", None, None)
Cells = tuple[str | None, ...]


def build(cells: Sequence[Cells], today: date = date(2026, 11, 23), columns: Sequence[str] = COLUMNS) -> Build:
    """Build, and keep what was built; nothing is published yet."""
    table = pa.table({name: pa.array([row[place] for row in cells], pa.string()) for place, name in enumerate(columns)})
    part = store.keep(SOURCE, "crimes.csv", raw.write(store.parts_folder(SOURCE), columns, iter([table])))
    one = Raw(part.pk, part.source, home() / part.path, tuple(part.names), part.rows, 1, part.label)
    order = rows.Order(
        files.standard(STANDARD),
        files.crosswalk(STANDARD, CITY),
        cities()[CITY].timezone,
        outline(CITY),
        [one],
        store.build_folder(STANDARD, CITY),
        today,
        store.withdrawn(STANDARD, CITY),
    )
    return store.record(order, rows.build(order), [part], rights.of([part], cities()[CITY]))


def publish(cells: Sequence[Cells], *, accept: bool = False) -> Release | None:
    """Build and publish; None where the build was stopped."""
    return store.publish(files.standard(STANDARD), [build(cells)], accept=accept)
