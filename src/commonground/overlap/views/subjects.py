"""Subjects of the register, as persons make, change and merge them. Versions are kept for ever."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from commonground.errors import Decided, NotFound, Usage
from commonground.overlap import register
from commonground.overlap.facets import Grain
from commonground.overlap.subjects import Subject
from commonground.overlap.views.decide import by_staff, person
from commonground.pages.paging import whole

Form = dict[str, Any]

_PLAIN = ("label", "definition", "row", "grain")
_forms = require_http_methods(["GET", "HEAD", "POST"])


@_forms
@by_staff
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a subject, or merge it into another one (`into`). 409 when another person changed it meanwhile."""
    subject = register.find(slug)
    if subject is None:
        raise NotFound(f"No subject “{slug}”.", advice="The page /overlap lists the subjects.")
    if subject.slug != slug:
        return HttpResponseRedirect(reverse("edit-subject", args=[subject.slug]))
    if request.method != "POST":
        return _page(request, subject, register.form_of(subject))
    given, seen = request.POST, whole(request.POST.get("seen")) or 0
    try:
        if given.get("do") == "merge":
            kept = register.merge(slug, _other(given), person(request), seen=seen, why=given.get("why", ""))
        else:
            kept = register.edit(slug, _changes(given), person(request), seen=seen, why=given.get("why", ""))
    except Decided as error:
        return _conflict(request, slug, error)
    except Usage as error:
        return _page(request, subject, _changes(given), error)
    return _to(kept)


@_forms
@by_staff
def new(request: HttpRequest) -> HttpResponse:
    """Add a subject; `name` proposes its label."""
    if request.method != "POST":
        return _page(request, None, {"label": request.GET.get("name", "").replace("\x00", ""), "grain": Grain.RECORDS})
    form = {**_changes(request.POST), "theme": request.POST.get("theme", "")}
    try:
        return _to(register.add(form, person(request), why=request.POST.get("why", "")))
    except (Decided, Usage) as error:
        return _page(request, None, form, error)


def _changes(given: QueryDict) -> Form:
    """What a form says of a subject; a synonym stands on a line of its own."""
    lines = (line.strip() for line in given.get("synonyms", "").splitlines())
    return {**{name: given.get(name, "") for name in _PLAIN}, "synonyms": [line for line in lines if line]}


def _other(given: QueryDict) -> str:
    """The slug of the subject that is merged into, by any of its names."""
    found = register.find(given.get("into", ""))
    return found.slug if found else given.get("into", "")


def _page(
    request: HttpRequest, subject: Subject | None, form: Form, error: Usage | Decided | None = None
) -> HttpResponse:
    """The form as it was filled, with what is wrong with it."""
    known = register.current()
    slug = subject.slug if subject else ""
    plain = {name: value for name, value in form.items() if name in {*_PLAIN, "theme"}}
    context: Form = {
        "subject": subject,
        "form": {**plain, "synonyms": "\n".join(form.get("synonyms", ()))},
        "error": error,
        "seen": request.POST.get("seen") if error else register.number(slug),
        "why": request.POST.get("why", ""),
        "versions": register.versions(slug) if slug else [],
        "grains": list(Grain),
        "themes": [{"slug": one, "label": label} for one, label in known.themes.items()],
        "others": sorted((one for one in known.subjects.values() if one.slug != slug), key=lambda one: one.label),
        "twins": {},
    }
    return render(request, "overlap/subject_edit.html", context, status=400 if error else 200)


def _conflict(request: HttpRequest, slug: str, error: Decided) -> HttpResponse:
    """Who was quicker and what stands now, with the form once more: it can be sent again, or left."""
    versions = register.versions(slug)
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    context: Form = {
        "error": error,
        "newest": versions[0] if versions else None,
        "living": register.find(slug),
        "merged": bool(versions and versions[0].merged_into),
        "seen": versions[0].number if versions else 0,
        "fields": [(name, value) for name, value in fields if name not in {"seen", "csrfmiddlewaretoken"}],
        "slug": slug,
        "twins": {},
    }
    return render(request, "overlap/subject_conflict.html", context, status=409)


def _to(kept: Subject) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse("overlap-subject", args=[kept.slug]))
    response.status_code = 303  # and be read with GET
    return response
