"""Packaged crosswalks fit the columns of every recorded file of rows that they name."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from commonground.cities import cities
from commonground.engine.tabular.rows import open_rows
from commonground.protocols.base import Notes
from commonground.protocols.recordings import find
from commonground.protocols.registry import reader
from commonground.standards import files
from commonground.standards.fitting import against


def recorded(recordings: Path) -> dict[str, list[str]]:
    """Paths of files of rows, by the name that a source gives them: PORTAL/NATIVE-ID, and the path itself."""
    slugs = {portal.host: portal.slug for city in cities().values() for portal in city.portals}
    found: dict[str, list[str]] = {}
    with (recordings / "rows/MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        for one in csv.DictReader(file):
            found.setdefault(one["file"].removeprefix("rows/").removesuffix(".gz"), []).append(one["file"])
            if one["dataset"]:
                found.setdefault(f"{slugs.get(one['portal'])}/{one['dataset']}", []).append(one["file"])
    return found


@pytest.mark.whole
def test_every_column_that_a_crosswalk_reads_is_there(recordings: Path) -> None:
    paths, told, seen = recorded(recordings), [], set()
    for crosswalk in files.crosswalks():
        for source in crosswalk.sources:
            for path in paths.get(source.name, ()):
                with open_rows(recordings / path) as rows:
                    columns = {one.strip() for one in rows.names}
                joined = columns.union(*(one.columns for one in source.join))
                told += [(path, str(one)) for one in against(crosswalk, crosswalk.vintage(joined), columns, source)]
                seen.add(path)
    assert told == []
    assert len(seen) >= 30


DIALECTS = {"socrata": "socrata-discovery", "ckan": "ckan"}
"""Catalogs that say which columns a dataset has."""


def told(recordings: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Of each dataset whose columns a catalog lists: PORTAL/NATIVE-ID, the columns' names, and their fields."""
    portals = {portal.host: portal for city in cities().values() for portal in city.portals}
    for one in find(recordings / "portals"):
        if one.host in portals and one.protocol in DIALECTS:
            portal, dialect = portals[one.host], reader(DIALECTS[one.protocol])
            for raw in one.holdings().records:
                key = dialect.native_id(raw)
                columns = dialect.normalize(raw, portal, Notes(key)).columns
                if columns:
                    yield f"{portal.slug}/{key}", [each.name for each in columns], [each.field for each in columns]
    for one in json.loads((recordings / "g7-core-datasets.json").read_text(encoding="utf-8")):
        if one["domain"] in portals and one["id"]:
            names, fields = ([each[way] for each in one["columns"] if each[way]] for way in ("name", "field"))
            yield f"{portals[one['domain']].slug}/{one['id']}", names, fields


@pytest.mark.whole
@pytest.mark.recordings
def test_every_column_that_a_crosswalk_reads_is_in_the_catalog(recordings: Path) -> None:
    """The one way or the other: rows come under the names of the columns, or under those that programs call them by."""
    found: list[str] = []
    seen: set[tuple[str, str]] = set()
    listed: dict[str, list[list[list[str]]]] = {}
    for key, names, fields in told(recordings):
        listed.setdefault(key, []).append([names, fields])
    for crosswalk in files.crosswalks():
        for source in crosswalk.sources:
            for ways in listed.get(source.dataset, ()):
                lacking = [against(crosswalk, crosswalk.vintage(set(way)), way, source) for way in ways]
                found += [f"{crosswalk.id}: {one}" for one in min(lacking, key=len)]
                seen.add((crosswalk.id, source.dataset))
    assert found == []
    assert len(seen) >= 40, "New York, Chicago, Los Angeles, San Francisco and Seattle, by their catalogs"
