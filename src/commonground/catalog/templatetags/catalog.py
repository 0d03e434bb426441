"""The catalog's words and facets in templates. `{% load catalog %}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from commonground.catalog.spoken import word

if TYPE_CHECKING:
    from commonground.catalog.searching import Choice

register = template.Library()
register.filter(word)


@register.filter
def facet_link(choice: Choice) -> str:
    """One value of a facet as a list item; by hand, because a page of hits has a hundred of them."""
    on = mark_safe(' class="on" aria-current="true"') if choice.chosen else ""
    return format_html(
        '<li><a id="{}" href="{}"{} rel="nofollow"><span>{}</span>'
        '<span class="number"><span class="usa-sr-only">: </span>{}</span></a></li>',
        choice.id,
        choice.url,
        on,
        choice.label,
        f"{choice.count:,}",
    )
