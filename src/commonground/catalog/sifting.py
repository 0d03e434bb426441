"""The page of findings: its address as what is wanted, and the answer as what the template shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from commonground.catalog import browse, findings, overview
from commonground.catalog.findings import ALL, STATES, Sort, Wanted
from commonground.catalog.models import Dataset, Finding
from commonground.catalog.searching import Choice, Facet
from commonground.catalog.spoken import word
from commonground.pages.paging import Paging, asked
from commonground.protocols.findings import rule, rules
from commonground.words import Fixer, Severity

Form = dict[str, Any]
Counts = Mapping[Sort, int]

FILTERS: Final = ("state", "severity", "fixer", "city", "portal")
SHOWN_CHOICES: Final = 12
_NO_FILTER: Final = frozenset({"page", "size", "lang"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A list of findings as its address asks it: which, what page, and the parts that mean nothing."""

    wanted: Wanted
    paging: Paging
    ignored: tuple[str, ...]


def read(given: QueryDict) -> Asked:
    """What a query string asks for. Nothing in it is an error; what means nothing is kept to be told."""
    taken: dict[str, str] = {}
    ignored = []
    for name, values in given.lists():
        for value in map(str, values if name not in _NO_FILTER else ()):
            if name not in taken and name in _KNOWN and _KNOWN[name](value):
                taken[name] = value
            elif value:
                ignored.append(f"{name}={value}")
    return Asked(Wanted(**taken), asked(given), tuple(ignored))


_KNOWN: Final[Mapping[str, Callable[[str], bool]]] = {
    "city": lambda value: value in browse.known_cities() or Finding.objects.filter(city=value).exists(),
    "portal": lambda value: value in browse.known_portals() or Finding.objects.filter(portal=value).exists(),
    "dataset": lambda value: Dataset.objects.filter(key=value).exists(),
    "severity": lambda value: value in set(Severity),
    "fixer": lambda value: value in set(Fixer),
    "code": lambda value: value in rules() or Finding.objects.filter(code=value).exists(),
    "state": lambda value: value in STATES,
}


def link(wanted: Wanted) -> str:
    """The address of a list of findings, as seen from its page."""
    return f"?{urlencode(wanted.pairs())}"


def title(wanted: Wanted) -> str:
    """Whose findings they are: a dataset's, a portal's, a city's, or all."""
    whose = ""
    if wanted.dataset:
        whose = Dataset.objects.filter(key=wanted.dataset).values_list("title", flat=True).first() or wanted.dataset
    elif wanted.portal:
        known = browse.known_portals().get(wanted.portal)
        whose = known.host if known else wanted.portal
    elif wanted.city:
        whose = overview.city_name(wanted.city)
    return _("Findings: %(whose)s") % {"whose": whose} if whose else _("Findings")


def page(given: Asked) -> Form:
    """What the template shows."""
    wanted, counts = given.wanted, given.wanted.counts()
    total = sum(count for sort, count in counts.items() if wanted.fits(sort))
    paging = given.paging.of(total)
    rows = list(findings.worst_first(wanted.rows())[paging.start : paging.start + paging.size])
    return {
        "title": title(wanted),
        "wanted": wanted,
        "total": total,
        "for_city": _under(wanted, counts, "fixer")[Fixer.CITY] if not wanted.fixer else None,
        "codes": _codes(wanted, counts) if total > paging.size and not wanted.code else [],
        "findings": list(map(_entry, rows, findings.forms(rows))),
        "facets": [facet for name in FILTERS if (facet := _facet(wanted, counts, name))],
        "chosen": [(word(name, "facet"), label(name, value), link(wanted.but(name))) for name, value in _set(wanted)],
        "ignored": given.ignored,
        "paging": paging,
        "closed_too": link(wanted.but("state", ALL)) if wanted.state != ALL else "",
    }


def _entry(one: Finding, form: Form) -> Form:
    return {
        **form,
        "pk": one.pk,
        "href": findings.address(one),
        "zone": overview.timezone_of(one.city),
        "where": form["title"] or one.portal,
        "city_name": overview.city_name(one.city),
    }


def _set(wanted: Wanted) -> list[tuple[str, str]]:
    return [(name, value) for name, value in wanted.pairs() if name != "state"]


def counted(wanted: Wanted) -> dict[str, dict[str, int]]:
    """How many there are under each value of each filter, that filter itself left aside."""
    counts = wanted.counts()
    return {name: dict(_under(wanted, counts, name).most_common()) for name in (*FILTERS, "code")}


def _under(wanted: Wanted, counts: Counts, name: str) -> Counter[str]:
    by_value: Counter[str] = Counter()
    for sort, count in counts.items():
        if wanted.fits(sort, but=name):
            by_value[getattr(sort, name)] += count
    return by_value


def _codes(wanted: Wanted, counts: Counts) -> list[Form]:
    """What is wrong, by code: the worst first, of those the most frequent."""
    sorts: Counter[tuple[str, str, str]] = Counter()
    for sort, count in counts.items():
        if wanted.fits(sort):
            sorts[sort.severity, sort.code, sort.fixer] += count
    order = {one.value: place for place, one in enumerate(reversed(Severity))}
    rows = [
        {
            "code": code,
            "severity": severity,
            "fixer": fixer,
            "count": count,
            "advice": rule(code).advice,
            "link": link(wanted.but("code", code)),
        }
        for (severity, code, fixer), count in sorts.most_common()
    ]
    return sorted(rows, key=lambda row: order[row["severity"]])


def _facet(wanted: Wanted, counts: Counts, name: str) -> Facet | None:
    """The values of one filter with their counts under all other filters, the most frequent first."""
    under, chosen = _under(wanted, counts, name), getattr(wanted, name)
    values = [value for value, _count in under.most_common()]
    if name == "state":
        under[ALL] = sum(under.values())
        values = list(STATES)
    elif len(values) <= 1 and not chosen:
        return None
    choices = [_choice(wanted, name, value, under[value]) for value in values]
    return Facet(name, choices[:SHOWN_CHOICES], choices[SHOWN_CHOICES:])


def _choice(wanted: Wanted, name: str, value: str, count: int) -> Choice:
    chosen = getattr(wanted, name) == value
    other = wanted.but(name) if chosen else wanted.but(name, value)
    return Choice(f"{name}-{value}", label(name, value), count, link(other), chosen)


def label(name: str, value: str) -> str:
    """What people call a value of a filter."""
    if name == "city":
        return overview.city_name(value)
    families = {"severity": "severity", "fixer": "to fix", "state": "finding"}
    return word(value, families[name]) if name in families else value
