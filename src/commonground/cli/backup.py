"""`commonground backup` and `restore`: a home as one file, and back."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer

from commonground.cli.home import set_up
from commonground.cli.output import Json, as_json, say


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; in a folder it is named by the time.")],
    *,
    json: Json = False,
) -> None:
    """Write database and search index into one file, as they are now; portal and harvests go on meanwhile.

    Example: commonground backup /var/backups/commonground
    """
    set_up()
    from commonground.site.backup import backup as run
    from commonground.site.backup import describe

    began = monotonic()
    path, manifest = run(file)
    _print("Kept", describe(manifest, path, monotonic() - began), json=json)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that commonground backup wrote.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the catalog that this home holds.")] = False,
    json: Json = False,
) -> None:
    """Put a backup back, whole or not at all. Stop the services first.

    Example: commonground restore commonground-2026-11-23T020000Z.tar.gz --force
    """
    set_up()
    from commonground.site.backup import describe
    from commonground.site.backup import restore as run

    began = monotonic()
    manifest = run(file, force=force)
    _print("Restored", describe(manifest, file, monotonic() - began), json=json)


def _print(done: str, form: dict[str, Any], *, json: bool) -> None:
    if json:
        as_json(form)
        return
    held, size = form["counts"].get("catalog_dataset", 0), form["bytes"] / 1_000_000
    say(f"{done} {held:,} data sets of {form['made']}, {form['file']} ({size:,.1f} MB), in {form['seconds']} s.")
