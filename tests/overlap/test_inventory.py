"""The columns of a city: what a name means where, under which other names, what joins, what may be of persons."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.errors import Usage
from commonground.overlap import stock
from commonground.overlap.columns.identifiers import identifier, identifiers
from commonground.overlap.columns.inventory import Inventory, Named, inventory
from commonground.overlap.entries import Entry
from commonground.overlap.stock import SHOWS
from commonground.words import Column, ColumnType, Dataset
from tests.web.conftest import HOSTILE

if TYPE_CHECKING:
    from django.test import Client

TEXT, NUMBER = ColumnType.TEXT, ColumnType.NUMBER
PAGE = "/overlap/cities/chicago/columns"


def entry(number: int, *columns: Column | str) -> Entry:
    given = tuple(Column(one, one) if isinstance(one, str) else one for one in columns)
    return Entry(f"chicago/{number}", "chicago", "chicago", f"Data set {number}", columns=given)


def taken(*entries: Entry) -> dict[str, Named]:
    return {one.name: one for one in inventory(entries).names}


def test_a_name_counts_once_whatever_its_capitals() -> None:
    names = taken(entry(1, "Zip  Code", "x"), entry(2, "ZIP CODE"), entry(3, "ZIP CODE"))
    assert list(names) == ["ZIP CODE", "x"]
    assert names["ZIP CODE"].datasets == ("chicago/1", "chicago/2", "chicago/3")


def test_descriptions_tell_meanings_apart() -> None:
    said = (
        "Street address of the building",
        "The building's address, street and number",
        "Where the patrol camera was mounted",
        "",
        "See above",
    )
    names = taken(*(entry(n, Column("ADDRESS", "address", TEXT, "", one)) for n, one in enumerate(said)))
    assert [(one.description, len(one.datasets)) for one in names["ADDRESS"].meanings] == [
        ("Street address of the building", 4),
        ("Where the patrol camera was mounted", 1),
    ]
    assert not names["ADDRESS"].mixed


def test_types_of_different_sorts_are_told() -> None:
    def mixed(*types: ColumnType) -> bool:
        return taken(*(entry(n, Column("WARD", "ward", one)) for n, one in enumerate(types)))["WARD"].mixed

    assert mixed(TEXT, NUMBER)
    assert not mixed(NUMBER, ColumnType.INTEGER, ColumnType.UNKNOWN)


def test_one_thing_under_several_names() -> None:
    found = inventory([entry(1, "ZIP_CODE", "lat"), entry(2, "Zip Code", "LATITUDE", "x"), entry(3, "Latitude", "y")])
    told = [(one.words, one.spelled, {each.name for each in one.names}) for one in found.variants]
    assert told == [
        (("latitude",), True, {"LATITUDE", "lat"}),
        (("zip", "code"), False, {"ZIP_CODE", "Zip Code"}),
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(("APN", "parcel"), ("BBL", "parcel"), ("PIN1", "parcel"), ("block_lot", "parcel"), ("BIN", "building")),
        *(("CNN", "street"), ("PERMIT#", "permit"), ("License No", "license"), ("SR_NUMBER", "request")),
        *(("CASE_NUMBER", "case"), ("DBN", "school"), ("VendorID", "vendor"), ("Zip Code", "place")),
        *(("School Phone Number", ""), ("Driver License", ""), ("Number of Permits", ""), ("MAR-11", ""), ("", "")),
    ],
)
def test_identifiers_by_name(name: str, code: str) -> None:
    found = identifier(name)
    assert (found.code if found else "") == code


def test_keys_bring_their_names_together() -> None:
    (key, _) = inventory([entry(1, "BIN"), entry(2, "Building ID", "PERMIT#"), entry(3, "Status")]).keys
    assert (key.identifier, len(key.datasets)) == (identifiers()["building"], 2)
    assert [one.name for one in key.names] == ["BIN", "Building ID"]


def test_risks_stand_by_gravity_then_by_how_many() -> None:
    found = inventory([entry(1, "Owner Name", "SSN", "Street Name"), entry(2, "Owner Name")])
    assert [(one.name, one.risk.code if one.risk else "") for one in found.risks] == [
        ("SSN", "government-id"),
        ("Owner Name", "name"),
    ]


def test_a_name_is_a_persons_in_some_data_sets_only() -> None:
    park = entry(1, "Name")
    staff = replace(entry(2, "Name"), title="Current Employee Names")
    found = inventory([park, staff])
    assert [(one.name, one.datasets) for one in found.risks] == [("Name", ("chicago/2",))]
    assert [one.datasets for one in found.names] == [("chicago/1", "chicago/2")]


def test_without_columns_and_those_that_the_portal_computes() -> None:
    computed = Column("Wards", ":@computed_region_vrxf", NUMBER)
    unknown = Entry("chicago/9", "chicago", "chicago", "A map")
    found = inventory([entry(1), entry(2, computed), unknown, entry(3, "Ward", computed)])
    assert (found.columns, found.without) == (1, ("chicago/9", "chicago/1", "chicago/2"))
    assert inventory([]) == Inventory({}, 0, (), (), (), (), (), (), ())


def test_a_large_city_and_a_wide_data_set_are_fast() -> None:
    words = ("owner", "permit", "street", "issued", "total", "zip", "case", "status", "dept", "unit")
    names = [f"{one}_{other}_{n}" for one in words for other in words for n in range(20)]
    columns = [Column(name, name, TEXT, "", f"Said of {name} in full words") for name in names]
    city = [entry(n, *(columns[(n * 37 + k) % len(columns)] for k in range(50))) for n in range(1000)]
    wide = entry(1001, *(f"Question {n}" for n in range(10_000)))
    begun = time.process_time()
    found = inventory([*city, wide])
    assert time.process_time() - begun < 10
    assert (len(found.titles), found.columns, len(found.names)) == (1001, 60_000, 12_000)


def test_one_name_with_many_descriptions_stays_fast() -> None:
    said = (f"alpha{n} beta{n} gamma{n} delta{n}" for n in range(2000))
    begun = time.process_time()
    found = inventory([entry(n, Column("name", "name", TEXT, "", one)) for n, one in enumerate(said)])
    assert time.process_time() - begun < 5
    assert sum(len(one.datasets) for one in found.names[0].meanings) == 2000


@given(st.lists(st.lists(st.builds(Column, st.text(), st.text(), st.sampled_from(ColumnType), st.just(""), st.text()))))
def test_every_column_is_in_exactly_one_name(given: list[list[Column]]) -> None:
    found = inventory([entry(n, *columns) for n, columns in enumerate(given)])
    own = [(f"chicago/{n}", one) for n, some in enumerate(given) for one in some if not one.field.startswith(":")]
    assert found.columns == len(own) == sum(count for one in found.names for _, count in one.types)
    for one in found.names:
        assert {key for each in one.meanings for key in each.datasets} == set(one.datasets)


@pytest.fixture
def stocked(write: Callable[..., None]) -> None:
    """Two data sets with columns, one with a hostile name, and one without any, in the catalog."""
    one = Dataset("chicago", "chicago", "data.cityofchicago.org", "a", "Permits", columns=())
    ward, person = Column("WARD", "ward", NUMBER), Column("Owner Name", "owner", TEXT)
    hostile = Column(HOSTILE, "h", ColumnType.UNKNOWN, "", HOSTILE)
    write(
        [
            one,
            replace(one, native_id="b", columns=(ward, person, hostile, Column("PERMIT#", "p"))),
            replace(one, native_id="c", columns=(replace(ward, type=TEXT), Column("Permit No", "n"))),
        ]
    )


@pytest.mark.usefixtures("stocked")
def test_each_list_has_its_page_and_its_twins(client: Client) -> None:
    held = {"names": 5, "meanings": 0, "types": 1, "variants": 1, "keys": 2, "risks": 1, "without": 1}
    for show in SHOWS:
        page = client.get(PAGE, {"show": show})
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()
        data = json.loads(client.get(f"{PAGE}.json", {"show": show}).content)
        assert (data["counts"], data["total"], len(data["lines"])) == (held, held[show], held[show])
        table = b"".join(client.get(f"{PAGE}.csv", {"show": show}).streaming_content)  # type: ignore[attr-defined]
        assert len(list(csv.DictReader(io.StringIO(table.decode())))) == held[show]


@pytest.mark.usefixtures("stocked")
def test_a_list_is_narrowed_and_paged(client: Client) -> None:
    def lines(**query: str | int) -> list[str]:
        return [one["name"] for one in json.loads(client.get(f"{PAGE}.json", query).content)["lines"]]

    assert lines(q="permit") == ["Permit No", "PERMIT#"]
    assert lines(show="risks", code="name") == ["Owner Name"]
    assert lines(show="risks", code="phone") == []
    assert lines(size=1, page=2) != lines(size=1) == ["WARD"]
    assert lines(show="nonsense", code="nonsense") == lines()
    assert client.get("/overlap/cities/nowhere/columns").status_code == 404
    assert client.get("/overlap/cities/Chicago/columns").headers["Location"] == PAGE


@pytest.mark.usefixtures("stocked")
def test_words_that_mean_nothing_are_refused_on_the_command_line() -> None:
    for wrong in ({"show": "smells"}, {"code": "smells"}):
        with pytest.raises(Usage, match="smells") as refused:
            stock.asked(**wrong)
        assert refused.value.advice.startswith("One of: ")


def test_the_inventory_follows_the_catalog(write: Callable[..., None]) -> None:
    one = Dataset("chicago", "chicago", "data.cityofchicago.org", "a", "Permits", columns=(Column("WARD", "ward"),))
    write([one])
    assert [each.name for each in stock.of("chicago").names] == ["WARD"]
    write([replace(one, columns=(Column("WARD", "ward"), Column("ZIP", "zip")))])
    assert [each.name for each in stock.of("chicago").names] == ["WARD", "ZIP"]
    assert stock.of("chicago") is stock.of("chicago")
