"""How a city's rows become a table's: the published crosswalk for everybody to read, and drafts of it for stewards."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from commonground.catalog import browse
from commonground.errors import Crowded, NotFound, Usage
from commonground.pages.errors import too_many
from commonground.pages.limits import Bucket
from commonground.pages.paging import whole
from commonground.pages.twins import Answer
from commonground.standards import files
from commonground.standards.crosswalk import Crosswalk
from commonground.standards.model import Standard
from commonground.standards.telling import near
from commonground.tables import apart
from commonground.tables.apart.trying import MOST_ROWS, Trying
from commonground.tables.drafting import store
from commonground.tables.drafting.reading import MOST_BYTES
from commonground.tables.models import CrosswalkDraft
from commonground.tables.showing import recipe
from commonground.words import City

SECONDS: Final = 30.0
_PAUSE: Final = 5
_OFTEN: Final = 10
_tries = Bucket(1 / _PAUSE, most=_OFTEN)
Form = dict[str, Any]


def of(request: HttpRequest, name: str, slug: str) -> Answer:
    """The published crosswalk of a city as text and field by field, and its drafts; `draft` opens one for a steward."""
    standard, city = _found(name, slug)
    drafts = store.drafts(standard.name, slug)
    page = reverse("crosswalk", args=[standard.name, slug])
    return Answer(
        "tables/crosswalk.html",
        lambda: _page(request, standard, city, drafts, text=_opened(request, drafts) or _text(standard.name, slug)),
        data=lambda: _data(standard, city, drafts),
        canonical=page,
    )


def draft(request: HttpRequest, name: str, slug: str, number: int) -> Answer:
    """One saved version of a draft: who wrote it, what came of trying it, and what differs from the one before."""
    del request
    standard, city = _found(name, slug)
    drafts = {one.number: one for one in store.drafts(standard.name, slug)}
    if number not in drafts:
        raise NotFound(f"{city.name} has no draft {number} to {standard.name}.", advice="Its page lists the drafts.")
    one, before = drafts[number], drafts.get(number - 1)
    return Answer(
        "tables/crosswalk_draft.html",
        lambda: {"standard": standard, "city": city, "draft": one, "before": before, **_difference(one, before)},
        data=lambda: {**_form(one), "text": one.text, "result": one.result, **_difference(one, before)},
    )


@require_POST
def work(request: HttpRequest, name: str, slug: str) -> HttpResponse:
    """Try the text of a draft on the city's rows (`do=try`), or keep it as a version (`do=save`)."""
    standard, city = _found(name, slug)
    if not store.may_draft(request.user, slug):
        if isinstance(request.user, AnonymousUser):
            return redirect_to_login(reverse("crosswalk", args=[standard.name, slug]))
        raise PermissionDenied
    if wait := _tries.take(f"user {request.user.pk}"):
        return too_many(request, wait=ceil(wait))
    text = request.POST.get("text", "").replace("\r\n", "\n").replace("\x00", "")
    try:
        told = _tried(text, standard, city)
    except Crowded as error:
        return too_many(request, wait=error.wait)
    except Usage as error:
        told = {"faults": [{"line": 0, "message": f"{error.message} {error.advice}"}]}
    if request.POST.get("do") == "save" and len(text.encode()) <= MOST_BYTES and text.strip():
        return _saved(request, standard, city, text, told)
    context = _page(request, standard, city, store.drafts(standard.name, slug), text=text)
    page = {**context, "tried": _shown(told), "twins": {}}
    status = HTTPStatus.BAD_REQUEST if told["faults"] else HTTPStatus.OK
    response = render(request, "tables/crosswalk.html", page, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _saved(request: HttpRequest, standard: Standard, city: City, text: str, told: Form) -> HttpResponse:
    assert isinstance(request.user, User)  # whoever may draft has signed in
    kept = store.save(standard.name, city.slug, text, request.user, _kept(told))
    target = reverse("crosswalk-draft", args=[standard.name, city.slug, kept.number])
    return HttpResponseRedirect(target, status=HTTPStatus.SEE_OTHER)


def _tried(text: str, standard: Standard, city: City) -> Form:
    """What `Trying` gives. Raises `Usage` where it takes too long or too much."""
    published = _published(standard.name, city.slug)
    task = Trying(text, standard.name, city, store.shelf(city), published, timezone.now().date())
    found: Form = apart.run(task, seconds=SECONDS)
    return found


def _kept(told: Form) -> Form:
    """What of a trial is kept with a version: counts and faults; rows may hold what nobody should keep."""
    trial, before = told.get("trial"), told.get("before")
    left = {"rows", "troubles", "unmapped"}
    return {
        "faults": told["faults"],
        "trial": {name: value for name, value in trial.items() if name not in left} if trial else None,
        "before": {name: value for name, value in before.items() if name not in left} if before else None,
    }


def _found(name: str, slug: str) -> tuple[Standard, City]:
    standard, known = files.standard(name), browse.known_cities()
    if standard.name != name:
        raise NotFound(f"No standard “{name}”.", advice=f"Did you mean {standard.name}?")
    if slug not in known:
        raise NotFound(f"There is no city “{slug}”. {near(slug, sorted(known))}")
    return standard, known[slug]


def _published(standard: str, city: str) -> Crosswalk | None:
    return files.crosswalk(standard, city) if city in files.mapped(standard) else None


def _text(standard: str, city: str) -> str:
    """The file of the published crosswalk; "" where there is none."""
    if city not in files.mapped(standard):
        return ""
    return (files.PACKAGED / "crosswalks" / standard / f"{city}.toml").read_text(encoding="utf-8")


def _opened(request: HttpRequest, drafts: list[CrosswalkDraft]) -> str:
    number = whole(request.GET.get("draft"))
    return next((one.text for one in drafts if one.number == number), "")


def _page(request: HttpRequest, standard: Standard, city: City, drafts: list[CrosswalkDraft], *, text: str) -> Form:
    published = _published(standard.name, city.slug)
    return {
        "standard": standard,
        "city": city,
        "crosswalk": published,
        "published": _text(standard.name, city.slug),
        "recipes": recipe.recipes(published, standard) if published else [],
        "drafts": [_form(one) for one in drafts],
        "may": store.may_draft(request.user, city.slug),
        "group": store.group_of(city.slug),
        "text": text or _begin(standard, city),
        "most_rows": MOST_ROWS,
        "seconds": int(SECONDS),
        "action": reverse("crosswalk-try", args=[standard.name, city.slug]),
    }


def _begin(standard: Standard, city: City) -> str:
    """The first lines of a crosswalk that nobody has written yet."""
    portal = city.portals[0].slug if city.portals else "portal"
    return (
        f'standard = "{standard.name}"\nversion = "{standard.version}"\nrevision = 1\ncity = "{city.slug}"\n\n'
        f'[[sources]]\ndataset = "{portal}/ID"\n\n[fields]\n\n[[vintages]]\nname = "first"\nwhen = []\n'
    )


def _form(one: CrosswalkDraft) -> Form:
    trial = one.result.get("trial") or {}
    return {
        "number": one.number,
        "by": one.by,
        "at": one.at,
        "faults": len(one.result.get("faults", ())),
        "read": trial.get("read"),
        "mapped": trial.get("mapped"),
        "url": reverse("crosswalk-draft", args=[one.standard, one.city, one.number]),
    }


def _data(standard: Standard, city: City, drafts: list[CrosswalkDraft]) -> Form:
    published = _published(standard.name, city.slug)
    return {
        "standard": standard.name,
        "city": city.slug,
        "crosswalk": published.model_dump(mode="json", by_alias=True, exclude_defaults=True) if published else None,
        "text": _text(standard.name, city.slug),
        "drafts": [_form(one) for one in drafts],
    }


def _difference(one: CrosswalkDraft, before: CrosswalkDraft | None) -> Form:
    """The lines that changed, against the version before, or against what is published."""
    earlier = before.text if before else _text(one.standard, one.city)
    lines = difflib.unified_diff(earlier.splitlines(), one.text.splitlines(), lineterm="", n=2)
    against = f"draft {before.number}" if before else "the published crosswalk"
    return {"against": against, "difference": [each for each in lines if not each.startswith(("---", "+++"))]}


def _shown(told: Form) -> Form:
    """What came of a trial, as the page has it: each field before and after, with the rows beside each other."""
    trial, before = told.get("trial"), told.get("before")
    if not trial:
        return {"faults": told["faults"], "trial": None, "fields": []}
    earlier = {one["field"]: one for one in before["fields"]} if before else {}
    later = {one["field"]: one for one in trial["fields"]}
    fields = [
        {"field": name, "before": earlier.get(name), "after": later.get(name), "change": _change(earlier, later, name)}
        for name in dict.fromkeys([*later, *earlier])
    ]
    return {"faults": (), "trial": trial, "before": before, "fields": fields}


def _change(earlier: Mapping[str, Form], later: Mapping[str, Form], name: str) -> str:
    """Whether more or less of a field is missing: "better", "worse" or ""."""
    one, other = earlier.get(name), later.get(name)
    if one is None or other is None:
        return "better" if other else "worse" if one else ""
    had, has = one["given"] - one["lost"], other["given"] - other["lost"]
    return "better" if has > had else "worse" if has < had else ""
