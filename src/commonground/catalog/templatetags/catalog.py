"""The catalog's words and facets in templates. `{% load catalog %}`."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import mark_safe

from commonground.catalog.spoken import ago, word

if TYPE_CHECKING:
    from commonground.catalog.searching import Choice

register = template.Library()
register.filter(word)
register.filter(ago)


@register.filter
def signed(change: int) -> str:
    """What a difference adds or takes: +3, −1."""
    return f"{change:+,}".replace("-", "\N{MINUS SIGN}")


@register.filter
def facet_link(choice: Choice) -> str:
    """One value of a facet as a list item; by hand, because a page of hits has a hundred of them."""
    on = ' class="on" aria-current="true"' if choice.chosen else ""
    return mark_safe(  # noqa: S308 - escaped here; format_html takes four times as long
        f'<li><a id="{escape(choice.id)}" href="{escape(choice.url)}"{on} rel="nofollow">'
        f"<span>{escape(choice.label)}</span>"
        f'<span class="number"><span class="usa-sr-only">: </span>{choice.count:,}</span></a></li>'
    )
