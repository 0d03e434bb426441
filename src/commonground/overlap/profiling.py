"""Keep what the rows of a data set look like: read its file, and store its profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from django.utils import timezone

from commonground.catalog import browse
from commonground.catalog.models import Dataset
from commonground.engine.summary import TableSummary, summarize
from commonground.errors import FileRefused
from commonground.overlap.columns import profiles
from commonground.overlap.columns.profiles import ColumnProfile
from commonground.overlap.models import Profile

Form = dict[str, Any]

_KNOWN: Final = 0.25
"""So many columns of a file the data set has to name; else it is a file of something else."""


def profile_file(dataset_key: str, path: Path) -> Form:
    """Profile the rows of a data set from a CSV (.csv, .csv.gz) or Parquet file, in place of an earlier profile.

    Gives the form of `form`, with `left_out` (rows that did not fit the header) and `unknown` (columns of the file
    that the data set's record does not name). Raises `NotFound` for the data set, and `FileRefused` for a file that
    cannot be read, has no rows, or has few columns of the data set.
    """
    dataset = browse.dataset(dataset_key)
    summary = summarize(path)
    found, unknown = _named(dataset, summary, path.name)
    facts = {"rows": summary.rows, "columns": profiles.dump(found), "source": path.name, "at": timezone.now()}
    stored, _ = Profile.objects.update_or_create(dataset=dataset, defaults=facts)
    return {**form(dataset.key, stored), "left_out": summary.left_out, "unknown": unknown}


def of(dataset: Dataset) -> dict[str, ColumnProfile]:
    """Profiles of a data set's columns by published name; empty where no rows were read."""
    stored = Profile.objects.filter(dataset=dataset).first()
    return profiles.load(stored.columns) if stored else {}


def of_all(datasets: Iterable[Dataset]) -> dict[int, Profile]:
    """The profiles of some data sets, where rows were read, by the data set's primary key; in one question."""
    return {one.dataset_id: one for one in Profile.objects.filter(dataset__in=[row.pk for row in datasets])}


def form(dataset_key: str, stored: Profile) -> Form:
    """A profile as JSON."""
    return {
        "id": dataset_key,
        "rows": stored.rows,
        "source": stored.source,
        "at": stored.at,
        "columns": list(stored.columns.values()),
    }


def _named(dataset: Dataset, summary: TableSummary, file: str) -> tuple[dict[str, ColumnProfile], list[str]]:
    """Profiles by the names that the record publishes, and what it does not name.

    A file may carry names or fields of the record, in other letters; a record without columns takes the file's names.
    """
    if not summary.rows:
        raise FileRefused(f"{file} has no rows.", advice="Give a file with rows below the names of its columns.")
    found = profiles.of(summary)
    columns = (dataset.revision.form if dataset.revision else {}).get("columns") or []
    if not columns:
        return found, []
    published = {_squeezed(one[key]): one["name"] for key in ("field", "name") for one in columns}
    named: dict[str, ColumnProfile] = {}
    unknown = []
    for name, profile in found.items():
        if known := published.get(_squeezed(name)):
            named.setdefault(known, replace(profile, name=known))
        else:
            unknown.append(name)
    if len(named) < _KNOWN * len(found):
        message = f"{len(named)} of {len(found)} columns of {file} are of “{dataset.key}” ({', '.join(unknown[:5])} … are not)."
        advice = f"Give a file of its rows; it has {', '.join(one['name'] for one in columns[:5])} …"
        raise FileRefused(message, advice=advice)
    return named, unknown


def _squeezed(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
