"""A suggestion as the text of a crosswalk, with comments that say how sure each line is. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from commonground.standards.model import CITY
from commonground.tables.drafting.suggesting import Line, Suggestion

_WIDE: Final = 400
_FEW: Final = 5


def quote(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def written(found: Suggestion, tried: Mapping[str, Any] | None = None) -> str:
    """The draft as TOML. `tried` is what came of trying it on rows, so that each line can say what it lost."""
    return "\n".join(_text(found, tried)) + "\n"


def _text(found: Suggestion, tried: Mapping[str, Any] | None) -> Iterator[str]:
    material = found.material
    standard = material.standard
    yield from _head(found, tried)
    yield f"standard = {quote(standard.name)}"
    yield f"version = {quote(standard.version)}"
    yield "revision = 1"
    yield f"city = {quote(material.city)}"
    yield 'note = "A draft from the names and values of columns. Say here what a reader should know, and which rows you looked at."'
    yield ""
    yield "[[sources]]"
    yield f"dataset = {quote(material.dataset)}"
    yield ""
    yield "[fields]"
    lost = {one["field"]: one for one in tried["fields"]} if tried else {}
    for line in found.lines:
        yield from _line(line, lost.get(line.field))
    if found.missing:
        yield f"# No column seems to be: {', '.join(found.missing)}."
    if found.place:
        yield ""
        yield _comment(f"The place of a row: {found.place_why}.")
        yield "[[place]]"
        yield from found.place.strip("{ }").split(", ")
    yield ""
    yield "# Rows are read by this vintage when all of these columns are there. Add one for older names of columns."
    yield "[[vintages]]"
    yield 'name = "as read first"'
    yield f"when = [{', '.join(map(quote, _when(found)))}]"
    for name in found.codes:
        yield from _codes(name, found)
    yield ""
    if found.left:
        yield _comment(f"Columns that nothing reads: {', '.join(found.left)}.")
    if found.personal:
        yield _comment(f"Left out, because they may be about private persons: {', '.join(found.personal)}.")


def _head(found: Suggestion, tried: Mapping[str, Any] | None) -> Iterator[str]:
    dataset, standard = found.material.dataset, found.material.standard
    yield _comment(f"A draft of how {dataset} becomes rows of {standard.id} (one row is {standard.grain}).")
    yield "# Go through it line by line. A line behind # is too weak to be taken unseen: take it, or remove it."
    if not found.material.rows:
        yield "# No rows were read yet: names are as the catalog has them, and formats and codes are not known."
    elif tried:
        yield _comment(
            f"Tried on {tried['read']:,} rows: {tried['mapped']:,} mapped, {tried['withheld']:,} withheld"
            f"{_reasons(tried)}."
        )


def _reasons(tried: Mapping[str, Any]) -> str:
    return (
        f" ({', '.join(f'{why} {count:,}' for why, count in tried['withheld_by'].items())})"
        if tried["withheld"]
        else ""
    )


def _line(line: Line, lost: Mapping[str, Any] | None) -> Iterator[str]:
    said = f"{line.band}, {line.score:.0%}: {line.why.rstrip('.')}."
    if lost and lost["given"]:
        said += f" Missing {lost['share']:.1%} of {lost['given']:,} values."
    if len(said) > _WIDE:
        said = said[: _WIDE - 1] + "…"
    yield _comment(said)
    yield f"{'' if line.used else '# '}{line.field} = {line.expression}"


def _when(found: Suggestion) -> list[str]:
    """The columns by which the vintage is known: those of the key, the time and the kind."""
    standard = found.material.standard
    telling = {*standard.key, standard.time, standard.kind} - {CITY, ""}
    columns = [one.column for one in found.lines if one.used and one.field in telling]
    names = columns or [one.column for one in found.lines if one.used] or [one.name for one in found.material.columns]
    return list(dict.fromkeys(names))[:_FEW]


def _codes(name: str, found: Suggestion) -> Iterator[str]:
    known = found.material.standard.codes(name)
    yield ""
    yield _comment(f"{found.material.standard.named[name].title}: {', '.join(known)}.")
    yield f"[codes.{name}]"
    if not found.codes[name]:
        yield "# No rows were read, so the city's values are not known: write them here, each with its code."
    for one in found.codes[name]:
        entry = f"{quote(one.value)} = {quote(one.code)}"
        yield f"{'' if one.code else '# '}{entry}  {_comment(f'{one.count:,} rows, {one.why}')}"


def _comment(text: str) -> str:
    """A comment in one line."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return f"# {' '.join(shown.split())}"
