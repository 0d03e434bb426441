"""Column names as words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.errors import Misconfigured
from commonground.overlap.columns import concepts, naming
from commonground.overlap.columns.concepts import meaning
from commonground.overlap.columns.naming import split, stems, words

NAMES = st.text(max_size=40) | st.from_regex(r"[A-Za-z_# .]{1,30}", fullmatch=True)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CMPLNT_FR_DT", "complaint from date"),
        ("PermitTypeDescr", "permit type description"),
        ("COIssuedDate", "certificate occupancy issued date"),
        ("PERMIT#", "permit number"),
        ("Owner's Business Name", "owner business name"),
        ("licenseno", "license number"),
        ("SERVICECODEDESCRIPTION", "service code description"),
        ("DATE OCC", "date occurred"),
        ("Lat_Lon", "location point"),
        ("NYPD_OFNS", "offense"),
        ("CD", "council district"),
        ("VIOL_CD", "violation code"),
        ("Dirección", "address"),
        ("the", "the"),
        ("住所", "住所"),
        ("zip5", "zip code"),
    ],
)
def test_a_name_is_spelled_out(name: str, meant: str) -> None:
    assert " ".join(words(name)) == meant


@pytest.mark.parametrize(
    "word", ["catalog", "restaurant", "update", "ownership", "businesses", "notation", "candidate"]
)
def test_a_whole_word_is_not_taken_apart(word: str) -> None:
    assert words(word) == (word,)


def test_endings_and_short_forms_have_one_stem() -> None:
    assert stems("Inspections Date") == stems("INSP_DT") == stems("inspectionDates")
    assert stems("NBR_VIOLATIONS") == stems("Number of Violations")


@given(NAMES)
def test_any_name_has_words_that_mean_themselves(name: str) -> None:
    found = words(name)
    assert bool(found) == bool(split(name))
    assert all(word and word == word.lower() and " " not in word for word in found)
    assert len(set(found)) == len(found)
    assert len(stems(name)) <= len(found)


@given(st.sampled_from(["issue date", "zip code", "case number", "street name"]), st.sampled_from(["_", " ", ".", "-"]))
def test_how_words_are_joined_means_nothing(name: str, sign: str) -> None:
    joined = name.replace(" ", sign)
    camel = name.title().replace(" ", "")
    assert stems(joined) == stems(joined.upper()) == stems(camel) == stems(name.replace(" ", "")) == stems(name)


def test_a_very_long_name_is_read_in_part() -> None:
    assert len(words("date " * 100_000)) == 1


def test_a_name_has_a_kind_and_concepts() -> None:
    assert meaning("NAICS Code Description").kind == "description"
    assert meaning("Incident Datetime").kind == "date"
    assert meaning("LAT").concepts == {"latitude": 1.0}
    assert "address" not in meaning("Mailing Address").concepts
    assert meaning("Ward").terms == meaning("Supervisor District").terms


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("words = 3", encoding="utf-8")
    for read in (naming.abbreviations, concepts.concepts):
        with pytest.raises(Misconfigured, match="broken"):
            read(path)
