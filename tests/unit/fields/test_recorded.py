"""The parsers over every value of the recorded catalogs: almost nothing that the cities publish may be left unread."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from commonground.protocols.base import Notes
from commonground.protocols.fields import prose, values
from commonground.protocols.fields.contacts import without_persons
from commonground.protocols.fields.extents import extent
from commonground.protocols.fields.formats import format_of
from commonground.protocols.fields.frequencies import frequency
from commonground.protocols.fields.licenses import license_of
from commonground.protocols.fields.moments import moment
from commonground.protocols.recordings import find, newest
from commonground.protocols.socrata.discovery import own_facts, pairs
from commonground.protocols.socrata.words import OFFICE_FACTS
from commonground.words import Raw

_ANY_TAG = re.compile(r"<[a-z/!?][^>]*>", re.IGNORECASE)
_RHYTHM_NAMED = re.compile(
    r"\s*(?:hourly|daily|nightly|weekly|monthly|quarterly|annual(?:ly)?|yearly)\s*", re.IGNORECASE
)


@pytest.fixture(scope="module")
def records(recordings: Path) -> dict[str, list[Raw]]:
    """The records of the newest recording of each portal, by protocol."""
    found: dict[str, list[Raw]] = {}
    for recording in newest(find(recordings / "portals")).values():
        found.setdefault(recording.protocol, []).extend(recording.holdings().records)
    return found


def _socrata_terms(records: list[Raw], words: tuple[str, ...]) -> Iterator[str]:
    for record in records:
        for one in record["classification"].get("domain_metadata", []):
            if any(word in one["key"] for word in words):
                yield one["value"]


def test_every_recorded_date_is_read(records: dict[str, list[Raw]]) -> None:
    notes = Notes()
    for record in records["socrata"]:
        for name in ("createdAt", "updatedAt", "data_updated_at", "metadata_updated_at", "publication_date"):
            moment(record["resource"].get(name), notes, name)
    for record in records["arcgis-hub"]:
        moment(record["issued"], notes, "issued")
        moment(record["modified"], notes, "modified")
    assert not notes.found
    for text in _socrata_terms(records["socrata"], ("Date-Made-Public",)):
        moment(text, notes, "Date-Made-Public")
    assert {finding.sample for finding in notes.found} <= {"12/9112020", "1/2892021"}


def test_every_recorded_area_is_read(records: dict[str, list[Raw]]) -> None:
    notes = Notes()
    boxes = [extent(record["spatial"], notes, "spatial") for record in records["arcgis-hub"]]
    boxes += [extent(text, notes, "coverage") for text in _socrata_terms(records["socrata"], ("Geographic-Coverage",))]
    assert len(boxes) > 1_300
    assert Counter(finding.code for finding in notes.found) == {}
    assert all(box is not None and box.west <= box.east and box.south <= box.north for box in boxes)


def test_every_recorded_description_is_safe_and_not_lost(records: dict[str, list[Raw]]) -> None:
    given = [(record["resource"]["description"], "text") for record in records["socrata"]]
    given += [(record["description"], "html") for record in records["arcgis-hub"]]
    given += [(record["notes"], "markdown") for record in records["ckan"]]
    notes = Notes()
    for raw, dialect in given:
        shown, plain = prose.description(raw, notes, "description", dialect=dialect)
        tags = {tag for tag in _ANY_TAG.findall(shown) if "=" in tag}
        assert all(re.fullmatch(r'<a href="(?:https?|mailto|ftp):[^"]*" rel="nofollow noopener">', tag) for tag in tags)
        words = re.findall(r"\w{4,}", _ANY_TAG.sub(" ", raw))
        assert not words or len(re.findall(r"\w{4,}", plain)) >= 0.8 * len(words) - 5, raw
    assert not notes.found


def test_recorded_licenses_have_an_spdx_id_where_a_standard_one_is_named(records: dict[str, list[Raw]]) -> None:
    named = Counter(record["metadata"].get("license") or "" for record in records["socrata"])
    named.update(record["license_id"] for record in records["ckan"])
    without = {text for text in named if text and (found := license_of(text)) and found.spdx is None}
    assert without <= {
        "Public Domain",
        "Public Domain U.S. Government",
        "See Terms of Use",
        "Canada Open Government Licence",
    }


def test_recorded_frequencies(records: dict[str, list[Raw]]) -> None:
    words = ("Frequency", "frequency", "Refresh-rate", "Refresh-Rate")
    given = [text for text in _socrata_terms(records["socrata"], words) if text.strip()]
    days = {text: found.days for text in given if (found := frequency(text))}
    assert len(days) == len(set(given))
    assert all(known for text, known in days.items() if _RHYTHM_NAMED.fullmatch(text))
    assert not any(
        known for text, known in days.items() if re.search("needed|historical|one.time|longer", text, re.IGNORECASE)
    )


def test_recorded_distributions_have_a_format_and_an_address(records: dict[str, list[Raw]]) -> None:
    notes, empty = Notes(), 0
    for record in records["arcgis-hub"]:
        for _, one in values.records(record["distribution"], notes, "distribution"):
            url = values.link(one.get("accessURL") or one.get("downloadURL"), notes, "url")
            empty += not url
            assert format_of(one.get("format") or "", one.get("mediaType") or "", url) != "Other"
    assert not notes.found
    assert empty < 100  # some of Hub's “Esri REST” entries really have no address


def test_recorded_publishers_are_offices_but_for_a_few_persons(records: dict[str, list[Raw]]) -> None:
    given = {record["resource"].get("attribution") or "" for record in records["socrata"]}
    for record in records["socrata"]:
        facts = own_facts(pairs(record["classification"].get("domain_metadata")))
        given |= {facts[name].value for name in OFFICE_FACTS if name in facts}
    given |= {record["publisher"]["name"] for record in records["arcgis-hub"]}
    changed = {text for text in given if without_persons(text) != text}
    assert len(given) > 300
    # Looked at one by one: every one of these is, or begins or ends with, the name of a person.
    assert 1 <= len(changed) <= 11
    assert not any(re.search("Department|Commission|Bureau", text) for text in changed)
