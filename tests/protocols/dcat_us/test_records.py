"""Our datasets as DCAT-US records: valid for data.gov, and the same dataset when read again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from werkzeug.test import Client as Browser

from commonground.protocols.base import Holdings, Notes
from commonground.protocols.data_json import document, stream
from commonground.protocols.data_json.dataset import kind_of
from commonground.protocols.dcat_us.read import DcatUs
from commonground.protocols.dcat_us.record import record, record_3
from commonground.protocols.dcat_us.serve import app
from commonground.protocols.fields.frequencies import frequency
from commonground.protocols.fields.licenses import license_of
from commonground.protocols.fields.prose import description
from commonground.protocols.recordings import find, newest
from commonground.words import (
    Contact,
    Dataset,
    Distribution,
    Extent,
    Frequency,
    Kind,
    License,
    Moment,
    Period,
    Portal,
    Raw,
)
from tests.strategies import datasets

HOST = "data.city.example"
PORTAL = Portal("city", "city", "City", HOST, "dcat-us", f"https://{HOST}")
OFFICE = Contact("Open Data Team", "opendata@city.example")
READER = DcatUs()
HARVESTED = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
SCHEMAS = "schemas/datagov-harvester-2026/schemas"
slowly = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)


@cache
def version_1(folder: Path) -> Draft202012Validator:
    schema = json.loads((folder / SCHEMAS / "dcatus1.1/non-federal_dataset.json").read_text())
    return Draft202012Validator(schema, format_checker=FormatChecker())


@cache
def version_3(folder: Path) -> Draft202012Validator:
    definitions = [json.loads(path.read_text()) for path in (folder / SCHEMAS / "dcatus3.0/definitions").glob("*.json")]
    registry: Registry[Any] = Registry().with_resources(
        [(one["$id"], Resource.from_contents(one)) for one in definitions]
    )
    schema = next(one for one in definitions if one["title"] == "Dataset")
    return Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())


def valid(validator: Draft202012Validator, made: Raw) -> None:
    errors = [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(made)]
    assert errors == []


def served(*records: Raw) -> list[Raw]:
    answer = Browser(app(Holdings(HOST, records))).get("/data.json")
    return list(stream([answer.data], HOST))


def carried(dataset: Dataset) -> Dataset:
    """The dataset as far as DCAT-US 1.1 can carry it; what stands in is told in `data_json.record`."""
    told = [one for one in (dataset.modified, dataset.data_updated, dataset.issued) if one and one.at]
    html, plain = dataset.description_html, dataset.description
    if not html:
        html, plain = description(dataset.title, Notes(), "", dialect="text")
    days = dataset.frequency.days if dataset.frequency else None
    rhythm = None
    if dataset.frequency and days:
        iso = dataset.frequency.text.startswith("R/")
        rhythm = frequency(dataset.frequency.text if iso else f"R/P{days:.10g}D")
    return replace(
        dataset,
        kind=kind_of({}, dataset.distributions),
        description_html=html,
        description=plain,
        publisher=dataset.publisher or HOST,
        contact=dataset.contact if dataset.contact and dataset.contact.email else OFFICE,
        license=license_of(dataset.license.url) if dataset.license and dataset.license.url else None,
        keywords=dataset.keywords or dataset.themes or (dataset.kind.value.replace("_", " "),),
        issued=_dated(dataset.issued),
        modified=_dated(told[0]) if told else None,
        data_updated=None,
        frequency=rhythm,
        temporal=dataset.temporal if dataset.temporal and dataset.temporal.end else None,
        columns=None,
        row_count=None,
        parents=dataset.parents[:1],
        series="",
    )


def _dated(moment: Moment | None) -> Moment | None:
    """Dates and instants in UTC keep their text; others come back as the instant that they name."""
    if moment is None or moment.at is None:
        return None
    plain = len(moment.text) == len("2024-01-31")
    return moment if plain else Moment(moment.at, moment.at.replace(tzinfo=None).isoformat() + "Z")


@given(datasets(PORTAL))
@slowly
def test_what_is_served_is_read_as_the_same_dataset(dataset: Dataset) -> None:
    [raw] = served(record(dataset, contact=OFFICE))
    notes = Notes()
    read = READER.normalize(raw, PORTAL, notes)
    expected = carried(dataset)
    assert replace(read, temporal=None) == replace(expected, temporal=None)
    assert (read.temporal and (read.temporal.start, read.temporal.end)) == (
        expected.temporal and (expected.temporal.start, expected.temporal.end)
    )
    assert {one.code for one in notes.found} <= {"license-unknown"}
    again = READER.normalize(record(read, contact=OFFICE), PORTAL, Notes())
    assert again == read


@given(dataset=datasets(PORTAL))
@slowly
def test_records_are_valid_for_data_gov(recordings: Path, dataset: Dataset) -> None:
    valid(version_1(recordings), record(dataset, contact=OFFICE, modified=HARVESTED))
    valid(version_1(recordings), record(dataset, contact=OFFICE))
    valid(version_3(recordings), record_3(dataset, contact=OFFICE, modified=HARVESTED))


wild_text = st.text(max_size=40)
wild_urls = st.one_of(
    wild_text,
    st.builds(
        "https://{}/{}?{}#{}".format,
        st.sampled_from(["a.example", "é.example", "[::1]", "a b"]),
        wild_text,
        wild_text,
        wild_text,
    ),
    st.sampled_from(
        ["https://a.example/%zz", "http://a.example/#a#b", "mailto:a@b.example", "ftp://a.example/x y", "http:///x"]
    ),
)
wild_times = st.datetimes(datetime(1600, 1, 2), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
wild_moments = st.builds(Moment, st.none() | wild_times, wild_text | st.just("2020-01-01"))
wild_datasets = st.builds(
    Dataset,
    city=st.just("city"),
    portal=st.just("city"),
    host=st.just(HOST),
    native_id=st.text(min_size=1, max_size=20),
    title=wild_text,
    kind=st.sampled_from(Kind),
    description_html=wild_text,
    description=wild_text,
    publisher=wild_text,
    contact=st.none() | st.builds(Contact, wild_text, st.none() | wild_text | st.emails()),
    license=st.none() | st.builds(License, wild_text, st.none(), st.none() | wild_urls),
    themes=st.lists(wild_text, max_size=3).map(tuple),
    keywords=st.lists(wild_text, max_size=3).map(tuple),
    issued=st.none() | wild_moments,
    modified=st.none() | wild_moments,
    frequency=st.none() | st.builds(Frequency, wild_text | st.sampled_from(["R/P1D", "R/P", "irregular"]), st.none() | st.floats(1e-5, 1e5)),
    spatial=st.none() | st.builds(Extent, *[st.floats(-90, 90)] * 4, wild_text),
    temporal=st.none() | st.builds(Period, st.none() | wild_times, st.none() | wild_times, wild_text),
    distributions=st.lists(st.builds(Distribution, wild_urls, st.sampled_from(["CSV", "HTML", "Other"]), wild_text, wild_text | st.sampled_from(["text/csv", "text/csv; charset=utf-8"])), max_size=3).map(tuple),
    landing_page=wild_urls,
    parents=st.lists(wild_text, max_size=2).map(tuple),
    series=wild_text,
)  # fmt: skip


@given(dataset=wild_datasets)
@slowly
def test_any_dataset_makes_a_valid_record(recordings: Path, dataset: Dataset) -> None:
    valid(version_1(recordings), record(dataset, contact=OFFICE))
    valid(version_3(recordings), record_3(dataset, contact=OFFICE))


@pytest.mark.parametrize("html", ["", "<p>" + "x" * 20_000 + "</p>"])
def test_long_texts_are_cut_to_what_the_schema_takes(recordings: Path, html: str) -> None:
    dataset = Dataset(
        *("city", "city", HOST, "1", "T"),
        description_html=html,
        description="x" * 20_000,
        keywords=("k" * 1_500, *map(str, range(1_200))),
        license=License("z" * 400),
    )
    made = record(dataset, contact=OFFICE)
    valid(version_1(recordings), made)
    assert len(made["description"]) == 10_000
    assert made["description"].endswith("…")


def test_whole_catalogs_become_valid_records(recordings: Path) -> None:
    for recording in newest(find(recordings / "portals")).values():
        if recording.protocol == "arcgis-hub":
            held = recording.holdings().records[::7]
            made = [record(READER.normalize(raw, PORTAL, Notes()), contact=OFFICE) for raw in held]
            for one in made:
                valid(version_1(recordings), one)
            assert document({}, made)["conformsTo"] == "https://project-open-data.cio.gov/v1.1/schema"


def test_identifiers_can_be_ours() -> None:
    dataset = Dataset("city", "city", HOST, "a/1", "T", parents=("a/2",))
    made = record(dataset, contact=OFFICE, identify=lambda native: f"https://ours.example/{native}")
    assert (made["identifier"], made["isPartOf"]) == ("https://ours.example/a/1", "https://ours.example/a/2")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"modified": Moment(HARVESTED, "x"), "issued": Moment(None, "y")}, "2024-05-06T07:08:09Z"),
        ({"issued": Moment(HARVESTED, "2024-05-06T07:08:09Z")}, "2024-05-06T07:08:09Z"),
        ({"frequency": Frequency("Daily", 1.0)}, "R/P1D"),
        ({}, "R/P"),
    ],
)
def test_modified_is_the_nearest_true_value(fields: dict[str, Any], told: str) -> None:
    dataset = Dataset("city", "city", HOST, "1", "T", **fields)
    assert record(dataset)["modified"] == told


def test_version_3_keeps_open_periods_and_series(recordings: Path) -> None:
    dataset = Dataset(
        *("city", "city", HOST, "1", "Permits 2024"),
        temporal=Period(HARVESTED, None, "2024-05-06/.."),
        series="permits",
        license=License("City terms"),
        spatial=Extent(-77.1, 38.7, -76.9, 39.0),
    )
    made = record_3(dataset, contact=OFFICE)
    valid(version_3(recordings), made)
    read = READER.normalize(made, PORTAL, Notes())
    assert (read.series, read.native_id) == ("permits", "1")
    assert read.temporal is not None
    assert (read.temporal.start, read.temporal.end) == (HARVESTED, None)
    assert read.spatial is not None
    assert (read.spatial.west, read.spatial.north) == (-77.1, 39.0)
