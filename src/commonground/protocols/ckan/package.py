"""A CKAN package becomes a Dataset. Pure: no network.

Facts stand at the top of a package or among its `extras`, as text, as a dictionary by language
(`{"en": …, "de": …}`) or as JSON inside a text; `Facts` finds them wherever they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from commonground.protocols.base import Notes
from commonground.protocols.ckan import words
from commonground.protocols.fields import contacts, formats, frequencies, licenses, prose, values
from commonground.protocols.fields.extents import extent, period
from commonground.protocols.fields.moments import moment
from commonground.words import (
    Column,
    Contact,
    Dataset,
    Distribution,
    Extent,
    Kind,
    License,
    Moment,
    Period,
    Portal,
    Raw,
)

_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Za-z]{2,4})?")
_BLOCK = re.compile(r"\s*<(p|div|ul|ol|table|br|h[1-6]|blockquote|pre)\b", re.IGNORECASE)
_PARENT = {"child_of", "derives_from"}
_UNSTATED = {"notspecified", "not-specified"}


def normalize(raw: Raw, portal: Portal, native_id: str, notes: Notes) -> Dataset:
    """The package in our form. Whatever cannot be used is left out and noted.

    Columns are those of the first resource in the datastore; other resources with the same columns
    are slices of one table and their rows are added, different ones are noted.
    """
    facts = Facts(raw, notes)
    resources = ordered(raw.get("resources"), notes)
    name = facts.words("name")
    html, plain = _description(facts)
    found = distributions(resources, facts)
    return Dataset(
        city=portal.city,
        portal=portal.slug,
        host=portal.host,
        native_id=native_id,
        title=values.title(facts.words("title", "title_translated"), notes, "title", name, native_id),
        kind=_kind(facts, resources, found),
        description_html=html,
        description=plain,
        publisher=_publisher(facts),
        contact=_contact(facts) or portal.contact,
        license=_license(facts, resources),
        themes=_themes(facts),
        keywords=_keywords(facts),
        issued=_moment(facts, words.ISSUED),
        modified=_moment(facts, words.MODIFIED),
        data_updated=_latest(resources, notes),
        frequency=frequencies.frequency(facts.words(*words.FREQUENCY)),
        spatial=_spatial(facts),
        temporal=_temporal(facts),
        columns=columns(resources, notes),
        distributions=found,
        landing_page=values.link(f"{portal.url.rstrip('/')}/dataset/{name or native_id}", notes, "name"),
        row_count=_rows(resources, notes),
        parents=_parents(facts),
    )


def is_html(text: str) -> bool:
    """Whether notes are HTML (DKAN's are) and not Markdown: they begin with a block of it."""
    return _BLOCK.match(text) is not None


def _description(facts: Facts) -> tuple[str, str]:
    value, place = facts.first("notes", "notes_translated", "description")
    value = facts.one_language(value, place)
    dialect = "html" if isinstance(value, str) and is_html(value) else "markdown"
    return prose.description(value, facts.notes, place, dialect=dialect)


class Facts:
    """A package's facts by name: at its top, else in its `extras` (a list of pairs, or a dictionary)."""

    def __init__(self, raw: Raw, notes: Notes) -> None:
        self.raw = raw
        self.notes = notes
        self.extras: dict[str, tuple[object, str]] = {}
        given = raw.get("extras")
        if isinstance(given, dict):
            self.extras = {key: (value, f"extras.{key}") for key, value in given.items()}
            return
        for place, pair in values.records(given, notes, "extras"):
            if isinstance(pair.get("key"), str):
                self.extras.setdefault(pair["key"], (pair.get("value"), f"{place}.value"))

    def first(self, *names: str) -> tuple[object, str]:
        """The first fact that says something, and its place; `(None, names[0])` when none does."""
        for name in names:
            if _says(self.raw.get(name)):
                return self.raw[name], name
        for name in names:
            value, place = self.extras.get(name, (None, ""))
            if _says(value):
                return value, place
        return None, names[0]

    def words(self, *names: str) -> str:
        """The first of those facts as one clean text in one language."""
        value, place = self.first(*names)
        value = self.one_language(value, place)
        if isinstance(value, list):
            return ", ".join(values.texts(value, self.notes, place))
        return values.text(value, self.notes, place)

    def one_language(self, value: object, place: str) -> object:
        """English where a value is given by language, else the first; the others are noted once a record."""
        by_language = unpacked(value)
        if not isinstance(by_language, dict) or not by_language or not all(map(_LANGUAGE.fullmatch, by_language)):
            return value
        told = {key: text for key, text in by_language.items() if _says(text)}
        chosen = next((key for key in told if key[:2] == "en"), next(iter(told), ""))
        others = [key for key, text in told.items() if text != told[chosen]]
        if others and all(finding.code != "other-languages" for finding in self.notes.found):
            self.notes.add("other-languages", place, ", ".join(others))
        return told.get(chosen)


def unpacked(value: object) -> object:
    """The object or list inside a text of JSON; any other value as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _says(value: object) -> bool:
    if isinstance(value, dict):
        return any(_says(one) for one in value.values())
    return value is not None and value != [] and not (isinstance(value, str) and not value.strip())


def ordered(given: object, notes: Notes) -> list[tuple[str, Raw]]:
    """The resources with their places, by `position` where they have one."""
    found = values.records(given, notes, "resources")
    return sorted(found, key=lambda one: one[1]["position"] if isinstance(one[1].get("position"), int) else len(found))


def columns(resources: Iterable[tuple[str, Raw]], notes: Notes) -> tuple[Column, ...] | None:
    """The columns of the first resource in the datastore, or None: outside of it they are not known."""
    known = list(_tables(resources, notes))
    if not known:
        return None
    if any(fields != known[0][1] for _, fields, _ in known[1:]):
        other = next(place for place, fields, _ in known[1:] if fields != known[0][1])
        notes.add("resources-differ", other, known[0][0])
    return known[0][1]


def _rows(resources: Iterable[tuple[str, Raw]], notes: Notes) -> int | None:
    """Rows of all resources that share the first one's columns; None when one of them does not tell."""
    known = list(_tables(resources, Notes()))
    totals = [
        values.whole_number(resource.get(words.TOTAL), notes, f"{place}.{words.TOTAL}")
        for place, fields, resource in known
        if fields == known[0][1]
    ]
    told = [total for total in totals if total is not None]
    return sum(told) if told and len(told) == len(totals) else None


def _tables(resources: Iterable[tuple[str, Raw]], notes: Notes) -> Iterator[tuple[str, tuple[Column, ...], Raw]]:
    for place, resource in resources:
        if active(resource) and isinstance(resource.get(words.FIELDS), list):
            inside = f"{place}.{words.FIELDS}"
            fields = values.records(resource[words.FIELDS], notes, inside)
            found = (_column(field, at, notes) for at, field in fields if field.get("id") != words.ROW_NUMBER)
            yield place, tuple(column for column in found if column.field), resource


def _column(field: Raw, place: str, notes: Notes) -> Column:
    """One datastore field; its name and description come from the data dictionary (`info`) when kept.

    The id is kept to the letter, for queries need it so: some end in a space.
    """
    told = field.get("info")
    info: dict[str, Any] = told if isinstance(told, dict) else {}
    given = field.get("id")
    name = values.text(given, notes, f"{place}.id")
    published = values.text(field.get("type"), notes, f"{place}.type")
    return Column(
        name=values.text(info.get("label"), notes, f"{place}.info.label") or name,
        field=prose.clean(given) if isinstance(given, str) and name else name,
        type=words.column_type(published),
        published_type=published,
        description=values.text(info.get("notes"), notes, f"{place}.info.notes"),
    )


def distributions(resources: Iterable[tuple[str, Raw]], facts: Facts) -> tuple[Distribution, ...]:
    """Each resource with an address. One without is a fault unless its rows live in the datastore."""
    notes, found = facts.notes, []
    for place, resource in resources:
        url = values.link(resource["url"], notes, f"{place}.url") if _says(resource.get("url")) else ""
        if not url:
            if not _says(resource.get("url")) and not active(resource):
                notes.add("bad-link", f"{place}.url", resource.get("url") or "")
            continue
        media = values.text(resource.get("mimetype") or resource.get("media_type"), notes, f"{place}.mimetype")
        given = values.text(resource.get("format"), notes, f"{place}.format")
        title = values.text(facts.one_language(resource.get("name"), f"{place}.name"), notes, f"{place}.name")
        found.append(Distribution(url, formats.format_of(given, media, url), title, media))
    return tuple(found)


def active(resource: Raw) -> bool:
    """Whether the rows of a resource are in the datastore; some portals say it as text."""
    return str(resource.get("datastore_active")).lower() == "true"


def _kind(facts: Facts, resources: Sequence[tuple[str, Raw]], found: Sequence[Distribution]) -> Kind:
    said = words.KINDS.get(facts.words("btype").lower())
    in_datastore = any(active(resource) for _, resource in resources)
    return said or words.kind_of((one.format for one in found), in_datastore=in_datastore)


def _publisher(facts: Facts) -> str:
    """The package's publisher, else its organization, else an author that is an office."""
    value, place = facts.first(*words.PUBLISHER)
    said = contacts.publisher(_name(facts, value, place), facts.notes, place)
    organization = _name(facts, facts.raw.get("organization"), "organization")
    if said and organization and said.casefold() != organization.casefold():
        facts.notes.add("organization-differs", "organization", organization, detail=said)
    if said or organization:
        return said or organization
    office = contacts.contact(_plain_name(facts, "author"), "")
    return office.name if office else ""


def _name(facts: Facts, value: object, place: str) -> str:
    """The name of an organization, given as text or as an object. Withheld names (`person-…`) are none."""
    thing = unpacked(value)
    if isinstance(thing, dict) and ("name" in thing or "title" in thing):
        key = "title" if _says(thing.get("title")) else "name"
        value, place = thing.get(key), f"{place}.{key}"
    name = values.text(facts.one_language(value, place), facts.notes, place)
    return "" if name.startswith("person-") else name


def _plain_name(facts: Facts, key: str) -> str:
    """A name given as text. Names inside JSON are lists of people, which we do not read."""
    value, place = facts.first(key)
    return values.text(value, facts.notes, place) if isinstance(unpacked(value), str) else ""


def _contact(facts: Facts) -> Contact | None:
    for name, email in words.OFFICES:
        found = contacts.contact(_plain_name(facts, name), _plain_name(facts, email))
        if found:
            return found
    for place, one in values.records(facts.raw.get("contact_points"), facts.notes, "contact_points"):
        name = values.text(one.get("name"), facts.notes, f"{place}.name")
        found = contacts.contact(name, values.text(one.get("email"), facts.notes, f"{place}.email"))
        if found:
            return found
    return None


def _license(facts: Facts, resources: Iterable[tuple[str, Raw]]) -> License | None:
    """The package's license; its id helps where the title alone is not certain. Else its resources' one."""
    key, title, url = facts.words("license_id"), facts.words("license_title", "license"), facts.words("license_url")
    if title or url or (key and key.lower() not in _UNSTATED):
        if key.lower() in _UNSTATED and not url:
            return None
        found = licenses.license_of(title or key or url, url)
        certain = licenses.license_of(key, url) if found and not found.spdx and key else None
        return License(found.text, certain.spdx, certain.url) if found and certain and certain.spdx else found
    told = {
        values.text(resource.get("license") or resource.get("rights"), facts.notes, f"{place}.license"): place
        for place, resource in resources
    }
    given = [text for text in told if text]
    if len(given) > 1:
        facts.notes.add("resources-differ", f"{told[given[1]]}.license", given[1])
    return licenses.license_of(given[0], given[0] if "://" in given[0] else "") if given else None


def _themes(facts: Facts) -> tuple[str, ...]:
    groups = values.records(facts.raw.get("groups"), facts.notes, "groups")
    names = [_name(facts, group, place) for place, group in groups]
    value, place = facts.first("theme")
    return values.texts([*filter(None, names), *_listed(facts, unpacked(value), place)], facts.notes, "groups")


def _keywords(facts: Facts) -> tuple[str, ...]:
    """Tags (objects or texts), and the keywords of every language where they are kept by language."""
    tags = facts.raw.get("tags")
    names: list[object] = []
    for index, tag in enumerate(tags if isinstance(tags, list) else ()):
        names.append(values.text(tag.get("name"), facts.notes, f"tags[{index}].name") if isinstance(tag, dict) else tag)
    if not isinstance(tags, list):
        names += _listed(facts, tags, "tags")
    value, place = facts.first("keywords")
    value = unpacked(value)
    told = {str(name).casefold() for name in names}
    # The same words are usually kept twice, as tags and by language: that is no fault of the list.
    for one in value.values() if isinstance(value, dict) else (value,):
        fresh = [word for word in _listed(facts, one, place) if str(word).casefold() not in told]
        told |= {str(word).casefold() for word in fresh}
        names += fresh
    return values.texts([name for name in names if name], facts.notes, "tags")


def _listed(facts: Facts, value: object, place: str) -> list[object]:
    """A list as it is; a text split as `texts` does."""
    return value if isinstance(value, list) else list(values.texts(value, facts.notes, place))


def _moment(facts: Facts, names: Sequence[str]) -> Moment | None:
    value, place = facts.first(*names)
    return moment(value, facts.notes, place)


def _latest(resources: Iterable[tuple[str, Raw]], notes: Notes) -> Moment | None:
    """When the newest file changed; an unreadable date only when there is no readable one."""
    found = [
        moment(resource["last_modified"], notes, f"{place}.last_modified")
        for place, resource in resources
        if _says(resource.get("last_modified"))
    ]
    told = [one for one in found if one is not None]
    read = [(one.at, one) for one in told if one.at is not None]
    return max(read, key=lambda pair: pair[0])[1] if read else next(iter(told), None)


def _spatial(facts: Facts) -> Extent | None:
    value, place = facts.first(*words.SPATIAL)
    corners = [facts.first(name)[0] for name in words.BOX]
    if value is None and all(_says(corner) for corner in corners):
        value, place = ",".join(str(corner) for corner in corners), "extras.bbox"
    return extent(value, facts.notes, place) if value is not None else None


def _temporal(facts: Facts) -> Period | None:
    value, place = facts.first(*words.TEMPORAL)
    if value is not None:
        return period(value, facts.notes, place)
    for names in words.PERIOD_ENDS:
        ends = [facts.words(name) for name in names]
        if any(ends):
            return period("/".join(end or ".." for end in ends), facts.notes, names[0])
    for place, one in values.records(facts.raw.get("temporals"), facts.notes, "temporals"):
        ends = [values.text(one.get(name), facts.notes, f"{place}.{name}") for name in ("start_date", "end_date")]
        if any(ends):
            return period("/".join(end or ".." for end in ends), facts.notes, place)
    return None


def _parents(facts: Facts) -> tuple[str, ...]:
    links = values.records(facts.raw.get("relationships_as_subject"), facts.notes, "relationships_as_subject")
    return values.texts(
        [
            values.text(link.get("object_package_id"), facts.notes, f"{place}.object_package_id")
            for place, link in links
            if link.get("type") in _PARENT
        ],
        facts.notes,
        "relationships_as_subject",
    )
