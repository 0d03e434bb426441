"""A crosswalk as people read it: each field, and from which columns it is made by which steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from commonground.standards.crosswalk import Crosswalk, Expression, Keep, Place, Vintage
    from commonground.standards.model import Standard


@dataclass(frozen=True, slots=True)
class Step:
    """One field: its columns, and in words what is done with them."""

    field: str
    title: str
    columns: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """One vintage: what it is called, the columns by which it is known, its steps, and which rows it keeps."""

    name: str
    when: tuple[str, ...]
    steps: tuple[Step, ...]
    keeps: tuple[str, ...]
    repeat: str


def recipes(crosswalk: Crosswalk, standard: Standard) -> list[Recipe]:
    """Every vintage, with what all of them share."""
    return [_recipe(crosswalk, one, standard) for one in crosswalk.vintages]


def recipe(crosswalk: Crosswalk, standard: Standard, name: str) -> Recipe | None:
    """The vintage of that name."""
    return next((one for one in recipes(crosswalk, standard) if one.name == name), None)


def _recipe(crosswalk: Crosswalk, vintage: Vintage, standard: Standard) -> Recipe:
    fields = {**crosswalk.fields, **vintage.fields}
    steps = [
        Step(name, standard.named[name].title, tuple(dict.fromkeys(fields[name].columns())), told(fields[name]))
        for name in standard.named
        if name in fields
    ]
    place = vintage.place or crosswalk.place
    if place:
        columns = tuple(dict.fromkeys(column for one in place for column in one.columns()))
        otherwise = "; " + _("else") + " "
        steps.append(Step("latitude", _("Place"), columns, otherwise.join(_place(one) for one in place)))
    repeat = (
        _("One row for each {n} of “%(column)s”, up to %(upto)s.")
        % {
            "column": vintage.repeat.when,
            "upto": vintage.repeat.upto,
        }
        if vintage.repeat
        else ""
    )
    return Recipe(vintage.name, vintage.when, tuple(steps), tuple(_keep(one) for one in vintage.keep), repeat)


def told(expression: Expression) -> str:
    """An expression in words."""
    return ", ".join([_verb(expression), *_after(expression)])


def _verb(one: Expression) -> str:
    if one.first:
        otherwise = " " + _("or else") + " "
        return otherwise.join(told(each) for each in one.first)
    if one.concat:
        said = " + ".join(told(each) for each in one.concat)
        return said if one.joiner == " " else _("%(parts)s, joined by “%(sign)s”") % {"parts": said, "sign": one.joiner}
    return {
        "column": _("“%(column)s”"),
        "date": _("the day of “%(date)s” with the time of “%(time)s”"),
        "split": _("part %(part)s of “%(split)s”, cut at “%(at)s”"),
        "match": _("what fits %(pattern)s in “%(match)s”"),
        "constant": _("always “%(constant)s”"),
    }[one.verb] % {name: getattr(one, name) for name in type(one).model_fields}


def _after(one: Expression) -> Iterator[str]:
    if one.cast:
        yield _("read as %(type)s") % {"type": one.cast}
    if one.formats or one.times:
        yield _("written as %(forms)s") % {"forms": ", ".join((*one.formats, *one.times))}
    if one.zone:
        yield _("in the zone %(zone)s") % {"zone": one.zone}
    if one.factor is not None:
        yield _("times %(factor)s") % {"factor": f"{one.factor:g}"}
    if one.codes:
        yield _("by the codes “%(list)s”") % {"list": one.codes}


def _place(one: Place) -> str:
    if one.text:
        return _("the point in “%(column)s”") % {"column": one.text}
    if one.epsg:
        return _("“%(x)s” and “%(y)s”, projected by EPSG %(epsg)s") % {"x": one.x, "y": one.y, "epsg": one.epsg}
    return _("“%(latitude)s” and “%(longitude)s”") % {"latitude": one.latitude, "longitude": one.longitude}


def _keep(one: Keep) -> str:
    values = ", ".join(f"“{each}”" for each in one.among or one.not_in)
    text = (
        _("Only rows whose “%(column)s” is %(values)s.")
        if one.among
        else _("No rows whose “%(column)s” is %(values)s.")
    )
    return text % {"column": one.column, "values": values}
