"""The register as it stands: the subjects of the package, with what persons added, changed and merged.

    edit("building-permits", {"synonyms": ["Permits to build"]}, by=user, seen=0)
    add({"label": "Ice rinks", "theme": "parks-and-culture", …}, by=user)
    merge("ice-rinks", "park-facilities", by=user, seen=1)

`seen` is the number of the version that the person looked at (0: as in the package). Of two who change a subject at
the same moment, the second is told who the first was (`errors.Decided`). Versions are kept for ever.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from pydantic import ValidationError

from commonground.errors import Decided, NotFound, Usage
from commonground.overlap.models import SubjectVersion
from commonground.overlap.persons import signed
from commonground.overlap.subjects import Register, Subject, distinct, packaged
from commonground.overlap.subjects.files import SLUG, SubjectForm, faults

LONGEST_SLUG = 80
LONGEST_WHY = 2_000
NEW = "new"
"""Stands in addresses where a slug would (/overlap/subjects/new)."""


def current() -> Register:
    """The register now. One query; without changes by persons it is the packaged one."""
    rows = SubjectVersion.objects.order_by("slug", "number").values_list("slug", "merged_into", "form")
    newest = {slug: (into, json.dumps(form)) for slug, into, form in rows}
    return _with_changes(tuple((slug, *rest) for slug, rest in newest.items())) if newest else packaged()


def subjects() -> Mapping[str, Subject]:
    """The subjects by slug, in the order of themes."""
    return current().subjects


def find(name: str) -> Subject | None:
    """The subject of that slug, label or synonym; None when the register has none."""
    return current().find(name)


def resolve(slug: str) -> str:
    """The slug under which a merged subject lives on; any other slug as it is."""
    return current().resolve(slug)


def versions(slug: str) -> list[SubjectVersion]:
    """What persons made of a subject, the newest first."""
    return list(SubjectVersion.objects.filter(slug=slug).select_related("user").order_by("-number"))


def number(slug: str) -> int:
    """The version of a subject that stands: 0 as in the package, or where persons made none."""
    return SubjectVersion.objects.filter(slug=slug).values_list("number", flat=True).order_by("-number").first() or 0


def form_of(subject: Subject) -> dict[str, Any]:
    """A subject as a version keeps it: what its file says, and the theme."""
    plain = asdict(subject)
    del plain["slug"]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


def edit(slug: str, changes: Mapping[str, Any], by: User | str, *, seen: int, why: str = "") -> Subject:
    """Change some of a subject's fields. Its own label and repetitions among the synonyms are left out.

    Raises `NotFound` for no such subject, `Usage` for what cannot stand (a name that another subject has, a label of
    one letter, a subject that was merged), `Decided` when another person changed it meanwhile.
    """
    known = current()
    _check_seen(slug, seen)
    before = _living(slug, known)
    after = _made(slug, form_of(before) | dict(changes), known)
    if after != before:
        _keep(slug, seen, why=why, **signed(by), form=form_of(after))
    return after


def add(form: Mapping[str, Any], by: User | str, *, slug: str = "", why: str = "") -> Subject:
    """A new subject; without a slug, the label makes it. A slug that was merged lives again.

    Raises `Usage` for a slug or a name that another subject has and for a form that cannot stand, `Decided` when
    another person added the same meanwhile.
    """
    slug = slug or slugify(str(form.get("label", "")))[:LONGEST_SLUG].strip("-")
    known = current()
    if slug == NEW:
        raise Usage(f"“{slug}” is no slug of a subject: it is the page that adds one.", advice="Choose another.")
    if slug in known.subjects:
        raise Usage(f"The subject “{slug}” is there already.", advice="Edit it, or choose another slug.")
    made = _made(slug, form, known)
    _keep(slug, number(slug), why=why, **signed(by), form=form_of(made))
    return made


def merge(slug: str, into: str, by: User | str, *, seen: int, why: str = "") -> Subject:
    """Let a subject live on in another, which takes its label and synonyms as synonyms. Decisions and guesses keep
    the old slug; `resolve` reads it as the new one. Raises as `edit`.
    """
    known = current()
    _check_seen(slug, seen)
    gone, stays = _living(slug, known), _living(known.resolve(into), known)
    if gone.slug == stays.slug:
        raise Usage(f"“{slug}” cannot be merged into itself.", advice="Name another subject.")
    names = distinct((*stays.synonyms, *gone.names), label=stays.label)
    without = replace(known, subjects={key: one for key, one in known.subjects.items() if key != slug})
    near = [one for one in stays.near if one != slug]
    grown = _made(stays.slug, form_of(stays) | {"synonyms": names, "near": near}, without)
    newest = number(stays.slug)
    with transaction.atomic():
        _keep(slug, seen, why=why, **signed(by), form=form_of(gone), merged_into=stays.slug)
        _keep(stays.slug, newest, why=why, **signed(by), form=form_of(grown))
    return grown


@lru_cache(maxsize=4)
def _with_changes(newest: tuple[tuple[str, str, str], ...]) -> Register:
    """The packaged register with the newest version of each subject: slug, slug merged into, form as JSON."""
    merged = {slug: into for slug, into, _ in newest if into}
    persons = {slug: _subject(slug, json.loads(form)) for slug, into, form in newest if not into}
    return packaged().overlaid(persons, merged)


def _subject(slug: str, form: Mapping[str, Any]) -> Subject:
    """Of a form that was checked when it was kept; what a later program calls otherwise raises `ValidationError`."""
    rest = {name: value for name, value in form.items() if name != "theme"}
    return SubjectForm.model_validate(rest).subject(slug, form["theme"])


def _living(slug: str, known: Register) -> Subject:
    if slug in known.subjects:
        return known.subjects[slug]
    if slug in known.merged:
        living = known.resolve(slug)
        raise Usage(f"“{slug}” was merged into “{living}”.", advice=f"Edit {living}, or add {slug} again.")
    raise NotFound(f"No subject “{slug}”.", advice="The page /overlap lists the subjects.")


def _made(slug: str, form: Mapping[str, Any], known: Register) -> Subject:
    """The subject of a form that a person filled. Raises `Usage` for what cannot stand, all of it in one message."""
    theme = str(form.get("theme", ""))
    if theme not in known.themes:
        raise Usage(f"“{theme}” is no theme.", advice=f"One of: {', '.join(known.themes)}.")
    try:
        checked = _checked(slug, form)
    except ValidationError as error:
        raise Usage("\n".join(f"{slug or 'The subject'}: {fault}" for fault in faults(error))) from error
    made = checked.subject(slug, theme)
    made = replace(made, synonyms=distinct(made.synonyms, label=made.label))
    taken = [f"“{name}” is a name of “{other.label}” ({other.slug})." for name, other in known.clashes(made)]
    unknown = [f"“{one}” is near to it, but no subject." for one in made.near if one not in known.subjects]
    if taken or unknown:
        raise Usage("\n".join(taken + unknown), advice="Leave it out, or change the other subject first.")
    return replace(made, near=tuple(one for one in dict.fromkeys(made.near) if one != slug))


def _checked(slug: str, form: Mapping[str, Any]) -> SubjectForm:
    if not re.fullmatch(SLUG, slug) or len(slug) > LONGEST_SLUG:
        raise Usage(
            f"“{slug}” is no slug of a subject.",
            advice="Give it a label with letters, or a slug of small letters, digits and hyphens: building-permits.",
        )
    return SubjectForm.model_validate({name: value for name, value in form.items() if name != "theme"})


def _check_seen(slug: str, seen: int) -> None:
    if number(slug) != seen:
        raise _told(slug)


def _keep(slug: str, seen: int, *, why: str, **fields: Any) -> None:  # noqa: ANN401 - columns of the row
    """Write the version after `seen`. Raises `Decided` when there is one already."""
    told = why.replace("\x00", "").strip()[:LONGEST_WHY]
    try:
        with transaction.atomic():
            SubjectVersion.objects.create(slug=slug, number=seen + 1, why=told, **fields)
    except IntegrityError as error:
        raise _told(slug) from error


def _told(slug: str) -> Decided:
    newest = SubjectVersion.objects.filter(slug=slug).order_by("-number").first()
    who = f"{newest.by} changed “{slug}” meanwhile" if newest else f"“{slug}” is as in the package"
    number = newest.number if newest else 0
    return Decided(f"{who}: version {number} stands.", advice="Look at it, and change that.")
