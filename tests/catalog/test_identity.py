"""Seattle's 234 federated records and the Hub that they point to, harvested over HTTP from loopback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser

from commonground.catalog import browse, identity, index, overview, related, removal, tasks
from commonground.catalog.counter import next_generation
from commonground.catalog.models import Counter, Dataset, Finding, Move, Revision
from commonground.catalog.search import Query
from commonground.protocols.arcgis_hub.record import record
from commonground.protocols.base import Holdings
from commonground.protocols.http import Client
from commonground.protocols.recordings import find, newest, save
from commonground.protocols.replay import staged
from commonground.words import Dataset as DatasetWord
from commonground.words import Distribution, Kind

HUB = "data-seattlecitygis.opendata.arcgis.com"
COLLISIONS = "5b5c745e0f1f48e7a53acec63a0022ab_0"


def run(folder: Path, *names: str) -> dict[str, dict[str, Any]]:
    """Harvest these portals from recordings, as `commonground harvest --replay` does."""
    chosen = newest(find(folder))
    portals = [one for one in tasks.chosen_portals(names, browse.known_cities()) if one.host in chosen]
    wanted = {one.host: chosen[one.host] for one in portals}
    with staged(wanted) as stage, Client(routes=stage.routes, sealed=True) as client:
        harvests = tasks.harvest(tasks.Order(portals, client, "replay", stage.days))
    for one in harvests:
        identity.follow(one.portal)
    index.follow()
    return {one.portal: browse.harvest_form(one) for one in harvests}


def hub(folder: Path, rows: list[dict[str, Any]], day: date) -> None:
    """The Hub's own feed, made of what Seattle's open-data portal says of it."""
    made = []
    for form in rows:
        native_id = form["distributions"][0]["url"].rpartition("/")[2]
        ways = tuple(Distribution(one["url"], one["format"], one["title"]) for one in form["distributions"])
        made.append(
            record(
                DatasetWord("seattle", "seattle-gis", HUB, native_id, form["title"], Kind.MAP_LAYER, distributions=ways)
            )
        )
    save(folder, city="seattle", day=day, protocol="arcgis-hub", holdings=Holdings(HUB, made))


@pytest.fixture
def seattle(home: Path, recordings: Path, tmp_path: Path) -> Path:  # noqa: ARG001 - needs the database
    """A folder with Seattle's recording, harvested."""
    folder = tmp_path / "recorded"
    shutil.copytree(recordings / "portals/seattle/data.seattle.gov", folder / "seattle/data.seattle.gov")
    assert run(folder, "seattle")["seattle"]["held"] == 982
    return folder


def test_the_same_dataset_on_two_portals(seattle: Path, client: Browser) -> None:
    tied = Dataset.objects.exclude(same_as="")
    assert tied.count() == 233  # 234 records, one of them twice
    collisions = Dataset.objects.get(key="seattle/9kas-rb8d")
    assert collisions.same_as == f"seattle-gis/{COLLISIONS}"
    assert totals() == (982, 982, 0)  # nothing is folded before the origin is held
    page = client.get("/datasets/seattle/9kas-rb8d").content.decode()
    assert f'The same data set as <span class="mono">{COLLISIONS}</span> on Seattle GeoData' in page

    forms = [row.revision.form for row in tied.select_related("revision") if row.revision]
    hub(seattle, forms, date(2020, 6, 10))
    assert run(seattle)["seattle-gis"]["held"] == 233
    assert totals() == (982, 982 + 233, 233)
    check_counts()
    check_origins_stand_for_copies()
    check_pages(client)

    before = checksum()
    run(seattle)
    assert checksum() == before
    assert index.compare()["differing"] == []


def check_counts() -> None:
    """A facet counts what its link finds, folded or not."""
    for query in (Query(city=("seattle",)), Query(words="parks"), Query(words="collisions", copies="all")):
        results, _rows = browse.search(query)
        for name in ("kind", "theme", "city"):
            for one in results.facets[name]:
                assert browse.search(query.toggled(name, one.value))[0].total == one.count, (query, name, one.value)


def check_origins_stand_for_copies() -> None:
    """Whatever finds a copy finds its origin, by the copy's own words, id, theme and portal."""
    origins = dict(Dataset.objects.exclude(same_as="").values_list("key", "same_as"))
    for query in (Query(words="accidents pedestrian"), Query(theme=("Land Base",)), Query(words="9kas-rb8d")):
        shown = {row.key for row in browse.everything(query)}
        every = {row.key for row in browse.everything(replace(query, copies="all"))}
        assert {origins[key] for key in every if key in origins} <= shown, query
        assert shown == every - origins.keys(), query
    assert browse.search(Query(portal=("seattle",)))[0].total == 982
    for cities in (browse.cities_form()["cities"], overview.cities()):
        assert {one["slug"]: one["datasets"] for one in cities}["seattle"] == 982


def totals() -> tuple[int, int, int]:
    """How many a search finds, how many with every copy, and how many it says that it left out."""
    one, every = (browse.search(Query(city=("seattle",), copies=copies))[0] for copies in ("one", "all"))
    return one.total, every.total, one.folded


def check_pages(client: Browser) -> None:
    copy = client.get("/datasets/seattle/9kas-rb8d").content.decode()
    assert (
        f'The same data set as <a href="/datasets/seattle-gis/{COLLISIONS}">Collisions</a> on Seattle GeoData' in copy
    )
    origin = client.get(f"/datasets/seattle-gis/{COLLISIONS}").content.decode()
    assert '<a href="/datasets/seattle/9kas-rb8d">Collisions</a> <span class="muted">Seattle Open Data</span>' in origin
    assert client.get(f"/datasets/seattle-gis/{COLLISIONS}.json").json()["copies"] == ["seattle/9kas-rb8d"]
    assert client.get("/datasets/seattle/9kas-rb8d.json").json()["same_as"] == f"seattle-gis/{COLLISIONS}"

    found = client.get("/search.json?q=collisions").json()
    by_id = {one["id"]: one for one in found["results"]}
    assert "seattle/9kas-rb8d" not in by_id
    assert by_id[f"seattle-gis/{COLLISIONS}"]["copies"] == ["seattle/9kas-rb8d"]
    assert found["folded"] == 2
    page = client.get("/search?q=collisions").content.decode()
    assert "Also on Seattle Open Data" in page
    assert "2 copies on other portals of the same city are not listed apart." in page
    assert "copies=all" in page
    every = client.get("/search?q=collisions&copies=all").content.decode()
    assert "The same data set as on Seattle GeoData" in every
    assert "List each data set once" in every


def checksum() -> list[list[tuple[Any, ...]]]:
    tables = (Dataset, Revision, Finding, Move, Counter)
    return [list(table.objects.order_by("pk").values_list()) for table in tables]


def test_the_origin_goes_and_comes(seattle: Path) -> None:
    """A copy stands for itself while the origin is withdrawn, and a copy that goes leads to its origin."""
    rows = Dataset.objects.exclude(same_as="").select_related("revision")[:20]
    forms = [row.revision.form for row in rows if row.revision]
    hub(seattle, forms, date(2020, 6, 10))
    run(seattle)
    assert totals() == (982, 1002, 20)
    origin = Dataset.objects.filter(portal="seattle-gis").earliest("key")
    origin.state, origin.generation = "withdrawn", next_generation()
    origin.save()
    identity.follow("seattle-gis")
    index.follow()
    assert totals() == (982, 1001, 19)
    assert identity.follow("seattle") == 0
    assert index.compare()["differing"] == []


def test_a_copy_that_is_no_longer_listed_moved_to_its_origin(seattle: Path) -> None:
    rows = Dataset.objects.exclude(same_as="").select_related("revision")[:20]
    hub(seattle, [row.revision.form for row in rows if row.revision], date(2020, 6, 10))
    run(seattle)
    copy = rows[0]
    gone(copy.key)
    identity.follow("seattle")
    (move,) = Move.objects.select_related("old", "new")
    assert (move.old.key, move.new.key) == (copy.key, copy.same_as)
    assert "link" in {one["what"] for one in move.reasons}
    assert move.score == pytest.approx(sum(one["points"] for one in move.reasons))
    identity.confirm(copy.key, copy.same_as, "a person")
    assert related.place(Dataset.objects.get(key=copy.key)) == Dataset.objects.get(key=copy.same_as)


def gone(key: str) -> None:
    """As a harvest calls it."""
    row = Dataset.objects.get(key=key)
    row.state, row.generation = "missing", next_generation()
    row.missing_since = row.last_changed
    row.save()


Replay = Callable[..., dict[str, dict[str, Any]]]


@pytest.mark.whole
def test_washington_moves_from_2019_to_2020(replay: Replay) -> None:
    """857 of 1,000 stay themselves under https; of the others, 12 seem to live on."""
    replay(names=("washington_dc",), at=date(2019, 1, 4))
    assert Dataset.objects.count() == 1000
    form = replay(names=("washington_dc",), at=date(2020, 9, 18))["washington-dc"]
    assert (form["added"], form["would_go"], form["withheld"]) == (467, 143, True)
    identity.follow("washington-dc")
    assert not Move.objects.exists()
    assert removal.release(removal.withheld("washington-dc"), "a person") == 143
    identity.follow("washington-dc")
    titles = set(Move.objects.values_list("old__title", "new__title"))
    assert Move.objects.count() == 12
    assert ("Arborist Zones", "Arborist Zones") in titles
    assert identity.follow("washington-dc") == 0
    Dataset.objects.filter(state="missing").update(state="present", generation=next_generation())
    assert identity.follow("washington-dc") == 12  # who is back has not moved
    assert not Move.objects.exists()
