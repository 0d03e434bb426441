"""Figures of overlap as tables of the manual (docs/reference/overlap.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Told = dict[str, Any]
PAGE = "docs/reference/overlap.md"
BAR = 20
FIGURES = {
    "datasets.map": "Data sets about the same: mean average precision",
    "datasets.p_at_1": "… the first is right",
    "datasets.r_at_10": "… found among the first 10",
    "add_a_city.hit_at_1": "A city joins: the first of its list is right",
    "add_a_city.hit_at_5": "… one of the first 5 is right",
    "by_name.hit_at_1": "A subject by its name: the first is right",
    "by_unknown_name.hit_at_1": "… were the register without it",
    "by_name_and_members.hit_at_1": "A city joins and the subject has a name: the first is right",
    "by_name_and_members.hit_at_5": "… one of the first 5 is right",
    "presence.auc": "Is there one at all: area under the ROC curve",
    "by_name_and_members.auc": "… and the subject has a name",
    "columns.mrr": "Columns: mean reciprocal rank",
    "columns.one_to_one": "… share of the right pairs that are taken, one to one",
    "fields.top_1": "Columns to fields of a standard: the first is right",
    "fields.top_3": "… one of the first 3 is right",
}


def pages(datasets: Told, columns: Told, sizes: Sequence[Told]) -> dict[str, dict[str, str]]:
    """By page and mark what stands there."""
    names = list(dict.fromkeys([*datasets, *columns]))
    both = {name: {**datasets.get(name, {}), **columns.get(name, {})} for name in names}
    kept = {name: form for name, form in both.items() if "left out" not in form}
    parts = {"quality": quality(kept), "growth": growth(sizes)}
    for name, form in {"plain": kept["ours"], "meaning": kept.get("ours, with a model")}.items():
        if form:
            parts |= {f"reliability-{name}": reliability(form), f"bands-{name}": bands(form)}
    return {PAGE: parts}


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Numbers to the right."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def growth(sizes: Sequence[Told]) -> str:
    """Indexing and asking, by how many data sets there are."""
    heads = ["Data sets", "Seconds to index", "Milliseconds a question (median, 95 of 100)", "Megabytes"]
    rows = [
        [
            f"{one['count']:,}",
            f"{one['index_s']:.1f}",
            f"{one['query']['p50_ms']:.1f}, {one['query']['p95_ms']:.1f}",
            f"{one['megabytes']:,}",
        ]
        for one in sizes
    ]
    return table(heads, rows)


def quality(kept: Mapping[str, Told]) -> str:
    """Figures by who guesses, each with the interval of 95 of 100 draws of subjects."""
    rows = []
    for place, said in FIGURES.items():
        part, _, figure = place.partition(".")
        cells = [form[part][figure] if figure in form.get(part, {}) else None for form in kept.values()]
        rows.append([said, *(_cell(one, interval=at < 2) for at, one in enumerate(cells))])
    return table(["", *kept], rows)


def _cell(one: Told | None, *, interval: bool) -> str:
    if one is None:
        return ""
    between = f"<br>{one['low']:.3f} to {one['high']:.3f}" if interval else ""
    return f"{one['value']:.3f}{between}"


def reliability(form: Told) -> str:
    """Promised and kept, by tenths of the score; the bar is what was kept, the stroke what was promised."""
    rows = []
    for what in ("matches", "placements"):
        for one in form[f"reliability_of_{what}"]["bins"]:
            between = f"{one['low']:.1f} to {one['high']:.1f}"
            rows.append([what, between, f"{one['count']:,}", f"{one['said']:.2f}", f"{one['right']:.2f}", _bar(one)])
    return table(["Guesses", "Score", "How many", "Promised", "Right", "Right (█), promised (│)"], rows)


def _bar(one: Told) -> str:
    filled = round(one["right"] * BAR)
    bar = ["█"] * filled + ["·"] * (BAR - filled)
    bar[min(BAR - 1, round(one["said"] * BAR))] = "│"
    return f"`{''.join(bar)}`"


def bands(form: Told) -> str:
    """What each band keeps."""
    names = {"matches": "Two data sets", "placements": "A data set and a subject", "columns": "Two columns"}
    rows = [
        [said, band, f"{one['count']:,}", f"{one['right']:.0%}"]
        for what, said in names.items()
        for band, one in form.get(f"bands_of_{what}", {}).items()
    ]
    return table(["Guess", "Band", "How many", "Right"], rows)
