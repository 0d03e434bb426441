"""Compile every translation (.po) under a folder to the form that Django reads (.mo) beside it."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def main(folder: Path) -> int:
    """The number of files that hold mistakes is the exit code."""
    wrong = 0
    for path in sorted(folder.rglob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, abort_invalid=True)
        mistakes = [f"{path}: {message.id}: {error}" for message, errors in catalog.check() for error in errors]
        print(*mistakes, sep="\n", end="\n" if mistakes else "", file=sys.stderr)
        wrong += bool(mistakes)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
