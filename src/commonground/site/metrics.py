"""Metrics for Prometheus: what the server processes count, and the state of the catalog as the database tells it.

Requests are counted in each server process. `commonground serve` names a folder (PROMETHEUS_MULTIPROC_DIR) where
all its processes keep their counts; whichever is asked adds them up, those of processes that ended included. They
begin anew with each start of the server. All else is read from the database when it is asked, so every process,
and every machine at that database, tells the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from commonground import __version__
from commonground.catalog import browse, index, overview
from commonground.catalog.models import Finding, Harvest
from commonground.words import Severity
from commonground.work.models import Run

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
FASTEST_TO_SLOWEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
NEVER = float("inf")
_HELD = ("held", "missing", "withdrawn")

disable_created_metrics()  # type: ignore[no-untyped-call] # theirs
_OWN = CollectorRegistry()
_REQUESTS = Counter(
    "commonground_requests", "Requests by address, method and status.", ["route", "method", "status"], registry=_OWN
)
_SECONDS = Histogram(
    "commonground_request_seconds",
    "Seconds until the answer began.",
    ["route"],
    registry=_OWN,
    buckets=FASTEST_TO_SLOWEST,
)


def count(route: str, method: str, status: int, seconds: float) -> None:
    """Count one request. Each label has few values, whatever is asked."""
    _REQUESTS.labels(route, method if method in METHODS else "other", str(status)).inc()
    _SECONDS.labels(route).observe(seconds)


def exposition() -> bytes:
    """All metrics, in Prometheus's text format."""
    asked = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(asked)  # type: ignore[no-untyped-call] # theirs
        asked.register(State())
        return generate_latest(asked)
    asked.register(State())
    return generate_latest(_OWN) + generate_latest(asked)


class State(Collector):
    """What the database knows, read when it is asked for."""

    def collect(self) -> Iterator[Metric]:
        """Gauges of portals, findings, index and work."""
        yield _gauge("commonground_build_info", "The version that answers.", ["version"], [([__version__], 1)])
        yield from _portals()
        yield _findings()
        state = index.state()
        lag, documents = state["newest"] - state["generation"], state["documents"]
        yield _gauge(
            "commonground_index_lag_generations", "Changes of the catalog that search does not know.", [], [([], lag)]
        )
        yield _gauge("commonground_index_documents", "Data sets in the search index.", [], [([], documents)])
        yield from _work()


def _gauge(name: str, says: str, labels: list[str], values: Iterable[tuple[Sequence[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=labels)
    for key, value in values:
        family.add_metric(key, value)
    return family


def _portals() -> Iterator[Metric]:
    now, rows, runs = timezone.now(), overview.portals(), browse.newest_harvests()
    held = {(one["slug"], state): one[state] or 0 for one in rows for state in _HELD}
    yield _gauge("commonground_datasets", "Data sets by portal and state.", ["portal", "state"], held.items())
    ages = {(one["slug"],): (now - one["read"]).total_seconds() if one["read"] else NEVER for one in rows}
    says = "Seconds since the last complete harvest ended; infinite before the first."
    yield _gauge("commonground_harvest_complete_age_seconds", says, ["portal"], ages.items())
    outcomes = {(one["slug"], each): float(one["outcome"] == each) for one in rows for each in Harvest.Outcome.values}
    yield _gauge(
        "commonground_harvest_outcome", "1 for how the last run ended.", ["portal", "outcome"], outcomes.items()
    )
    seconds = {(slug,): run.seconds for slug, run in runs.items() if run.finished}
    yield _gauge("commonground_harvest_seconds", "How long the last run took.", ["portal"], seconds.items())
    waiting = Harvest.objects.filter(outcome=Harvest.Outcome.WITHHELD, decision="")
    withheld = dict(waiting.values_list("portal").annotate(count=Count("pk")).order_by())
    says = "Runs that wait for a person to release or discard them."
    counts = {(one["slug"],): withheld.get(one["slug"], 0) for one in rows}
    yield _gauge("commonground_harvests_withheld", says, ["portal"], counts.items())


def _findings() -> Metric:
    found = Finding.objects.filter(closed=None).order_by().values_list("portal", "severity")
    open_ones = {(portal, severity): count for portal, severity, count in found.annotate(count=Count("pk"))}
    every = {(portal, str(one)): 0 for portal in browse.known_portals() for one in Severity}
    says = "Open findings by portal and severity."
    return _gauge("commonground_findings_open", says, ["portal", "severity"], {**every, **open_ones}.items())


def _work() -> Iterator[Metric]:
    now = timezone.now()
    due = Run.objects.filter(state=Run.State.DUE, due__lte=now)
    running = Run.objects.filter(state=Run.State.RUNNING)
    rows = {"due": due, "running": running, "lost": running.filter(leased_until__lt=now)}
    counts = {
        (task, state): count
        for state, found in rows.items()
        for task, count in found.order_by().values_list("task").annotate(count=Count("pk"))
    }
    says = "Work that is due, under way, or was lost by a process that died."
    yield _gauge("commonground_work_runs", says, ["task", "state"], counts.items())
    oldest = due.aggregate(oldest=Min("due"))["oldest"]
    overdue = (now - oldest).total_seconds() if oldest else 0.0
    yield _gauge(
        "commonground_work_overdue_seconds", "How long the oldest due run has been waiting.", [], [([], overdue)]
    )
