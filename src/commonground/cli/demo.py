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
