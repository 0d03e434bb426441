"""The web server: granian in WSGI mode."""

from __future__ import annotations

import os
import socket
from tempfile import TemporaryDirectory

from django.conf import settings
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from commonground.errors import Usage
from commonground.work import owners

# Of each worker: pages are short and wait for the database at most; beside them some wait for answers in SQL.
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1) + 8
STOPPING = 5  # seconds for a worker to end its answers; one stopped while it starts would never end


def require_free(host: str, port: int) -> None:
    """Raise `Usage` when nobody can listen there: the port is taken, or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the server does: addresses of connections just closed count as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Usage(
                f"Nobody can listen on {host}, port {port}: {error.strerror}.",
                advice=f"Stop what listens there, or take another port: --port {port + 1}, PORT={port + 1} make demo.",
            ) from error


def serve(host: str, port: int, workers: int) -> None:
    """Serve until stopped. Raises `Usage` when the port is taken."""
    require_free(host, port)
    owners.name(settings.HOME / "owners")  # so that nobody restores a backup under our feet
    with TemporaryDirectory(prefix="commonground-metrics-") as counts:
        # Read when the workers first import prometheus_client, which nothing before them does.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counts
        Granian(
            "commonground.site.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=THREADS,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=STOPPING,
            log_access=False,
            log_dictconfig=settings.LOGGING,
            log_level=LogLevels.info
            if settings.LOGGING["loggers"]["_granian"]["level"] == "INFO"
            else LogLevels.warning,
        ).serve()
