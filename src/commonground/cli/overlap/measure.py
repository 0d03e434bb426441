"""`commonground overlap follow`, `rebuild`, `profile`, `evaluate`: make guesses, and say how good they are."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say
from commonground.cli.overlap.compared import working

SHOWN = (
    "datasets",
    "add_a_city",
    "by_name",
    "by_unknown_name",
    "by_name_and_members",
    "presence",
    "presence_by_name",
    "columns",
    "fields",
)


def follow(*, json: Json = False) -> None:
    """Compare what is new or changed since the last time.

    Example: commonground overlap follow --json
    """
    _compare(whole=False, json=json)


def rebuild(*, json: Json = False) -> None:
    """Throw all guesses away and make them anew; what persons decided stays.

    Example: commonground overlap rebuild --json
    """
    _compare(whole=True, json=json)


def _compare(*, whole: bool, json: bool) -> None:
    ready()
    from commonground.overlap import tasks

    with working("Comparing …"):
        done = tasks.compare(whole=whole)
    if json:
        as_json({**asdict(done), "seconds": round(done.seconds, 2)})
        return
    say(
        f"{done.datasets:,} data sets, {done.changed:,} of them new or changed: "
        f"{done.matches:,} matches and {done.placements:,} placements written in {done.seconds:.1f} s."
    )


def profile(
    id: Annotated[str, typer.Argument(help="PORTAL/NATIVE-ID, or HOST/NATIVE-ID.")],  # noqa: A002 - shown in --help
    file: Annotated[Path, typer.Argument(help="Its rows: .csv, .csv.gz or .parquet.")],
    *,
    json: Json = False,
) -> None:
    """Read the rows of a data set from a file, and keep what its columns look like.

    Example: commonground overlap profile boston/311-service-requests rows.csv.gz
    """
    ready()
    from commonground.overlap import profiling

    with working(f"Reading {file} …"):
        form = profiling.profile_file(id, file)
    if json:
        as_json(form)
        return
    say(f"{form['rows']:,} rows, {len(form['columns']):,} columns of {form['id']}.")
    if form["unknown"]:
        say(f"Its record does not name: {', '.join(form['unknown'])}.")


def evaluate(
    *,
    gold: Annotated[
        Path, typer.Option(help="The folder of what persons labeled: overlap.csv, pool.csv, columns.csv …")
    ],
    json: Json = False,
) -> None:
    """Say how good the guesses are: this home's catalog against labeled data sets and columns.

    Example: commonground overlap evaluate --gold gold --json
    """
    ready()
    from commonground.catalog import browse
    from commonground.overlap import register, store, tasks
    from commonground.overlap.judging import assessment
    from commonground.overlap.judging.gold import read

    truth = read(gold, browse.known_cities())
    with working("Reading the catalog …"):
        model = tasks.model()
        matcher = store.matcher(model)
    with working("Asking …"):
        form = assessment.of_datasets(truth, matcher, register.current())
        form |= assessment.of_columns(truth, matcher.entries, model)
    if json:
        as_json(form)
        return
    _print(form)


def _print(form: dict[str, Any]) -> None:
    missing = len(form["missing"])
    say(
        f"{form['subjects']} subjects, {form['pool']:,} data sets, {missing:,} of them not in this home. {form['method']}."
    )
    rows = [
        (part, name, f"{one['value']:.3f}", f"{one['low']:.3f} to {one['high']:.3f}", f"{one['spread']:.3f}")
        for part in SHOWN
        for name, one in form[part].items()
        if isinstance(one, dict) and one["value"] is not None
    ]
    as_table(("what", "figure", "value", "95 % of draws", "spread of folds"), rows)
    bands = [
        (what.removeprefix("bands_of_"), band, one["count"], f"{one['right']:.2f}")
        for what in ("bands_of_matches", "bands_of_placements", "bands_of_columns")
        for band, one in form[what].items()
    ]
    as_table(("band of", "band", "guesses", "right"), bands)
