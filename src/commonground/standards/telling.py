"""What is wrong with a file, one line each: where it stands, what is there, and what to write. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from commonground.errors import Misconfigured

SHOWN = 80  # characters of a wrong value
FEW = 12  # names that are listed where none is near
LIKE = 0.65  # how much two words have in common when one may be meant for the other


def refuse(path: Path, lines: Iterable[str]) -> None:
    """Raise `Misconfigured` with the file before each line; do nothing when there is no line."""
    told = [f"{path}: {line}" for line in lines]
    if told:
        raise Misconfigured("\n".join(told))


def near(word: str, known: Iterable[str]) -> str:
    """What was meant, as a sentence: the nearest of the known words in any letter case, or all of them."""
    every = list(known)
    found = nearest(word, every)
    if found:
        return f"Did you mean “{found}”?"
    more = " …" if len(every) > FEW else ""
    return f"Known: {', '.join(every[:FEW])}{more}." if every else "There is none."


def nearest(word: str, known: Iterable[str]) -> str:
    """The nearest of the known words in any letter case, "" when none is near."""
    lowered = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(word.strip().casefold(), list(lowered), n=1, cutoff=LIKE)
    return lowered[close[0]] if close else ""


def shown(value: object) -> str:
    """A wrong value, cut where it is long."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def faults(error: ValidationError, whole: type[BaseModel], kind: str) -> Iterator[str]:
    """A line for each fault of a file that `whole` describes; `kind` is what the file is: “a standard”."""
    for one in error.errors(include_url=False):
        place, table, description = _place(one["loc"], whole)
        fix = f" Write {description}." if description else ""
        match one["type"]:
            case "missing":
                yield f"{place} is missing.{fix}"
            case "extra_forbidden":
                known = list(_keys(table))
                yield f"{place} is no key of {kind}. {near(str(one['loc'][-1]), known)}"
            case "value_error":
                yield f"{place}: {one['ctx']['error']}.{fix}".removeprefix(": ")
            case _:
                yield f"{place}: {shown(one['input'])} will not do ({one['msg']}).{fix}".removeprefix(": ")


def _place(location: tuple[int | str, ...], whole: type[BaseModel]) -> tuple[str, type[BaseModel] | None, str]:
    """The key as a person writes it, the model of the table it stands in, and what should stand there."""
    key, description = "", ""
    here: Any = whole
    table: type[BaseModel] | None = None
    for part in location:
        if isinstance(part, int):
            key, here = f"{key}[{part}]", _inside(here)
            continue
        key += f".{part}" if key else part
        table = _model(here)
        field = table.model_fields.get(part) if table else None
        if field:
            here, description = field.annotation, field.description or ""
        else:
            here = _inside(here)
    return key, table, description


def _keys(table: type[BaseModel] | None) -> Iterator[str]:
    for name, field in (table.model_fields if table else {}).items():
        yield field.alias or name


def _inside(annotation: Any) -> Any:  # noqa: ANN401 - any annotation
    """What a list or a table of such things holds."""
    found = [one for one in get_args(annotation) if one is not Ellipsis]
    return found[-1] if found else annotation


def _model(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    """The model in an annotation: `Model`, `Model | None`, `Annotated[Model, …]`."""
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None
