"""What a person says, from the form of any page: kept, with a way back, or told that another was quicker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import wraps
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from commonground.errors import Decided, NotFound, Usage
from commonground.overlap import decisions, register
from commonground.overlap.decisions import Kind, Said
from commonground.overlap.facets import Geometry, Grain, Nature, Relation, Timing, Verdict
from commonground.overlap.matters import Matter
from commonground.overlap.models import Decision
from commonground.pages.paging import whole

_INSTEAD: Final = "instead"
"""Said of a place: it is about another subject. Rejects this one and confirms the other."""
Word = TypeVar("Word", bound=StrEnum)
View = Callable[..., HttpResponse]


def by_staff(view: View) -> View:
    """Only for those who may decide; others are led to the sign-in, and back to the page that they came from."""

    @wraps(view)
    def door(request: HttpRequest, **parts: Any) -> HttpResponse:  # noqa: ANN401 - as in the address
        if decisions.may_decide(request.user):
            return view(request, **parts)
        if isinstance(request.user, AnonymousUser):
            response = redirect_to_login(way_on(request.POST) if request.method == "POST" else request.get_full_path())
            if request.headers.get("HX-Request"):  # the whole page goes there, not a part of it
                return HttpResponse(headers={"HX-Redirect": response.url})
            return response
        raise PermissionDenied

    return door


@require_POST
@by_staff
def decide(request: HttpRequest) -> HttpResponse:
    """Keep what a person says of a matter, and go on to `next`. 409 when another one was quicker."""
    matter = _matter(request.POST)
    try:
        with transaction.atomic():
            kept = _kept(request.POST, matter, person(request))
    except Decided:
        return _conflict(request, matter)
    return _on(request.POST, kept)


@require_POST
@by_staff
def undo(request: HttpRequest) -> HttpResponse:
    """Take decisions back, and go on to `next`. 409 when another one stands by now."""
    rows = Decision.objects.filter(pk__in=[whole(one) for one in request.POST.getlist("decision")])
    if not rows:
        raise NotFound("There is no such decision.", advice="The page /overlap/decisions lists all.")
    try:
        with transaction.atomic():
            taken = [decisions.undo(one, person(request), why=request.POST.get("why", "")) for one in rows]
    except Decided:
        return _conflict(request, decisions.matter_of(rows[0]))
    return _on(request.POST, taken)


def person(request: HttpRequest) -> User:
    """Who decides, behind the door of `by_staff`."""
    assert isinstance(request.user, User)  # whoever may decide has signed in
    return request.user


def _kept(given: QueryDict, matter: Matter, user: User) -> list[Decision]:
    seen, why = whole(given.get("seen")), given.get("why", "")
    if given.get("verdict") != _INSTEAD:
        return [decisions.decide(matter, _said(given, matter), user, seen=seen)]
    if matter.kind != Kind.PLACE or not matter.a:
        raise Usage("Only a data set can be about another subject.", advice="Confirm or reject.")
    other = decisions.place(register.current().resolve(given.get("instead", "")), matter.a)
    if other == matter:
        raise Usage("That is the same subject.", advice="Name another one.")
    standing = decisions.standing_of([other]).get(other)
    confirmed = decisions.decide(other, Said(Verdict.CONFIRMED, why=why), user, seen=standing.pk if standing else None)
    return [decisions.decide(matter, Said(Verdict.REJECTED, why=why), user, seen=seen), confirmed]


def _matter(given: Mapping[str, str]) -> Matter:
    """What a form is about. Raises `Usage` for what is none."""
    names = ("a", "b", "subject", "column_a", "column_b")
    a, b, subject, column_a, column_b = (given.get(name, "").replace("\x00", "") for name in names)
    living = register.current().resolve(subject)
    made = {
        Kind.PLACE: lambda: decisions.place(living, a) if a else decisions.none_of(living, b),
        Kind.MATCH: lambda: decisions.match(a, b),
        Kind.GRAIN: lambda: decisions.grain(a),
        Kind.COLUMN: lambda: decisions.column(a, column_a, b, column_b),
        Kind.FIELD: lambda: decisions.field(a, column_a, subject, column_b),
    }
    kind = given.get("kind", "")
    if kind not in made:
        raise Usage(f"“{kind}” is nothing that can be decided.", advice=f"One of: {', '.join(made)}.")
    return made[Kind(kind)]()


def _said(given: QueryDict, matter: Matter) -> Said:
    """What a form says. Raises `Usage` for a word that we do not know."""
    why = given.get("why", "")
    if matter.kind == Kind.GRAIN:
        by = tuple(word for one in given.getlist("by") for word in one.replace(",", " ").split())
        grain = _word(Grain, given, "grain")
        timing, geometry = _word(Timing, given, "timing"), _word(Geometry, given, "geometry")
        told = Nature(grain or Grain.UNKNOWN, by[:10], timing or Timing.UNKNOWN, geometry or Geometry.UNKNOWN)
        return Said(nature=told, why=why)
    verdict = _word(Verdict, given, "verdict")
    return Said(verdict, _word(Relation, given, "relation") if verdict is Verdict.RELATED else None, why=why)


def _word(words: type[Word], given: QueryDict, name: str) -> Word | None:
    text = given.get(name, "")
    if text and text not in list(words):
        raise Usage(f"“{text}” is no {name}.", advice=f"One of: {', '.join(words)}.")
    return words(text) if text else None


def way_on(given: QueryDict, **more: list[str]) -> str:
    """Where a form leads: a path of this site, by default the queue; `more` replaces parts of its query."""
    target = given.get("next", "")
    if not target.startswith("/") or not url_has_allowed_host_and_scheme(target, None):
        target = reverse("review")
    parts = urlsplit(target)
    query = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in {"done", *more}
    ]
    query += [(name, value) for name, values in more.items() for value in values]
    return urlunsplit(("", "", parts.path, urlencode(query), parts.fragment))


def _on(given: QueryDict, rows: list[Decision]) -> HttpResponseRedirect:
    response = HttpResponseRedirect(way_on(given, done=[str(one.pk) for one in rows]))
    response.status_code = 303  # and be read with GET, whatever was sent
    return response


def _conflict(request: HttpRequest, matter: Matter) -> HttpResponse:
    """What the other person said, with the form once more: it can be sent again, or left."""
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    newest = decisions.newest(matter)
    context: dict[str, Any] = {
        "newest": newest,
        "titles": decisions.titles([newest] if newest else []),
        "standing": decisions.standing_of([matter]).get(matter),
        "fields": [(name, value) for name, value in fields if name not in {"seen", "csrfmiddlewaretoken"}],
        "again": "decision" not in request.POST,
        "next": way_on(request.POST),
        "twins": {},
    }
    response = render(request, "overlap/conflict.html", context, status=409)
    response.headers["HX-Push-Url"] = "false"  # this address takes forms only
    return response
