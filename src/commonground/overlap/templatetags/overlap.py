"""The words of overlap in templates, in the reader's language. `{% load overlap %}`."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from commonground.catalog.browse import known_cities
from commonground.catalog.overview import city_name
from commonground.overlap import spoken
from commonground.overlap.facets import Cell
from commonground.overlap.nature.grain import SAID, Reason
from commonground.pages.templatetags.pages import data_sets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

register = template.Library()
_NEARER = frozenset({"nearest", "rival"})


@register.filter
def said(code: str, family: str) -> str:
    """What people call a code: `{{ cell.state|said:"cell" }}`."""
    return gettext(spoken.word(code, family)) if code else ""


@register.filter
def reason(why: Mapping[str, Any]) -> str:
    """Why a cell of the matrix says what it says: `{{ cell.why|reason }}`."""
    return spoken.reason(why["code"], why["facts"], gettext)


@register.filter
def part(one: Mapping[str, Any]) -> str:
    """One contribution to a score: `{{ part|part }}`."""
    what, told = one["what"], "".join(map(str, one["detail"][:1]))
    if what in _NEARER and told not in known_cities():
        what = "subject" if told else ""
    return gettext(spoken.PARTS.get(what, spoken.OTHER)) % {"city": city_name(told), "subject": told}


@register.filter
def rests_on(one: Mapping[str, Any]) -> str:
    """What a contribution rests on: shared words, a kind of rows, a city."""
    if one["what"] == "grain":
        return ", ".join(said(code, "grain") for code in one["detail"])
    if one["what"] in _NEARER:  # said already
        return ""
    return ", ".join(map(str, one["detail"]))


@register.simple_tag
def because(parts: Sequence[Mapping[str, Any]], title: str, city: str) -> str:
    """Why we think so, as one sentence: `{% because one.parts one.title one.city %}`."""

    def say(text: str) -> str:
        return city_name(text) if text in known_cities() else gettext(text)

    return spoken.because(parts, title, city, say)


@register.filter
def nature(reason: str) -> str:
    """Why a nature was guessed, as a sentence; what a person wrote stays as it is."""
    told = Reason.read(reason)
    return told.said(gettext) if f"{told.facet}.{told.place}" in SAID else reason


@register.filter
def glyph(state: str) -> SafeString:
    """The drawing of a cell's state; its word must stand beside it."""
    return mark_safe(f'<svg class="g" aria-hidden="true"><use href="#g-{escape(state)}"/></svg>')  # noqa: S308 - escaped


@register.simple_tag
def square(cell: Mapping[str, Any], label: str) -> SafeString:
    """One cell of the matrix as a link; by hand, because a page has a thousand of them.

    To a screen reader it is “Building permits, Chicago: Yes, 1 data set”.
    """
    state, count = cell["state"], cell["count"]
    word = escape(said(state, "cell"))
    if state == Cell.UNKNOWN:  # too long a word for a phone
        word = f'<span class="full">{word}</span><span class="short" aria-hidden="true">?</span>'
    if count:
        number, noun = data_sets(count).split(" ", 1)
        word += f'<span class="usa-sr-only">,</span> <span class="n">{number}<span class="usa-sr-only"> {escape(noun)}</span></span>'
    name = f'<span class="usa-sr-only">{escape(label)}, {escape(cell["city_name"])}: </span>'
    href = f"{escape(cell['page'])}#{escape(cell['city'])}"
    return mark_safe(  # noqa: S308 - escaped here
        f'<td role="cell" class="{escape(state)}" data-code="{escape(cell["short"])}"><a href="{href}">{glyph(state)}'
        f"<span>{name}<b>{word}</b></span></a></td>"
    )


@register.filter
def points(value: float) -> str:
    """What one part adds to a score or takes from it: +3.1, −0.4."""
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")
