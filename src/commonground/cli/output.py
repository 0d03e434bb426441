"""How commands print: `--json` gives one document on stdout; else a table for people."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer

_UNWRITABLE = re.compile("[\ud800-\udfff]")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def as_json(document: Any) -> None:  # noqa: ANN401 - any JSON
    """One indented document."""
    text = json.dumps(document, indent=2, ensure_ascii=False, default=_as_text)
    if _UNWRITABLE.search(text):  # a raw record may hold lone surrogates, which only escapes can say
        text = json.dumps(document, indent=2, default=_as_text)
    sys.stdout.write(f"{text}\n")


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def as_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; numbers right-aligned. Piped, it is tab-separated without frames."""
    listed = [[_cell(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        for line in [list(heads), *listed]:
            print("\t".join(line))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for position, head in enumerate(heads):
        numeric = bool(listed) and all(row[position].replace(",", "").isdigit() for row in listed if row[position])
        table.add_column(head, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*row)
    Console().print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def say(text: str) -> None:
    """Talk, on stderr."""
    print(text, file=sys.stderr)
