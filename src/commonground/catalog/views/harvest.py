"""How each portal was read."""

from __future__ import annotations

from functools import partial
from typing import Final

from django.http import HttpRequest
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from commonground import cities as members
from commonground.catalog import browse, findings, overview, reconcile, removal
from commonground.catalog.models import Harvest
from commonground.catalog.views.feeds import FEED_LENGTH, runs_feed
from commonground.catalog.views.status import lines
from commonground.pages.twins import Answer, Rows

SHOWN: Final = 10
"""Data sets that would go, on the page; their own page has all."""


def harvests(request: HttpRequest) -> Answer:
    """How each portal was last read."""
    rows = overview.portals()
    names = ("slug", "city", "host", "protocol", "outcome", "declared", "held", "findings", "read", "tried", "withheld")
    return Answer(
        "catalog/harvests.html",
        {"portals": rows, "cities": browse.known_cities()},
        data=lambda: {"portals": rows},
        rows=lambda: Rows(names, [tuple(row[name] for name in names) for row in rows]),
        feed=lambda: runs_feed(_("Harvests of all portals"), overview.runs(limit=FEED_LENGTH)),
    )


def harvest(request: HttpRequest, slug: str) -> Answer:
    """The report of one portal: the last run, and what is wrong, by who must fix it."""
    portal = members.portal(slug, browse.known_cities())
    (state,) = overview.portals([portal])
    runs = overview.runs(slug)
    last = runs[0] if runs else None
    quality = partial(overview.quality, slug)
    waits = removal.waiting().filter(portal=slug).first()
    going = removal.would_go(waits) if waits else []
    return Answer(
        "catalog/harvest.html",
        lambda: {
            "portal": portal,
            "city": members.city(portal.city, browse.known_cities()),
            "state": state,
            "groups": overview.groups(slug, quality=False),
            "quality": quality(),
            "finding_query": urlencode({"portal": slug}),
            "runs": runs,
            "last": last,
            "withheld": waits,
            "going": going,
            "shown_going": lines(going[:SHOWN]),
            "differences": reconcile.portal(slug)["differences"] if last else [],
            "stale": last and state["read"] and last.outcome in {Harvest.Outcome.FAILED, Harvest.Outcome.PARTIAL},
        },
        data=lambda: {
            **state,
            "runs": [browse.harvest_form(run) for run in runs],
            "findings_by_fixer": overview.groups(slug),
            "quality": quality(),
        },
        rows=lambda: Rows(findings.COLUMNS, findings.table(findings.Wanted(portal=slug))),
        feed=lambda: runs_feed(_("Harvests of %(host)s") % {"host": portal.host}, overview.runs(slug, FEED_LENGTH)),
    )
