from __future__ import annotations

from datetime import UTC, datetime

import pytest

from commonground.protocols.base import Notes
from commonground.protocols.fields.moments import moment
from commonground.words import Moment


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2020-02-29T12:41:27.123Z", "2020-02-29T12:41:27.123000"),
        ("2020-02-29T12:41:27-05:00", "2020-02-29T17:41:27"),
        ("2026-03-27T13:54:55.513669+01:00", "2026-03-27T12:54:55.513669"),
        ("2019-06-27 12:41:27", "2019-06-27T12:41:27"),
        ("2025/04/14 16:26:33+00", "2025-04-14T16:26:33"),
        ("2012/04/20 23:11:28", "2012-04-20T23:11:28"),
        ("2020-02-29", "2020-02-29"),
        ("2023-10", "2023-10-01"),
        ("2023", "2023-01-01"),
        ("20240131", "2024-01-31"),
        (20240131, "2024-01-31"),
        (1424000000, "2015-02-15T11:33:20"),
        (1424000000000, "2015-02-15T11:33:20"),
        (1424000000.0, "2015-02-15T11:33:20"),
        ("1424000000000", "2015-02-15T11:33:20"),
        (-86400, "1969-12-31"),
        (0, "1970-01-01"),
        ("2/21/2013", "2013-02-21"),
        ("04/09/2019", "2019-04-09"),
        ("9/11/2017 3:33:18 PM", "2017-09-11T15:33:18"),
        ("01/31/2020 12:05:00 AM", "2020-01-31T00:05:00"),
        ("/Date(1424000000000)/", "2015-02-15T11:33:20"),
        ("/Date(1424000000000-0500)/", "2015-02-15T11:33:20"),
        ("December 31, 2020", "2020-12-31"),
        ("31 Dec 2020", "2020-12-31"),
        ("June 2011", "2011-06-01"),
        ("Tue, 27 Feb 2018 23:01:24 GMT", "2018-02-27T23:01:24"),
        ("2018-02-27 15:01 PST", "2018-02-27T23:01:00"),
        ({"@value": "2020-02-29", "@type": "xsd:date"}, "2020-02-29"),
    ],
)
def test_forms(given: object, expected: str) -> None:
    notes = Notes()
    found = moment(given, notes, "modified")
    assert found is not None
    assert found.at == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert found.at.tzinfo is UTC
    assert not notes.found


@pytest.mark.parametrize("given", [None, "", "  ", {}])
def test_nothing_is_nothing(given: object) -> None:
    notes = Notes()
    assert moment(given, notes, "modified") is None
    assert not notes.found


@pytest.mark.parametrize(
    "given",
    [
        "R/P1W",
        "P1Y",
        "12/9112020",
        "Daily Updates",
        "13/45/2020",
        "2020-02-30",
        "{{modified:toISO}}",
        "5",
        "May",
        "nan",
        "x" * 500,
    ],
)
def test_what_is_no_date_is_kept_as_text_and_noted(given: str) -> None:
    notes = Notes()
    found = moment(given, notes, "modified")
    if given == "5":  # five seconds after 1970 began: a number is a time, however odd
        assert found == Moment(datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC), "5")
        return
    assert found == Moment(None, given[:200])
    assert [finding.code for finding in notes.found] == ["date-unreadable"]


@pytest.mark.parametrize(
    "given",
    [
        "0000-00-00",
        "0000-01-01T00:00:00Z",
        "0001-01-01",
        "1025-03-24",
        "9999-12-31",
        "9999-12-31T23:59:59-05:00",
        "0000",
        "20199-01-01",
        "1/1/9999",
        10**18,
        "/Date(99999999999999999)/",
        1e300,
        "99999999999999999",
    ],
)
def test_impossible_years_are_kept_as_text_and_noted(given: object) -> None:
    notes = Notes()
    found = moment(given, notes, "issued")
    assert found is not None
    assert found.at is None
    assert found.text
    assert [finding.code for finding in notes.found] in (["date-out-of-range"], ["date-unreadable"])
    if isinstance(given, str):
        assert notes.found[0].code == "date-out-of-range"


@pytest.mark.parametrize("given", [True, [2020], ["2020-01-01"]])
def test_another_type_is_noted(given: object) -> None:
    notes = Notes()
    assert moment(given, notes, "issued") is None
    assert [finding.code for finding in notes.found] == ["wrong-type"]


def test_a_time_without_offset_is_local_to_the_zone() -> None:
    winter = moment("2020-01-15", Notes(), "issued", zone="America/Chicago")
    summer = moment("2020-07-15T10:00:00", Notes(), "issued", zone="America/Chicago")
    told = moment("2020-07-15T10:00:00Z", Notes(), "issued", zone="America/Chicago")
    assert winter == Moment(datetime(2020, 1, 15, 6, tzinfo=UTC), "2020-01-15")
    assert summer == Moment(datetime(2020, 7, 15, 15, tzinfo=UTC), "2020-07-15T10:00:00")
    assert told == Moment(datetime(2020, 7, 15, 10, tzinfo=UTC), "2020-07-15T10:00:00Z")
