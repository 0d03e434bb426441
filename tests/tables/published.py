"""Invented tables, published without a build: cities whose rows a test describes, one after another by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from commonground.cities import cities
from commonground.standards import files
from commonground.tables.build.result import Built, Share, Trouble
from commonground.tables.models import Build, Release

AT = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE", "boolean": "BOOLEAN"}

MIDDLE = 200


@dataclass(frozen=True)
class Rows:
    """Rows of a city: `a_day` on each day from `first` to `last` that is in none of the months of `without`.

    Kinds follow one another. From row `MIDDLE` on `undated` rows have no day; the first `unplaced` have no place.
    """

    city: str
    first: date
    last: date
    a_day: int = 1
    kinds: Sequence[str] = ("building",)
    without: Sequence[date] = ()
    undated: int = 0
    unplaced: int = 0


def publish(home: Path, standard: str, described: Sequence[Rows], *, number: int = 1) -> Release:
    """A release of a table with these rows."""
    version = files.standard(standard).version
    release = Release.objects.create(standard=standard, number=number, version=version, at=AT)
    for one in described:
        folder = home / "tables" / standard / one.city / str(number)
        folder.mkdir(parents=True)
        total = _write(standard, one, folder / "rows.parquet")
        build = Build.objects.create(
            standard=standard,
            version=version,
            city=one.city,
            crosswalk="of a test",
            revision=1,
            folder=str(folder.relative_to(home)),
            made=AT,
            result=_result(standard, one, total).form(),
            rights=[_right(one.city)],
        )
        release.builds.add(build)
    return release


def _write(standard: str, one: Rows, path: Path) -> int:
    """Every field of the standard is there; those that no test looks at are empty."""
    model, city = files.standard(standard), cities()[one.city]
    skipped = ", ".join(f"DATE '{month}'" for month in one.without) or "DATE '1000-01-01'"
    kinds = ", ".join(f"'{kind}'" for kind in one.kinds)
    place = f"CASE WHEN n > {one.unplaced} THEN"
    given = {
        "city": f"'{one.city}'",
        model.key[1]: "'row-' || n",
        model.time: f"CASE WHEN n NOT BETWEEN {MIDDLE} AND {MIDDLE + one.undated - 1} THEN day END",
        model.kind: f"[{kinds}][(n % {len(one.kinds)}) + 1]",
        "latitude": f"{place} {city.latitude} + (n % 7) * 0.002 END",
        "longitude": f"{place} {city.longitude} + (n % 11) * 0.002 END",
        "_dataset": "'a dataset'",
        "_order": "n",
    }
    columns = {field.name: TYPES.get(field.type, "TIMESTAMPTZ") for field in model.fields}
    columns |= {"_dataset": "VARCHAR", "_part": "INTEGER", "_row": "BIGINT", "_n": "INTEGER", "_issues0": "BIGINT"}
    columns |= {"_issues1": "BIGINT", "_order": "BIGINT", "_withheld": "VARCHAR"}
    what = ", ".join(f'({given.get(name, "NULL")})::{kind} AS "{name}"' for name, kind in columns.items())
    with duckdb.connect() as session:
        session.execute(
            f"COPY (SELECT {what} FROM (SELECT day::DATE AS day, row_number() OVER (ORDER BY day) AS n"
            f" FROM generate_series(DATE '{one.first}', DATE '{one.last}', INTERVAL 1 DAY) AS days(day),"
            f" range({one.a_day}) WHERE date_trunc('month', day) NOT IN ({skipped}))) TO '{path}' (FORMAT parquet)"
        )
        found = session.execute(f"SELECT count(*) FROM '{path}'").fetchone()
    return int(found[0]) if found else 0


def _result(standard: str, one: Rows, total: int) -> Built:
    model = files.standard(standard)
    return Built(
        standard,
        one.city,
        raw=total + 3,
        read=total + 3,
        mapped=total,
        withheld=Counter(superseded=3),
        remainder={model.time: Share(total, one.undated), model.kind: Share(total, 0), "latitude": Share(total, 0)},
        troubles=[Trouble(model.time, "unreadable", one.undated)] if one.undated else [],
        first=one.first.isoformat(),
        newest=one.last.isoformat(),
        placed=total - one.unplaced,
    )


def _right(city: str) -> dict[str, str]:
    return {
        "source": "a dataset",
        "title": "A data set",
        "publisher": cities()[city].contact.name,
        "license": "",
        "spdx": "PDDL-1.0",
        "license_url": "https://opendatacommons.org/licenses/pddl/1-0/",
        "page": "",
        "attribution": f"{cities()[city].name}, Open Data",
    }
