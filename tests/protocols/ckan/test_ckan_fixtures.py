"""Answers recorded elsewhere (Zurich, EnviDat, opendata.swiss, a DKAN site): nothing in them is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commonground.protocols.base import Notes
from commonground.protocols.ckan.package import unpacked
from commonground.protocols.ckan.read import Ckan
from commonground.words import Dataset, Portal, Raw

FILES = {
    "zurich_ckan_package_search.json": 3,
    "zurich_ckan_group_show.json": 3,
    "envidat_package_search.json": 2,
    "envidat_package_show.json": 1,
    "envidat_organization_show.json": 2,
    "opendata.swiss_package_search.json": 2,
    "udata_dkan-french-w-license.json": 1,
}


def packages(folder: Path, name: str) -> list[Raw]:
    answer = json.loads((folder / "fixtures" / "ckan" / name).read_text())
    result = answer.get("result", answer)
    if isinstance(result, dict):
        result = result.get("results") or result.get("packages") or [result]
    return list(result)


def words_in(value: Any) -> list[str]:
    """What a text says, in each of its languages."""
    value = unpacked(value)
    texts = value.values() if isinstance(value, dict) else [value]
    return [" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip()]


@pytest.fixture(params=FILES)
def read(request: pytest.FixtureRequest, recordings: Path, portal: Portal) -> list[tuple[Raw, Dataset, Notes]]:
    found = []
    for raw in packages(recordings, request.param):
        notes = Notes(raw["id"])
        found.append((raw, Ckan().normalize(raw, portal, notes), notes))
    assert len(found) == FILES[request.param]
    return found


def told(notes: Notes) -> Iterator[str]:
    return (part for finding in notes.found for part in (finding.sample, finding.detail))


def test_titles_and_organizations_are_kept_or_told(read: list[tuple[Raw, Dataset, Notes]]) -> None:
    for raw, dataset, notes in read:
        codes = {finding.code for finding in notes.found}
        titles = words_in(raw["title"])
        assert dataset.title in titles
        assert len(set(titles)) == 1 or "other-languages" in codes
        organization = raw.get("organization")
        if organization:
            names = words_in(organization["title"])
            assert dataset.publisher in names or set(names) & set(told(notes))
            assert len(set(names)) == 1 or "other-languages" in codes


def test_tags_groups_and_keywords_are_kept(read: list[tuple[Raw, Dataset, Notes]]) -> None:
    for raw, dataset, _ in read:
        wanted = {tag["name"] for tag in raw.get("tags", [])}
        for words in raw.get("keywords", {}).values():
            wanted |= set(words)
        assert wanted <= set(dataset.keywords)
        for group in raw.get("groups", []):
            assert set(words_in(group["title"])) & set(dataset.themes)


def test_every_address_is_kept(read: list[tuple[Raw, Dataset, Notes]]) -> None:
    for raw, dataset, notes in read:
        urls = [resource["url"] for resource in raw.get("resources", [])]
        assert [way.url for way in dataset.distributions] == urls
        assert all(finding.code != "bad-link" for finding in notes.found)


def test_licenses_are_kept(read: list[tuple[Raw, Dataset, Notes]]) -> None:
    certain = {"cc-zero": "CC0-1.0", "cc-by": "CC-BY-4.0"}
    for raw, dataset, _ in read:
        texts = {raw.get("license_title"), *(resource.get("license") for resource in raw.get("resources", []))}
        assert dataset.license is not None
        assert dataset.license.text in texts
        assert dataset.license.spdx == certain.get(raw.get("license_id") or "")


def test_people_are_left_out(read: list[tuple[Raw, Dataset, Notes]]) -> None:
    for raw, dataset, _ in read:
        names = [unpacked(raw.get(key)) for key in ("author", "maintainer")]
        people = [
            one for name in names for one in (name if isinstance(name, list) else [name]) if isinstance(one, dict)
        ]
        contact = repr(dataset.contact)
        for one in people:
            assert one["name"] not in contact
            assert one["email"] not in contact
        assert "person-" not in dataset.publisher
