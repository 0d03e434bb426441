"""The least that a harvest can do, as a yardstick for any machine: read, hash, compare, write what is new into SQLite.

No history, no findings, no common form, no search, no resuming. `python bench/parts/bare.py DATABASE ADDRESS` reads
the made Discovery portal at ADDRESS and prints how many records it saw and wrote.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import time
import urllib.request
import zlib
from typing import Any

PAGE = 500


def page(address: str, offset: int) -> dict[str, Any]:
    """One page of the listing."""
    with urllib.request.urlopen(f"{address}/api/catalog/v1?limit={PAGE}&offset={offset}") as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def main(database: str, address: str) -> None:
    """Print one JSON document."""
    start, seen, written = time.perf_counter(), 0, 0
    with sqlite3.connect(database) as held:
        held.execute("CREATE TABLE IF NOT EXISTS record (id TEXT PRIMARY KEY, hash TEXT, title TEXT, packed BLOB)")
        hashes = dict(held.execute("SELECT id, hash FROM record"))
        while found := page(address, seen)["results"]:
            seen += len(found)
            rows = []
            for one in found:
                body = json.dumps(one, sort_keys=True).encode()
                rows.append((one["resource"]["id"], hashlib.sha256(body).hexdigest(), one["resource"]["name"], body))
            new = [row for row in rows if hashes.get(row[0]) != row[1]]
            written += len(new)
            packed = [(*row[:3], zlib.compress(row[3])) for row in new]
            held.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)", packed)
    print(json.dumps({"seen": seen, "written": written, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main(*sys.argv[1:])
