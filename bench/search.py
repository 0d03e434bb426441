"""How fast search answers: `python bench/search.py [--documents 300000] [--clients 10]`.

Varied documents are made from the recordings (COMMONGROUND_RECORDINGS), indexed in a fresh folder, and
asked by several clients at once with facets on: the labelled queries, each with and without filters.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from commonground.catalog.search import Index, Query, search  # noqa: E402 - after the path is known
from tests.search import corpus  # noqa: E402 - as above


def queries() -> list[Query]:
    """The labelled ones: alone, in one city, and by kind and date; and a few that only filter."""
    with (REPOSITORY / "tests/search/queries.toml").open("rb") as file:
        words = [one["words"] for one in tomllib.load(file)["query"]]
    filtered = [Query(words=one, city=("chicago", "seattle")) for one in words]
    dated = [Query.parse(f"q={one}&kind=table&format=CSV&since=2020-01-01")[0] for one in words]
    plain = [
        Query(),
        Query(city=("boston",)),
        Query(order="updated"),
        Query(kind=("table",), order="title", offset=200),
    ]
    return list(chain([Query(words=one) for one in words], filtered, dated, plain))


def ask(index: Index, query: Query) -> float:
    """Seconds of one answer with facets."""
    start = time.perf_counter()
    search(index, query)
    return time.perf_counter() - start


def main() -> None:
    """Print one JSON document."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, default=300_000)
    options.add_argument("--clients", type=int, default=10)
    given = options.parse_args()
    recordings = REPOSITORY / os.environ.get("COMMONGROUND_RECORDINGS", "../shared/data")
    held = corpus.documents(recordings / "portals")
    with tempfile.TemporaryDirectory() as home:
        index = Index(Path(home))
        start = time.perf_counter()
        index.rebuild(corpus.varied(held, given.documents), generation=1)
        rebuilt = time.perf_counter() - start
        asked = queries()
        alone = sorted(ask(index, one) for one in asked)
        fresh = Index(Path(home))  # remembers no facets
        ask(fresh, Query())
        with ThreadPoolExecutor(given.clients) as clients:
            start = time.perf_counter()
            together = sorted(clients.map(lambda one: ask(fresh, one), asked))
            passed = time.perf_counter() - start
        start = time.perf_counter()
        index.apply([next(corpus.varied(held, 1))], [], generation=2)
        changed = time.perf_counter() - start
        size = sum(path.stat().st_size for path in Path(home).rglob("*") if path.is_file())
    figures = {
        "documents": given.documents,
        "queries": len(asked),
        "rebuild_s": round(rebuilt, 1),
        "index_mb": round(size / 1e6),
        "one_change_ms": round(changed * 1000, 1),
        **{f"alone_{name}": value for name, value in spread(alone).items()},
        "clients": given.clients,
        **{f"together_{name}": value for name, value in spread(together).items()},
        "answers_per_s": round(len(together) / passed),
    }
    print(json.dumps(figures, indent=2))


def spread(seconds: list[float]) -> dict[str, float]:
    """Median, 95th percentile and worst, in milliseconds."""
    at = {"p50_ms": 0.5, "p95_ms": 0.95, "worst_ms": 1.0}
    return {
        name: round(seconds[min(len(seconds) - 1, int(len(seconds) * share))] * 1000, 1) for name, share in at.items()
    }


if __name__ == "__main__":
    main()
