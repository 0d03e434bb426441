"""What pages are written with: tables, code, and the keys of a file that a model describes."""  # noqa: INP001

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    escaped = [[cell.replace("|", r"\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def code(text: str) -> str:
    """Text as code; nothing stays nothing."""
    return f"`{text}`" if text else ""


def keys(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, type[BaseModel] | None, bool, str]]:
    """Each key of a file as people write it, the model in it, whether it must be there, and what to write."""
    for name, field in model.model_fields.items():
        inner = _inner(field.annotation)
        many = get_origin(field.annotation) is tuple and inner is not None
        key = f"{prefix}{field.alias or name}{'[]' if many else ''}"
        yield key, inner, field.is_required(), field.description or ""
        if inner is not None:
            optional = "" if field.is_required() else "?"
            yield from keys(inner, f"{key}{optional}.")


def _inner(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None
