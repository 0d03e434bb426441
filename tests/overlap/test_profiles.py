"""What is kept of rows, what is not kept of persons, and how alike columns are by their values."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.engine.summary import ColumnSummary, TableSummary, summarize
from commonground.engine.values import ValueKind
from commonground.errors import FileRefused, Misconfigured, NotFound
from commonground.overlap import profiling
from commonground.overlap.columns import personal, profiles
from commonground.overlap.columns.profiles import ColumnProfile, similarity
from commonground.overlap.models import Profile
from commonground.words import Column, ColumnType, Dataset, Severity

LAST_FIRST = ["DOE, JANE", "ROE, RICHARD A", "POE, ANN", "LOW, BO", "NOW, NAN"]


@pytest.fixture(scope="session")
def crime(recordings: Path) -> dict[str, dict[str, ColumnProfile]]:
    """Profiles of crime rows by city."""
    cities = ("chicago", "new_york", "boston", "washington_dc")
    return {city: profiles.of(summarize(recordings / f"rows/{city}/crime.csv.gz")) for city in cities}


def column(name: str, kind: ValueKind = ValueKind.CODE, *values: str) -> ColumnSummary:
    top = tuple((value, 1 / len(values)) for value in values)
    return ColumnSummary(name, kind, 0.0, len(values), 0.1, min(values), max(values), top, values[:5], (("A+", 1.0),))


def profile(one: ColumnSummary) -> ColumnProfile:
    return profiles.of(TableSummary(10, (one,)))[one.name]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Owner Name", "name"),
        ("APPLICANTNAME", "name"),
        ("LOBBYIST_LAST_NAME", "name"),
        ("Contact", "name"),
        ("E-mail", "e-mail"),
        ("CONTACTPHONE", "phone"),
        ("DOB", "birth-date"),
        ("DMV License Plate Number", "license-plate"),
        ("SSN", "government-id"),
        ("Driver License", "government-id"),
        ("MAILING ADDRESS", "home-address"),
        ("Tenant Street Name", "home-address"),
        ("Incident Address", "incident-place"),
        ("VIC_AGE_GROUP", "group"),
        ("Comments", "free-text"),
        ("Employee ID", "staff-number"),
        ("AGE CURR", "group"),
        ("RACE CODE CD", "group"),
        ("SEX CODE CD", "group"),
        ("RACE_OF_COMPLAINANTS", "group"),
        ("Race of Applicant or Borrower (1)", "group"),
        ("BIRTH YEAR", "birth-date"),
        ("Officer Year of Birth", "birth-date"),
        ("HOMICIDE_VICTIM_FIRST_NAME", "name"),
        ("HOMICIDE_VICTIM_MI", "name"),
    ],
)
def test_names_that_speak_of_persons(name: str, code: str) -> None:
    found = personal.risk(name)
    assert found
    assert found.code == code


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Street Name",
            "School Name",
            "Business Name",
            "DBA Name",
            "License Number",
            "Office",
            "Occupancy",
            "Route No",
        ),
        *("DOB_VIOLATION_NUMBER", "Number of Employees", "Plate Type", "Address", "Ownership", "Employee Count", "ZIP"),
        *(
            "Community Area",
            "",
            "…",
            "Subject",
            "Owner Department",
            "Name",
            "FIRST",
            "CELL_PHONE_USE",
            "CITY HALL PHONE",
            "WARD PHONE",
            "Park Phone",
            "Tow Facility Phone",
            "AGE GROUP",
            "how many of the residents of this building own it",
        ),
    ],
)
def test_names_that_do_not(name: str) -> None:
    assert personal.risk(name) is None


def test_the_published_type_counts() -> None:
    assert personal.risk("Contact", ColumnType.BOOLEAN) is None
    assert personal.risk("Write to us", ColumnType.EMAIL) == personal.risks()["e-mail"]
    assert personal.risk("Ward Phone", ColumnType.PHONE) is None


@pytest.mark.parametrize(
    ("title", "names", "whether"),
    [
        ("Current Employee Names, Salaries, and Position Titles", ("Name", "Job Titles"), True),
        ("Sex Offenders", ("LAST", "FIRST", "BLOCK"), True),
        ("Public Chauffeurs", ("Name", "Sex", "Race"), True),
        ("Board appointments", ("FIRST", "LAST", "BORO"), True),
        ("Parking permit holders", ("NAME",), True),
        ("Parks", ("Name", "Address"), False),
        ("Lobbyist Data - Clients", ("NAME", "CITY"), False),
        ("Last inspections", ("LAST", "NAME"), False),
    ],
)
def test_a_bare_name_is_a_persons_only_among_persons(title: str, names: tuple[str, ...], whether: bool) -> None:  # noqa: FBT001
    assert personal.of_persons(title, names) is whether
    assert {bool(personal.risk(name, persons=True)) for name in ("Name", "LAST", "FIRST")} == {True}


def test_each_risk_says_why_and_what_to_do() -> None:
    for one in personal.risks().values():
        assert one.label and one.why.endswith(".") and one.advice.endswith(".")  # noqa: PT018 - one thing
    assert personal.risks()["government-id"].severity is Severity.WARNING


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (("office", "call (312) 555-0123 and ask"), "phone"),
        (("none", "jane@example.org"), "e-mail"),
        (("078-05-1120", "x"), "government-id"),
        (tuple(LAST_FIRST), "name"),
        (("Jane Doe", "Richard A. Roe", "Ann Poe", "Bo Low", "Nan Now"), "name"),
    ],
)
def test_values_that_speak_of_persons_are_not_kept(values: tuple[str, ...], code: str) -> None:
    found = profile(column("Field 7", ValueKind.CODE, *values))
    assert found.personal == code
    assert not any((found.values, found.samples, found.least, found.greatest))


@pytest.mark.parametrize("values", [("Critical", "Not Critical"), ("2021-05-01", "60601-1234", "14-123-456789")])
def test_values_that_do_not_are_kept(values: tuple[str, ...]) -> None:
    assert profile(column("Field 7", ValueKind.CODE, *values)).samples == values


@pytest.mark.parametrize("name", ["Owner Name", "Phone", "Plate", "Home Address", "Birth Date"])
@pytest.mark.parametrize("kind", ValueKind)
def test_of_personal_columns_nothing_is_kept(name: str, kind: ValueKind) -> None:
    found = profile(column(name, kind, "secret one", "secret two"))
    assert b"secret" not in orjson.dumps(profiles.dump({name: found}))


@given(kind=st.sampled_from([ValueKind.TEXT, ValueKind.IDENTIFIER, ValueKind.POINT]), value=st.text(min_size=1))
def test_texts_and_ids_are_never_kept(kind: ValueKind, value: str) -> None:
    found = profile(column("Block", kind, value))
    assert not any((found.values, found.samples, found.least, found.greatest))


def test_long_numbers_may_be_telephones() -> None:
    one = ColumnSummary("n", ValueKind.NUMBER, 0, 9, 0.5, "1", "9", (), ("3125550123",), (("9999999999", 1.0),))
    assert not profile(one).samples


def test_categories_of_persons_are_kept_and_told() -> None:
    found = profile(column("VIC_SEX", ValueKind.CODE, "F", "M"))
    assert (found.personal, found.samples) == ("group", ("F", "M"))


def test_profiles_come_back_from_json(crime: dict[str, dict[str, ColumnProfile]]) -> None:
    for found in crime.values():
        assert profiles.load(orjson.loads(orjson.dumps(profiles.dump(found)))) == found
    with pytest.raises(Misconfigured, match="not of this version"):
        profiles.load({"a": {"name": "a", "kind": "smell"}})


@pytest.mark.parametrize(
    ("other", "name", "theirs"),
    [
        ("new_york", "Latitude", "Latitude"),
        ("boston", "Longitude", "Long"),
        ("washington_dc", "Location Description", None),
        ("boston", "Location", "Location"),
        ("washington_dc", "Case Number", "CCN"),
        ("new_york", "Location Description", "PREM_TYP_DESC"),
        ("new_york", "Primary Type", "OFNS_DESC"),
    ],
)
def test_the_same_thing_is_found_by_values_alone(
    crime: dict[str, dict[str, ColumnProfile]], other: str, name: str, theirs: str | None
) -> None:
    mine = crime["chicago"][name]
    score, best = max((similarity(mine, one)[0], one.name) for one in crime[other].values())
    if theirs is None:
        assert score < 0.6
    else:
        assert best == theirs or similarity(mine, crime[other][theirs])[0] == score


def test_reasons_name_the_evidence(crime: dict[str, dict[str, ColumnProfile]]) -> None:
    chicago, york = crime["chicago"], crime["new_york"]
    assert similarity(chicago["Location Description"], york["PREM_TYP_DESC"])[1][:2] == [
        "both have a list of codes",
        "both use STREET, OTHER, DEPARTMENT STORE",
    ]
    assert similarity(chicago["Date"], york["RPT_DT"])[1][1].startswith("both have values from 2014-02-28 to")
    assert similarity(chicago["Date"], york["Latitude"]) == (0.05, ["one has dates, the other latitudes"])


def test_likeness_is_symmetric_and_a_share(crime: dict[str, dict[str, ColumnProfile]]) -> None:
    for one, other in product(crime["chicago"].values(), crime["boston"].values()):
        assert 0 <= similarity(one, other)[0] <= 1
        assert similarity(one, other)[0] == similarity(other, one)[0]
    for one in crime["boston"].values():
        assert similarity(one, one)[0] >= 0.65


def test_no_values_say_nothing() -> None:
    empty = ColumnProfile("a", ValueKind.EMPTY, 1.0, 0, 0.0)
    assert similarity(empty, empty)[0] == 0.5


@pytest.fixture
def permits(write: Callable[..., None]) -> str:
    """A data set with three columns, in the catalog."""
    names = (("PERMIT#", "permit_"), ("Status", "status"), ("Issued", "issued"))
    columns = tuple(Column(name, field) for name, field in names)
    one = Dataset("chicago", "chicago", "data.cityofchicago.org", "ydr8-5enu", "Permits", columns=columns)
    write([one])
    return one.id


def test_a_file_becomes_the_profile_of_a_dataset(permits: str, tmp_path: Path) -> None:
    rows = tmp_path / "permits.csv"
    rows.write_text("permit#,STATUS,extra\n" + "".join(f"P{n},open,x\n" for n in range(50)))
    for _ in range(2):  # a second time takes the place of the first
        form = profiling.profile_file(permits, rows)
    assert (form["rows"], form["left_out"], form["unknown"]) == (50, 0, ["extra"])
    assert [one["name"] for one in form["columns"]] == ["PERMIT#", "Status"]
    assert Profile.objects.count() == 1
    assert profiling.of(Profile.objects.get().dataset)["Status"].samples == ("open",)


def test_a_file_that_is_not_of_the_dataset_is_refused(permits: str, tmp_path: Path) -> None:
    rows = tmp_path / "other.csv"
    rows.write_text("a,b,c,d,status\n1,2,3,4,5\n")
    with pytest.raises(
        FileRefused, match=r"1 of 5 columns of other\.csv are of “chicago/ydr8-5enu” .a, b, c, d … are not"
    ):
        profiling.profile_file(permits, rows)
    rows.write_text("a,b\n")
    with pytest.raises(FileRefused, match="has no rows"):
        profiling.profile_file(permits, rows)
    with pytest.raises(NotFound):
        profiling.profile_file("chicago/none", rows)
