"""`commonground replay`: serve recordings as portals."""

from __future__ import annotations

import signal
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from commonground.cli.output import Json, as_json, as_table, say


def replay(
    folder: Annotated[Path, typer.Argument(help="Folder of recordings: CITY/HOST/DATE.PROTOCOL.json[l].gz.")],
    *,
    at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Of each portal the newest recording by then.")
    ] = None,
    port: Annotated[
        int, typer.Option(help="First port; each portal takes the next one. 0 takes any free ones.")
    ] = 8100,
    json: Json = False,
) -> None:
    """Serve recorded portals on loopback, each in its own protocol, with their recorded rows, until stopped.

    Example: commonground replay recordings --at 2022-07-23
    """
    from commonground.protocols import recordings
    from commonground.protocols.replay import staged
    from commonground.protocols.rows import recorded

    catalogs = folder / "portals" if (folder / "portals").is_dir() else folder
    chosen = recordings.newest(recordings.find(catalogs), at.date() if at else None)
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with staged(chosen, first_port=port, rows=recorded.find(folder)) as stage:
        rows = [
            {"host": host, "protocol": one.protocol, "day": one.day.isoformat(), "url": stage.routes[host]}
            for host, one in chosen.items()
        ]
        if json:
            as_json({"portals": rows})
        else:
            as_table(("host", "protocol", "day", "url"), [tuple(row.values()) for row in rows])
        say("Serving until stopped (Ctrl-C).")
        import sys

        sys.stdout.flush()
        stop.wait()
