"""Drafts of crosswalks in the database, and the raw parts on which one of them may be tried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.db.models import Max

from commonground.errors import Usage
from commonground.overlap.persons import signed
from commonground.standards import files
from commonground.standards.crosswalk import Crosswalk
from commonground.tables.build.result import Raw
from commonground.tables.drafting.reading import MOST_BYTES
from commonground.tables.manifest import home
from commonground.tables.models import Build, CrosswalkDraft, Part, Reading
from commonground.words import City

PERMISSION: Final = "tables.add_crosswalkdraft"
OPERATOR: Final = "operator"


def group_of(city: str) -> str:
    """The name of the group of a city's own persons; the operator makes it in the admin."""
    return f"city: {city}"


def may_draft(user: User | AnonymousUser, city: str) -> bool:
    """Whether this person edits the crosswalks of a city: a steward of that city, or an operator."""
    if not user.has_perm(PERMISSION):
        return False
    return user.is_superuser or user.groups.filter(name__in=[OPERATOR, group_of(city)]).exists()


def shelf(city: City, *crosswalks: Crosswalk) -> dict[str, list[Raw]]:
    """The raw parts that a draft of a city may read, by source, the oldest first: those that a build would take.

    They are rows of the city's own portals, and files that published crosswalks of the city name: what an edited text
    names beside these is not there, whatever lies on our disk. `crosswalks` are further ones that may be trusted.
    """
    own = tuple(f"{portal.slug}/" for portal in city.portals)
    published = [one for one in files.crosswalks() if one.city == city.slug]
    named = set(_plain_files((*published, *crosswalks)))
    held: dict[str, list[Part]] = {}
    for one in Part.objects.order_by("source", "sequence"):
        if one.source in named or one.source.startswith(own):
            held.setdefault(one.source, []).append(one)
    return {source: [_raw(one) for one in _taken(source, parts)] for source, parts in held.items()}


def _raw(one: Part) -> Raw:
    return Raw(one.pk, one.source, home() / one.path, tuple(one.names), one.rows, one.sequence, one.label)


def _taken(source: str, parts: list[Part]) -> list[Part]:
    """Those of a source's parts that a build takes: older readings of the same rows are kept, but count no more.

    They are the parts of the newest build, or of the newest reading of the portal; of parts that came since, or that
    nothing was built from, the newest of each label (a recorded file has one of its own, a reading its day).
    """
    newest = max(parts, key=lambda one: one.fetched)
    build = Build.objects.filter(parts__source=source).order_by("-pk").first()
    reading = Reading.objects.filter(source=source).first()
    if reading and newest.pk in reading.parts:
        chosen = set(reading.parts)
    elif build and build.made >= newest.fetched:
        chosen = set(build.parts.values_list("pk", flat=True))
    else:
        chosen = {one.pk for one in {one.label: one for one in parts}.values()}
    return [one for one in parts if one.pk in chosen]


def _plain_files(crosswalks: Iterable[Crosswalk]) -> Iterable[str]:
    for one in crosswalks:
        for source in one.sources:
            yield from (name for name in (source.file, *(join.file for join in source.join)) if name)


def drafts(standard: str, city: str) -> list[CrosswalkDraft]:
    """The saved versions, the newest first."""
    return list(CrosswalkDraft.objects.filter(standard=standard, city=city).order_by("-number"))


def save(standard: str, city: str, text: str, by: User, result: Any) -> CrosswalkDraft:  # noqa: ANN401 - JSON
    """Keep a version. The same text as the newest one is kept once. Raises `Usage` for a text that is too long."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise Usage(f"The text has more than {MOST_BYTES:,} bytes.", advice="Leave out codes that no row has.")
    kept = text.replace("\x00", "")
    try:
        return _saved(standard, city, kept, by, result)
    except IntegrityError:  # two at once; the other one was quicker
        return _saved(standard, city, kept, by, result)


def _saved(standard: str, city: str, text: str, by: User, result: Any) -> CrosswalkDraft:  # noqa: ANN401 - JSON
    some = CrosswalkDraft.objects.filter(standard=standard, city=city)
    with transaction.atomic():
        newest = some.order_by("-number").first()
        if newest is not None and newest.text == text:
            return newest
        last = some.aggregate(last=Max("number"))["last"] or 0
        facts = {"standard": standard, "city": city, "number": last + 1, "text": text, "result": result, **signed(by)}
        return CrosswalkDraft.objects.create(**facts)
