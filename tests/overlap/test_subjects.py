"""The register of subjects as files: what is in it, how names are found, and what a wrong file is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.errors import Misconfigured
from commonground.overlap import subjects
from commonground.overlap.facets import Geometry, Grain, Timing
from commonground.overlap.subjects import Register, Subject, alike, distinct, key, packaged
from commonground.overlap.subjects.files import MOST_NAMES, SLUG, read

RINKS = """
label = "Sport"
place = 40

[subjects.ice-rinks]
label = "Ice rinks"
definition = "Places with ice to skate on."
row = "one rink"
grain = "reference"
"""


def test_the_register_is_broad_and_each_subject_is_complete() -> None:
    known = packaged()
    assert len(known.subjects) >= 180
    assert len(known.themes) >= 15
    for slug, one in known.subjects.items():
        assert re.fullmatch(SLUG, slug)
        assert one.theme in known.themes
        assert one.timing in Timing, slug
        assert one.geometry, slug
        assert 3 <= len(one.synonyms) <= 20, slug
        assert one.definition.endswith("."), slug
        assert one.row.startswith("one "), slug
    assert {one.theme for one in known.subjects.values()} == set(known.themes)
    assert {one.grain for one in known.subjects.values()} >= {Grain.RECORDS, Grain.AGGREGATE, Grain.REFERENCE}


def test_each_name_leads_to_one_subject_only() -> None:
    known = packaged()
    holders: dict[str, set[str]] = {}
    for slug, one in known.subjects.items():
        for name in (slug, *one.names):
            holders.setdefault(alike(name), set()).add(slug)
            assert known.find(name) == one, name
    assert not {name: slugs for name, slugs in holders.items() if len(slugs) > 1}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("crime_incidents", "crime-incidents"),
        ("NYPD Complaint Data", "crime-incidents"),
        ("  BUILDING permit ", "building-permits"),
        ("FOIL requests", "public-records-requests"),
        ("MyLA311 Service Request Data", "311-service-requests"),
        ("Mechanical & Plumbing Permits", "plumbing-permits"),
        ("library branch", "libraries"),
    ],
)
def test_a_subject_is_found_however_its_name_is_written(name: str, slug: str) -> None:
    found = packaged().find(name)
    assert found is not None
    assert found.slug == slug


@pytest.mark.parametrize("name", ["", "—", "Penguins of Antarctica", "permits", "the"])
def test_what_the_register_does_not_have_is_not_found(name: str) -> None:
    assert packaged().find(name) is None


@given(st.text(max_size=60))
def test_a_key_is_its_own_key_and_any_text_can_be_looked_for(text: str) -> None:
    assert key(key(text)) == key(text)
    assert key(text.upper().lower()) == key(text.upper())
    packaged().find(text)


@given(st.lists(st.text(alphabet="abAB -s", max_size=5), max_size=9), st.text(alphabet="abs", min_size=1, max_size=4))
def test_distinct_names_differ_from_each_other_and_from_the_label(names: list[str], label: str) -> None:
    left = [alike(name) for name in distinct(names, label=label)]
    assert len(set(left)) == len(left)
    assert set(left) == {alike(name) for name in names} - {alike(label)}


def test_a_folder_adds_subjects_after_those_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "sport.toml").write_text(RINKS, encoding="utf-8")
    known = subjects.load(tmp_path)
    assert len(known.subjects) == len(packaged().subjects) + 1
    assert list(known.themes.items())[-1] == ("sport", "Sport")
    assert known.subjects["ice-rinks"] == Subject(
        "ice-rinks", "Ice rinks", "sport", "Places with ice to skate on.", "one rink", Grain.REFERENCE
    )
    assert known.version != packaged().version == subjects.load().version


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('synonyms = ["Ice rink"]', "subjects.ice-rinks.synonyms: “Ice rink” is the subject's own label. Remove it."),
        ('synonyms = ["Skating", "skating!"]', "subjects.ice-rinks.synonyms: “skating!” stands twice. Remove one."),
        ('synonyms = ["Crimes 2001 to present"]', "is a name of crime-incidents too. Keep it in one of them."),
        ('synonyms = ["x"]', "subjects.ice-rinks.synonyms.0: 'x' will not do. Write at most 100 names"),
        ('synonyms = ["—?—"]', "subjects.ice-rinks.synonyms.0: “—?—” has neither letter nor digit."),
        ('synonyms = "Skating"', "subjects.ice-rinks.synonyms: 'Skating' will not do."),
        ('near = ["hockey"]', "subjects.ice-rinks.near: “hockey” is no subject of the register."),
        ('near = ["ice-rinks"]', "subjects.ice-rinks.near: “ice-rinks” is the subject itself."),
        ('geometry = ["dot"]', "subjects.ice-rinks.geometry.0: 'dot' will not do. Write a list of point, line, area"),
        ('colour = "white"', "subjects.ice-rinks.colour is no key of a subject. Remove it; known keys: label,"),
        ('timing = "now"', "subjects.ice-rinks.timing: 'now' will not do. Write one of event, snapshot, unknown."),
    ],
)
def test_a_wrong_file_is_told_its_place_and_the_fix(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "sport.toml").write_text(f"{RINKS}{line}\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"sport\.toml: ") as error:
        subjects.load(tmp_path)
    assert told in error.value.message


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('label = "Ice rinks"', 'label = ""', "subjects.ice-rinks.label: '' will not do. Write a plain name of 3"),
        ('row = "one rink"', "", "subjects.ice-rinks.row is missing. Write what one row is"),
        ("place = 40", 'place = "last"', "place: 'last' will not do. Write its place among the themes"),
        ("ice-rinks", "Ice_Rinks", "subjects.Ice_Rinks: 'Ice_Rinks' will not do. Write tables [subjects.<slug>]"),
        ("ice-rinks", "trees", "subjects.trees: this slug stands twice."),
        ('"Sport"', '"Sport', "this is not TOML"),
    ],
)
def test_a_wrong_subject_is_told_its_place_and_the_fix(tmp_path: Path, old: str, new: str, told: str) -> None:
    (tmp_path / "sport.toml").write_text(RINKS.replace(old, new), encoding="utf-8")
    with pytest.raises(Misconfigured) as error:
        subjects.load(tmp_path)
    assert told in error.value.message


def test_ten_thousand_synonyms_are_refused_in_one_short_line(tmp_path: Path) -> None:
    names = ", ".join(f'"Rink {number}"' for number in range(10_000))
    (tmp_path / "sport.toml").write_text(f"{RINKS}synonyms = [{names}]\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match=f"10000 of them will not do. Write at most {MOST_NAMES} names") as error:
        subjects.load(tmp_path)
    assert len(error.value.message) < 400


def test_what_persons_made_stands_before_a_later_package(tmp_path: Path) -> None:
    (tmp_path / "sport.toml").write_text(f'{RINKS}synonyms = ["Skating", "Curling"]\n', encoding="utf-8")
    theirs = Subject("curling", "Curling", "sport", "Where people curl.", "one rink", Grain.REFERENCE, near=("gone",))
    both = read([tmp_path]).overlaid({"curling": theirs}, {"gone": "ice-rinks"})
    assert both.subjects["ice-rinks"].synonyms == ("Skating",)
    assert both.subjects["curling"].near == ("ice-rinks",)
    assert both.find("CURLING") == both.subjects["curling"]
    assert both.find("gone") == both.subjects["ice-rinks"]


def test_merges_that_bite_their_tails_end() -> None:
    known = Register({}, {}, {"a": "b", "b": "a"})
    assert known.resolve("a") in {"a", "b"}
    assert known.find("a") is None


def test_geometry_says_unknown_nowhere() -> None:
    assert not [one.slug for one in packaged().subjects.values() if Geometry.UNKNOWN in one.geometry]
