"""What was just decided, with the way back; forms to decide. `{% load decisions %}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonground.catalog.overview import city_name
from commonground.overlap.decisions import Kind, form, may_decide, none_of, standing_of, titles
from commonground.overlap.models import Decision, Standing
from commonground.overlap.register import find
from commonground.overlap.templatetags.overlap import said
from commonground.pages.paging import whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.template.context import Context
    from django.utils.safestring import SafeString

register = template.Library()

_ABOUT = {
    Kind.PLACE: _("that %(a)s is about %(subject)s"),
    Kind.MATCH: _("that %(a)s and %(b)s are the same"),
    Kind.GRAIN: _("what one row of %(a)s is"),
    Kind.COLUMN: _("that “%(column_a)s” of %(a)s and “%(column_b)s” of %(b)s mean the same"),
    Kind.FIELD: _("that “%(column_a)s” of %(a)s means “%(column_b)s” of %(subject)s"),
}
_NONE = _("that %(b)s publishes something about %(subject)s")


@register.filter
def about(one: Decision, titles: Mapping[str, str]) -> str:
    """What a decision is about, as the end of a sentence: “that Permits (chicago/ydr8-5enu) is about Building permits”.

    `titles` are those that `decisions.titles` knows, by id.
    """
    found = find(one.subject)
    named = {side: _named(getattr(one, side), titles) for side in ("a", "b")}
    return _sentence(one) % {**form(one), **named, "subject": found.label if found else one.subject}


@register.filter
def about_links(one: Decision, titles: Mapping[str, str]) -> SafeString:
    """As `about`, with links to what it is about, and ids that are small."""
    found = find(one.subject)
    there = (
        format_html('<a href="{}" lang="en">{}</a>', reverse("overlap-subject", args=[found.slug]), found.label)
        if found
        else ""
    )
    linked = {side: _linked(getattr(one, side), titles) for side in ("a", "b")}
    facts = {**form(one), **linked, "subject": there or one.subject}
    return format_html(_sentence(one) % {name: f"{{{name}}}" for name in facts}, **facts)


def _sentence(one: Decision) -> str:
    kind = Kind((one.undoes or one).kind)
    return str(_NONE if kind == Kind.PLACE and not one.a else _ABOUT[kind])


def _named(key: str, titles: Mapping[str, str]) -> str:
    return f"{titles[key]} ({key})" if key in titles else _city(key)


def _city(key: str) -> str:
    """What stands where a dataset would: a city, or an id that we never held."""
    return city_name(key) if key and "/" not in key else key


def _linked(key: str, titles: Mapping[str, str]) -> str:
    if key not in titles:
        return _city(key)
    portal, _, native_id = key.partition("/")
    address = reverse("elsewhere", kwargs={"portal": portal, "native_id": native_id})
    return format_html('<a href="{}" lang="en">{}</a> <span class="mono tiny">{}</span>', address, titles[key], key)


@register.filter
def verdict(one: Decision) -> str:
    """What a decision says: “Confirmed”, “Related: A part of it”, “Records, one by one”, “Taken back”."""
    if one.kind == Kind.UNDO:
        return gettext("Taken back")
    if one.kind == Kind.GRAIN:
        return said(one.nature.get("grain", ""), "grain")
    word = said(one.verdict, "verdict")
    return f"{word}: {said(one.relation, 'relation')}" if one.relation else word


@register.inclusion_tag("overlap/done.html", takes_context=True)
def decided(context: Context) -> dict[str, Any]:
    """What the person of this request has just decided (`?done=12`), with an undo where it still stands; of one that
    was just taken back, what that person said before it.
    """
    request = context["request"]
    asked = [number for one in request.GET.getlist("done")[:5] if (number := whole(one))]
    rows = list(Decision.objects.filter(pk__in=asked).select_related("undoes", "undone_by")) if asked else []
    mine = [one for one in rows if one.user_id is not None and one.user_id == request.user.pk]
    back = [one for one in mine if one.kind != Kind.UNDO and not hasattr(one, "undone_by")]
    before = None if back else _before(mine)
    return {
        "request": request,
        "rows": mine,
        "titles": titles([*mine, *([before] if before else [])]),
        "back": back or ([before] if before else []),
        "before": before,
        "here": request.get_full_path(),
    }


def _before(taken: list[Decision]) -> Decision | None:
    """What the person who took these back decided before them, and that still stands."""
    numbers = [one.undoes_id for one in taken if one.undoes_id]
    if not numbers:
        return None
    rows = Decision.objects.filter(
        user=taken[0].user_id, pk__lt=min(numbers), pk__in=Standing.objects.values("decision")
    )
    return rows.select_related("undoes").first()


@register.inclusion_tag("overlap/none_of.html", takes_context=True)
def none_in(context: Context, subject: str, cell: Mapping[str, Any]) -> dict[str, Any]:
    """That a city has none of a subject: who said so, and a form to say so where persons took no data set of it."""
    request, slug = context["request"], cell["city"]
    may = may_decide(request.user)
    matter = none_of(subject, slug)
    told = cell["why"]["code"] == "said-none"
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "subject": subject,
        "slug": slug,
        "city": city_name(slug),
        "said": standing_of([matter]).get(matter) if told or may else None,
        "may": may and not cell["datasets"],
        "next": f"{request.get_full_path()}#{slug}",
    }
