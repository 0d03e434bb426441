"""How fast the index answers, without pages: `python bench/search.py`, or a tenth of it: `--scale 0.1 --check`.

300,000 documents varied from the recordings (COMMONGROUND_RECORDINGS) are indexed in a fresh folder and asked with
facets on: the labelled queries, each alone, in two cities, and by kind and date. Beside it SQLite's own full-text
search (FTS5, the same fields and weights) over the same documents, with the first words of the same queries.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import Any

from parts.machine import RECORDINGS, REPOSITORY, Goal, options, spread, told

sys.path.insert(0, str(REPOSITORY))

from commonground.catalog.search import Index, Query, search
from tests.search import corpus

FULL, CLIENTS, PEER_ASKED = 300_000, 10, 60
ROUNDS = 3  # of the comparison, in turn: whatever else the machine does only adds time, so the least of each counts
FACETS = ("city", "kind", "theme", "publisher", "format", "license")


def queries() -> list[Query]:
    """The labelled ones: alone, in two cities, and by kind and date; and a few that only filter."""
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


class Peer:
    """FTS5 over the same documents: 20 best and counts of six facets, as SQL has them."""

    def __init__(self, path: Path, documents: Iterator[dict[str, Any]]) -> None:
        self.database = sqlite3.connect(path)
        columns = "title, keywords, columns, publisher, description"
        facets = ", ".join(f"{name}_" for name in FACETS)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute(f"CREATE VIRTUAL TABLE words USING fts5({columns}, content='', tokenize='porter')")
        self.database.execute(f"CREATE TABLE facet (id INTEGER PRIMARY KEY, {facets})")
        for number, one in enumerate(documents):
            names = " ".join(column["name"] for column in one["columns"])
            texts = (one["title"], " ".join(one["keywords"]), names, one["publisher"], one["description"])
            self.database.execute(f"INSERT INTO words (rowid, {columns}) VALUES (?, ?, ?, ?, ?, ?)", (number, *texts))
            values = (
                one["city"],
                one["kind"],
                next(iter(one["themes"]), None),
                one["publisher"],
                next((way["format"] for way in one["distributions"]), None),
                (one["license"] or {}).get("text"),
            )
            self.database.execute("INSERT INTO facet VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *values))
        self.database.commit()

    def ask(self, words: str) -> float:
        """Seconds of one answer with facets."""
        start = time.perf_counter()
        match = " ".join(f'"{word}"' for word in words.split() if word.isalnum()) or '"data"'
        self.database.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, 4.0, 1.5, 0.8, 1.0, 1.0) LIMIT 20",
            (match,),
        ).fetchall()
        for name in FACETS:
            self.database.execute(
                f"SELECT {name}_, count(*) FROM facet WHERE id IN (SELECT rowid FROM words WHERE words MATCH ?)"
                f" GROUP BY {name}_ ORDER BY 2 DESC LIMIT 40",
                (match,),
            ).fetchall()
        return time.perf_counter() - start


def beside(index: Index, peer: Peer, queries: list[Query]) -> tuple[list[float], list[float]]:
    """Seconds of each query, ours (an index that remembers no facets of an earlier round) and the peer's."""
    ask(index, Query())
    return [ask(index, one) for one in queries], [peer.ask(one.words) for one in queries]


def main() -> int:
    """Print one JSON document; the exit code is 1 where a goal that holds anywhere is missed and --check is set."""
    given = options(__doc__)
    count = round(FULL * given.scale)
    held, every = corpus.documents(RECORDINGS / "portals"), queries()
    with tempfile.TemporaryDirectory() as home:
        index = Index(Path(home) / "index")
        start = time.perf_counter()
        index.rebuild(corpus.varied(held, count), generation=1)
        rebuilt = time.perf_counter() - start
        alone = [ask(index, one) for one in every]
        fresh = Index(index.folder)  # remembers no facets
        ask(fresh, Query())
        start = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as clients:
            together = list(clients.map(lambda one: ask(fresh, one), every))
        passed = time.perf_counter() - start
        start = time.perf_counter()
        index.apply(islice(corpus.varied(held, 1), 1), [], generation=2)
        changed = time.perf_counter() - start
        start = time.perf_counter()
        peer = Peer(Path(home) / "peer.sqlite3", corpus.varied(held, count))
        peer_built = time.perf_counter() - start
        compared = [beside(Index(index.folder), peer, every[:PEER_ASKED]) for _ in range(ROUNDS)]
        peer.database.close()
    ours, other = (spread([min(times) for times in zip(*side, strict=True)]) for side in zip(*compared, strict=True))
    figures = {
        "documents": count,
        "index": {"rebuild_s": round(rebuilt, 1), "one_change_ms": round(changed * 1000, 1)},
        "queries": len(every),
        "one_client": spread(alone),
        "ten_clients_in_one_process": {**spread(together), "answers_per_s": round(len(together) / passed)},
        "labelled_queries_alone": ours,
        "sqlite_fts5": {"rebuild_s": round(peer_built, 1), **other},
    }
    goals = {
        "labelled queries alone: p95 against FTS5": Goal(ours["p95_ms"] / other["p95_ms"], "<=", 0.8, anywhere=True),
        "one change: ms": Goal(changed * 1000, "<=", 200),
    }
    return told(figures, goals, check=given.check)


if __name__ == "__main__":
    sys.exit(main())
