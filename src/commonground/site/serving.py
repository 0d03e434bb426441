"""The web server: granian in WSGI mode."""

from __future__ import annotations

from granian import Granian
from granian.constants import Interfaces


def serve(host: str, port: int, workers: int) -> None:
    """Serve until stopped."""
    Granian(
        "commonground.site.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        websockets=False,
        respawn_failed_workers=True,
        log_access=False,
    ).serve()
