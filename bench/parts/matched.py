"""The matcher over made data sets: `matched.py 300000`. Prints seconds to index, of a query in milliseconds, megabytes.

The recordings' records, then copies of them with other titles and words of a neighbor, as the search is measured.
Reading them from a database is left out.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from parts.machine import RECORDINGS, REPOSITORY, spread

sys.path.insert(0, str(REPOSITORY))

from commonground import cities
from commonground.overlap import entries
from commonground.overlap.entries import Entry
from commonground.overlap.facets import Nature
from commonground.overlap.matching.matcher import Matcher
from commonground.overlap.matching.texts import place_names
from commonground.overlap.nature import grain
from tests.search import corpus

ASKED = 200


def made(count: int) -> tuple[list[Entry], list[Nature]]:
    """That many entries, none the same, and what kind of rows each has: that of the record it was made from."""
    held = corpus.documents(Path(RECORDINGS) / "portals")
    natures = [grain.guess(entries.of(one)) for one in held]
    return [entries.of(one) for one in corpus.varied(held, count)], [natures[at % len(held)] for at in range(count)]


def main() -> None:
    """Print one JSON document."""
    count = int(sys.argv[1])
    every, natures = made(count)
    before = _megabytes()
    start = time.perf_counter()
    matcher = Matcher(every, natures, place_names(cities.load().values()))
    indexed = time.perf_counter() - start
    seconds = []
    for at in range(0, count, max(1, count // ASKED)):
        start = time.perf_counter()
        scores: Any = matcher.pair_scores(at)
        scores.argpartition(-min(20, count))
        seconds.append(time.perf_counter() - start)
    told = {"count": count, "index_s": round(indexed, 2), "query": spread(seconds)}
    print(json.dumps({**told, "made_mb": round(before), "megabytes": round(_megabytes())}))


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
