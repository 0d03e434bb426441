"""Publication: all of it or nothing, with the last good release in place; and rows that a city takes back everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from commonground.cities import cities
from commonground.standards.crosswalk import Crosswalk
from commonground.tables import raw, rights, store
from commonground.tables.build import rows as building
from commonground.tables.build.result import Raw
from commonground.tables.manifest import home
from commonground.tables.models import Build, Part, Release, Stop, Withdrawal
from tests.tables.made import asked
from tests.tables.test_build import Cells, cells, crosswalk, standard

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)


def kept(columns: Cells, source: str = "chicago/smal-0000") -> Part:
    import pyarrow as pa

    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return store.keep(source, "a test", raw.write(store.parts_folder(source), table.column_names, iter([table])))


def built(columns: Cells, walk: Crosswalk | None = None, about: Mapping[str, str] | None = None) -> Build:
    part = kept(columns)
    used = walk or crosswalk()
    folder = store.build_folder("small", used.city)
    raws = [Raw(part.pk, part.source, home() / part.path, tuple(part.names), part.rows, 1)]
    order = building.Order(
        standard(),
        used,
        "America/Chicago",
        None,
        raws,
        folder,
        TODAY,
        store.withdrawn("small", used.city),
        "",
        about or {},
    )
    return store.record(order, building.build(order), [part], [{"source": part.source, "license": ""}])


def ids(build: Build) -> Sequence[Any]:
    return [row["id"] for row in asked(f"SELECT id FROM '{home() / build.folder}/rows.parquet' ORDER BY id")]


def test_the_same_rows_are_one_part() -> None:
    first, again, other = kept(cells(["a"])), kept(cells(["a"])), kept(cells(["b"]))
    assert first == again
    assert [other.sequence, first.sequence] == [2, 1]


def test_a_release_says_what_changed_against_the_one_before() -> None:
    first = store.publish(standard(), [built(cells([str(n) for n in range(10)]))])
    assert first is not None
    assert first.number == 1
    second = store.publish(standard(), [built(cells([str(n) for n in range(1, 12)], Note=["x", *[None] * 10]))])
    assert second is not None
    (told,) = second.difference
    assert {name: told[name] for name in ("added", "removed", "changed")} == {"added": 2, "removed": 1, "changed": 1}
    assert [one.number for one in Release.objects.filter(standard="small")] == [2, 1], "the older one stays"


def test_what_speaks_against_a_build_keeps_the_last_good_one() -> None:
    good = built(cells([str(n) for n in range(10)]))
    store.publish(standard(), [good])
    bad = built(cells([str(n) for n in range(10)], Kind=["Bench", *["Tree"] * 9]))
    assert store.publish(standard(), [bad]) is None
    assert store.current("small") == {"chicago": good}
    (stop,) = Stop.objects.all()
    assert "“Bench”" in stop.reasons[0]
    accepted = store.publish(standard(), [bad], accept=True)
    assert accepted is not None
    assert store.current("small") == {"chicago": bad}
    stop.refresh_from_db()
    assert stop.closed is not None


def test_a_city_that_stops_does_not_hold_up_another() -> None:
    good = built(cells([str(n) for n in range(10)]))
    store.publish(standard(), [good])
    fallen = built(cells(["1"]))
    boston = built(cells(["x"]), crosswalk().model_copy(update={"city": "boston"}))
    release = store.publish(standard(), [fallen, boston])
    assert release is not None
    assert store.current("small") == {"chicago": good, "boston": boston}
    assert [one.build for one in Stop.objects.filter(closed=None)] == [fallen]


def test_a_withdrawn_row_is_gone_from_every_release() -> None:
    old, new = built(cells(["a", "b"])), built(cells(["a", "b", "c"]))
    store.publish(standard(), [old])
    store.publish(standard(), [new])
    assert store.withdraw(standard(), "chicago", "a", by="chicago-steward", why="a mistake") == 2
    assert (ids(old), ids(new)) == (["b"], ["b", "c"])
    assert ids(built(cells(["a", "d"]))) == ["d"], "and it does not come back"
    new.refresh_from_db()
    assert new.result["mapped"] == 2
    assert new.result["withheld"]["withdrawn"] == 1
    assert Withdrawal.objects.count() == 1


def test_files_say_whose_rows_they_hold_also_after_one_is_taken_back() -> None:
    city = cities()["chicago"]
    entry = {
        "source": "chicago/smal-0000",
        "title": "Small",
        "license": "See Terms of Use",
        "spdx": "",
        "license_url": "",
        "terms": city.portals[0].terms,
        "page": "",
        "attribution": "Chicago, Office’s “data”",
    }
    said = rights.about(standard(), city, [entry])
    for made in (
        built(cells(["a", "b", "c"]), about=said),
        built(cells(["a", "b", "b", None]), about=said),  # written again without the first b
    ):
        paths = [home() / made.folder / f"{name}.parquet" for name in ("rows", "withheld")]
        assert [about(one) for one in paths] == [said, said]
        store.withdraw(standard(), "chicago", "a", by="chicago-steward")
        assert ids(made) in (["b", "c"], ["b"])
        assert about(paths[0]) == said
    assert orjson.loads(said["license"])[0]["terms"].startswith("https://www.chicago.gov/")


def about(path: Path) -> dict[str, str]:
    """What a Parquet file says of itself."""
    told = pq.read_metadata(path).metadata or {}
    return {key.decode(): text.decode() for key, text in told.items() if not key.startswith(b"ARROW:")}


def test_a_build_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_table", broken)
    with pytest.raises(OSError, match="full"):
        raw.write(tmp_path, ["Id"], iter(_tables()))
    assert list(tmp_path.iterdir()) == []


def _tables() -> Any:
    import pyarrow as pa

    yield pa.table({"Id": ["a"]})
