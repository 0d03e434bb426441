"""The columns of a city as the catalog has them now: read once, kept until the catalog changes, told as plain forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from django.urls import reverse

from commonground.catalog import browse, related
from commonground.catalog.counter import standing
from commonground.errors import Usage
from commonground.overlap import entries
from commonground.overlap.columns import personal
from commonground.overlap.columns.inventory import Inventory, Key, Named, Types, Variants, inventory
from commonground.words import Severity

Form = dict[str, Any]

SHOWS: Final = ("names", "meanings", "types", "variants", "keys", "risks", "without")
"""The lists of an inventory, as addresses name them."""
_BATCH: Final = 200
_CITIES: Final = 4
"""Inventories that a process keeps: that of a large city takes some ten megabytes."""


def of(city: str) -> Inventory:
    """The inventory of a city's data sets that are in the catalog; of one that two portals list, the origin."""
    return _of(city, standing())


@lru_cache(maxsize=_CITIES)
def _of(city: str, _standing: tuple[str, int]) -> Inventory:
    rows = browse.kept().filter(city=city, revision__isnull=False).exclude(pk__in=related.folded().values("pk"))
    forms = rows.order_by("key").values_list("revision__form", flat=True)
    return inventory(entries.of(form) for form in forms.iterator(chunk_size=_BATCH))


@dataclass(frozen=True, slots=True)
class Asked:
    """Which list of an inventory, narrowed to names (or titles) with a text, and to one risk."""

    show: str = SHOWS[0]
    q: str = ""
    code: str = ""


def asked(show: str = "", q: str = "", code: str = "") -> Asked:
    """What is asked for, in words. Raises `Usage` for a list or a risk that does not exist."""
    if show and show not in SHOWS:
        raise Usage(f"No list “{show}” in an inventory.", advice=f"One of: {', '.join(SHOWS)}.")
    if code and code not in personal.risks():
        raise Usage(f"No risk “{code}”.", advice=f"One of: {', '.join(personal.risks())}.")
    return Asked(show or SHOWS[0], " ".join(q.split()), code)


def form(city: str, wanted: Asked, start: int = 0, size: int | None = None) -> Form:
    """An inventory as JSON: its figures, and as `lines` so many of the list asked for, by default all of it."""
    found = of(city)
    chosen = _chosen(found, wanted)
    return {
        "city": city,
        "datasets": len(found.titles),
        "columns": found.columns,
        "counts": {one: len(_LISTS[one](found)) for one in SHOWS},
        "risks": risks(found),
        "show": wanted.show,
        "q": wanted.q,
        "code": wanted.code,
        "total": len(chosen),
        "lines": [_FORMS.get(wanted.show, _named)(one, found) for one in islice(chosen, start, size and start + size)],
    }


def risks(found: Inventory) -> list[Form]:
    """The risks of a city by what they are: how many names and data sets, why it matters, what to do."""
    return [
        {
            "code": risk.code,
            "label": risk.label,
            "severity": risk.severity,
            "why": risk.why,
            "advice": risk.advice,
            "names": len(names),
            "datasets": len({key for one in names for key in one.datasets}),
        }
        for risk in sorted(personal.risks().values(), key=lambda one: one.severity is not Severity.WARNING)
        if (names := [one for one in found.risks if one.risk == risk])
    ]


def titled(found: Inventory, keys: Sequence[str]) -> list[Form]:
    """Data sets by id, with titles and addresses."""
    return [{"id": key, "title": found.titles[key], "url": _page(key)} for key in keys]


def _page(key: str) -> str:
    portal, _, native_id = key.partition("/")
    return reverse("dataset", kwargs={"portal": portal, "native_id": native_id})


def _chosen(found: Inventory, wanted: Asked) -> Sequence[Any]:
    q = wanted.q.casefold()
    listed = _LISTS[wanted.show](found)
    if not q and not wanted.code:
        return listed
    return [one for one in listed if q in _text(one, found) and (not wanted.code or _risk(one) == wanted.code)]


def _text(one: Named | Variants | Key | str, found: Inventory) -> str:
    """What a text is sought in: the name, the names, the title."""
    if isinstance(one, str):
        return found.titles[one].casefold()
    names = [one] if isinstance(one, Named) else one.names
    return "\n".join(each.name for each in names).casefold()


def _risk(one: object) -> str:
    return one.risk.code if isinstance(one, Named) and one.risk else ""


_LISTS: Final[Mapping[str, Callable[[Inventory], Sequence[Any]]]] = {
    "names": lambda found: found.names,
    "meanings": lambda found: found.meanings,
    "types": lambda found: found.mixed,
    "variants": lambda found: found.variants,
    "keys": lambda found: found.keys,
    "risks": lambda found: found.risks,
    "without": lambda found: found.without,
}


def _named(one: Named, _found: Inventory) -> Form:
    return {
        "name": one.name,
        "count": len(one.datasets),
        "types": _types(one.types),
        "mixed": one.mixed,
        "meanings": [
            {"count": len(each.datasets), "types": _types(each.types), "description": each.description}
            | {"datasets": list(each.datasets)}
            for each in one.meanings
        ],
        "risk": one.risk.code if one.risk else "",
        "identifies": one.identifier.code if one.identifier else "",
        "datasets": list(one.datasets),
    }


def _types(types: Types) -> dict[str, int]:
    return {one.value: count for one, count in types}


def _names(names: Sequence[Named]) -> list[Form]:
    return [{"name": one.name, "count": len(one.datasets), "types": _types(one.types)} for one in names]


def _variants(one: Variants, _found: Inventory) -> Form:
    return {
        "words": " ".join(one.words),
        "spelled": one.spelled,
        "count": len(one.datasets),
        "names": _names(one.names),
        "datasets": list(one.datasets),
    }


def _key(one: Key, _found: Inventory) -> Form:
    return {
        "identifies": one.identifier.code,
        "label": one.identifier.label,
        "joins": one.identifier.joins,
        "count": len(one.datasets),
        "names": _names(one.names),
        "datasets": list(one.datasets),
    }


_FORMS: Final[Mapping[str, Callable[[Any, Inventory], Form]]] = {
    "variants": _variants,
    "keys": _key,
    "without": lambda key, found: titled(found, [key])[0],
}
