"""Standards and crosswalks as parts of the manual."""  # noqa: INP001 - beside the pages it is for

from __future__ import annotations

from marks import code, keys, table
from pydantic import BaseModel

from commonground.standards import files
from commonground.standards.crosswalk import Crosswalk, Expression
from commonground.standards.form import StandardFile
from commonground.standards.model import Standard


def standards() -> str:
    """Every standard: what one row is, its fields, its codes."""
    return "\n\n".join(map(_standard, files.standards().values()))


def _standard(one: Standard) -> str:
    based = ", ".join(f"[{basis.name}]({basis.url})" for basis in one.based_on) or "no published standard"
    said = f"One row is {one.grain}. Version {one.version}, to be looked at again by {one.review_by}. Based on {based}."
    fields = [
        (
            code(field.name),
            " ".join(filter(None, (field.type, field.unit and f"({field.unit})", "**required**" * field.required))),
            f"{field.description}{f' Codes: {code(field.codelist)}.' * bool(field.codelist)}",
            field.based_on,
        )
        for field in one.fields
    ]
    lists = "\n\n".join(
        f"**{code(codes.name)}**: {codes.title} ({codes.source})\n\n"
        + table(("Code", "Label", "Group"), [(code(each.code), each.label, each.group) for each in codes.codes])
        for codes in one.codelists.values()
    )
    return "\n\n".join(
        (
            f"### {one.title}\n\n`{one.name}`: {said}",
            one.description,
            f"Unique by {', '.join(map(code, one.key))}.",
            table(("Field", "Type", "What it says", "Based on"), fields),
            lists,
        )
    ).strip()


def standard_file() -> str:
    """The keys of a standard's file, with what must stand there."""
    return _file(StandardFile)


def crosswalk_file() -> str:
    """The keys of a crosswalk's file, with what must stand there; those of an expression have a part of their own."""
    return _file(Crosswalk)


def expression() -> str:
    """What may stand in an expression."""
    rows = [(code(one.alias or name), one.description or "") for name, one in Expression.model_fields.items()]
    return table(("Key", "Takes"), rows)


def _file(whole: type[BaseModel]) -> str:
    rows = [(code(key), "" if must else "may be left out", says) for key, _, must, says in keys(whole, "") if says]
    return table(("Key", "", "Write"), rows)
