"""Values in words, and the round steps of an axis."""

from __future__ import annotations

from datetime import date
from math import ceil, floor, isfinite, log10
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from commonground.pages.charts.model import Label, Measure

LEAST = 1e-300
MOST_STEPS = 4
ROUND = (1, 2, 2.5, 3, 5, 10)


def told(value: float | None, measure: Measure) -> str:
    """A value in full: `1,234`, `8.9%`, `<0.1%`, `12.5`, `0.058`, `$1,250`; what is not known says so."""
    if value is None or not isfinite(value):
        return gettext("Not known")
    if abs(value) >= 1e15:  # noqa: PLR2004 - beyond the digits that a float keeps
        return f"{'$' if measure == 'money' else ''}{value:.3g}{'%' if measure == 'percent' else ''}"
    if measure == "count":
        return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    if measure == "money":
        return f"{'-' if value < 0 else ''}${abs(value):,.0f}"
    sign = "%" if measure == "percent" else ""
    if 0 < value < 0.1:  # noqa: PLR2004 - 0.0 is said of zero only
        return _small(value, measure)
    return f"{value:,.1f}{sign}"


def _small(value: float, measure: Measure) -> str:
    """A value below 0.1: a percent says no more than that, a rate its first two digits, because cities differ there."""
    if measure == "percent":
        return "<0.1%"
    least = 0.0001
    return f"<{least}" if value < least else f"{value:.2g}"


def brief(value: float, measure: Measure) -> str:
    """A value at an axis, in few letters: 1.5M, 12k, 300. Percents go without their sign; the unit stands above."""
    sign = "-" if value < 0 else ""
    size, dollar = abs(value), "$" if measure == "money" else ""
    if size >= 1e15:  # noqa: PLR2004 - as above
        return f"{sign}{dollar}{size:.0e}"
    for least, letter, per in ((1e9, "B", 1e9), (1e6, "M", 1e6), (1e4, "k", 1e3)):
        if size >= least:
            return f"{sign}{dollar}{size / per:,.6g}{letter}"
    return f"{sign}{dollar}{size:,.6g}"


def steps(values: Iterable[float], measure: Measure) -> tuple[float, ...]:
    """The marks of an axis that holds zero and all values: at most four steps, all round, wasting little room.

    Three steps read best; a step more or less counts as much as a tenth of the height wasted.
    """
    known = [*values, 0.0]
    low, high = min(known), max(known)
    if not high - low > LEAST:
        return (0.0, 1.0)
    best: tuple[float, tuple[float, ...]] | None = None
    size = 10.0 ** floor(log10(max(high, -low)))
    for step in (factor * size / 10 for factor in (*ROUND, *(each * 10 for each in ROUND))):
        if step < LEAST or (measure == "count" and high - low >= MOST_STEPS and step != round(step)):
            continue
        below, above = ceil(-low / step - 1e-9), ceil(high / step - 1e-9)
        if 1 <= below + above <= MOST_STEPS:
            waste = (below + above) * (step / (high - low)) - 1 + 0.1 * abs(below + above - 3)
            if best is None or waste < best[0]:
                best = (waste, tuple(each * step for each in range(-below, above + 1)))
    return best[1] if best else (min(low, 0.0), max(high, 0.0))


def wording(labels: Iterable[Label]) -> Callable[[Label], str]:
    """How labels are written together: 2021 or Jan 2021 where all days open a year or a month, else Jan 5, 2021."""
    days = [each for each in labels if isinstance(each, date)]
    if len(days) > 1 and all((each.month, each.day) == (1, 1) for each in days):
        return lambda label: str(label.year) if isinstance(label, date) else label
    if days and all(each.day == 1 for each in days):
        form = pgettext("a month in a table", "M Y")
    else:
        form = pgettext("a date in a table", "M j, Y")
    return lambda label: date_format(label, form) if isinstance(label, date) else label
