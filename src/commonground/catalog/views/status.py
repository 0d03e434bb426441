"""How it stands: what portals declare and what we hold, and lists of what they do not name any more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from commonground import cities as members
from commonground.catalog import browse, reconcile, removal
from commonground.catalog.models import Dataset, Harvest
from commonground.catalog.overview import city_name, timezone_of
from commonground.pages.paging import MOST_PER_PAGE, Paging, asked
from commonground.pages.twins import Answer, Rows
from commonground.words import State

Form = dict[str, Any]

FACTS: Final = ("portal", "city", "host", "outcome", "declared", "seen", "held", "missing", "withdrawn")
_CSV: Final = (*FACTS, "unexplained", "findings", "last_complete", "late", "withheld", "next_due", "differences")
_GONE: Final = ("id", "title", "state", "missing_since", "until", "url")
_SHOWN: Final = 20


def status(request: HttpRequest) -> Answer:
    """What each portal declares, what was seen and what is held; what differs and why; index and work."""
    form = reconcile.status(compare=request.GET.get("index") == "compare")
    return Answer(
        "catalog/status.html",
        lambda: {
            **form,
            "portals": [_shown(one) for one in form["portals"]],
            "read": sum(one["last_complete"] is not None for one in form["portals"]),
            "kept": sum(one["held"] + one["missing"] for one in form["portals"]),
            "waiting": [one for one in form["portals"] if one["withheld"]],
            "late": [one for one in form["portals"] if one["late"]],
            "unexplained": sum(one["unexplained"] for one in form["portals"]),
            "under_way": [_shown(one) for one in form["portals"] if one["under_way"]],
            "differing": form["index"].get("differing", ())[:_SHOWN],
        },
        data=lambda: form,
        rows=lambda: Rows(_CSV, [_cells(one) for one in form["portals"]]),
    )


def _shown(one: Form) -> Form:
    return {
        **one,
        "kept": one["held"] + one["missing"],
        "decision": (one["last_run"] or {}).get("decision", ""),
        "timezone": timezone_of(one.get("city", "")),
        "city_name": city_name(one.get("city", "")),
    }


def _cells(one: Form) -> list[object]:
    """A portal as a row; its differences as one text."""
    why = "; ".join(f"{each['why']} {each['change']:+d}" for each in one["differences"])
    waits = (one["withheld"] or {}).get("would_go")
    return [{**one, "differences": why, "withheld": waits}.get(name) for name in _CSV]


def withheld(request: HttpRequest, slug: str) -> Answer:
    """What a withheld harvest of a portal did not list: the data sets that would be missing if it were believed."""
    host = _host(slug)
    run = removal.waiting().filter(portal=slug).first()
    rows = removal.would_go(run) if run else []
    paging = asked(request.GET, size=MOST_PER_PAGE).of(len(rows))
    return Answer(
        "catalog/withheld.html",
        lambda: {
            "slug": slug,
            "host": host,
            "run": run,
            "paging": paging,
            "rows": lines(rows[paging.start : paging.stop]),
            "timezone": timezone_of(run.city) if run else "UTC",
        },
        data=lambda: {
            "portal": slug,
            "harvest": browse.harvest_form(run) if run else None,
            **_page(paging, reverse("withheld.json", args=[slug])),
            "datasets": lines(rows[paging.start : paging.stop]),
        },
        rows=lambda: Rows(_GONE, (tuple(one.values()) for one in lines(rows))),
    )


def missing(request: HttpRequest, slug: str) -> Answer:
    """What a portal does not list any more: since when, and until when at least it stays in search and lists."""
    host = _host(slug)
    rows = Dataset.objects.filter(portal=slug).exclude(state=State.PRESENT).order_by("state", "-missing_since", "key")
    paging = asked(request.GET, size=MOST_PER_PAGE).of(rows.count())
    return Answer(
        "catalog/missing.html",
        lambda: {
            "slug": slug,
            "host": host,
            "grace": settings.GRACE,
            "paging": paging,
            "rows": lines(rows[paging.start : paging.stop]),
            "timezone": timezone_of(rows[0].city) if paging.total else "UTC",
        },
        data=lambda: {
            "portal": slug,
            **_page(paging, reverse("missing.json", args=[slug])),
            "datasets": lines(rows[paging.start : paging.stop]),
        },
        rows=lambda: Rows(_GONE, (tuple(one.values()) for one in lines(rows.iterator()))),
    )


def _host(slug: str) -> str:
    """Of a portal that was harvested once, or that a file describes. Raises `NotFound`."""
    run = Harvest.objects.filter(portal=slug).first()
    return run.host if run else members.portal(slug, browse.known_cities()).host


def lines(rows: Iterable[Dataset]) -> list[Form]:
    """A line of a list for each dataset, as JSON has it."""
    return [dict(zip(_GONE, _line(row), strict=True)) for row in rows]


def _line(row: Dataset) -> tuple[object, ...]:
    grace = timedelta(days=settings.GRACE.days)
    until = row.missing_since + grace if row.missing_since and row.state == State.MISSING else None
    return row.key, row.title, row.state, row.missing_since, until, f"{settings.SITE_URL}{browse.path(row)}"


def _page(paging: Paging, address: str) -> Form:
    link = f"{settings.SITE_URL}{address}{paging.next_link}" if paging.next_link else None
    return {"total": paging.total, "page": paging.number, "size": paging.size, "next": link}
