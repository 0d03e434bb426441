"""Reads the rows of a portal of forty trees, in pages of four, and says how many pages it asked for and what it kept.

DIE_AT_PAGE=6 python tests/processes/reading.py
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from commonground.cli.home import ready
from commonground.protocols.socrata import rows as socrata

ready()

from commonground.tables.gather import gather  # noqa: E402 - needs Django
from commonground.tables.models import Part, Reading  # noqa: E402
from tests.tables.live import Rows, live  # noqa: E402
from tests.tables.test_build import standard  # noqa: E402
from tests.tables.test_following import walk  # noqa: E402


def dying(ask: Any, at: int) -> Any:
    """The function, which dies at its n-th call as if somebody had said `kill -9`."""
    called = 0

    def asked(*arguments: Any) -> Any:
        nonlocal called
        called += 1
        if called == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return ask(*arguments)

    return asked


if __name__ == "__main__":
    socrata.PAGE = 4
    socrata._Pages._ask = dying(socrata._Pages._ask, int(os.environ.get("DIE_AT_PAGE", "0")))  # type: ignore[method-assign]
    rows = Rows()
    rows.put("2026-01-01T00:00:00.000Z", *({"Id": f"{n:02}", "Kind": "Tree", "Note": "old"} for n in range(40)))
    with live(rows) as portals:
        found = gather(standard(), walk(), portals, None)
    parts = list(Part.objects.values("source", "sequence", "path", "names", "rows", "declared", "digest", "notes"))
    readings = list(Reading.objects.values("source", "rows", "state", "cursor"))
    told = {"pages": rows.pages(), "kept": [parts, readings], "failed": dict(found.failed)}
    sys.stdout.write(json.dumps(told))
