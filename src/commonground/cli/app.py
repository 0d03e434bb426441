"""All commands, put together. Heavy imports wait inside the commands, so that `--help` is quick."""

from __future__ import annotations

import typer

from commonground import __version__
from commonground.cli import catalog, demo, harvest, operate, replay

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
    replay.replay,
    catalog.search,
    catalog.show,
    catalog.status,
    catalog.cities,
    catalog.findings,
    operate.serve,
    operate.work,
    operate.index,
):
    app.command()(command)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(operate.manage)
