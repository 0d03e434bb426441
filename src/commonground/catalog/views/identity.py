"""Which data sets live on under another id: proposals that wait for a person, and what persons decided."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from commonground.catalog import browse, identity, overview
from commonground.catalog.models import Move
from commonground.catalog.moves import THRESHOLD
from commonground.pages.paging import asked
from commonground.pages.twins import Answer, Rows

Form = dict[str, Any]

_CSV: Final = ("old", "old_title", "new", "new_title", "city", "state", "score", "proposed", "decided")


def moves(request: HttpRequest) -> Answer:
    """Data sets that vanished and seem to live on elsewhere, with the reasons, and what persons decided."""
    rows = identity.listed()
    paging = asked(request.GET).of(rows.count())
    shown = rows[paging.start : paging.start + paging.size]
    return Answer(
        "catalog/moves.html",
        lambda: {
            "moves": [_line(one) for one in shown],
            "waiting": rows.filter(state=Move.State.PROPOSED).count(),
            "paging": paging,
            "threshold": THRESHOLD,
        },
        data=lambda: {
            "total": paging.total,
            "page": paging.number,
            "size": paging.size,
            "next": f"{settings.SITE_URL}{reverse('moves.json')}{paging.next_link}" if paging.next_link else None,
            "moves": [identity.form(one) for one in shown],
        },
        rows=lambda: Rows(_CSV, (tuple(identity.form(one)[name] for name in _CSV) for one in rows.iterator())),
    )


def _old_address(one: Move) -> str:
    """Where the old dataset is still itself: once a move is confirmed, its page leads to the new one."""
    if one.state != Move.State.CONFIRMED:
        return browse.path(one.old)
    return reverse("history", args=[one.old.portal, one.old.native_id])


def _line(one: Move) -> Form:
    return {
        "form": identity.form(one),
        "old": one.old,
        "old_url": _old_address(one),
        "new": one.new,
        "new_url": browse.path(one.new),
        "city_name": overview.city_name(one.old.city),
        "timezone": overview.timezone_of(one.old.city),
    }
