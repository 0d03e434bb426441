"""`commonground serve`, `work`, `index`, `manage`: keep the portal running."""

from __future__ import annotations

import logging
import os
from typing import Annotated

import typer

from commonground.cli.home import as_service, ready
from commonground.cli.output import Json, as_json, say


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Server processes.")] = 1,
) -> None:
    """Serve the portal.

    Example: commonground serve --port 8000
    """
    # Where no public address is set, it is the one that is served.
    os.environ.setdefault("COMMONGROUND_URL", f"http://{host}:{port}")
    as_service()
    ready()
    from commonground.catalog import index
    from commonground.site.serving import require_free
    from commonground.site.serving import serve as run

    require_free(host, port)
    index.follow()  # what a harvest elsewhere left, and a first index: no page shall wait for it
    told = logging.getLogger("commonground.serve")
    told.info("Common Ground is at http://%s:%d (Ctrl-C stops it).", host, port, extra={"workers": workers})
    run(host, port, workers)
    told.info("Common Ground has stopped.")


def work(
    *,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then stop.")] = False,
    json: Json = False,
) -> None:
    """Do what is due: scheduled harvests and background jobs, from the database alone.

    Example: commonground work --once
    """
    if not once:
        as_service()
    ready()
    from commonground.work.store import owner
    from commonground.work.worker import work as run

    owner()  # so that nobody restores a backup under our feet
    done = run(once=True, say=say) if once else run(once=False)
    if json:
        as_json({"done": done})
    elif once and not done:
        say("Nothing is due.")


def index(
    *,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Build the index anew, aside, and swap it in.")] = False,
    json: Json = False,
) -> None:
    """Compare the search index with the database; --rebuild makes it anew.

    Example: commonground index --rebuild
    """
    ready()
    from commonground.catalog import index as indexing
    from commonground.errors import IndexBroken

    if rebuild:
        indexing.rebuild()
    form = indexing.compare()
    if json:
        as_json(form)
    else:
        say(f"Database {form['database']:,}, index {form['indexed']:,}, differing {len(form['differing']):,}.")
    if form["differing"]:
        raise IndexBroken(
            f"{len(form['differing'])} datasets differ between database and index.",
            advice="Run commonground index --rebuild.",
        )


def manage(context: typer.Context) -> None:
    """Run a management command of Django (createsuperuser, dbshell …).

    Example: commonground manage createsuperuser
    """
    ready()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["commonground manage", *context.args])
