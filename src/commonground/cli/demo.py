"""`commonground demo`: seven cities' sample catalogs, harvested over HTTP from portals on loopback."""

from __future__ import annotations

import os
import webbrowser
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from commonground.cli.home import ready
from commonground.cli.output import say


def demo(
    *,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the portal.")] = 8000,
    browser: Annotated[bool, typer.Option(help="Open the portal in a browser.")] = False,
    serve: Annotated[bool, typer.Option(help="Serve the portal; --no-serve only gathers the sample.")] = True,
) -> None:
    """Show the portal with a labeled sample of seven cities; nothing leaves this machine.

    Example: commonground demo --port 8000
    """
    _own_home(port)
    ready()
    from commonground.site.serving import require_free
    from commonground.site.serving import serve as run

    if serve:
        require_free("127.0.0.1", port)  # told before the sample is gathered

    _gather()
    _compare()
    _build()
    password = _operator()
    if not serve:
        return
    url = f"http://127.0.0.1:{port}/"
    say(f"Common Ground is at {url} (Ctrl-C stops it). All data sets in it are samples.")
    say(f"To sign in at {url}admin/ use “operator” with the password “{password}”.")
    if browser:
        webbrowser.open(url)
    run("127.0.0.1", port, 1)


def _own_home(port: int) -> None:
    """A demonstration keeps apart from a real home unless one is named."""
    os.environ.setdefault("COMMONGROUND_HOME", str(Path("~/.commonground-demo").expanduser()))
    os.environ.setdefault("COMMONGROUND_URL", f"http://127.0.0.1:{port}")


def _gather() -> None:
    """Harvest what is not here yet; a start that was cut off is taken up by the next one."""
    from commonground.catalog import browse, index, tasks
    from commonground.catalog.models import Harvest
    from commonground.cli.harvest import progress
    from commonground.demo.sample import names
    from commonground.demo.stage import staged
    from commonground.protocols.http import Client

    today, newest = datetime.now(UTC).date(), browse.newest_harvests()
    here = {slug for slug, one in newest.items() if one.outcome == Harvest.Outcome.COMPLETE}
    if here >= names():
        say("The sample is here already.")
    else:
        say("Gathering the sample from demonstration portals on loopback …")
        with staged(today, browse.known_cities()) as (routes, portals), Client(routes=routes, sealed=True) as client:
            order = tasks.Order([one for one in portals if one.slug not in here], client, "demo")
            with progress(order) as report:
                tasks.harvest(order, report)
    index.follow()


_OFFICERS = ("san_francisco", "new_york", "boston", "los_angeles", "chicago")
"""Cities whose invented data officers have decided; what was found in the others waits in the queue."""


_GOOD = 0.75
"""What they confirm: in a sample of invented records that is right nearly always."""


def _compare() -> None:
    """Find where the sample overlaps, and let invented officers confirm what is good: so each state can be seen."""
    from commonground.catalog import overview
    from commonground.overlap import decisions, tasks
    from commonground.overlap.decisions import Said
    from commonground.overlap.facets import Verdict
    from commonground.overlap.models import Decision, Placement

    say("Comparing the cities' data sets …")
    tasks.compare()
    if Decision.objects.exists():
        return
    found = Placement.objects.filter(score__gte=_GOOD, fits=True, city__in=_OFFICERS)
    said = Said(Verdict.CONFIRMED, why="Sample decision for demonstration.")
    for one in found.order_by("subject", "city", "-score").select_related("dataset"):
        officer = f"Sample officer of {overview.city_name(one.city)}"
        decisions.decide(decisions.place(one.subject, one.dataset.key), said, officer, seen=None)


def _build() -> None:
    """Make the tables from the sample's rows, read from the same portals; those that are here stay as they are."""
    from commonground.catalog import browse
    from commonground.demo.rows import STANDARDS
    from commonground.demo.stage import staged
    from commonground.protocols.http import Client
    from commonground.tables import tasks
    from commonground.tables.models import Release
    from commonground.tables.portals import Live

    here = set(Release.objects.values_list("standard", flat=True))
    wanted = [one for one in STANDARDS if one not in here]
    if not wanted:
        return
    say("Making tables of the sample's rows …")
    known = browse.known_cities()
    with staged(datetime.now(UTC).date(), known) as (routes, _), Client(routes=routes, sealed=True) as client:
        tasks.build(tasks.Order(wanted, known, Live(client, known)))


def _operator() -> str:
    """An account to look behind the scenes with; its password is random and kept in the home."""
    import secrets

    from django.conf import settings
    from django.contrib.auth import get_user_model

    from commonground.site.environment import write_once

    path = settings.HOME / "demo-password"
    if not path.exists():
        write_once(path, secrets.token_urlsafe(12))
    password: str = path.read_text()
    users = get_user_model().objects
    if not users.filter(username="operator").exists():
        users.create_superuser("operator", password=password)
    return password
