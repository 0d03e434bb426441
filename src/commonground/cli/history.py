"""`commonground history`: what happened to a data set."""

from __future__ import annotations

from typing import Annotated

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say


def history(
    id: Annotated[str, typer.Argument(help="PORTAL/NATIVE-ID, or HOST/NATIVE-ID.")],  # noqa: A002 - shown in --help
    *,
    revision: Annotated[int | None, typer.Option(min=1, help="Only this revision, with what was published.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many changes, the newest first.")] = 20,
    json: Json = False,
) -> None:
    """Say what happened to a data set: what changed in its record, and when it went and came back.

    Example: commonground history data.sfgov.org/sevw-6tgi --json
    """
    ready()
    from commonground.catalog import browse, telling
    from commonground.catalog import history as held

    row = browse.dataset(id)
    if revision is not None:
        change, form = held.revision(row, revision)
        if json:
            as_json(form)
            return
        say(f"{row.title}, revision {revision}, seen {change.seen:%Y-%m-%d %H:%M} UTC.")
        as_table(
            ("weight", "what"),
            [(one.weight, telling.sentence(one, held.zone_of(row))) for one in change.found] or [("", change.said())],
        )
        return
    story = held.story(row)
    changes = story.part(0, limit)
    if json:
        as_json(held.story_form(row, changes, len(story)))
        return
    say(f"{row.title}: {len(story):,} change{'' if len(story) == 1 else 's'}.")
    zone = held.zone_of(row)
    as_table(
        ("seen", "kind", "revision", "what"), [(one.seen, one.kind, one.number, one.said(zone)) for one in changes]
    )
