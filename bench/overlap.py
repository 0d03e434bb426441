"""How well we find where cities publish the same: `python bench/overlap.py`, or with a tenth of the size: `--scale 0.1`.

Against gold (COMMONGROUND_RECORDINGS), macro over subjects, with textbook matchers over the same records: TF-IDF, BM25,
equal column names; for columns equal words, and Valentine's Coma and (at full size) Similarity Flooding in an environment
of their own, left out with the reason where they cannot be had. Then the growth: 5,000, 50,000, 300,000 data sets
varied from the recordings' are indexed and asked, and the recordings' own are compared anew as a whole.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parts import aligners, judged, peers, tables
from parts.judged import Bench
from parts.machine import COMMONGROUND, RECORDINGS, Goal, environment, options, run, told

from commonground import cities
from commonground.overlap.entries import Entry
from commonground.overlap.judging import assessment
from commonground.overlap.judging.evaluation import Guesser
from commonground.overlap.matching import embedder
from commonground.overlap.matching.embedder import Embedder
from commonground.overlap.matching.matcher import Matcher
from commonground.overlap.matching.texts import place_names
from commonground.overlap.nature import grain
from commonground.overlap.subjects import packaged

PARTS = Path(__file__).resolve().parent / "parts"
SIZES = (5_000, 50_000, 300_000)
LONG = {"by_subject", "folds", "missing"}
CALLED = {
    "datasets.map": "data sets, MAP",
    "add_a_city.hit_at_1": "a city joins, first of its list is right",
    "add_a_city.hit_at_5": "a city joins, one of its first 5 is right",
    "by_name_and_members.auc": "is there one at all, AUC",
    "columns.mrr": "columns, MRR",
    "fields.top_1": "columns to fields, first is right",
    "fields.top_3": "columns to fields, one of the first 3 is right",
}
BOUNDS = {
    "ours": dict(zip(CALLED, (0.72, 0.84, 0.95, 0.93, 0.78, 0.80, 0.92), strict=True)),
    "ours, with a model": dict(zip(CALLED, (0.78, 0.87, 0.975, 0.95, 0.82, 0.83, 0.94), strict=True)),
}


def about_datasets(bench: Bench, model: Embedder | None) -> dict[str, Any]:
    """Ours without a model and with one, and the peers."""
    natures = [grain.guess(one) for one in bench.entries]
    places = place_names(cities.load().values())
    figures = dict[str, Any]()
    for name, one in {"ours": None, "ours, with a model": model}.items():
        if one or name == "ours":
            matcher = Matcher(bench.entries, natures, places, one)
            figures[name] = brief(assessment.of_datasets(bench.gold, matcher, packaged()))
        else:
            figures[name] = {"left out": "It takes minutes: it is measured at full size, where it is installed."}
    makers: dict[str, Callable[[list[Entry]], Guesser]] = {
        "TF-IDF": peers.TfIdf,
        "BM25": peers.Bm25,
        "equal column names": peers.SameColumns,
    }
    return figures | {name: judged.datasets(bench, made(bench.entries)) for name, made in makers.items()}


def about_columns(bench: Bench, folder: Path, model: Embedder | None, *, flooding: bool) -> dict[str, Any]:
    """Ours without a model and with one, and the peers."""
    figures: dict[str, Any] = {"ours": brief(assessment.of_columns(bench.gold, bench.entries))}
    if model:
        figures["ours, with a model"] = brief(assessment.of_columns(bench.gold, bench.entries, model))
    figures["equal words"] = judged.same_words(bench)
    try:
        python = aligners.installed(folder / "valentine")
        figures["Coma"] = {"columns": judged.by_valentine(bench, python, "coma")}
        if flooding:
            figures["Similarity Flooding"] = {"columns": judged.by_valentine(bench, python, "flooding")}
    except aligners.LeftOutError as error:
        figures["Valentine"] = {"left out": str(error)}
    return figures


def brief(form: dict[str, Any]) -> dict[str, Any]:
    """A form of assessment without subjects, folds and names."""
    return {
        name: {key: brief(one) if isinstance(one, dict) else one for key, one in part.items() if key not in LONG}
        if isinstance(part, dict)
        else part
        for name, part in form.items()
        if name not in LONG
    }


def growth(sizes: list[int]) -> list[dict[str, Any]]:
    """Indexing and asking, each size in a process of its own."""
    found = []
    for size in sizes:
        ran = run([sys.executable, PARTS / "matched.py", str(size)], environment(tempfile.gettempdir()))
        found.append({**json.loads(ran.out), "megabytes": round(ran.megabytes)})
    return found


def anew(home: Path) -> dict[str, Any]:
    """All of the recordings compared anew, as a whole process, guesses kept."""
    run([COMMONGROUND, "harvest", "--replay", RECORDINGS, "--json"], environment(home))
    start = time.perf_counter()
    ran = run([COMMONGROUND, "overlap", "rebuild", "--json"], environment(home))
    return {**json.loads(ran.out), "seconds": round(time.perf_counter() - start, 1), "megabytes": round(ran.megabytes)}


def main() -> int:
    """Print one JSON document; the exit code is 1 where a goal that holds anywhere is missed and --check is set."""
    given = options(__doc__)
    with tempfile.TemporaryDirectory() as scratch:
        # First, because of a child's memory the system tells no less than what its parent had.
        sizes = growth([max(1_000, round(size * given.scale)) for size in SIZES])
        whole = anew(Path(scratch) / "home")
        bench = Bench.read()
        model = embedder.load() if given.scale >= 1 else None
        datasets = about_datasets(bench, model)
        columns = about_columns(bench, Path(scratch), model, flooding=given.scale >= 1)
    figures: dict[str, Any] = {"datasets": datasets, "columns": columns, "growth": sizes, "whole": whole}
    figures["pages"] = tables.pages(datasets, columns, sizes)
    return told(figures, goals(datasets, columns) | pace(sizes, whole), check=given.check)


def goals(datasets: dict[str, Any], columns: dict[str, Any]) -> dict[str, Goal]:
    """How good guesses are. The gold and the recordings are the same on any machine."""
    found: dict[str, Goal] = {}
    for name, bounds in BOUNDS.items():
        for what, bound in bounds.items():
            part, _, figure = what.partition(".")
            form = datasets.get(name, {}).get(part) or columns.get(name, {}).get(part)
            if form:
                found[f"{name}: {CALLED[what]}"] = Goal(form[figure]["value"], ">=", bound, anywhere=name == "ours")
    peer = max(datasets[name]["datasets"]["map"]["value"] for name in ("TF-IDF", "BM25", "equal column names"))
    found["ours: MAP against the best textbook matcher"] = Goal(
        datasets["ours"]["datasets"]["map"]["value"] / peer, ">=", 1.2, anywhere=True
    )
    if "left out" not in datasets["ours, with a model"]:
        better = datasets["ours, with a model"]["datasets"]["map"]["value"]
        found["ours: MAP with a model against without"] = Goal(
            better / datasets["ours"]["datasets"]["map"]["value"], ">=", 1, anywhere=True
        )
    if "Coma" in columns:
        ratio = columns["ours"]["columns"]["mrr"]["value"] / columns["Coma"]["columns"]["mrr"]["value"]
        found["ours: columns, MRR against Coma"] = Goal(ratio, ">=", 1.1, anywhere=True)
    return found


def pace(sizes: list[dict[str, Any]], whole: dict[str, Any]) -> dict[str, Goal]:
    """How fast, how large, and how both grow. A query looks at all data sets, so it may grow as they do."""
    small, large = sizes[0], sizes[-1]
    times = large["count"] / small["count"]
    return {
        f"{large['count']:,} data sets: seconds to index": Goal(large["index_s"], "<=", 60),
        f"{large['count']:,} data sets: ms a query (p95)": Goal(large["query"]["p95_ms"], "<=", 20),
        f"{large['count']:,} data sets: megabytes": Goal(large["megabytes"], "<=", 4_096, anywhere=True),
        f"index of {times:g} times as many: times as long": Goal(
            large["index_s"] / small["index_s"], "<=", 3 * times, anywhere=True
        ),
        f"{whole['datasets']:,} data sets compared anew: seconds": Goal(whole["seconds"], "<=", 60),
    }


if __name__ == "__main__":
    sys.exit(main())
