"""What must be true of a standard beyond the shape of its file: names that meet, codes that differ, bounds in order.

Each function yields lines for a person: where, what, and the fix.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from commonground.standards.form import CodelistPart, FieldPart, StandardFile
from commonground.standards.model import CITY, PLACE, UNMAPPED, FieldType
from commonground.standards.telling import near

NUMBERS = (FieldType.INTEGER, FieldType.NUMBER)
TIMES = (FieldType.DATE, FieldType.DATETIME)
EDGES = {"latitude": 90, "longitude": 180}


def unsound(form: StandardFile) -> Iterator[str]:
    """Everything that is wrong with a standard whose file has the right shape."""
    named = {one.name: one for one in form.fields}
    yield from _twice((one.name for one in form.fields), "fields: “{}” stands twice. Rename one or remove one.")
    yield from _key(form, named)
    yield from _roles(form, named)
    for one in form.fields:
        yield from (f"fields.{one.name}.{line}" for line in _field(one))
        yield from (f"fields.{one.name}.{line}" for line in _coded(one, form, named))
    yield from _place(named)
    yield from _orders(form, named)
    used = {one.codelist for one in form.fields}
    for name, codelist in form.codelists.items():
        if name not in used:
            yield f"codelists.{name}: no field uses it. Name it as the codelist of a field, or remove it."
        yield from (f"codelists.{name}{line}" for line in _codes(codelist))


def _key(form: StandardFile, named: Mapping[str, FieldPart]) -> Iterator[str]:
    if form.fields[0].name != CITY:
        yield f"fields[0]: the first field is “{form.fields[0].name}”. Put “{CITY}” first."
    if form.key[0] != CITY:
        yield f"primaryKey: begins with “{form.key[0]}”. Put “{CITY}” first: a key is unique within a city."
    yield from _twice(form.key, "primaryKey: “{}” stands twice. Remove one.")
    for name in dict.fromkeys((CITY, *form.key)):
        if name not in named:
            yield f"primaryKey: there is no field “{name}”. {near(name, named)}"
        elif not named[name].constraints.required:
            yield f"fields.{name}.constraints.required: a field of the key has a value in every row. Write true."
    if CITY in named and named[CITY].type is not FieldType.STRING:
        yield f"fields.{CITY}.type: the city is a slug. Write string."


def _roles(form: StandardFile, named: Mapping[str, FieldPart]) -> Iterator[str]:
    if form.time:
        if form.time not in named:
            yield f"time: there is no field “{form.time}”. {near(form.time, named)}"
        elif named[form.time].type is not FieldType.DATE:
            yield f"time: “{form.time}” is of type {named[form.time].type}. Name a field of type date."
    if form.kind:
        if form.kind not in named:
            yield f"kind: there is no field “{form.kind}”. {near(form.kind, named)}"
        elif not named[form.kind].codelist:
            yield f"kind: “{form.kind}” has no codelist. Name a coded field."


def _field(one: FieldPart) -> Iterator[str]:
    yield from _bounds(one)
    if one.constraints.pattern is not None:
        yield from _pattern(one, one.constraints.pattern)
    if one.unit and one.type not in NUMBERS:
        yield f"unit: a {one.type} has no unit. Remove it."
    for name in ("ahead", "earliest"):
        if getattr(one, name) and one.type not in TIMES:
            yield f"{name}: a {one.type} is no time. Remove it."
    if one.free_text and one.type is not FieldType.STRING:
        yield f"free_text: a {one.type} is no free text. Remove it."


def _bounds(one: FieldPart) -> Iterator[str]:
    low, high = one.constraints.minimum, one.constraints.maximum
    for name, bound in (("minimum", low), ("maximum", high)):
        if bound is not None and one.type not in NUMBERS:
            yield f"constraints.{name}: {one.type} has no bounds here. Remove it; only numbers have them."
    if low is not None and high is not None and low > high:
        yield f"constraints: the minimum {low:g} is above the maximum {high:g}. Exchange them."


def _pattern(one: FieldPart, pattern: str) -> Iterator[str]:
    if one.type is not FieldType.STRING:
        yield f"constraints.pattern: only a string has one. Remove it from this {one.type}."
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"constraints.pattern: “{pattern}” is no regular expression: {error}. Correct it."


def _coded(one: FieldPart, form: StandardFile, named: Mapping[str, FieldPart]) -> Iterator[str]:
    if not one.codelist:
        if one.raw:
            yield "raw: only a coded field has a twin. Give it a codelist too, or remove this."
        return
    if one.codelist not in form.codelists:
        yield f"codelist: there is no codelist “{one.codelist}”. {near(one.codelist, form.codelists)}"
    if one.type is not FieldType.STRING:
        yield f"type: a coded field holds codes. Write string, not {one.type}."
    twin = named.get(one.raw)
    if not one.raw:
        yield f"raw is missing: the city's own words are kept. Add a string field “{one.name}_raw” and name it here."
    elif not twin:
        yield f"raw: there is no field “{one.raw}”. {near(one.raw, named)}"
    elif twin.type is not FieldType.STRING or twin.codelist:
        yield f"raw: “{one.raw}” is not a plain string. Name a string field without codelist."


def _place(named: Mapping[str, FieldPart]) -> Iterator[str]:
    there = [name for name in PLACE if name in named]
    if len(there) == 1:
        yield f"fields: there is “{there[0]}” alone. A place has {' and '.join(PLACE)}."
    for name in there:
        edge, bounds = EDGES[name], named[name].constraints
        if named[name].type is not FieldType.NUMBER:
            yield f"fields.{name}.type: degrees are a number. Write number."
        if (bounds.minimum or 0) < -edge or (bounds.maximum or 0) > edge:
            yield f"fields.{name}.constraints: degrees are between -{edge} and {edge}. Correct the bounds."


def _orders(form: StandardFile, named: Mapping[str, FieldPart]) -> Iterator[str]:
    graph = TopologicalSorter[str]()
    for position, pair in enumerate(form.orders):
        graph.add(pair[1], pair[0])
        for name in pair:
            if name not in named:
                yield f"orders[{position}]: there is no field “{name}”. {near(name, named)}"
            elif named[name].type not in TIMES:
                yield f"orders[{position}]: “{name}” is of type {named[name].type}. Name a date or datetime."
    yield from _circle(graph, "orders: {} cannot all be one before the other. Remove a pair.")


def _codes(codelist: CodelistPart) -> Iterator[str]:
    known = {one.code for one in codelist.codes}
    lowered = (one.code.strip().casefold() for one in codelist.codes)
    yield from _twice(lowered, ".codes: “{}” stands twice, letter case aside. Rename one or remove one.")
    graph = TopologicalSorter[str]()
    for one in codelist.codes:
        if one.code.casefold() == UNMAPPED:
            yield f".codes: “{UNMAPPED}” is legal in every list and is not one of its codes. Remove it."
        if one.code != one.code.strip():
            yield f".codes: “{one.code}” has spaces around it. Remove them."
        if one.parent and one.parent not in known:
            yield f".codes: the parent “{one.parent}” of “{one.code}” is no code here. {near(one.parent, known)}"
        if one.parent:
            graph.add(one.code, one.parent)
    yield from _circle(graph, ".codes: {} are parents of each other in a circle. Remove one parent.")


def _twice(words: Iterable[str], line: str) -> Iterator[str]:
    for word, times in Counter(words).items():
        if times > 1:
            yield line.format(word)


def _circle(graph: TopologicalSorter[str], line: str) -> Iterator[str]:
    try:
        graph.prepare()
    except CycleError as error:
        yield line.format(" → ".join(f"“{one}”" for one in error.args[1]))
