"""The criteria of metadata quality: what each asks, and what is not held against a city."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commonground.catalog import quality
from commonground.catalog.quality import CODES, CRITERIA, SOURCES, criteria
from commonground.protocols.base import Capabilities, Notes
from commonground.protocols.fields.values import at
from commonground.protocols.findings import rules
from commonground.protocols.recordings import find, newest
from commonground.protocols.registry import READERS, readers
from commonground.words import (
    Column,
    Contact,
    Dataset,
    Distribution,
    Fixer,
    Frequency,
    Kind,
    License,
    Moment,
    Portal,
    Severity,
)
from tests.conftest import REPOSITORY

EVERYTHING = Capabilities(True, True, True, True, True)
MANUAL = REPOSITORY / "docs/reference/quality.md"
JULY = Moment(datetime(2022, 7, 23, tzinfo=UTC), "2022-07-23")
GOOD = Dataset(
    city="chicago",
    portal="chicago",
    host="data.cityofchicago.org",
    native_id="ydr8-5enu",
    title="Building Permits",
    description="Permits issued by the city from 2006 to the present. Fees are not payments.",
    publisher="Department of Buildings",
    contact=Contact("Open Data Team"),
    license=License("CC0", spdx="CC0-1.0"),
    themes=("Buildings",),
    keywords=("permits",),
    data_updated=JULY,
    frequency=Frequency("As needed"),
    columns=(Column("ID", "id", description="Number of the permit"), Column("Region", ":@computed_region_1")),
    distributions=(Distribution("https://data.cityofchicago.org/rows.csv", "CSV"),),
    landing_page="https://data.cityofchicago.org/d/ydr8-5enu",
)
BAD: dict[str, dict[str, Any]] = {
    "unclear-title": {"title": "census_tracts_odata2"},
    "no-description": {"description": ""},
    "thin-description": {"description": "Building permits."},
    "no-publisher": {"publisher": ""},
    "no-contact": {"contact": None},
    "no-license": {"license": None},
    "license-unknown": {"license": License("See terms")},
    "no-keywords": {"keywords": ()},
    "no-theme": {"themes": ()},
    "no-frequency": {"frequency": None},
    "no-change-date": {"data_updated": Moment(None, "last week")},
    "no-columns": {"columns": ()},
    "columns-undescribed": {"columns": (Column("ID", "id"), Column("Fee", "fee", description="US dollars"))},
    "no-landing-page": {"landing_page": ""},
    "no-distribution": {"distributions": ()},
    "no-format": {"distributions": (*GOOD.distributions, Distribution("https://a.example/x", "Other"))},
    "not-machine-readable": {"distributions": (Distribution("https://a.example/x.pdf", "PDF"),)},
}


def codes(dataset: Dataset, knows: Capabilities = EVERYTHING) -> list[str]:
    return [one.code for one in criteria(dataset, knows)]


def test_a_good_record_has_nothing_to_fix() -> None:
    assert codes(GOOD) == []


@pytest.mark.parametrize("code", BAD)
def test_each_criterion_finds_what_it_asks_for_and_nothing_else(code: str) -> None:
    (found,) = criteria(replace(GOOD, **BAD[code]), EVERYTHING)
    assert (found.code, found.native_id) == (code, "ydr8-5enu")
    said = rules()[code].say(found)
    assert said.endswith(".")
    assert "“”" not in said


def test_every_criterion_is_tried_explained_and_cited() -> None:
    assert set(BAD) == CODES
    text = MANUAL.read_text(encoding="utf-8")
    seen: set[str] = set()
    for one in CRITERIA:
        assert (rules()[one.code].severity, rules()[one.code].fixer) == (Severity.NOTE, Fixer.CITY)
        assert one.after in {"", *seen}, "what it builds on stands before it"
        assert one.sources
        assert set(one.sources) <= set(SOURCES)
        assert one.asks.endswith(".")
        assert one.needs in {"", *Dataset.__dataclass_fields__}
        assert f"| `{one.code}` | {one.asks} |" in text
        seen.add(one.code)
    for title, address in SOURCES.values():
        assert f"[{title}]({address})" in text


@pytest.mark.parametrize(
    ("title", "detail"),
    [
        ("#1_SPP", "looks like the name of a file"),
        ("permits-2019.xlsx", "looks like the name of a file"),
        ("2012-2013 CLASS SIZE REPORT CITY LEVEL DETAIL", "is written in capitals"),
        ("5B - NGW 2020 Q3", "holds abbreviations only"),
        ("10/18/2019", "holds no word"),
        ("n", "holds no word"),
    ],
)
def test_titles_that_say_nothing(title: str, detail: str) -> None:
    (found,) = criteria(replace(GOOD, title=title), EVERYTHING)
    assert (found.sample, found.detail) == (title, detail)


@pytest.mark.parametrize(
    "title", ["Trees", "311 Service Requests", "SFMTA – Parking meters", "Árboles", "HYSTER", "P-Patches"]
)
def test_titles_that_are_left_alone(title: str) -> None:
    assert codes(replace(GOOD, title=title)) == []


def test_what_a_dialect_cannot_say_is_not_held_against_the_city() -> None:
    bare = Dataset("boston", "boston", "data.boston.gov", "a", "Trees")
    mute = Capabilities(
        True, False, False, False, False, cannot_say=frozenset({"publisher", "contact", "license", "frequency"})
    )
    assert set(codes(bare)) - set(codes(bare, mute)) == {
        "no-publisher",
        "no-contact",
        "no-license",
        "no-frequency",
        "no-columns",
    }


def test_only_data_are_asked_for_columns_and_files() -> None:
    story = replace(GOOD, kind=Kind.STORY, columns=None, distributions=(), frequency=None)
    assert codes(story) == []
    assert codes(replace(story, kind=Kind.TABLE)) == ["no-frequency", "no-columns"]


def test_columns_without_description_are_counted_and_named() -> None:
    many = tuple(Column(f"Name {n}", f"name_{n}") for n in range(30))
    (found,) = criteria(replace(GOOD, columns=many), EVERYTHING)
    assert found.detail.startswith("30 of 30: Name 0, Name 1, ")
    assert found.detail.endswith("Name 9, …")
    assert found.sample == ""  # so that another count is the same finding, with another detail


def test_recorded_catalogs_are_judged_as_their_raw_records_say(recordings: Path) -> None:
    for host, protocol, place in (
        ("data.cityofchicago.org", "socrata", "resource.description"),
        ("data.boston.gov", "ckan", "notes"),
    ):
        recording = newest(find(recordings / "portals"))[host]
        reader = readers(protocol)[0]
        portal = Portal("a", "a", "A", host, protocol, f"https://{host}")
        counts: Counter[str] = Counter()
        raws = recording.holdings().records
        for raw in raws:
            counts.update(one.code for one in criteria(reader.normalize(raw, portal, Notes()), reader.capabilities))
        assert counts["no-description"] == sum(not str(at(raw, place) or "").strip() for raw in raws) > 5
        assert counts["no-columns"] < 5
        assert counts["columns-undescribed"] > 50


def test_what_dialects_cannot_say_are_fields_of_a_dataset() -> None:
    said = {name for protocol in READERS for one in readers(protocol) for name in one.capabilities.cannot_say}
    assert said <= set(Dataset.__dataclass_fields__)
    assert "frequency" in said


def test_criteria_look_at_what_is_needed_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A criterion that builds on another is not even asked where that one is not met."""
    asked: list[str] = []

    def watched(one: quality.Criterion) -> Callable[[Dataset], quality.Fault | None]:
        def fault(dataset: Dataset) -> quality.Fault | None:
            asked.append(one.code)
            return one.fault(dataset)

        return fault

    watchful = {
        kind: tuple(replace(one, fault=watched(one)) for one in some) for kind, some in quality._BY_KIND.items()
    }
    monkeypatch.setattr(quality, "_BY_KIND", watchful)
    criteria(replace(GOOD, description="", license=None, distributions=()), EVERYTHING)
    assert not {"thin-description", "license-unknown", "no-format", "not-machine-readable"} & set(asked)
