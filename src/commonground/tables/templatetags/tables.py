"""Shares and remainders in templates. `{% load tables %}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from commonground.pages.charts.amounts import told
from commonground.tables.showing.words import briefly
from commonground.words import Fixer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from commonground.standards.model import Field
    from commonground.tables.build.result import Share

register = template.Library()


@register.filter
def percent(value: float | None) -> str:
    """Percents, not shares: 8.9%, <0.1%; what is not known says so."""
    return told(value, "percent")


@register.filter
def as_percent(share: float) -> str:
    """A share, 0 to 1, in percents."""
    return told(100 * share, "percent")


@register.filter
def amount(value: float, unit: str) -> str:
    """A number with its unit: $6,009 or $6,009.50; anything else as it is, with the unit behind it."""
    if unit == "US dollars":
        return f"{'-' if value < 0 else ''}${abs(value):,.2f}".removesuffix(".00")
    return format_html('{} <span class="muted">{}</span>', value, unit) if unit else str(value)


@register.filter
def lost(share: Share | None) -> str:
    """The remainder of a field in a city: 1,750 (7.5%), or 0; where the city gives no value, that."""
    if share is None or not share.given:
        return format_html('<span class="muted">{}</span>', _("Not given"))
    if not share.lost:
        return "0"
    return format_html('{} <span class="share">({})</span>', f"{share.lost:,}", told(100 * share.remainder, "percent"))


@register.simple_tag
def meter(part: float | None, whole: float = 100) -> SafeString | str:
    """A bar as long as the part is of the whole; the words beside it say the same."""
    if part is None or not whole:
        return ""
    width = min(100.0, max(0.0, 100 * part / whole))
    width = max(width, 0.8) if part else 0.0
    return format_html(
        '<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="all" width="100" height="6"/><rect class="part" width="{}" height="6"/></svg>',
        f"{width:.1f}",
    )


@register.filter
def whose(fixer: str) -> str:
    """In whose hands it is."""
    return {
        Fixer.CITY: _("For the city to fix"),
        Fixer.US: _("For us to fix"),
        Fixer.NOBODY: _("Nothing to fix"),
    }[Fixer(fixer)]


@register.filter
def why(code: str) -> str:
    """Why a row is withheld, in a few words; its code where nobody wrote any."""
    return briefly(code) or code


@register.filter
def at(mapping: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 - whatever the mapping holds
    """A value by its key, which a template holds in a variable."""
    return mapping.get(key)


@register.filter
def field_title(field: Field) -> str:
    """What people call a field."""
    return field.title


@register.filter
def ends(text: str, end: str) -> bool:
    """Whether a text ends so."""
    return text.endswith(end)
