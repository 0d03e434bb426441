"""The edition of the catalog: all that its figures depend on, as one small value. Figures are kept while it lasts.

A page of a harvest, the end of a run, a finding that opens or closes, and a person's decision each begin a new
edition, and so does each minute, because some figures depend on the clock. Asking for it is one short query, however
large the catalog is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cache, wraps
from threading import Lock
from typing import Any, Final, ParamSpec, TypeVar

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet, Subquery

from commonground.catalog.counter import CATALOG
from commonground.catalog.models import Counter, Finding, Harvest

P = ParamSpec("P")
T = TypeVar("T")
Edition = tuple[Hashable, ...]

MINUTE: Final = 60
UNDER_WAY: Final = 5.0
"""So many seconds old figures may be while a harvest is under way: it begins a new edition with every page."""
_MOST: Final = 200


def edition() -> Edition | None:
    """The edition of now; None before the first harvest, when there is nothing that would be worth keeping."""
    with connection.cursor() as cursor:
        cursor.execute(*_question())
        found = cursor.fetchone()
    return (*found, int(time.time() // MINUTE), tuple(settings.CITIES)) if found else None


@cache
def _question() -> tuple[str, tuple[Any, ...]]:
    """Written once, because every page asks it and Django takes longer to write it than databases to answer."""
    newest = {
        "run": _newest(Harvest.objects.all(), "pk"),
        "ended": _newest(Harvest.objects.all(), "finished"),
        "decided": _newest(Harvest.objects.all(), "decided"),
        "opened": _newest(Finding.objects.all(), "pk"),
        "closed": _newest(Finding.objects.all(), "closed"),
    }
    counter = Counter.objects.filter(name=CATALOG).annotate(**newest).values_list("mark", "value", *newest)
    sql, values = counter.query.sql_with_params()
    return sql, tuple(values)


def _newest(rows: QuerySet[Harvest] | QuerySet[Finding], name: str) -> Subquery:
    """The greatest value, as an order that databases read from the end of an index."""
    return Subquery(rows.filter(**{f"{name}__isnull": False}).order_by(f"-{name}").values(name)[:1])


@dataclass(slots=True)
class _Kept:
    """What one function found in one edition, by its arguments."""

    edition: Edition | None = None
    since: float = 0.0
    values: dict[Hashable, object] = field(default_factory=dict)

    def lasts(self, now: Edition) -> bool:
        if self.edition == now:
            return True
        young = time.monotonic() - self.since < UNDER_WAY and self.edition is not None and self.edition[0] == now[0]
        return young and Harvest.objects.filter(outcome=Harvest.Outcome.RUNNING).exists()


def remembered(make: Callable[P, T]) -> Callable[P, T]:
    """Keep what a function of hashable arguments finds, until the next edition. Who gets it must not change it."""
    kept, lock = _Kept(), Lock()

    @wraps(make)
    def remember(*args: P.args, **kwargs: P.kwargs) -> T:
        now = edition()
        if now is None:
            return make(*args, **kwargs)
        key: Hashable = (args, tuple(sorted(kwargs.items())))
        with lock:  # who comes while it is made waits for it, instead of making it as well
            if not kept.lasts(now) or len(kept.values) >= _MOST:
                kept.edition, kept.since, kept.values = now, time.monotonic(), {}
            if key not in kept.values:
                kept.values[key] = make(*args, **kwargs)
            found: T = kept.values[key]  # type: ignore[assignment] # this key's own
        return found

    return remember
