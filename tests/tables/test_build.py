"""What becomes of rows: none is lost, the later wins, what breaks a rule is left out and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import box

from commonground.standards.crosswalk import Crosswalk
from commonground.standards.model import Code, Codelist, Field, FieldType, Order, Standard
from commonground.tables import guard, raw
from commonground.tables.build.privacy import MASK, masked_text
from commonground.tables.build.result import Built, Share, built
from commonground.tables.opening.table import Table
from tests.tables.made import Made, build, of_cells

Cells = Mapping[str, Sequence[str | None]]


def standard() -> Standard:
    kinds = FieldType
    fields = (
        Field("city", kinds.STRING, "City", "", required=True),
        Field("id", kinds.STRING, "Id", "", required=True),
        Field("opened_on", kinds.DATE, "Opened", ""),
        Field("closed_on", kinds.DATE, "Closed", ""),
        Field("kind", kinds.STRING, "Kind", "", codelist="kinds", raw="kind_raw"),
        Field("kind_raw", kinds.STRING, "Kind, as the city says", ""),
        Field("note", kinds.STRING, "Note", "", free_text=True),
        Field("latitude", kinds.NUMBER, "Latitude", ""),
        Field("longitude", kinds.NUMBER, "Longitude", ""),
    )
    return Standard(
        *("small", "Small", "", "", "one thing", "1.0.0", (), date(2027, 1, 1)),
        key=("city", "id"),
        time="opened_on",
        kind="kind",
        fields=fields,
        codelists={"kinds": Codelist("kinds", "Kinds", "", (Code("tree", "Tree"), Code("lamp", "Lamp")))},
        orders=(Order("opened_on", "closed_on"),),
    )


def crosswalk(**more: Any) -> Crosswalk:
    fields = {
        "id": "Id",
        "opened_on": {"column": "Opened", "formats": ["%m/%d/%Y"]},
        "closed_on": {"column": "Closed", "formats": ["%m/%d/%Y"]},
        "kind": {"column": "Kind", "codes": "kinds"},
        "kind_raw": "Kind",
        "note": "Note",
    }
    vintage = {"name": "all", "when": ["Id"], "fields": fields, "place": [{"latitude": "Lat", "longitude": "Lon"}]}
    whole = {
        "standard": "small",
        "version": "1.0.0",
        "revision": 1,
        "city": "chicago",
        "sources": [{"dataset": "chicago/smal-0000"}],
        "vintages": [{**vintage, **more}],
        "codes": {"kinds": {"Tree": "tree", "Lamp": "lamp"}},
    }
    return Crosswalk.model_validate(whole)


def cells(ids: Sequence[str | None], **columns: Sequence[str | None]) -> dict[str, list[str | None]]:
    given_: dict[str, Sequence[str | None]] = {
        "Id": ids,
        "Opened": ["01/02/2020"] * len(ids),
        "Closed": ["01/03/2020"] * len(ids),
        "Kind": ["Tree"] * len(ids),
        "Note": [None] * len(ids),
        "Lat": ["41.88"] * len(ids),
        "Lon": ["-87.63"] * len(ids),
        **columns,
    }
    return {name: list(values) for name, values in given_.items()}


def made(folder: Path, *parts: Cells, **more: Any) -> Made:
    found = [of_cells(folder, number, one) for number, one in enumerate(parts, 1)]
    return build(folder, standard(), more.pop("crosswalk", crosswalk()), found, **more)


def accounted(result: Built) -> bool:
    return result.read == result.mapped + sum(result.withheld.values())


def test_of_one_key_the_later_part_wins_and_the_loser_is_kept_aside(tmp_path: Path) -> None:
    found = made(tmp_path, cells(["a", "b", "a"]), cells(["b"], Kind=["Lamp"]))
    assert {row["id"]: row["kind"] for row in found.rows()} == {"a": "tree", "b": "lamp"}
    assert found.result.withheld == {"superseded": 2}
    assert {(row["id"], row["_part"], row["_row"]) for row in found.withheld()} == {("a", 1, 1), ("b", 1, 2)}
    assert accounted(found.result)


def test_a_row_without_its_key_is_withheld_and_says_so(tmp_path: Path) -> None:
    found = made(tmp_path, cells(["a", "", None, "  "]))
    assert found.result.withheld == {"no_key": 3}
    assert [row["_withheld"] for row in found.withheld()] == ["no_key"] * 3


def test_rows_of_another_subject_are_counted(tmp_path: Path) -> None:
    only = crosswalk(keep=[{"column": "Kind", "in": ["Tree"]}])
    found = made(tmp_path, cells(["a", "b", "c"], Kind=["Tree", "Lamp", None]), crosswalk=only)
    assert [row["id"] for row in found.rows()] == ["a"]
    assert found.result.withheld == {"out_of_scope": 2}


def test_one_row_becomes_several_where_a_crosswalk_says_so(tmp_path: Path) -> None:
    fields = {
        "id": {"concat": ["Id", {"constant": "{n}"}], "with": "-"},
        "kind": {"column": "Kind {n}", "codes": "kinds"},
    }
    several = crosswalk(when=["Id", "Kind 1"], fields=fields, place=[], repeat={"when": "Kind {n}", "upto": 3})
    columns: Cells = {"Id": ["a", "b"], "Kind 1": ["Tree", None], "Kind 2": [None, None], "Kind 3": ["Lamp", None]}
    found = made(tmp_path, columns, crosswalk=several)
    assert {(row["id"], row["kind"]) for row in found.rows()} == {("a-1", "tree"), ("a-3", "lamp"), ("b-1", None)}
    assert (found.result.raw, found.result.read) == (2, 3)


def test_columns_that_no_vintage_knows_stop_the_city_and_name_what_is_missing(tmp_path: Path) -> None:
    found = made(tmp_path, {"Number": ["1", "2"]})
    assert found.result.withheld == {"no_vintage": 2}
    assert accounted(found.result)
    assert "missing Id" in found.result.stopped[0]
    assert guard.reasons(found.result, None)


def test_values_that_break_a_rule_are_left_out_and_counted(tmp_path: Path) -> None:
    found = made(
        tmp_path,
        cells(
            ["early", "future", "never", "order", "code", "zero", "outside"],
            Opened=["01/01/1900", "01/01/2099", "02/30/2020", *["01/02/2020"] * 4],
            Closed=[*["01/03/2020"] * 3, "01/01/2020", *["01/03/2020"] * 3],
            Kind=[*["Tree"] * 4, "Bench", *["Tree"] * 2],
            Lat=[*["41.88"] * 5, "0", "48.1"],
            Lon=[*["-87.63"] * 5, "0", "11.6"],
        ),
        within=box(-88, 41, -87, 42),
    )
    told = {(one.field, one.code): (one.count, one.samples[0][:2]) for one in found.result.troubles}
    assert told == {
        ("opened_on", "too-early"): (1, (1, 1)),
        ("opened_on", "in-future"): (1, (1, 2)),
        ("opened_on", "unreadable"): (1, (1, 3)),
        ("closed_on", "before-opened-on"): (1, (1, 4)),
        ("kind", "unmapped"): (1, (1, 5)),
        ("latitude", "zero-place"): (1, (1, 6)),
        ("latitude", "outside-city"): (1, (1, 7)),
    }
    rows = {row["id"]: row for row in found.rows()}
    assert len(rows) == 7, "no row is lost for one of its values"
    assert rows["order"]["closed_on"] is None
    assert rows["order"]["opened_on"] == date(2020, 1, 2)
    assert rows["code"]["kind"] == "unmapped"
    assert found.result.unmapped == {"kind": {"Bench": 1}}
    assert found.result.remainder["opened_on"] == Share(given=7, lost=3)
    assert found.result.remainder["latitude"] == Share(given=6, lost=1), "0/0 says that no place is known"


def test_a_withdrawn_row_is_hidden_and_not_kept_aside(tmp_path: Path) -> None:
    found = made(tmp_path, cells(["a", "b"]), withdrawn=frozenset({"a"}))
    assert [row["id"] for row in found.rows()] == ["b"]
    assert found.withheld() == []
    assert found.result.withheld == {"withdrawn": 1}


def test_one_place_that_hundreds_share_is_told(tmp_path: Path) -> None:
    ids = [str(n) for n in range(300)]
    spread = [f"41.8{n:03d}" if n >= 150 else "41.75" for n in range(300)]
    found = made(tmp_path, cells(ids, Lat=spread))
    (shared,) = [one for one in found.result.troubles if one.code == "shared-place"]
    assert shared.count == 150
    assert found.result.placed == 300, "the places stay; who reads them is told"


def test_free_text_is_screened_before_anybody_sees_it(tmp_path: Path) -> None:
    notes = ["Call me at (312) 555-0142 or jane.doe@example.com", "Permit 100928735 of 2024-01-31", None]
    found = made(tmp_path, cells(["a", "b", "c"], Note=notes))
    rows = {row["id"]: row["note"] for row in found.rows()}
    assert rows == {"a": f"Call me at {MASK} or {MASK}", "b": notes[1], "c": None}
    assert [(one.code, one.count) for one in found.result.troubles] == [("personal-masked", 1)]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("+1 312-555-0142", MASK),
        ("a@b.org, c.d@e.gov", f"{MASK}, {MASK}"),
        ("SR 101000295613 at 2111 W Lexington", "SR 101000295613 at 2111 W Lexington"),
        ("41.871831277993564, -87.67984621876099", "41.871831277993564, -87.67984621876099"),
    ],
)
def test_numbers_that_are_no_telephones_stay(text: str, left: str) -> None:
    assert masked_text(text) == left


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "", None]),
            st.sampled_from(["01/02/2020", "2020-01-02", "13/45/2020", "", None, "01/01/1900"]),
            st.sampled_from(["Tree", "LAMP ", "Bench", "", None]),
            st.sampled_from(["41.88", "0", "x", "", None, "999"]),
        ),
        max_size=30,
    )
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_row_is_ever_lost(tmp_path_factory: pytest.TempPathFactory, given_: list[tuple[str | None, ...]]) -> None:
    folder = tmp_path_factory.mktemp("rows")
    ids, opened, kinds, places = (list(one) for one in zip(*given_, strict=True)) if given_ else ([], [], [], [])
    found = made(folder, cells(ids, Opened=opened, Kind=kinds, Lat=places))
    result = found.result
    assert result.read == result.raw == len(given_)
    assert accounted(result)
    assert len(found.rows()) == result.mapped
    assert len(found.withheld()) == sum(result.withheld.values())
    wanted = {one.strip() for one in ids if one and one.strip()}
    assert {row["id"] for row in found.rows()} == wanted
    assert built(result.form()) == result


def test_a_batch_ends_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [str(n) for n in range(25)]
    whole = made(tmp_path / "whole", cells(ids), cells(ids[:5]))
    monkeypatch.setattr(raw, "GROUP", 4)
    parted = made(tmp_path / "parted", cells(ids), cells(ids[:5]))
    assert parted.rows() == whole.rows()
    assert parted.result.withheld == whole.result.withheld


def test_the_remainder_is_of_the_rows_that_are_published(tmp_path: Path) -> None:
    earlier = cells(["1", "2"], Kind=["Spaceship", "Tree"], Opened=["13/45/2020", "01/02/2020"])
    found = made(tmp_path, earlier, cells(["1"])).result
    assert (found.mapped, found.superseded) == (2, 1)
    assert found.remainder["kind"] == Share(2, 0)
    assert all(one.lost == 0 for one in found.remainder.values())
    assert found.unmapped == {}
    assert [one for one in found.troubles if one.code in {"unmapped", "unreadable"}] == []


def test_files_written_once_and_twice_are_one_table(tmp_path: Path) -> None:
    once = made(tmp_path / "once", cells(["1", "2"]))
    twice = made(tmp_path / "twice", cells(["1", "2"]), cells(["2", "3"]))
    assert twice.result.superseded == 1
    paths = {"once": once.folder / "rows.parquet", "twice": twice.folder / "rows.parquet"}
    schema = {"fields": [{"name": one.name} for one in standard().fields]}
    table = Table(
        "small",
        1,
        "1.0.0",
        {"once": 2, "twice": 3},
        schema,
        {},
        [],
        "",
        {},
        lambda names: [paths[one] for one in names],
    )
    assert table.arrow(["id"])["id"].to_pylist() == ["1", "2", "1", "2", "3"]
    assert len(table.arrow()) == 5


def result(mapped: int = 1_000, **more: Any) -> Built:
    return Built("small", "chicago", raw=mapped, read=mapped, mapped=mapped, **more)


def test_publication_stops_for_what_a_person_must_see() -> None:
    before = result(remainder={"kind": Share(1_000, 10), "note": Share(500, 0)}, unmapped={"kind": {"Bench": 10}})
    assert guard.reasons(before, before) == []
    assert "fell from 1,000 to 700" in guard.reasons(result(700, remainder=before.remainder), before)[0]
    new = result(remainder=before.remainder, unmapped={"kind": {"Bench": 10, "Sign": 3}})
    assert "“Sign” (3 rows)" in guard.reasons(new, before)[0]
    worse = result(remainder={"kind": Share(1_000, 40), "note": Share(500, 0)}, unmapped=before.unmapped)
    assert "rose from 1.0% to 4.0%" in guard.reasons(worse, before)[0]
    gone = result(remainder={"kind": Share(1_000, 10)}, unmapped=before.unmapped)
    assert guard.reasons(gone, before) == ["note has no values any more"]
    assert guard.reasons(result(0), None) == ["no row could be mapped"]
