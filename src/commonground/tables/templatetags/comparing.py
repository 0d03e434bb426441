"""Rates in templates. `{% load comparing %}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

from commonground.tables.showing.compared_figures import counted_by, rate_told

if TYPE_CHECKING:
    from commonground.words import City

register = template.Library()


@register.filter
def rate(value: float | None) -> str:
    """A rate: 12.5, 0.082; what is not known says so."""
    return rate_told(value)


@register.filter
def counted(city: City) -> str:
    """Who counted its residents, and when."""
    return counted_by(city)
