"""The sample's files: what each catalog lists, and what each subject is about."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from commonground.words import Kind

ColumnText = Annotated[str, Field(pattern=r"^[^:].*:[a-z]+$")]
"""`Incident Date:datetime`: the published name and one of our types."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Subject(_Part):
    """What datasets are about. `columns` stand in for a dataset that lists none of its own."""

    about: str
    keywords: tuple[str, ...]
    columns: tuple[ColumnText, ...]


class Entry(_Part):
    """One dataset of a catalog. `updated` is days before the day of the demonstration. Without `id` one is made up."""

    subject: str
    title: str
    id: str = ""
    updated: int = Field(ge=0)
    kind: Kind = Kind.TABLE
    parent: str = ""
    publisher: str = ""
    category: str = ""
    keywords: tuple[str, ...] = ()
    license: str | None = None
    frequency: str = ""
    issued: date | None = None
    modified: str = ""
    described: bool = True
    url: str = ""
    rows: int | None = None
    columns: tuple[ColumnText, ...] = ()
    column_set: str = ""


class Catalog(_Part):
    """One portal's file, with what holds for its datasets unless they say otherwise."""

    city: str
    publisher: str
    license: str = ""
    category: str = ""
    column_sets: dict[str, tuple[ColumnText, ...]] = {}
    datasets: tuple[Entry, ...]


@cache
def subjects() -> dict[str, Subject]:
    """All subjects by name."""
    text = files("commonground.demo").joinpath("subjects.toml").read_text(encoding="utf-8")
    return {name: Subject.model_validate(part) for name, part in tomllib.loads(text).items()}


@cache
def catalogs() -> dict[str, Catalog]:
    """All catalogs by the slug of their portal."""
    found = files("commonground.demo").joinpath("catalogs").iterdir()
    texts = {path.name: path.read_text(encoding="utf-8") for path in found if path.name.endswith(".toml")}
    return {name.removesuffix(".toml"): Catalog.model_validate(tomllib.loads(texts[name])) for name in sorted(texts)}
