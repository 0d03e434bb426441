"""311 and building permits: every recorded word has a code, no home and no name is read, and clocks are what rows say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from commonground.standards.crosswalk import Crosswalk
from commonground.standards.files import crosswalk, crosswalks, standard
from tests.standards.fidelity import draw
from tests.tables.made import Made, build, of_cells, of_files

CITIES: Final = ("boston", "chicago", "los_angeles", "new_york", "san_francisco", "seattle", "washington_dc")
STANDARDS: Final = ("building_permits", "service_requests")
SUBJECTS: Final = {"building_permits": "building_permits", "service_requests": "311"}
NAMES: Final = re.compile(
    r"(first|last|middle|full|business|company|contact_\d+|owner|inspector)[ _']?s?[ _']?name"
    r"|phone|^applicant|^owner$|principal|cdmember",
    re.IGNORECASE,
)
"""Columns that name persons, in every spelling of the seven cities. LA's `Owner` of a request is a bureau."""
OTHER_SUBJECTS: Final = {"washington_dc/permits_certificate_of_occupancy.geojson", "seattle/permits_2025_accela.csv"}
"""Certificates of occupancy, and requests for advice before an application."""
Built = Mapping[tuple[str, str], Made]
HOUSE: Final = re.compile(r"^\d+[A-Z]?(-\d+[A-Z]?)? +[A-Za-z]")
"""How a block would begin that still has a house number: "39 Lorraine St"."""


@pytest.fixture(scope="module")
def built(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Standard and city to what its recorded files make, without those of another subject."""
    made = {}
    for name in STANDARDS:
        for city, paths in draw.files(recordings / "rows", name, ()).items():
            if kept := [path for path in paths if path not in OTHER_SUBJECTS]:
                folder = tmp_path_factory.mktemp(city)
                made[name, city] = of_files(folder, name, city, recordings, kept)
    return made


@pytest.mark.parametrize("name", STANDARDS)
def test_all_seven_cities_have_a_crosswalk(name: str) -> None:
    assert tuple(one.city for one in crosswalks(name)) == CITIES


@pytest.mark.parametrize("name", STANDARDS)
def test_no_crosswalk_reads_a_name_of_a_person(name: str) -> None:
    read = {(one.city, column) for one in crosswalks(name) for column in _columns(one)}
    bureau = {("los_angeles", "Owner"), ("los_angeles", "owner")} if name == "service_requests" else set()
    assert {some for some in read if NAMES.search(some[1])} == bureau


def test_no_crosswalk_of_requests_reads_a_house_number_by_itself() -> None:
    read = {column.lower() for one in crosswalks("service_requests") for column in _columns(one)}
    assert not read & {"housenumber", "street_number", "house_number", "house #"}


def test_texts_that_people_write_are_screened() -> None:
    for name in STANDARDS:
        free = {one.name for one in standard(name).fields if one.free_text}
        assert free == {"status_notes", "description"} & set(standard(name).named)


CONTACTS: Final[Sequence[tuple[Mapping[int, str], str | None, str | None]]] = [
    ({1: "OWNER", 15: "CONTRACTOR-ELECTRICAL"}, "electrical", "CONTRACTOR-ELECTRICAL"),
    ({1: "OWNER AS GENERAL CONTRACTOR", 2: "CONTRACTOR-PLUMBER/PLUMBING"}, "owner", "OWNER AS GENERAL CONTRACTOR"),
    ({2: "ARCHITECT", 3: "OWNER"}, "architecture", "ARCHITECT"),
    ({4: "CONTRACTOR-WIZARD"}, "unmapped", "CONTRACTOR-WIZARD"),
    ({}, None, None),
]
"""Types of Chicago's contacts by number, the trade that they make, and its words."""


def test_the_trade_of_fifteen_contacts(tmp_path: Path) -> None:
    found = crosswalk("building_permits", "chicago")
    vintage = next(one for one in found.vintages if one.name == "SODA until 2022")
    columns = {column for one in found.fields.values() for column in one.columns()} - {"work_type"} | vintage.columns()
    cells: dict[str, list[str | None]] = {one: [None] * len(CONTACTS) for one in columns}
    cells["permit_"] = [str(n) for n in range(len(CONTACTS))]
    for row, (contacts, _, _) in enumerate(CONTACTS):
        for n, word in contacts.items():
            cells[f"contact_{n}_type"][row] = word
    made = build(tmp_path, standard("building_permits"), found, [of_cells(tmp_path, 1, cells)])
    rows = sorted(made.rows("permit_id, contractor_trade AS trade, contractor_trade_raw AS raw"), key=_permit)
    assert [(row["trade"], row["raw"]) for row in rows] == [(trade, raw) for _, trade, raw in CONTACTS]


def _permit(row: Mapping[str, str]) -> str:
    return row["permit_id"]


@pytest.mark.recordings
@pytest.mark.parametrize("name", STANDARDS)
def test_columns_of_todays_portals_have_a_vintage(name: str, recordings: Path) -> None:
    told = json.loads((recordings / "g7-core-datasets.json").read_text("utf-8"))
    tried = set()
    for one in told:
        for key in ("name", "field"):
            columns = {(column[key] or "").strip() for column in one["columns"]} - {""}
            if one["subject"] != SUBJECTS[name] or not columns:
                continue
            tried.add(one["city"])
            assert crosswalk(name, one["city"]).vintage(columns), (one["city"], one["name"], key)
    # The recorded feed of Washington does not tell the columns of permits.
    assert tried == set(CITIES) - ({"washington_dc"} if name == "building_permits" else set())


@pytest.mark.recordings
def test_nothing_recorded_is_unmapped(built: Built) -> None:
    assert len(built) == 8
    for place, made in built.items():
        assert made.result.unmapped == {}, place
        assert {field: one.lost for field, one in made.result.remainder.items() if one.remainder > 0.02} == {}, place


@pytest.mark.recordings
def test_no_block_has_a_house_number(built: Built) -> None:
    for city in {city for name, city in built if name == "service_requests"}:
        made = built["service_requests", city]
        blocks = {row["block"] for row in made.rows("DISTINCT block", "block IS NOT NULL")}
        # New York's streets begin with numbers by themselves: "72 PLACE".
        kept = {one for one in blocks if HOUSE.match(one) and "BLOCK OF" not in one} if city != "new_york" else set()
        assert not kept, city
        assert len(blocks) > 200, city


@pytest.mark.recordings
def test_a_request_of_washington_is_due_at_the_hour_at_which_it_was_made(built: Built) -> None:
    """Also in winter, though the export of August 2016 shows an hour more there."""
    made = built["service_requests", "washington_dc"]
    zone = ZoneInfo("America/New_York")
    winter = "month(due_at) IN (12, 1, 2) AND minute(due_at) = minute(requested_at) AND minute(due_at) <> 0"
    rows = made.rows("requested_at, due_at", winter)
    same = [_hour(row["requested_at"], zone) == _hour(row["due_at"], zone) for row in rows]
    assert len(same) > 900
    assert sum(same) / len(same) > 0.99


def _hour(moment: datetime, zone: ZoneInfo) -> int:
    return moment.astimezone(zone).hour


def _columns(found: Crosswalk) -> set[str]:
    shared = {column for one in found.fields.values() for column in one.columns()}
    return shared.union(*(one.columns() for one in found.vintages))
