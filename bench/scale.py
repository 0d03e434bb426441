"""Search and pages over 300,000 data sets: `python bench/scale.py`, or a tenth of it: `--scale 0.1 --check`.

The recordings (COMMONGROUND_RECORDINGS) are harvested and varied until there are enough. Then the index is built anew,
the site served by two processes as the manual says, and asked by ten clients at once: searches that nobody asked
before, pages of data sets that nobody looked at before, and the home page. Beside it the shortest answer that the
same server gives (robots.txt), so that figures of different machines can be compared.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from parts import filled
from parts.clients import Asked, ask, wait
from parts.machine import COMMONGROUND, REPOSITORY, Goal, child, environment, free_port, options, run, spread, told

FULL, WORKERS, CLIENTS = 300_000, 2, 10
WARM_UP, ASKED = 40, {"search": 600, "dataset": 1_500, "home": 2_000, "bare": 3_000}
CITIES = ("boston", "chicago", "los_angeles", "new_york", "san_francisco", "seattle", "washington_dc")


def searches(titles: list[str], chance: random.Random) -> Iterator[str]:
    """Addresses of searches, no two the same: labelled queries and words of titles, with filters, orders, pages."""
    with (REPOSITORY / "tests/search/queries.toml").open("rb") as file:
        labelled = [one["words"] for one in tomllib.load(file)["query"]]
    seen = set()
    while True:
        some = [word for word in chance.choice(titles).split() if word.isalpha()] or ["data"]
        words = chance.choice(labelled) if chance.random() < 0.3 else " ".join(chance.sample(some, min(len(some), 2)))
        narrowed = chance.choice(
            (
                {},
                {"city": chance.choice(CITIES)},
                {"kind": "table", "format": "CSV"},
                {"since": f"20{chance.randint(10, 21)}-0{chance.randint(1, 9)}-01"},
                {"page": chance.randint(2, 4)},
                {"order": "updated"},
            )
        )
        address = f"/search?{urlencode({'q': words, **narrowed})}"
        if address not in seen:
            seen.add(address)
            yield address


def asked(url: str, paths: list[str]) -> tuple[dict[str, Any], Asked]:
    """Ask for all of them, the first few to warm up."""
    ask(url, paths[:WARM_UP], CLIENTS)
    found = ask(url, paths[WARM_UP:], CLIENTS)
    return {"answers_per_s": round(found.a_second, 1), **spread(found.each)}, found


def served(home: Path, share: float) -> dict[str, dict[str, Any]]:
    """Figures of each kind of page."""
    chance = random.Random(11)
    keys, titles = zip(*filled.listed(home), strict=True)
    pages = [f"/datasets/{quote(key, safe='/:')}" for key in keys]
    counts = {name: WARM_UP + max(60, round(count * min(1.0, share * 3))) for name, count in ASKED.items()}
    paths = {
        "bare": ["/robots.txt"] * counts["bare"],
        "home": ["/"] * counts["home"],
        "dataset": chance.sample(pages, min(len(pages), counts["dataset"])),
        "search": list(islice(searches(list(titles), chance), counts["search"])),
    }
    port = free_port()
    command = [COMMONGROUND, "serve", "--port", str(port), "--workers", str(WORKERS)]
    with child(command, environment(home), home / "serve.log"):
        url = f"http://127.0.0.1:{port}"
        wait(url)
        return {name: asked(url, some)[0] for name, some in paths.items()}


def main() -> int:
    """Print one JSON document; the exit code is 1 where a goal that holds anywhere is missed and --check is set."""
    given = options(__doc__)
    count = round(FULL * given.scale)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        filled.fill(home, count)
        env = environment(home)
        built = json.loads(run([sys.executable, Path(__file__).parent / "parts" / "rebuild.py"], env).out)
        pages = served(home, given.scale)
        size = (home / "commonground.sqlite3").stat().st_size
    bare = pages["bare"]["answers_per_s"]
    figures = {
        "datasets": count,
        "database_mb": round(size / 1e6),
        "index": built,
        "clients": CLIENTS,
        "server_processes": WORKERS,
        "pages": pages,
    }
    goals = {
        "index: seconds": Goal(built["seconds"], "<=", 60 * given.scale),
        "search with facets: p95 in ms": Goal(pages["search"]["p95_ms"], "<=", 150),
        "data set page: answers/s": Goal(pages["dataset"]["answers_per_s"], ">=", 120),
        "home: answers/s": Goal(pages["home"]["answers_per_s"], ">=", 200),
        "search: bare answers in the time of one": Goal(
            bare / pages["search"]["answers_per_s"], "<=", 150, anywhere=True
        ),
        "data set page: bare answers in the time of one": Goal(
            bare / pages["dataset"]["answers_per_s"], "<=", 150, anywhere=True
        ),
        "home: bare answers in the time of one": Goal(bare / pages["home"]["answers_per_s"], "<=", 50, anywhere=True),
    }
    return told(figures, goals, check=given.check)


if __name__ == "__main__":
    sys.exit(main())
