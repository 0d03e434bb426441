"""A crosswalk: how one city's dataset becomes rows of a standard. Declarative; what may stand in its TOML file.

The model is strict: a typing error is told, not guessed away. Every expression names columns of the dataset as they are
published; `{n}` in a column's name stands for the number of a repeated group.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

VERBS: Final = ("column", "date", "first", "concat", "split", "match", "constant")
Cast = Literal["text", "integer", "number", "money", "boolean", "date", "datetime"]
"""The named safe casts. Without one, the type of the field decides."""
N: Final = "{n}"


class Part(BaseModel):
    """Any table of a crosswalk: nothing but what is described may stand in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


class Expression(Part):
    """How one field is made: exactly one of the verbs of `VERBS`, and what goes with it.

    A text alone is short for `{ column = "…" }`.
    """

    column: str = Field(default="", description="the name of a column, as published")
    date: str = Field(default="", description="a column of dates; `time` beside it has the time of day")
    time: str = Field(default="", description="a column of times of day, joined to `date`")
    first: tuple[Expr, ...] = Field(default=(), description="expressions; the first that has a value is taken")
    concat: tuple[Expr, ...] = Field(default=(), description="expressions whose values are joined, empty ones left out")
    split: str = Field(default="", description="a column that is cut `at` a text")
    match: str = Field(default="", description="a column of which the first group of `pattern` is taken")
    constant: str | int | float | bool | None = Field(default=None, description="the same value in every row")

    cast: Cast | None = Field(default=None, alias="as", description="a named cast, where the field's type is not it")
    codes: str = Field(default="", description="a list of [codes.…] through which the value is mapped")
    formats: tuple[str, ...] = Field(default=(), description="strptime formats of dates, tried in order")
    times: tuple[str, ...] = Field(default=(), description="formats of `time`: strptime's, or hhmm for 330 = 03:30")
    zone: str = Field(default="", description="the time zone of the text, where it is not the city's: UTC")
    factor: float | None = Field(default=None, description="a number that the value is multiplied with")
    joiner: str = Field(default=" ", alias="with", description="what stands between values of `concat`")
    at: str = Field(default="", description="the text at which `split` cuts")
    part: int = Field(default=1, description="which part of `split`, from 1; -1 is the last")
    pattern: str = Field(default="", description="a regular expression (RE2) with one group, for `match`")
    each: int = Field(default=0, ge=0, le=99, description="`{n}` in columns of `first` or `concat` runs from 1 to this")

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        said = [verb for verb in VERBS if verb in self.model_fields_set]
        if len(said) != 1:
            raise ValueError(f"names {' and '.join(said) or 'no verb'}; give exactly one of {', '.join(VERBS)}")
        verb = said[0]
        needs = {"split": ("at",), "match": ("pattern",), "date": ("time",)}.get(verb, ())
        for one in needs:
            if one not in self.model_fields_set:
                raise ValueError(f"“{verb}” needs “{one}” beside it")
        return self

    @property
    def verb(self) -> str:
        """Its verb."""
        return next(verb for verb in VERBS if verb in self.model_fields_set)

    def parts(self) -> tuple[Expression, ...]:
        """The expressions inside, with `{n}` written out where `each` is set."""
        inner = self.first or self.concat
        if not self.each:
            return inner
        return tuple(one.numbered(n) for n in range(1, self.each + 1) for one in inner)

    def numbered(self, n: int) -> Expression:
        """The same with `{n}` replaced."""
        changed: dict[str, Any] = {
            name: getattr(self, name).replace(N, str(n))
            for name in ("column", "date", "time", "split", "match")
            if N in getattr(self, name)
        }
        for name in ("first", "concat"):
            if inner := getattr(self, name):
                changed[name] = tuple(one.numbered(n) for one in inner)
        return self.model_copy(update=changed) if changed else self

    def columns(self) -> Iterator[str]:
        """Every column that it reads."""
        yield from (getattr(self, name) for name in ("column", "date", "time", "split", "match") if getattr(self, name))
        for one in self.parts():
            yield from one.columns()


def _expression(given: object) -> object:
    return {"column": given} if isinstance(given, str) else given


Expr = Annotated[Expression, BeforeValidator(_expression)]


class Place(Part):
    """Where a row is: degrees in two columns, a text of any usual form in one, or projected coordinates in two."""

    latitude: str = Field(default="", description="a column of degrees north")
    longitude: str = Field(default="", description="a column of degrees east, negative in America")
    text: str = Field(
        default="", description="a column with “(lat, lon)”, WKT, GeoJSON or a dict of latitude/longitude"
    )
    x: str = Field(default="", description="a column of eastings")
    y: str = Field(default="", description="a column of northings")
    epsg: int = Field(default=0, description="the EPSG code of x and y: 2263 is New York in feet")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (self.latitude and self.longitude, self.text, self.x and self.y and self.epsg)
        if sum(map(bool, ways)) != 1:
            raise ValueError("give latitude and longitude, or text, or x, y and epsg")
        return self

    def columns(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return tuple(one for one in (self.latitude, self.longitude, self.text, self.x, self.y) if one)


class Keep(Part):
    """A condition of rows. Rows that it leaves out are of another subject, and are counted as that."""

    column: str = Field(description="the name of a column")
    among: tuple[str, ...] = Field(default=(), alias="in", description="values that are kept")
    not_in: tuple[str, ...] = Field(default=(), description="values that are left out")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.among) == bool(self.not_in):
            raise ValueError("give either in or not_in")
        return self


class Repeat(Part):
    """One row of the dataset becomes several rows: one for each number n of which column `when` has a value."""

    when: str = Field(description="a column with {n}, such as “Crm Cd {n}”")
    upto: int = Field(ge=2, le=99, description="the highest n; the lowest is 1")
    always: bool = Field(default=True, description="n = 1 makes a row even where its column is empty")


class Join(Part):
    """Columns of another file, found by a column that both have: businesses of inspections."""

    file: str = Field(description="path of the file, below the folder of rows")
    on: str = Field(description="the column that both have")
    columns: tuple[str, ...] = Field(min_length=1, description="columns that are taken over")


class Source(Part):
    """Rows of one dataset of a portal, or a plain file."""

    dataset: str = Field(default="", pattern=r"^$|^[a-z0-9-]+/\S+$", description="PORTAL/NATIVE-ID")
    file: str = Field(default="", description="path of a file, below the folder of rows: CITY/NAME.csv")
    join: tuple[Join, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.dataset) == bool(self.file):
            raise ValueError("give either dataset or file")
        return self

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return self.dataset or self.file


class Vintage(Part):
    """How rows with certain columns are read. The first vintage whose columns are all there is taken."""

    name: str = Field(description="what people call it: “since 2018”")
    when: tuple[str, ...] = Field(min_length=1, description="columns that rows of this vintage have, all of them")
    unless: tuple[str, ...] = Field(default=(), description="columns of which rows of this vintage have none")
    fields: dict[str, Expr] = Field(default_factory=dict, description="field of the standard to expression")
    place: tuple[Place, ...] = Field(default=(), description="ways to the place of a row, tried in order")
    keep: tuple[Keep, ...] = ()
    repeat: Repeat | None = None

    def columns(self) -> set[str]:
        """Every column that it reads, those of repeated groups by number."""
        every = {*self.when, *(one.column for one in self.keep)}
        every.update(column for one in self.fields.values() for column in one.columns())
        every.update(column for one in self.place for column in one.columns())
        numbers = range(1, self.repeat.upto + 1) if self.repeat else ()
        plain = {one for one in every if N not in one}
        return plain | {one.replace(N, str(n)) for one in every - plain for n in numbers}


class Crosswalk(Part):
    """A whole file: `standards/crosswalks/STANDARD/CITY.toml`."""

    standard: str = Field(description="the standard's name")
    version: str = Field(description="the version of the standard it was made for")
    revision: int = Field(ge=1, strict=True, description="1, and one more with each change")
    city: str = Field(description="the city's slug")
    note: str = Field(default="", description="what a reader should know, in plain words")
    sources: tuple[Source, ...] = Field(min_length=1)
    nothing: tuple[str, ...] = Field(default=(), description="values that say nothing, such as NA")
    fields: dict[str, Expr] = Field(default_factory=dict, description="expressions that all vintages share")
    place: tuple[Place, ...] = ()
    vintages: tuple[Vintage, ...] = Field(min_length=1)
    codes: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="lists of the city's values, each with its code; letter case does not count"
    )

    @cached_property
    def id(self) -> str:
        """`building_permits/chicago`."""
        return f"{self.standard}/{self.city}"

    def vintage(self, columns: set[str]) -> Vintage | None:
        """The vintage of rows with these columns, the shared fields and places put in; None when none fits."""
        for one in self.vintages:
            if columns.issuperset(one.when) and not columns.intersection(one.unless):
                fields = {**self.fields, **one.fields}
                return one.model_copy(update={"fields": fields, "place": one.place or self.place})
        return None
