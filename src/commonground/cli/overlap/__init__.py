"""`commonground overlap …`: where cities publish the same, where they do not, and why we think so."""

from __future__ import annotations

import typer

from commonground.cli.overlap import decide, measure, read, subjects

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def overlap() -> None:
    """Where cities publish the same, where they do not, and why we think so.

    Example: commonground overlap subject "building permits" --city chicago --json
    """


for command in (
    read.matrix,
    read.subjects,
    read.subject,
    subjects.subject_add,
    subjects.subject_edit,
    subjects.subject_merge,
    read.dataset,
    read.matches,
    read.columns,
    read.standards,
    decide.review,
    decide.confirm,
    decide.reject,
    decide.related,
    decide.grain,
    decide.none,
    decide.undo,
    decide.history,
    measure.follow,
    measure.rebuild,
    measure.profile,
    measure.evaluate,
):
    app.command()(command)
