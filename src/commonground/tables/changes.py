"""What a release changes against the one before, city by city: rows, codes, fields. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from commonground.engine.session import literal, private
from commonground.standards.model import CITY, Standard
from commonground.tables.build.cleaning import quoted
from commonground.tables.build.result import Built

WORDS: Final = 50
"""New words of a city that are kept with a release."""


def change(standard: Standard, before: tuple[Built, Path] | None, now: tuple[Built, Path]) -> Mapping[str, Any]:
    """Rows that are new, gone, or changed in any field, by key; and fields whose values began or ended."""
    result, path = now
    told: dict[str, Any] = {"city": result.city, "rows": result.mapped, "newest": result.newest}
    if before is None:
        return {**told, "added": result.mapped, "removed": 0, "changed": 0, "fields_added": [], "fields_removed": []}
    old, old_path = before
    keys = [quoted(one) for one in standard.key if one != CITY]
    fields = [quoted(one.name) for one in standard.fields]
    with private() as session:
        joined = " AND ".join(f"a.{one} IS NOT DISTINCT FROM b.{one}" for one in keys)
        select = f"SELECT {', '.join(keys)}, hash({', '.join(fields)}) AS h FROM"
        added, removed, changed = session.execute(
            "SELECT count(*) FILTER (b.h IS NULL), count(*) FILTER (a.h IS NULL), count(*) FILTER (a.h <> b.h)"
            f" FROM ({select} read_parquet({literal(str(path))})) a"
            f" FULL JOIN ({select} read_parquet({literal(str(old_path))})) b ON {joined}"
        ).fetchall()[0]
    had, has = set(old.remainder), set(result.remainder)
    return {
        **told,
        "added": added,
        "removed": removed,
        "changed": changed,
        "fields_added": sorted(has - had),
        "fields_removed": sorted(had - has),
        "words_added": _new(result, old),
    }


def _new(now: Built, before: Built) -> list[tuple[str, str, int]]:
    """The city's words that have no code and were not there before: field, word, rows; those of most rows first."""
    found = [
        (name, word, rows)
        for name, words in now.unmapped.items()
        for word, rows in words.items()
        if word not in before.unmapped.get(name, {})
    ]
    return sorted(found, key=lambda one: -one[2])[:WORDS]
