"""How fast and how large a harvest is: `python bench/harvest.py`, or a tenth of it: `--scale 0.1 --check`.

Real records of the recordings (COMMONGROUND_RECORDINGS), and copies of them with other ids and titles, come over HTTP
from portals in another process, which says nothing that could be kept (no ETag). Each harvest is a process of its own:
into a fresh home on SQLite with history, findings and search index, then once more with nothing changed. Beside it
runs the least that a harvest can do (parts/bare.py), so that figures of different machines can be compared.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from parts.machine import Goal, Ran, child, environment, options, run, told

PARTS = Path(__file__).resolve().parent / "parts"
ROUNDS = 3  # in turn with the least harvest: whatever else the machine does only adds time, so the least of each counts
OF_THE_RUN = {"catalog_harvest", "catalog_checkpoint", "work_run", "sqlite_sequence"}
"""Tables in which every run leaves its own row."""


@contextmanager
def portals(folder: Path, *wanted: str) -> Iterator[Path]:
    """The folder of a city whose portals answer (`slug=protocol:count`)."""
    cities = folder / "cities"
    cities.mkdir(exist_ok=True)
    city = cities / "bench.toml"
    with child([sys.executable, PARTS / "portal.py", city, *wanted], environment(folder), folder / "portal.log"):
        until = time.monotonic() + 120
        while not city.exists():
            if time.monotonic() > until:
                raise SystemExit(f"The portals did not start: {(folder / 'portal.log').read_text()[-2_000:]}")
            time.sleep(0.05)
        yield cities
    city.unlink()


def harvest(home: Path, cities: Path) -> dict[str, Any]:
    """The figures of one harvest of the city."""
    start = home / "start-up"
    ran = run([sys.executable, PARTS / "harvested.py", start, "bench", "--cities", cities, "--json"], environment(home))
    return _figures(ran, float(start.read_text()))


def _figures(ran: Ran, start: float) -> dict[str, Any]:
    runs = json.loads(ran.out)["portals"]
    seen = sum(one["seen"] for one in runs)
    return {
        "outcomes": sorted({one["outcome"] for one in runs}),
        "seen": seen,
        "added": sum(one["added"] for one in runs),
        "changed": sum(one["changed"] for one in runs),
        "findings": sum(one["findings"] for one in runs),
        "seconds": round(ran.seconds, 2),
        "start_s": round(start, 2),
        "cpu_s": round(ran.cpu, 2),
        "megabytes": round(ran.megabytes),
        "records_per_s": round(seen / ran.seconds),
        "records_per_s_without_start": round(seen / (ran.seconds - start)),
    }


def bare(database: Path, cities: Path) -> float:
    """Seconds of the least harvest of the city's first portal."""
    address = tomllib.loads((cities / "bench.toml").read_text())["portals"][0]["url"]
    ran = run([sys.executable, PARTS / "bare.py", database, address], environment(database.parent))
    seconds: float = json.loads(ran.out)["seconds"]
    return seconds


def digests(home: Path) -> dict[str, str]:
    """A fingerprint of each table, and of what the index points to."""
    with sqlite3.connect(home / "commonground.sqlite3") as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for name in names:
            hashed = blake2b()
            for row in database.execute(f'SELECT * FROM "{name}" ORDER BY 1'):
                hashed.update(repr(row).encode())
            found[name] = hashed.hexdigest()
    database.close()
    pointers = sorted(home.glob("search/*/current"))
    return {**found, "index": repr([(one.stat().st_mtime_ns, one.read_bytes()) for one in pointers])}


def twice(folder: Path, *wanted: str) -> dict[str, Any]:
    """A first and an unchanged harvest of these portals, what the second one wrote, and the least harvest beside."""
    homes = [folder / f"home-{number}" for number in range(ROUNDS)]
    for home in homes:
        home.mkdir(parents=True)
    with portals(folder, *wanted) as cities:
        warm = folder / "warm"
        warm.mkdir()
        harvest(warm, cities)  # byte code is written, as it is in any installed package
        first, least = quickest([(harvest(home, cities), bare(home / "bare.sqlite3", cities)) for home in homes])
        before = [digests(home) for home in homes]
        again = [(harvest(home, cities), bare(home / "bare.sqlite3", cities)) for home in homes]
        unchanged, least_unchanged = quickest(again)
        after = [digests(home) for home in homes]
    both = zip(before, after, strict=True)
    written = sorted({name for old, new in both for name in new if new[name] != old.get(name)})
    return {
        "first": {**first, "least_s": round(least, 3)},
        "unchanged": {**unchanged, "least_s": round(least_unchanged, 3), "written_to": written},
    }


def quickest(rounds: list[tuple[dict[str, Any], float]]) -> tuple[dict[str, Any], float]:
    """The harvest that worked for the shortest time, and the shortest of the least ones."""
    return min((one for one, _ in rounds), key=work), min(least for _, least in rounds)


def work(one: dict[str, Any]) -> float:
    """Seconds without the start of the process."""
    return float(one["seconds"] - one["start_s"])


def once(folder: Path, wanted: str) -> dict[str, Any]:
    """A first harvest of one large portal."""
    (folder / "home").mkdir(parents=True)
    with portals(folder, wanted) as cities:
        return harvest(folder / "home", cities)


def main() -> int:
    """Print one JSON document; the exit code is 1 where a goal that holds anywhere is missed and --check is set."""
    given = options(__doc__)
    count = {
        name: max(100, round(full * given.scale))
        for name, full in (("real", 1_500), ("varied", 15_000), ("large", 100_000))
    }
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        real = twice(folder / "real", f"real=socrata:{count['real']}")
        parts = [f"varied-{n}=socrata:{count['varied'] // 4}" for n in range(4)]
        varied = twice(folder / "varied", *parts)
        large = {name: once(folder / name, f"large={name}:{count['large']}") for name in ("socrata", "dcat-us")}
    return told({"real": real, "varied": varied, "large": large}, goals(real, varied, large), check=given.check)


def goals(real: dict[str, Any], varied: dict[str, Any], large: dict[str, Any]) -> dict[str, Goal]:
    """What we hold ourselves to. Ratios are of the work alone, start-up left out, against the least harvest."""
    first, unchanged = real["first"], varied["unchanged"]

    strange = set(unchanged["written_to"]) - OF_THE_RUN
    return {
        "first, real: records/s, whole process": Goal(first["records_per_s"], ">=", 500),
        "first, real: times the least": Goal(work(first) / first["least_s"], "<=", 40, anywhere=True),
        "unchanged, varied: records/s, start-up left out": Goal(unchanged["records_per_s_without_start"], ">=", 5_000),
        # The least harvest reads one of the four portals.
        "unchanged, varied: times the least": Goal(
            work(unchanged) / (4 * unchanged["least_s"]), "<=", 8, anywhere=True
        ),
        "unchanged, varied: tables written beside the run's own": Goal(len(strange), "<=", 0, anywhere=True),
        "unchanged against first: times as fast": Goal(
            unchanged["records_per_s_without_start"] / varied["first"]["records_per_s_without_start"],
            ">=",
            3,
            anywhere=True,
        ),
        **{
            f"large, {name}: megabytes": Goal(one["megabytes"], "<=", 600, anywhere=True) for name, one in large.items()
        },
        **{f"large, {name}: records/s": Goal(one["records_per_s"], ">=", 400) for name, one in large.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
