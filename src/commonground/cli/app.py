"""All commands, put together. Heavy imports wait inside the commands, so that `--help` is quick."""

from __future__ import annotations

import typer

from commonground import __version__
from commonground.cli import (
    backup,
    build,
    catalog,
    check,
    crosswalk,
    demo,
    findings,
    harvest,
    history,
    moves,
    operate,
    overlap,
    release,
    replay,
    sql,
    standards,
    status,
    withdraw,
)

app = typer.Typer(
    name="commonground",
    help="One open-data portal for many cities: gather their catalogs, search and compare them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def top(
    *,
    version: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True),
) -> None:
    """One open-data portal for many cities: gather their catalogs, search and compare them."""
    if version:
        print(__version__)
        raise typer.Exit


for command in (
    demo.demo,
    harvest.harvest,
    release.release,
    moves.moves,
    replay.replay,
    build.build,
    withdraw.withdraw,
    catalog.search,
    catalog.show,
    history.history,
    status.status,
    catalog.cities,
    findings.findings,
    findings.links,
    check.check,
    sql.sql,
    operate.serve,
    operate.work,
    operate.index,
    backup.backup,
    backup.restore,
):
    app.command()(command)
app.add_typer(overlap.app, name="overlap")
app.add_typer(standards.app, name="standards")
app.add_typer(crosswalk.app, name="crosswalk")
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(operate.manage)
