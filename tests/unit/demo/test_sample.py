"""The sample is large enough, clearly labelled, the same everywhere, and understood by every protocol."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from importlib.resources import files

import pytest

from commonground import cities
from commonground.demo import sample
from commonground.demo.entries import catalogs, subjects
from commonground.demo.stage import RECORDS
from commonground.errors import NotFound
from commonground.protocols.base import Notes
from commonground.protocols.registry import readers
from commonground.words import Dataset, Kind

TODAY = date(2026, 11, 23)
MAIN = ["san-francisco", "new-york", "seattle", "washington-dc", "boston", "los-angeles", "chicago"]
ALL = [dataset for datasets in sample.portals(TODAY).values() for dataset in datasets]
IDS = {
    "socrata": r"[2-9a-z]{4}-[2-9a-z]{4}",
    "arcgis-hub": r"[0-9a-f]{32}(_\d+)?",
    "ckan": r"[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
}


@pytest.mark.parametrize("slug", MAIN)
def test_each_main_portal_is_large_and_broad(slug: str) -> None:
    entries = catalogs()[slug].datasets
    assert len(entries) >= 45
    assert len({entry.subject for entry in entries}) >= 28


def test_hosts_are_those_of_the_cities() -> None:
    known = cities.portals(cities.cities())
    assert set(sample.portals(TODAY)) == {known[slug].host for slug in [*MAIN, "los-angeles-controller"]}


def test_a_city_has_the_datasets_of_all_its_portals() -> None:
    hosts = Counter(dataset.host for dataset in sample.datasets("los_angeles", TODAY))
    assert set(hosts) == {"data.lacity.org", "controllerdata.lacity.org"}
    assert all(dataset.city == "los_angeles" for dataset in sample.datasets("los_angeles", TODAY))


def test_another_city_is_not_found() -> None:
    with pytest.raises(NotFound, match="gotham"):
        sample.datasets("gotham", TODAY)


def test_the_great_subjects_are_in_every_city() -> None:
    shared = Counter(subject for slug in MAIN for subject in {entry.subject for entry in catalogs()[slug].datasets})
    assert {name for name, count in shared.items() if count == len(MAIN)} >= {"crime", "building-permits", "crashes"}
    assert len([name for name, count in shared.items() if count >= 5]) >= 28


def test_no_subject_is_unknown_or_unused() -> None:
    assert {entry.subject for catalog in catalogs().values() for entry in catalog.datasets} == set(subjects())


def test_every_record_says_that_it_is_a_sample() -> None:
    label = sample.LABEL.rstrip(".")
    unlabelled = [one.title for one in ALL if label not in one.description and label not in one.keywords]
    assert unlabelled == []
    assert all(label in one.description_html for one in ALL if one.description_html)


def test_the_same_on_every_day_but_for_dates() -> None:
    later = sample.portals(TODAY + timedelta(days=10))
    assert sample.portals(TODAY) == sample.portals(TODAY)
    for host, datasets in sample.portals(TODAY).items():
        for one, other in zip(datasets, later[host], strict=True):
            assert (one.id, one.title, one.columns, one.row_count) == (
                other.id,
                other.title,
                other.columns,
                other.row_count,
            )


def test_nothing_happened_after_today_or_before_it_was_published() -> None:
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    for one in ALL:
        moments = [moment.at for moment in (one.issued, one.modified, one.data_updated) if moment and moment.at]
        assert moments == sorted(moments), one.title
        assert moments[-1] <= midnight, one.title


@pytest.mark.parametrize("dataset", ALL, ids=lambda one: f"{one.portal}/{one.title}")
def test_a_record_comes_back_through_its_protocol(dataset: Dataset) -> None:
    """What the portal's protocol makes of it is read as the same dataset, and nothing strange is found in it."""
    portal = cities.portal(dataset.portal, cities.cities())
    reader, notes = readers(portal.protocol)[0], Notes()
    raw = import_module(RECORDS[portal.protocol]).record(dataset)
    back = reader.normalize(raw, portal, notes)
    assert re.fullmatch(IDS[portal.protocol], dataset.native_id)
    assert reader.native_id(raw) == dataset.native_id
    assert (back.id, back.title, back.kind, back.parents) == (dataset.id, dataset.title, dataset.kind, dataset.parents)
    assert {column.name for column in back.columns or ()} == {column.name for column in dataset.columns or ()}
    assert (back.publisher, back.license) == (dataset.publisher, dataset.license)
    assert (back.frequency and back.frequency.days) == (dataset.frequency and dataset.frequency.days)
    assert {way.format for way in back.distributions} >= {way.format for way in dataset.distributions}
    assert sample.LABEL in back.description or dataset.description == ""
    assert {finding.code for finding in notes.found} <= {"date-unreadable", "repeated-keyword"}


def test_ids_are_unique_and_parents_exist() -> None:
    ids = {one.id for one in ALL}
    assert len(ids) == len(ALL)
    assert {f"{one.portal}/{parent}" for one in ALL for parent in one.parents} <= ids


def test_every_kind_of_thing_that_portals_publish_is_there() -> None:
    kinds = Counter(one.kind for one in ALL)
    assert set(kinds) == {
        Kind.TABLE,
        Kind.MAP_LAYER,
        Kind.VIEW,
        Kind.CHART,
        Kind.LINK,
        Kind.FILE,
        Kind.STORY,
    }


def test_a_few_records_are_odd_on_purpose() -> None:
    stale = [one for one in ALL if _is_stale(one)]
    assert {one.city for one in stale} >= {"san_francisco", "new_york", "los_angeles", "boston"}
    assert len([one for one in ALL if not one.description]) == 7
    assert len([one for one in ALL if one.modified and one.modified.at is None]) == 5
    assert len([one for one in ALL if _repeats(one.keywords)]) == 7
    assert len([way for one in ALL for way in one.distributions if "maps2.dcgis.dc.gov" in way.url]) == 3


def _is_stale(one: Dataset) -> bool:
    days = one.frequency.days if one.frequency else None
    at = one.data_updated.at if one.data_updated else None
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    return bool(days and days <= 1 and at and midnight - at > timedelta(days=700))


def _repeats(words: tuple[str, ...]) -> bool:
    return len({word.casefold() for word in words}) < len(words)


def test_washington_publishes_one_dataset_a_year() -> None:
    titles = {one.title for one in ALL if one.portal == "washington-dc"}
    assert {f"Crime Incidents in {year}" for year in (2019, 2020, 2024, 2025, 2026)} <= titles


def test_no_address_of_a_person() -> None:
    for one in ALL:
        assert "@" not in f"{one.publisher} {one.title} {one.description} {one.keywords}"
        assert one.contact
        assert one.contact == cities.portal(one.portal, cities.cities()).contact


def test_the_files_are_small() -> None:
    folder = files("commonground.demo")
    paths = [folder.joinpath("subjects.toml"), *folder.joinpath("catalogs").iterdir()]
    assert sum(len(path.read_bytes()) for path in paths) < 400_000


def test_names_are_those_of_the_catalogs() -> None:
    assert sample.names() == set(catalogs())
