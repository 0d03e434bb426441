"""Columns of two or more data sets side by side; the address holds them all: `?a=ID&b=ID&c=ID`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_lowercase
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from commonground.catalog.models import Dataset
from commonground.overlap import abreast, decisions
from commonground.pages.twins import Answer, Rows

Form = dict[str, Any]

LETTERS: Final = ascii_lowercase[:12]
"""Names of the parameters. More than `abreast.MOST` are told so, rather than left out."""
_CSV: Final = ("row", "dataset", "column", "type", "published_type", "score", "band", "verdict", "why")
_TWO: Final = 2


def side_by_side(request: HttpRequest) -> Answer:
    """What columns mean the same, one row a meaning; with fewer than two data sets, a way to name them."""
    rows = abreast.datasets([one for letter in LETTERS for one in request.GET.getlist(letter) if one.strip()])

    def form() -> Form:
        return abreast.table(rows)

    return Answer(
        "overlap/columns.html",
        lambda: _page(request, rows),
        data=form,
        rows=lambda: Rows(_CSV, _cells(form())),
        canonical=link([row.key for row in rows]),
    )


def link(ids: Sequence[str]) -> str:
    """The address of the table of these data sets."""
    query = urlencode(list(zip(LETTERS, ids, strict=False)))
    return f"{reverse('side-by-side')}?{query}" if query else reverse("side-by-side")


def _page(request: HttpRequest, rows: Sequence[Dataset]) -> Form:
    form = abreast.table(rows, gettext)
    ids = [row.key for row in rows]
    heads = [{**one, "without": link([key for key in ids if key != one["id"]])} for one in form["datasets"]]
    proposed = [
        {**_added(one, ids), "more": [_added(other, ids) for other in one["more"]]} for one in abreast.proposed(rows)
    ]
    return {
        "form": form,
        "heads": heads,
        "lines": [_line(row, heads) for row in form["rows"]],
        "left": [
            {"head": head, "columns": columns} for head, columns in zip(heads, form["left"], strict=True) if columns
        ],
        "unknown": [one for one in heads if one["columns"] is None],
        "proposed": proposed if len(rows) < abreast.MOST else [],
        "letters": list(zip(LETTERS, ids, strict=False)),
        "next_letter": LETTERS[len(ids)],
        "enough": len(rows) >= _TWO,
        "full": len(rows) >= abreast.MOST,
        "may": decisions.may_decide(request.user),
        "here": request.get_full_path(),
    }


def _added(one: Form, ids: Sequence[str]) -> Form:
    return {**one, "link": link([*ids, one["id"]])}


def _line(row: Form, heads: Sequence[Form]) -> Form:
    """A row with what its forms need: the first column, which all others are compared with."""
    first = {"id": heads[row["first"]]["id"], "column": row["name"]}
    cells = [
        {"head": head, "cell": cell, "guessed": bool(cell) and "band" in cell}
        for head, cell in zip(heads, row["cells"], strict=True)
    ]
    return {**row, "first": first, "cells": cells}


def _cells(form: Form) -> Iterator[tuple[object, ...]]:
    """A line for each column: those of one row have one number; what is left has none."""
    for number, row in enumerate(form["rows"], 1):
        for head, cell in zip(form["datasets"], row["cells"], strict=True):
            if cell:
                yield (number, head["id"], *_values(cell))
    for head, columns in zip(form["datasets"], form["left"], strict=True):
        for cell in columns:
            yield ("", head["id"], *_values(cell))


def _values(cell: Form) -> Iterator[object]:
    for name in _CSV[2:]:
        value = cell.get(name, "")
        yield " ".join(value) if isinstance(value, tuple) else value
