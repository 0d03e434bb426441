"""No private person is shown: not as publisher, not as contact, not in a record shown as its city gave it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.protocols.base import Notes
from commonground.protocols.fields.privacy import Persons
from commonground.protocols.recordings import find, newest
from commonground.protocols.registry import READERS, persons, reader, readers, shown
from commonground.words import Contact, Portal, Raw

HOST = "data.example.gov"
ASK = Contact("Example Open Data Team", "opendata@example.gov")
PORTAL = Portal("example", "example", "Example", HOST, "", f"https://{HOST}", ASK)
DIALECTS = [one.name for protocol in READERS for one in readers(protocol)]
RECORDED = {"socrata": "socrata-discovery", "ckan": "ckan", "arcgis-hub": "hub-feed", "dcat-us": "dcat-us"}
JANE, MAIL = "Jane Doe", "jane.doe@example.gov"
OFFICE, MAILBOX = "Department of Health", "opendata@example.gov"
ACCOUNT = {"id": "ab12-cd34", "displayName": JANE, "display_name": JANE, "user_type": "interactive", "phone": 5551234}


def _data_json(name: str, mail: str) -> Raw:
    return {
        "identifier": "6e8bc430-9c3a-41d9-9669-0800200c9a66",
        "title": "Trees",
        "publisher": {"@type": "org:Organization", "name": name, "subOrganizationOf": {"name": name}},
        "contactPoint": {"@type": "vcard:Contact", "fn": name, "hasEmail": f"mailto:{mail}"},
        "creator": [{"name": name}],
    }


def _discovery(name: str, mail: str) -> Raw:
    own = {"Metadata_Data-Owner": name, "Common-Core_Contact-Name": name, "Common-Core_Contact-Email": mail}
    facts = [{"key": key, "value": value} for key, value in own.items()]
    return {
        "resource": {"id": "abcd-1234", "name": "Trees", "attribution": name, "contact_email": mail},
        "classification": {"domain_metadata": facts},
        "owner": ACCOUNT,
        "creator": ACCOUNT,
        "tableAuthor": ACCOUNT,
    }


def _views(name: str, mail: str) -> Raw:
    own = {"Metadata": {"Data Owner": name}, "Common Core": {"Contact Name": name, "Contact Email": mail}}
    people = {"owner": ACCOUNT, "tableAuthor": ACCOUNT, "rowsUpdatedBy": "ab12-cd34", "approvals": [{"by": ACCOUNT}]}
    return {"id": "abcd-1234", "name": "Trees", "attribution": name, "metadata": {"custom_fields": own}, **people}


def _ckan(name: str, mail: str) -> Raw:
    listed = json.dumps([{"name": name, "email": mail}])
    extras = {"contact_name": name, "contact_email": mail, "contact-email": mail, "publisher_name": name}
    return {
        "id": "6e8bc430-9c3a-41d9-9669-0800200c9a66",
        "title": "Trees",
        "author": name if name is OFFICE else listed,
        "author_email": mail,
        "maintainer": name,
        "maintainer_email": mail,
        "creator_user_id": "ab12-cd34",
        "contact_points": [{"name": name, "email": mail}],
        "extras": [{"key": key, "value": value} for key, value in extras.items()],
    }


def _result(name: str, mail: str) -> Raw:
    told = {"id": "0a" * 16 + "_0", "name": "Trees", "owner": name, "orgContactEmail": mail, "source": name}
    inside = {"metadata": {"mdContact": {"rpIndName": name, "rpCntInfo": {"eMailAdd": [mail]}}}}
    return {"id": "0a" * 16 + "_0", "attributes": {**told, "orgName": name, "metadata": inside}}


def _explore(name: str, mail: str) -> Raw:
    default = {"title": "Trees", "publisher": name, "attributions": [name]}
    dcat = {"creator": name, "contact_name": name, "contact_email": mail, "contributor": name}
    inspire = {"contact_individual_name": name, "contact_email": mail}
    templates = {"default": default, "dcat": dcat, "inspire": inspire, "custom": {"author": name, "e-mail": mail}}
    return {"dataset_id": "trees", "dataset_uid": "da_1b2c3d", "metas": templates}


MADE = {
    "socrata-discovery": _discovery,
    "socrata-views": _views,
    "ckan": _ckan,
    "hub-search": _result,
    "opendatasoft": _explore,
}


def made(dialect: str, name: str, mail: str) -> Raw:
    raw = MADE.get(dialect, _data_json)(name, mail)
    return {**raw, "landingPage": f"https://{HOST}/d/abcd-1234"} if dialect == "socrata-data-json" else raw


def _says_jane(value: object) -> bool:
    return any(part in repr(value).lower() for part in ("jane", "doe", "ab12-cd34", "5551234"))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_record_full_of_persons_shows_none(dialect: str) -> None:
    raw = made(dialect, JANE, MAIL)
    given_before = json.dumps(raw)
    left = shown(dialect, raw)
    assert _says_jane(raw)
    assert not _says_jane(left)
    assert "Trees" in json.dumps(left)
    assert json.dumps(raw) == given_before  # what is kept stays whole


@pytest.mark.parametrize("dialect", DIALECTS)
def test_offices_stay_where_they_stand(dialect: str) -> None:
    raw = made(dialect, OFFICE, MAILBOX)
    left = json.dumps(shown(dialect, raw))
    assert (left.count(OFFICE), left.count(MAILBOX)) == (
        json.dumps(raw).count(OFFICE),
        json.dumps(raw).count(MAILBOX),
    )
    assert not _says_jane(left)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_person_is_no_publisher_and_no_contact(dialect: str) -> None:
    notes = Notes()
    dataset = reader(dialect).normalize(made(dialect, JANE, MAIL), PORTAL, notes)
    assert (dataset.title, dataset.publisher, dataset.contact) == ("Trees", "", ASK)
    assert {one.code for one in notes.found if "publisher" in one.code} == {"publisher-is-a-person"}
    assert not _says_jane(dataset)
    assert not _says_jane(notes.found)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_office_is_publisher_and_contact(dialect: str) -> None:
    dataset = reader(dialect).normalize(made(dialect, OFFICE, MAILBOX), PORTAL, Notes())
    assert dataset.publisher == OFFICE
    assert dataset.contact == Contact(OFFICE, MAILBOX)


def test_the_next_office_publishes_where_the_first_is_a_person() -> None:
    raw = made("socrata-discovery", JANE, MAIL)
    raw["resource"]["attribution"] = OFFICE
    assert reader("socrata-discovery").normalize(raw, PORTAL, Notes()).publisher == OFFICE
    raw = made("hub-search", JANE, MAIL)
    raw["attributes"]["orgName"] = OFFICE
    assert reader("hub-search").normalize(raw, PORTAL, Notes()).publisher == OFFICE
    raw = made("dcat-us", JANE, MAIL)
    raw["publisher"]["subOrganizationOf"]["name"] = OFFICE
    assert reader("dcat-us").normalize(raw, PORTAL, Notes()).publisher == OFFICE


def test_a_record_of_a_dialect_that_is_gone_is_shown_with_most_care() -> None:
    raw = made("ckan", JANE, MAIL) | made("socrata-discovery", JANE, MAIL)
    assert not _says_jane(shown("a dialect of old", raw))


def test_the_longest_path_decides_and_lists_count_for_nothing() -> None:
    where = Persons(contacts=("owner", "a.*.name"), publishers=("facts.owner",))
    raw = {
        "owner": "Divvy",
        "facts": [{"key": "Data_Owner", "value": "Divvy"}, {"key": "Data_Owner", "value": JANE}],
        "a": {"b": [[{"name": JANE, "size": 1}]], "c": {"name": OFFICE}, "name": JANE},
        "d": [MAIL, MAILBOX, "", None, 0, False, {}],
    }
    assert where.shown(raw) == {
        "facts": [{"key": "Data_Owner", "value": "Divvy"}],
        "a": {"b": [[{"size": 1}]], "c": {"name": OFFICE}, "name": JANE},
        "d": [MAILBOX, "", None, 0, False, {}],
    }
    assert where.at("facts[3].owner[0]")
    assert where.at("a[1].b.name.deeper")
    assert not where.at("a.name")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12), st.sampled_from([JANE, MAIL, OFFICE])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["owner", "key", "value", "contactPoint", "fn", "name"]), inner, max_size=4),
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["owner", "resource", "extras", "@type", "publisher"]), JSON))
def test_whatever_a_record_is_only_parts_of_it_are_left_out(raw: dict[str, Any]) -> None:
    left = persons().shown(raw)
    assert persons().shown(left) == left
    assert MAIL not in _texts(left)
    assert set(_texts(left)) <= set(_texts(raw))


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for key, one in value.items() if key not in {"key", "@type"} for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def test_a_record_nested_a_thousand_deep_is_shown() -> None:
    deep: Any = "end"
    for _ in range(900):
        deep = [deep]
    assert "title" in shown("ckan", {"title": "Trees", "resources": deep})


def test_recorded_records_are_shown_without_persons_and_otherwise_whole(recordings: Path) -> None:
    for one in newest(find(recordings / "portals")).values():
        dialect, lost = RECORDED[one.protocol], set[str]()
        for raw in one.holdings().records[:150]:
            left = shown(dialect, raw)
            assert not [text for text in _texts(left) if text.startswith(("person-", "mailto:person-"))]
            lost |= set(_paths(raw)) - set(_paths(left))
        assert lost <= {
            *(f"{who}.{what}" for who in ("owner", "creator") for what in ("id", "user_type", "display_name")),
            "owner",
            "creator",
            "contactPoint.fn",
            "contactPoint.hasEmail",
            "resource.attribution",
            "resource.contact_email",
            "publisher.name",
            "classification.domain_metadata.value",
        }, one.host


def _paths(value: object, above: str = "") -> list[str]:
    if isinstance(value, dict):
        return [path for key, one in value.items() for path in _paths(one, f"{above}.{key}".lstrip("."))] or [above]
    if isinstance(value, list):
        return [path for one in value for path in _paths(one, above)]
    return [above]
