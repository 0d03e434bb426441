"""The packaged cities, and the ways to find one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from commonground import cities
from commonground.errors import Misconfigured, NotFound

if TYPE_CHECKING:
    from pathlib import Path

SEVEN = ["boston", "chicago", "los_angeles", "new_york", "san_francisco", "seattle", "washington_dc"]
PORTALS = {
    "boston": "data.boston.gov",
    "boston-maps": "bostonopendata.boston.opendata.arcgis.com",
    "chicago": "data.cityofchicago.org",
    "los-angeles": "data.lacity.org",
    "los-angeles-controller": "controllerdata.lacity.org",
    "los-angeles-geohub": "geohub.lacity.org",
    "new-york": "data.cityofnewyork.us",
    "san-francisco": "data.sfgov.org",
    "seattle": "data.seattle.gov",
    "seattle-performance": "performance.seattle.gov",
    "seattle-gis": "data-seattlecitygis.opendata.arcgis.com",
    "washington-dc": "opendata.dc.gov",
}
PHILADELPHIA = """
name = "Philadelphia"
short = "PHL"
state = "PA"
timezone = "America/New_York"
fips = "4260000"
latitude = 39.9526
longitude = -75.1652
languages = ["en", "es"]
website = "https://www.phila.gov"

[population]
count = 1_603_797
year = 2020
source = "U.S. Census Bureau, 2020 Decennial Census, table P1"

[extent]
west = -75.29
south = 39.86
east = -74.95
north = 40.14

[contact]
name = "Office of Innovation and Technology"

[[portals]]
slug = "philadelphia"
name = "OpenDataPhilly"
url = "https://opendataphilly.org"
protocol = "ckan"

[[portals]]
slug = "philadelphia-maps"
name = "City of Philadelphia Hub"
url = "https://data-phl.opendata.arcgis.com"
protocol = "arcgis-hub"
"""


def test_seven_cities_by_slug() -> None:
    assert list(cities.cities()) == SEVEN


def test_portal_slugs_and_hosts_never_change() -> None:
    """They are part of every permanent id."""
    found = cities.portals(cities.cities())
    assert {slug: portal.host for slug, portal in found.items()} == PORTALS


@pytest.mark.parametrize("slug", SEVEN)
def test_facts_are_whole(slug: str) -> None:
    city = cities.cities()[slug]
    assert city.population.year == 2020
    assert 600_000 < city.population.count < 9_000_000
    assert "Census" in city.population.source
    assert ZoneInfo(city.timezone)
    assert city.extent.west < city.longitude < city.extent.east
    assert city.extent.south < city.latitude < city.extent.north
    assert city.languages[0] == "en"
    assert all(portal.city == slug and portal.contact for portal in city.portals)


def test_fips_codes() -> None:
    codes = {city.slug: city.fips for city in cities.cities().values()}
    assert codes == {
        "boston": "2507000",
        "chicago": "1714000",
        "los_angeles": "0644000",
        "new_york": "3651000",
        "san_francisco": "0667000",
        "seattle": "5363000",
        "washington_dc": "1150000",
    }


def test_an_office_of_a_portal_comes_before_the_city_s() -> None:
    found = cities.portals(cities.cities())
    controller, main = found["los-angeles-controller"].contact, found["los-angeles"].contact
    assert controller
    assert main
    assert "Controller" in controller.name
    assert "Controller" not in main.name


@pytest.mark.parametrize("word", ["new_york", "new-york", "New York", "NYC", " nyc "])
def test_a_city_is_found_by_what_people_write(word: str) -> None:
    assert cities.city(word, cities.cities()).slug == "new_york"


def test_a_misspelled_city_is_answered_with_a_guess() -> None:
    with pytest.raises(NotFound, match=r"No city “chcago”\. Did you mean “chicago”"):
        cities.city("chcago", cities.cities())


@pytest.mark.parametrize("word", ["seattle-gis", "data-seattlecitygis.opendata.arcgis.com"])
def test_a_portal_is_found_by_slug_or_host(word: str) -> None:
    assert cities.portal(word, cities.cities()).slug == "seattle-gis"


def test_an_unknown_portal_lists_the_known_ones() -> None:
    with pytest.raises(NotFound, match=r"No portal “zzz”\. Known: boston, boston-maps"):
        cities.portal("zzz", cities.cities())


def test_adding_philadelphia_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "philadelphia.toml").write_text(PHILADELPHIA, encoding="utf-8")
    members = cities.load(tmp_path)
    assert list(members) == sorted([*SEVEN, "philadelphia"])
    city = members["philadelphia"]
    assert (city.name, city.population.count, city.endpoint) == ("Philadelphia", 1_603_797, None)
    assert [(p.slug, p.host, p.protocol) for p in city.portals] == [
        ("philadelphia", "opendataphilly.org", "ckan"),
        ("philadelphia-maps", "data-phl.opendata.arcgis.com", "arcgis-hub"),
    ]


def test_a_file_of_the_same_name_replaces_a_city(tmp_path: Path) -> None:
    (tmp_path / "seattle.toml").write_text(PHILADELPHIA, encoding="utf-8")
    members = cities.load(tmp_path)
    assert list(members) == SEVEN
    assert members["seattle"].name == "Philadelphia"
    assert "seattle-gis" not in cities.portals(members)


def test_a_later_folder_wins(tmp_path: Path) -> None:
    for folder, name in (("one", "First"), ("two", "Second")):
        (tmp_path / folder).mkdir()
        text = PHILADELPHIA.replace('name = "Philadelphia"', f'name = "{name}"')
        (tmp_path / folder / "philadelphia.toml").write_text(text, encoding="utf-8")
    assert cities.load(tmp_path / "one", tmp_path / "two")["philadelphia"].name == "Second"


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="No folder"):
        cities.load(tmp_path / "nowhere")


def test_the_name_of_the_file_must_be_a_slug(tmp_path: Path) -> None:
    (tmp_path / "St. Paul.toml").write_text(PHILADELPHIA, encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"St\. Paul\.toml.*small letters"):
        cities.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('slug = "philadelphia-maps"', 'slug = "chicago"', r"portals\[1\]\.slug: “chicago”"),
        ('slug = "philadelphia-maps"', 'slug = "philadelphia"', r"portals\[1\]\.slug: “philadelphia”"),
        ("https://opendataphilly.org", "https://DATA.sfgov.org/", r"portals\[0\]\.url: “data.sfgov.org”"),
    ],
)
def test_two_portals_with_one_name_are_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    (tmp_path / "zeta.toml").write_text(PHILADELPHIA.replace(old, new), encoding="utf-8")
    with pytest.raises(Misconfigured, match=rf"zeta\.toml: {key} stands already in .*\.toml\. .*change one") as caught:
        cities.load(tmp_path)
    assert caught.value.exit_code == 5
