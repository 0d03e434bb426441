"""A wrong file is answered with file, key and fix."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.cities import PACKAGED, files
from commonground.errors import Misconfigured

if TYPE_CHECKING:
    from commonground.words import City

GOOD = (PACKAGED / "los_angeles.toml").read_text(encoding="utf-8")

WRONG = {
    "time zone misspelled": ('"America/Los_Angeles"', '"America/Los_Angles"', "timezone", "no time zone", "America/New_York"),
    "time zone abbreviated": ('"America/Los_Angeles"', '"EST"', "timezone", "not the time zone of a place", "IANA"),
    "time zone a folder": ('"America/Los_Angeles"', '"America"', "timezone", "no time zone", "IANA"),
    "time zone escapes": ('"America/Los_Angeles"', '"../etc/passwd"', "timezone", "no time zone", "IANA"),
    "unknown key": ("fips =", "fipz =", "fipz", "no key of a city file", "Did you mean “fips”?"),
    "unknown key in a table": ('protocol = "socrata"', 'protokoll = "socrata"', "portals[0].protokoll", "no key", "“protocol”"),
    "unknown key, no guess": ("[contact]", "[contact]\nxyzzy = 1", "contact.xyzzy", "no key", "known keys: name, email"),
    "no scheme": ("https://data.lacity.org", "data.lacity.org", "portals[0].url", "has no scheme", "https://"),
    "no scheme but a port": ("https://data.lacity.org", "localhost:80", "portals[0].url", "has no scheme", "https://"),
    "other scheme": ("https://data.lacity.org", "file:///etc/passwd", "portals[0].url", "no address", "https://"),
    "address with a query": ("https://data.lacity.org", "https://a.org/?q=1", "portals[0].url", "no address", "https://"),
    "address with a user": ("https://data.lacity.org", "https://me:pw@a.org", "portals[0].url", "no address", "https://"),
    "no source": ('source = "U.S.', 'note = "U.S.', "population.source", "missing", "who counted"),
    "no population": ("[population]", "[people]", "population", "missing", "count, year and source"),
    "population a text": ("3_898_747", '"3898747"', "population.count", "will not do", "number of residents"),
    "nobody lives there": ("3_898_747", "0", "population.count", "will not do", "number of residents"),
    "fips a number": ('"0644000"', "44000", "fips", "will not do", "as text"),
    "fips of the place only": ('"0644000"', '"44000"', "fips", "will not do", "2 digits of state"),
    "state in full": ('"CA"', '"California"', "state", "will not do", "two capital letters"),
    "extent turned round": ("west = -118.67", "west = 118.67", "extent", "west is not less than east", "west < east"),
    "extent of another city": ("latitude = 34.0522", "latitude = 47.6", "latitude", "outside the extent", "correct"),
    "latitude beyond the pole": ("latitude = 34.0522", "latitude = 340.522", "latitude", "will not do", "in degrees"),
    "not a number": ("south = 33.70", "south = nan", "extent.south", "will not do", "southern edge"),
    "portal slug with a space": ('"los-angeles"', '"los angeles"', "portals[0].slug", "will not do", "hyphens"),
    "portal slug with capitals": ('"los-angeles"', '"LA"', "portals[0].slug", "will not do", "small letters"),
    "empty name": ('name = "Los Angeles"', 'name = " "', "name", "will not do", "the city's name"),
    "language by name": ('"hy"', '"Armenian"', "languages[5]", "will not do", "language codes"),
    "no mailbox": ("[portals.contact]", '[portals.contact]\nemail = "controller"', "portals[1].contact.email", "will not do", "mailbox"),
    "endpoint of unknown state": ("[contact]", '[endpoint]\nurl = "https://a.org"\nstatus = "up"\n[contact]', "endpoint.status", "will not do", "live, unsure or gone"),
    "options of numbers": ('protocol = "socrata"', 'protocol = "socrata"\noptions = {page = 5}', "portals[0].options.page", "will not do", "texts"),
}  # fmt: skip


def read(folder: Path, text: str | bytes) -> City:
    path = folder / "philadelphia.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return files.read(path)


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_names_file_key_and_fix(tmp_path: Path, case: str) -> None:
    old, new, key, fault, fix = WRONG[case]
    assert old in GOOD
    with pytest.raises(Misconfigured) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    lines = [line for line in str(caught.value).splitlines() if fault in line]
    assert any(f"philadelphia.toml: {key}" in line and fix in line for line in lines), str(caught.value)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("3_898_747", "-1").replace('"CA"', '"??"').replace("fips", "zip")
    with pytest.raises(Misconfigured) as caught:
        read(tmp_path, text)
    keys = [line.split(": ")[1].split(" ")[0] for line in str(caught.value).splitlines()]
    assert keys == ["state", "fips", "population.count", "zip"]


def test_no_portal_at_all(tmp_path: Path) -> None:
    head, _, _ = GOOD.partition("[[portals]]")
    with pytest.raises(Misconfigured, match=r"portals is missing\. Write at least one table \[\[portals\]\]"):
        read(tmp_path, head)


@pytest.mark.parametrize("text", ["name = ", b'name = "\xff"', "a = 1\na = 2", "\0"])
def test_not_toml(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(Misconfigured, match=r"philadelphia\.toml: this is not TOML: .*Correct the line"):
        read(tmp_path, text)


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "philadelphia.toml").mkdir()
    with pytest.raises(Misconfigured, match="cannot be read"):
        files.read(tmp_path / "philadelphia.toml")


def test_a_closing_slash_and_capitals_do_not_matter(tmp_path: Path) -> None:
    city = read(tmp_path, GOOD.replace("https://data.lacity.org", "https://Data.LACity.org/"))
    assert city.portals[0].host == "data.lacity.org"
    assert not city.portals[0].url.endswith("/")


def test_an_unknown_protocol_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(tmp_path, GOOD.replace('"socrata"', '"gopher"', 1))
    (line,) = str(caught.value).strip().splitlines()
    assert "philadelphia.toml: portals[0].protocol: 'gopher' will not do." in line
    assert "socrata, ckan, arcgis-hub, opendatasoft or dcat-us" in line


def test_options_reach_the_portal(tmp_path: Path) -> None:
    text = GOOD.replace('protocol = "socrata"', 'protocol = "socrata"\noptions = {page = "50"}', 1)
    assert read(tmp_path, text).portals[0].options == {"page": "50"}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)


@given(key=st.sampled_from([*files.CityFile.model_fields, "other"]), value=_VALUES)
def test_any_value_for_any_key_is_taken_or_explained(key: str, value: object) -> None:
    path = Path("philadelphia.toml")
    city, complaint = None, ""
    try:
        city = files.validated({**tomllib.loads(GOOD), key: value}, path)
    except Misconfigured as error:
        complaint = error.message
    assert city or (complaint.startswith("philadelphia.toml: ") and key in complaint)
