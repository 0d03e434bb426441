"""How fast a harvest is: `python bench/harvest.py`. The whole command, start and search index included.

The recordings (COMMONGROUND_RECORDINGS) are served as portals on loopback and harvested over HTTP into a fresh
home, then once more unchanged. Change nothing else on the machine meanwhile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent


def harvest(home: str, recordings: Path) -> tuple[list[dict[str, Any]], float]:
    """The portals' figures and the seconds of one command."""
    command = [str(Path(sys.executable).parent / "commonground"), "harvest", "--replay", str(recordings), "--json"]
    start = time.perf_counter()
    done = subprocess.run(
        command,
        env={**os.environ, "COMMONGROUND_HOME": home, "DATABASE_URL": ""},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    return json.loads(done.stdout)["portals"], time.perf_counter() - start


def main() -> None:
    """Print one JSON document."""
    recordings = REPOSITORY / os.environ.get("COMMONGROUND_RECORDINGS", "../shared/data")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home:
        for name in ("first", "unchanged"):
            portals, seconds = harvest(home, recordings)
            seen = sum(one["seen"] for one in portals)
            figures[name] = {
                "portals": len(portals),
                "seen": seen,
                "written": sum(one["added"] + one["changed"] for one in portals),
                "seconds": round(seconds, 1),
                "records_per_s": round(seen / seconds),
                "slowest_portal_s": max(one["seconds"] for one in portals),
            }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
