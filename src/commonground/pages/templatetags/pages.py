"""Template tags of every page: dates, numbers, facts, marks, panels, assets. `{% load pages %}`."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext, pgettext
from django.utils.translation import gettext as _

from commonground.pages import panels as slots
from commonground.pages.addresses import absolute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest
    from django.template.context import Context

register = template.Library()

MIDNIGHT = time()
register.filter(absolute)


@register.simple_tag
def asset(name: str) -> str:
    """The address of a built file; its content is part of the address, so browsers may keep it for long."""
    return f"{static(f'built/{name}')}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    found = finders.find(f"built/{name}")
    if not isinstance(found, str):
        return "unbuilt"
    return hashlib.blake2b(Path(found).read_bytes(), digest_size=5).hexdigest()


@register.filter
def day(moment: datetime | str | None, zone: str = "UTC") -> str:
    """A date in running text: July 23, 2022. Nothing known says so."""
    return _time(moment, zone, pgettext("a date in text", "F j, Y"))


@register.filter
def short_day(moment: datetime | str | None, zone: str = "UTC") -> str:
    """A date in a table: Jul 23, 2022."""
    return _time(moment, zone, pgettext("a date in a table", "M j, Y"))


@register.filter
def day_and_time(moment: datetime | str | None, zone: str = "UTC") -> str:
    """A date and time of day, with the zone: Jul 23, 2022, 14:55 PDT."""
    return _time(moment, zone, pgettext("a date and time in a table", "M j, Y, H:i T"))


def _time(moment: datetime | str | None, zone: str, form: str) -> str:
    """A moment, or its ISO form as JSON has it, in the zone of the city that it belongs to."""
    if not moment:
        return not_known()
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    # Midnight sharp in UTC is a date that was given without a time of day: no zone makes another day of it.
    dated = moment.astimezone(UTC).time() == MIDNIGHT and "H" not in form
    local = moment.astimezone(UTC if dated else ZoneInfo(zone))
    written = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = _told(local if "H" in form else local.date(), form, get_language())
    return mark_safe(f'<time datetime="{written}">{escape(told)}</time>')  # noqa: S308 - escaped here


@lru_cache(maxsize=10_000)
def _told(moment: datetime | date, form: str, language: str | None) -> str:  # noqa: ARG001 - Django knows the language
    """As the language writes it; pages tell the same few days again and again."""
    return date_format(moment, form)


@register.filter
def number(value: float | None) -> str:
    """A number with thousands set apart by commas, or "Not known"; never 0 for what is not known."""
    return not_known() if value is None else f"{value:,}"


@register.filter
def given(value: object) -> object:
    """The city's own value, or "Not given" where it gave none."""
    missing = value is None or value in ("", (), [])
    return format_html('<span class="muted">{}</span>', gettext("Not given")) if missing else value


@register.simple_tag(name="not_known")
def not_known() -> str:
    """What we say instead of 0, a dash or nothing."""
    return format_html('<span class="muted">{}</span>', gettext("Not known"))


@register.simple_block_tag
def fact(content: str, word: str) -> str:
    """One fact of a `dl.facts`; what is not known says so."""
    return format_html("<dt>{}</dt><dd>{}</dd>", word, mark_safe(content.strip()) or not_known())  # noqa: S308 - rendered by a template


@register.filter
def bare(url: str) -> str:
    """An address as people read it, without its scheme."""
    return url.removeprefix("https://").removeprefix("http://").removesuffix("/")


@register.filter
def spelled(count: int) -> str:
    """A small number as a sentence begins with it: Seven."""
    words = (_("Two"), _("Three"), _("Four"), _("Five"), _("Six"), _("Seven"), _("Eight"), _("Nine"), _("Ten"))
    return words[count - 2] if count - 2 in range(len(words)) else f"{count:,}"


@register.filter
def names(things: Iterable[Any]) -> str:
    """The names of things as a sentence lists them: Boston, Chicago and Seattle."""
    *most, last = [str(thing.name) for thing in things]
    return gettext("%(most)s and %(last)s") % {"most": ", ".join(most), "last": last} if most else last


@register.filter
def pieces(parts: Iterable[tuple[str, bool]]) -> SafeString:
    """Pieces of plain text, those that were searched for in `<mark>`."""
    shown = (f"<mark>{escape(text)}</mark>" if hit else escape(text) for text, hit in parts)
    return mark_safe("".join(shown))  # noqa: S308 - escaped here; format_html takes four times as long


@register.filter
def data_sets(count: int) -> str:
    """A count of data sets in words."""
    return ngettext("%(shown)s data set", "%(shown)s data sets", count) % {"shown": f"{count:,}"}


@register.simple_tag(takes_context=True)
def panels(context: Context, slot: str, **subject: Any) -> str:  # noqa: ANN401 - each slot has its subject
    """What other rooms have to say in a slot of this page."""
    request: HttpRequest = context["request"]
    return mark_safe("".join(slots.shown(slot, request, **subject)))  # noqa: S308 - panels render templates


@register.filter
def json_ld(data: object) -> SafeString:
    """Data as the body of a `script type="application/ld+json"`: no `<`, `>` or `&` can end the element."""
    text = json.dumps(data, ensure_ascii=False, default=str)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return mark_safe(text)  # noqa: S308 - escaped above
