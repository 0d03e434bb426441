"""A standard as it is written: a Frictionless Table Schema in JSON, and what we add to it. Pure.

The model is strict, so that a typing error is told and not guessed away. The description of each key is the second half
of every message about it: "Write <description>." What one key must know of another is checked in `soundness.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from commonground.standards import model

NAME = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
VERSION = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$"
SUBJECT = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=NAME, max_length=63)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BasisPart(_Part):
    """One of `based_on`."""

    name: Text = Field(description="the name and version of the published standard, such as “BLDS 1.2”")
    url: str = Field(pattern=r"^https?://\S+$", description="its address, with https://")
    note: str = Field(default="", description="what was taken from it, in plain words")


class ConstraintsPart(_Part):
    """`constraints` of a field, as Table Schema has them."""

    required: bool = Field(default=False, strict=True, description="true where no row may be without it")
    minimum: float | None = Field(default=None, strict=True, description="the lowest number that can be")
    maximum: float | None = Field(default=None, strict=True, description="the highest number that can be")
    pattern: Text | None = Field(default=None, description="a regular expression (RE2) that a text must match whole")


class FieldPart(_Part):
    """One of `fields`."""

    name: Name = Field(description="a name of small letters, digits and underscores, such as issued_on")
    type: model.FieldType = Field(description=f"one of {', '.join(model.FieldType)}")
    title: Text = Field(description="the name that people read, such as “Issued on”")
    description: Text = Field(description="one plain sentence that says what stands here")
    constraints: ConstraintsPart = Field(
        default_factory=ConstraintsPart, description="a table of required, minimum, maximum, pattern"
    )
    codelist: str = Field(default="", description="the name of one of `codelists`, for a coded field")
    raw: str = Field(default="", description="the field that keeps the city's own words, for a coded field")
    unit: str = Field(default="", description="the unit of a number in words, such as “feet” or “US dollars”")
    based_on: str = Field(default="", description="the term of the published standard, such as “BLDS IssuedDate”")
    free_text: bool = Field(default=False, strict=True, description="true where people write what they like")
    ahead: bool = Field(default=False, strict=True, description="true where a time may lie in the future")
    earliest: int = Field(
        default=0, ge=0, le=2100, strict=True, description="the first year that is believed of a time, such as 1850"
    )

    def field(self) -> model.Field:
        """The field."""
        return model.Field(
            **self.model_dump(exclude={"constraints"}),
            required=self.constraints.required,
            minimum=self.constraints.minimum,
            maximum=self.constraints.maximum,
            pattern=self.constraints.pattern or "",
        )


class CodePart(_Part):
    """One of `codes`. A code under a `parent` without a `group` is in the group named by its topmost ancestor."""

    code: Text = Field(description="a short word of small letters, or the code that a published standard has")
    label: Text = Field(description="the name that people read")
    definition: str = Field(default="", description="what belongs under it, in plain words")
    group: str = Field(default="", description="a word that puts codes of a long list together")
    parent: str = Field(default="", description="the code of the same list that this one belongs under")


class CodelistPart(_Part):
    """One of `codelists`."""

    title: Text = Field(description="the name that people read")
    source: Text = Field(description="where the codes come from: a published standard, or “Common Ground”")
    codes: tuple[CodePart, ...] = Field(min_length=1, description="a list of codes, at least one")

    def codelist(self, name: str) -> model.Codelist:
        """The codelist; parents that lead nowhere are left as they are, since `soundness.py` tells of them."""
        return model.Codelist(
            name,
            self.title,
            self.source,
            tuple(model.Code(one.code, one.label, one.definition, one.group or self._group(one)) for one in self.codes),
        )

    def _group(self, code: CodePart) -> str:
        known = {one.code: one for one in self.codes}
        seen, top = {code.code}, code
        while top.parent in known and top.parent not in seen:
            top = known[top.parent]
            seen.add(top.code)
        return top.label if top is not code else ""


class StandardFile(_Part):
    """A whole file: `library/NAME/VERSION.json`."""

    profile: str = Field(default="", alias="$schema", description="the address of the Table Schema profile")
    name: Name = Field(description="the name of the folder that the file stands in, such as building_permits")
    title: Text = Field(description="a plain name, such as “Building permits”")
    description: Text = Field(description="what the table holds, in plain words")
    subject: str = Field(pattern=SUBJECT, description="a slug of the register of subjects, such as building-permits")
    grain: Text = Field(description="what one row is, such as “one permit”")
    version: str = Field(pattern=VERSION, description="the version as the file is named, such as 1.0.0")
    based_on: tuple[BasisPart, ...] = Field(default=(), description="a list of published standards")
    review_by: date = Field(description="the date on which people look at it again, such as 2027-11-30")
    key: tuple[str, ...] = Field(
        alias="primaryKey", min_length=2, description="the fields that are unique together, city first"
    )
    time: str = Field(default="", description="the date field by which rows are counted, or leave it out")
    kind: str = Field(default="", description="the coded field by which rows are told apart, or leave it out")
    empty: tuple[str, ...] = Field(default=("",), alias="missingValues", description='[""]')
    orders: tuple[tuple[str, str], ...] = Field(
        default=(), description="pairs of fields of time, of which the first is never later"
    )
    fields: tuple[FieldPart, ...] = Field(min_length=1, description="a list of fields, city first")
    codelists: dict[Name, CodelistPart] = Field(default_factory=dict, description="a table of codelists by name")

    @model_validator(mode="after")
    def _empty(self) -> Self:
        if self.empty != ("",):
            raise ValueError('missingValues is [""]: cities\' own words for nothing belong into crosswalks')
        return self

    def standard(self) -> model.Standard:
        """The standard."""
        return model.Standard(
            name=self.name,
            title=self.title,
            description=self.description,
            subject=self.subject,
            grain=self.grain,
            version=self.version,
            based_on=tuple(model.Basis(one.name, one.url, one.note) for one in self.based_on),
            review_by=self.review_by,
            key=self.key,
            time=self.time,
            kind=self.kind,
            fields=tuple(one.field() for one in self.fields),
            codelists={name: one.codelist(name) for name, one in self.codelists.items()},
            orders=tuple(model.Order(*one) for one in self.orders),
        )
