"""Tables in Python: `commonground.open()` on this machine's home, or on a portal elsewhere by its address."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from commonground.errors import Usage
from commonground.tables.opening.table import Portal, Table

if TYPE_CHECKING:
    import os

__all__ = ["Portal", "Table", "open"]


def open(where: str | os.PathLike[str] | None = None, *, cache: str | os.PathLike[str] | None = None) -> Portal:  # noqa: A001 - commonground.open
    """The tables of a portal.

    `where` is nothing for the home of this machine (COMMONGROUND_HOME), a folder for another home, or the address of
    a portal (`https://…`), whose files are fetched once into `cache`, by default a folder of the user's own. One
    process opens one home. Raises `Usage` for what is neither.
    """
    address = str(where) if where is not None else ""
    if address.startswith(("http://", "https://")):
        from commonground.tables.opening.remote import Remote

        return Remote(address, Path(cache) if cache else None)
    if "://" in address:
        raise Usage(f"{address} is no address of a portal.", advice="It begins with https:// or http://.")
    from commonground.tables.opening.local import Local

    return Local(Path(address).expanduser() if address else None)
