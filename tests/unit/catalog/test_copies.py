"""Which record repeats a dataset of another portal of its city, by the addresses that it names."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.catalog import copies, forms
from commonground.cities import load
from commonground.protocols.base import Notes
from commonground.protocols.recordings import find
from commonground.protocols.registry import named_by, reader
from commonground.words import Dataset, Distribution, Kind, Portal

PORTALS = {portal.slug: portal for city in load().values() for portal in city.portals}
ITEM = "5b5c745e0f1f48e7a53acec63a0022ab"
HUB = "https://bostonopendata-boston.opendata.arcgis.com"


def boston(*urls: str) -> dict[str, object]:
    ways = tuple(Distribution(url, "CSV") for url in urls)
    return forms.dump(Dataset("boston", "boston", "data.boston.gov", "1", "Trees", Kind.TABLE, distributions=ways))


def origin(*urls: str) -> str:
    return copies.origin(boston(*urls), [PORTALS["boston-maps"]])


def test_seattle_lists_234_layers_of_its_hub(recordings: Path) -> None:
    """One of the 234 federated records comes twice, so 233 datasets are tied, each to another one, and nothing else."""
    recording = next(one for one in find(recordings / "portals") if one.host == "data.seattle.gov")
    others = [PORTALS["seattle-gis"], PORTALS["seattle-performance"]]
    dialect = reader("socrata-discovery")
    tied: list[tuple[str, str, str]] = []
    for raw in recording.holdings().records:
        dataset = dialect.normalize(raw, PORTALS["seattle"], Notes())
        found = copies.origin(forms.dump(dataset), others)
        assert bool(found) == (raw["resource"]["type"] == "federated_href")
        tied += [(dataset.native_id, found, raw["metadata"]["access_points"]["text/html"])] if found else []
    assert len(tied) == 234
    assert len({native_id for native_id, _found, _url in tied}) == len({found for _id, found, _url in tied}) == 233
    assert all(found == f"seattle-gis/{url.rpartition('/')[2]}" for _id, found, url in tied)


def test_no_other_recording_repeats_another_portal(recordings: Path) -> None:
    dialects = {"socrata": "socrata-discovery", "ckan": "ckan"}
    told = Counter[str]()
    for one in find(recordings / "portals"):
        portal = next(each for each in PORTALS.values() if each.host == one.host)
        others = [each for each in PORTALS.values() if each.city == portal.city and each != portal]
        if one.protocol in dialects and others:
            dialect = reader(dialects[one.protocol])
            for raw in one.holdings().records:
                form = forms.dump(dialect.normalize(raw, portal, Notes()))
                told[portal.slug] += bool(copies.origin(form, others))
    assert told == {
        "boston": 0,
        "los-angeles": 0,
        "los-angeles-controller": 0,
        "seattle": 234,
        "seattle-performance": 0,
    }


@pytest.mark.parametrize(
    "urls",
    [
        [f"{HUB}/datasets/{ITEM}_0"],
        [f"http://bostonopendata.boston.opendata.arcgis.com/datasets/{ITEM}_0.csv"],
        [f"{HUB}/datasets/{ITEM}", f"{HUB}/datasets/{ITEM}_0.geojson?outSR=%7B%22wkid%22%3A4326%7D"],
        [f"{HUB}/api/download/v1/items/{ITEM}/csv?layers=0", "https://services.arcgis.com/x/FeatureServer/0"],
        [f"{HUB}/maps/{ITEM.upper()}_0"],
    ],
)
def test_boston_lists_layers_of_its_hub(urls: list[str]) -> None:
    assert origin(*urls) == f"boston-maps/{ITEM}_0"


@pytest.mark.parametrize(
    "urls",
    [
        [],
        ["not an address", "https://[bad", ""],
        ["https://www.boston.gov/parks", f"https://hub.arcgis.com/datasets/{ITEM}_0"],
        [f"{HUB}/datasets/{ITEM}_0", "https://data.boston.gov/dataset/1/resource/2/trees.csv"],
        [f"{HUB}/datasets/{ITEM}_0", f"{HUB}/datasets/{ITEM}_1"],
        [f"{HUB}/datasets/boston::trees"],
    ],
)
def test_what_is_no_copy(urls: list[str]) -> None:
    """Links elsewhere, data of its own, several datasets, or an address without an id."""
    assert origin(*urls) == ""


@pytest.mark.parametrize(
    ("slug", "url", "named"),
    [
        ("chicago", "https://data.cityofchicago.org/d/ydr8-5enu", "ydr8-5enu"),
        ("chicago", "https://data.cityofchicago.org/resource/ydr8-5enu.json", "ydr8-5enu"),
        ("chicago", "https://data.cityofchicago.org/api/views/ydr8-5enu/rows.csv?accessType=DOWNLOAD", "ydr8-5enu"),
        ("chicago", "https://data.cityofchicago.org/Buildings/Building-Permits/ydr8-5enu", "ydr8-5enu"),
        ("chicago", "https://data.cityofchicago.org/Buildings/Building-Permits/ydr8-5enu/data", "ydr8-5enu"),
        ("chicago", "https://data.cityofchicago.org/browse?q=ydr8-5enu", ""),
        ("chicago", "https://data.lacity.org/d/ydr8-5enu", ""),
        ("boston", f"https://data.boston.gov/dataset/{ITEM}", ""),
        (
            "boston",
            "https://data.boston.gov/dataset/df69c4f6-5546-592e-90cf-895d66ffa42c/resource/c3e5bf13-6131-5930-b054-b380aa24fbd8",
            "df69c4f6-5546-592e-90cf-895d66ffa42c",
        ),
        ("washington-dc", f"http://opendata.dc.gov/datasets/{ITEM}_12", f"{ITEM}_12"),
        ("washington-dc", f"https://opendata.dc.gov/maps/{ITEM}_12/explore", f"{ITEM}_12"),
        ("washington-dc", "https://[", ""),
    ],
)
def test_each_protocol_knows_its_own_addresses(slug: str, url: str, named: str) -> None:
    assert named_by(PORTALS[slug], url) == named
    assert named_by(replace(PORTALS[slug], protocol="dcat-us"), url) == ""


def test_datasets_that_name_each_other() -> None:
    """The first in order is the origin; chains stay chains; nothing is everybody's copy."""
    assert copies.settled({"a/1": "b/1", "b/1": "c/1", "c/1": "a/1", "d/1": "a/1", "e/1": ""}) == {
        "b/1": "c/1",
        "c/1": "a/1",
        "d/1": "a/1",
    }


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["", *"abcdefx"])))
def test_no_circle_is_left(named: dict[str, str]) -> None:
    kept = copies.settled(named)
    assert kept.items() <= named.items()
    for key in kept:
        at, steps = key, 0
        while at in kept:
            at, steps = kept[at], steps + 1
            assert steps <= len(kept)


@given(st.text(max_size=60))
def test_any_address_is_borne(text: str) -> None:
    for portal in (*PORTALS.values(), Portal("x", "x", "x", "", "opendatasoft", "")):
        for url in (text, f"https://{portal.host}/{text}"):
            assert isinstance(named_by(portal, url), str)
