"""The recorded catalogs of seven cities, harvested over HTTP from loopback."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from commonground.catalog import browse, export, index, store, tasks
from commonground.catalog.models import Dataset, Finding, Harvest, Revision
from commonground.errors import WrongHome
from commonground.protocols.http import Client

HELD = {
    "san-francisco": 470,
    "new-york": 1026,
    "los-angeles": 287,
    "los-angeles-controller": 79,
    "chicago": 588,
    "seattle": 982,
    "seattle-performance": 905,
    "washington-dc": 1357,
    "boston": 118,
}
KEYS = [
    "portal",
    "host",
    "city",
    "protocol",
    "declared",
    "seen",
    "held",
    "added",
    "changed",
    "unchanged",
    "missing",
    "findings",
    "seconds",
]

Replay = Callable[..., dict[str, dict[str, Any]]]


def checksum() -> dict[str, str]:
    """Every value of every row of the tables that a harvest of unchanged portals must not touch."""
    tables = (Dataset, Revision, Finding)
    return {
        table.__name__: hashlib.sha256(repr(list(table.objects.order_by("pk").values_list())).encode()).hexdigest()
        for table in tables
    }


@pytest.mark.whole
def test_seven_cities_twice(replay: Replay, recordings: Path) -> None:
    first = replay()
    assert {slug: one["held"] for slug, one in first.items()} == HELD
    assert {slug: one["added"] for slug, one in first.items()} == HELD
    for one in first.values():
        assert list(filter(one.__contains__, KEYS)) == KEYS
        assert one["outcome"] == "complete"
        assert (one["changed"], one["unchanged"], one["missing"], one["error"]) == (0, 0, 0, "")
        assert one["declared"] in {None, one["seen"]}
        assert one["recorded"] is not None
    held = checksum()

    second = replay()
    assert checksum() == held
    assert {slug: one["unchanged"] for slug, one in second.items()} == HELD
    assert not any(one[name] for one in second.values() for name in ("added", "changed", "missing"))
    assert [one["findings"] for one in second.values()] == [one["findings"] for one in first.values()]

    listing = Finding.objects.filter(scope="listing", closed=None).values_list("portal", "code")
    assert Counter(listing) == {("seattle", "duplicate-id"): 1, ("washington-dc", "host-unrecorded"): 1}
    assert not Finding.objects.filter(code="record-unusable").exists()
    assert index.compare()["differing"] == []
    assert index.compare()["indexed"] == sum(HELD.values())
    check_data_json(recordings / "schemas/datagov-harvester-2026/schemas/dcatus1.1")


def check_data_json(schemas: Path) -> None:
    """The whole catalog as one `data.json`, valid as data.gov validates non-federal ones."""
    document = json.loads(b"".join(export.document()))
    catalog = json.loads((schemas / "catalog.json").read_text())
    del catalog["properties"]["dataset"]["items"]["$ref"]
    Draft202012Validator(catalog, format_checker=FormatChecker()).validate(document)
    each = json.loads((schemas / "non-federal_dataset.json").read_text())
    validator = Draft202012Validator(each, format_checker=FormatChecker())
    faults = [
        (one["identifier"], "/".join(map(str, fault.absolute_path)), fault.message[:200])
        for one in document["dataset"]
        for fault in validator.iter_errors(one)
    ]
    assert faults == []
    assert len({one["identifier"] for one in document["dataset"]}) == sum(HELD.values())
    assert all(one["contactPoint"]["hasEmail"].startswith("mailto:") for one in document["dataset"])


def figures(forms: dict[str, dict[str, Any]]) -> dict[str, tuple[int, int, int]]:
    return {slug: (one["added"], one["changed"], one["missing"]) for slug, one in forms.items()}


@pytest.mark.whole
def test_a_month_later(replay: Replay) -> None:
    """Recordings of a portal at two days, cut to the same range of ids. The figures were counted apart from us."""
    cities = ("chicago", "new_york", "los_angeles", "san_francisco", "seattle")
    first = replay("replay", names=cities, at=date(2022, 6, 30))
    assert first["chicago"]["recorded"] == date(2022, 6, 23)
    assert figures(replay("replay", names=cities, at=date(2022, 7, 31))) == {
        "chicago": (2, 85, 0),
        "los-angeles": (1, 32, 0),
        "new-york": (4, 114, 3),
        "san-francisco": (1, 111, 0),
        "seattle-performance": (0, 5, 0),
    }
    gone = Dataset.objects.filter(portal="new-york", state="missing")
    assert set(gone.values_list("native_id", flat=True)) == {"qnjm-wvu5", "r92a-n7f7", "tvhc-4n5n"}
    assert all(one.missing_since and browse.dataset(one.key).revision for one in gone)
    assert {one.key for one in gone} <= index.opened().ids()  # until the grace is over
    assert Revision.objects.filter(number=2).count() == 85 + 32 + 114 + 111 + 5

    back = replay("replay", names=("new_york",), at=date(2022, 6, 30))
    assert figures(back) == {"new-york": (0, 114, 4)}
    assert not gone.filter(native_id="qnjm-wvu5").exists()
    assert Dataset.objects.get(key="new-york/qnjm-wvu5").missing_since is None
    assert Revision.objects.filter(dataset__key="new-york/qnjm-wvu5").count() == 1
    assert "new-york/qnjm-wvu5" in index.opened().ids()
    assert index.compare()["differing"] == []


@pytest.mark.whole
def test_a_hub_that_rewrites_its_addresses(replay: Replay) -> None:
    """Between these days Washington's Hub changed 1,163 of 1,323 records, most only in addresses that it makes itself."""
    replay(names=("washington_dc",), at=date(2020, 9, 18))
    october = figures(replay(names=("washington_dc",), at=date(2020, 10, 22)))["washington-dc"]
    november = figures(replay(names=("washington_dc",), at=date(2020, 11, 18)))["washington-dc"]
    assert (october, november) == ((10, 193, 1), (26, 128, 2))


@pytest.mark.whole
def test_an_older_dialect_has_the_same_ids(replay: Replay) -> None:
    """Chicago's recording of 2020 is a data.json; its ids are the 4x4 that Discovery gives two years later."""
    old = replay(names=("chicago",), at=date(2020, 7, 22))["chicago"]
    assert (old["dialect"], old["recorded"]) == ("socrata-data-json", date(2020, 7, 22))
    ids = set(Dataset.objects.values_list("native_id", flat=True))
    assert all(len(one) == 9 and one[4] == "-" for one in ids)
    new = replay(names=("chicago",))["chicago"]
    assert new["dialect"] == "socrata-discovery"
    assert figures({"chicago": new}) == {"chicago": (92, 496, 0)}
    assert (new["withheld"], new["would_go"]) == (True, 305)
    assert Dataset.objects.count() == old["held"] + 92 == new["held"]


def test_a_home_holds_one_kind_of_harvest(replay: Replay) -> None:
    replay(names=("boston",))
    with Client() as client, pytest.raises(WrongHome, match="holds a replay harvest"):
        tasks.harvest(tasks.Order([], client))
    Harvest.objects.update(source="live")
    with pytest.raises(WrongHome, match="holds a live harvest"):
        replay(names=("boston",))
    Harvest.objects.update(outcome="failed", seen=0)
    store.check_home("replay")  # a live harvest that brought nothing stands in nobody's way
