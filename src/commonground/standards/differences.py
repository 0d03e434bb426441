"""What differs between two versions of a standard, how much that matters, and which rows change. Pure.

The number of a version says what a reader may rely on. *Major*: a query or a crosswalk that worked may fail or mean
something else. *Minor*: there is more than before, and what worked still works. *Patch*: words for people only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any

from commonground.errors import Usage
from commonground.standards.model import UNMAPPED, Code, Codelist, Field, FieldType, Standard

TIMES = (FieldType.DATE, FieldType.DATETIME)
NEVER = "No row changes."
FAR = float("inf")


class Bump(StrEnum):
    """Which part of the version's number goes up."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    NONE = "none"


ORDER = list(Bump)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. `what` is a word for programs, `name` the field, or the codelist and code, that it is of.

    `says` is a sentence on the standard, `rows` one on the rows of tables.
    """

    what: str
    name: str
    bump: Bump
    says: str
    rows: str
    before: str | None = None
    after: str | None = None

    def form(self) -> dict[str, Any]:
        """As JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def differences(before: Standard, after: Standard) -> tuple[Change, ...]:
    """All that differs, major first, then in the order of the standard. Raises `Usage` for two different standards."""
    if before.name != after.name:
        raise Usage(f"{before.name} and {after.name} are two standards.", advice="Compare versions of one standard.")
    renamed = _renamed(before, after)
    found = chain(
        _grain(before, after),
        _key(before, after, renamed),
        _fields(before, after, renamed),
        _codelists(before, after, renamed),
        _orders(before, after, renamed),
        _columns(before, after, renamed),
        _words(before, after),
    )
    return tuple(sorted(found, key=lambda one: ORDER.index(one.bump)))


def expected_bump(changes: tuple[Change, ...]) -> Bump:
    """The part of the number that must go up for these changes."""
    return min((one.bump for one in changes), key=ORDER.index, default=Bump.NONE)


def next_version(version: str, bump: Bump) -> str:
    """The number after it: 1.2.3 is followed by 2.0.0, 1.3.0 or 1.2.4."""
    major, minor, patch = map(int, version.split("."))
    match bump:
        case Bump.MAJOR:
            return f"{major + 1}.0.0"
        case Bump.MINOR:
            return f"{major}.{minor + 1}.0"
        case Bump.PATCH:
            return f"{major}.{minor}.{patch + 1}"
        case _:
            return version


def misnumbered(before: Standard, after: Standard) -> str:
    """What is wrong with the number of the later version, as a sentence; "" when it fits. More than needed may go up."""
    needed = expected_bump(differences(before, after))
    if needed is Bump.NONE:
        return f"{after.version} says the same as {before.version}. Do not publish it."
    fitting = [next_version(before.version, one) for one in ORDER[: ORDER.index(needed) + 1]]
    if after.version in fitting:
        return ""
    return f"{after.version} does not fit: what changed since {before.version} is {needed}. Number it {fitting[-1]}."


def comparison(before: Standard, after: Standard) -> dict[str, Any]:
    """The whole diff as JSON: versions, changes, the part of the number that must go up, and what is wrong with it."""
    changes = differences(before, after)
    return {
        "standard": after.name,
        "before": before.version,
        "after": after.version,
        "expected": expected_bump(changes),
        "misnumbered": misnumbered(before, after) or None,
        "changes": [one.form() for one in changes],
    }


def _renamed(before: Standard, after: Standard) -> dict[str, str]:
    """Old name to new: of one type, with the same description, title or published term, and no other like it."""
    gone = [one for one in before.fields if one.name not in after.named]
    new = [one for one in after.fields if one.name not in before.named]
    found: dict[str, str] = {}
    for one in gone:
        like = [other for other in new if _same_thing(one, other)]
        if len(like) == 1 and sum(_same_thing(other, like[0]) for other in gone) == 1:
            found[one.name] = like[0].name
    return found


def _same_thing(one: Field, other: Field) -> bool:
    if (one.type, bool(one.codelist)) != (other.type, bool(other.codelist)):
        return False
    return any(
        getattr(one, name) and getattr(one, name) == getattr(other, name) for name in ("description", "based_on")
    )


def _grain(before: Standard, after: Standard) -> Iterator[Change]:
    if before.grain != after.grain:
        yield Change(
            "grain_changed",
            "",
            Bump.MAJOR,
            f"One row is {after.grain}; it was {before.grain}.",
            "Every row is made anew, and counts of rows are not comparable.",
            before.grain,
            after.grain,
        )


def _key(before: Standard, after: Standard, renamed: dict[str, str]) -> Iterator[Change]:
    """The key, and the two fields by which rows are counted; a renamed field is the same one."""
    was, now = [renamed.get(one, one) for one in before.key], list(after.key)
    if set(was) != set(now):
        rows = f"Rows that are alike in {_and(now)} become one, the later wins; others that were one come apart."
        says = f"The key is {_and(now)}; it was {_and(before.key)}."
        yield Change("key_changed", "", Bump.MAJOR, says, rows, ", ".join(before.key), ", ".join(now))
    for name, bump in (("time", Bump.MAJOR), ("kind", Bump.MINOR)):
        old, new = getattr(before, name), getattr(after, name)
        if renamed.get(old, old) != new:
            says = f"Rows are counted by {new or 'nothing'}; it was {old or 'nothing'}."
            rows = f"{NEVER} Charts by {'month' if name == 'time' else 'kind'} count every row anew."
            yield Change(f"{name}_changed", new, bump, says, rows, old, new)


def _fields(before: Standard, after: Standard, renamed: dict[str, str]) -> Iterator[Change]:
    for old in before.fields:
        name = renamed.get(old.name, old.name)
        if name not in after.named:
            says, rows = f"{old.name} is no field any more.", f"Every row loses {old.name}."
            yield Change("field_removed", old.name, Bump.MAJOR, says, rows, old.name)
            continue
        if name != old.name:
            rows = f"Every row has the value of {old.name} under the name {name}."
            yield Change("field_renamed", name, Bump.MAJOR, f"{old.name} is called {name}.", rows, old.name, name)
        yield from _field(old, after.named[name], renamed)
    known = {*before.named, *renamed.values()}
    for new in after.fields:
        if new.name in known:
            continue
        if new.required:
            rows, bump = f"Every row needs {new.name}: rows of cities that do not publish it are withheld.", Bump.MAJOR
        else:
            rows, bump = f"Every row gains {new.name}, empty until a crosswalk makes it.", Bump.MINOR
        yield Change(
            "field_added", new.name, bump, f"{new.name} is a new field: {new.description}", rows, None, new.name
        )


def _field(old: Field, new: Field, renamed: dict[str, str]) -> Iterator[Change]:
    """One field in both versions."""
    name = new.name
    if old.type is not new.type:
        rows = f"Rows with a value of {name} have it as {new.type}; where it is none, it becomes empty."
        says = f"{name} is of type {new.type}; it was {old.type}."
        yield Change("field_retyped", name, Bump.MAJOR, says, rows, old.type, new.type)
    if bool(old.codelist) != bool(new.codelist):
        rows = f"Rows with a value of {name} have {'a code' if new.codelist else 'plain words'} there instead."
        says = f"{name} is {'coded' if new.codelist else 'no longer coded'}."
        yield Change("field_recoded", name, Bump.MAJOR, says, rows, old.codelist, new.codelist)
    elif old.raw and renamed.get(old.raw, old.raw) != new.raw:
        says = f"The city's own words beside {name} stand in {new.raw}; it was {old.raw}."
        yield Change("twin_changed", name, Bump.MAJOR, says, f"Every row has them in {new.raw}.", old.raw, new.raw)
    if old.unit != new.unit:
        told = old.unit and new.unit
        says = f"{name} is in {new.unit or 'no unit'}; it was in {old.unit or 'no stated unit'}."
        rows = f"Rows with a {name} have another number there." if told else NEVER
        yield Change("unit_changed", name, Bump.MAJOR if told else Bump.PATCH, says, rows, old.unit, new.unit)
    yield from _bounds(old, new)
    if old.free_text != new.free_text:
        rows = f"{name} passes the privacy screen {'from now on' if new.free_text else 'no longer'}, in every row."
        says = f"{name} is {'free text' if new.free_text else 'no free text any more'}."
        yield Change("free_text_changed", name, Bump.MINOR, says, rows, str(old.free_text), str(new.free_text))
    for what in ("title", "description", "based_on"):
        if getattr(old, what) != getattr(new, what):
            says = f"The {what.replace('_', ' ')} of {name} reads “{getattr(new, what)}”."
            yield Change(f"{what}_changed", name, Bump.PATCH, says, NEVER, getattr(old, what), getattr(new, what))


def _bounds(old: Field, new: Field) -> Iterator[Change]:
    """What a value may be. What is tighter empties values, or withholds rows; what is looser lets them in."""
    name = new.name
    if old.required != new.required:
        tight, loose = f"Rows without {name} are withheld.", f"Rows without {name}, withheld before, come in."
        says = f"{name} {'must' if new.required else 'need not'} have a value."
        yield _bound("required", name, tighter=new.required, said=(says, tight if new.required else loose))
    for what, word, far in (("minimum", "below", -FAR), ("maximum", "above", FAR)):
        was, now = getattr(old, what), getattr(new, what)
        if was == now:
            continue
        low, high = (far if one is None else one for one in (was, now))
        tighter = high > low if what == "minimum" else high < low
        says = f"The {what} of {name} is {_number(now)}; it was {_number(was)}."
        rows = f"Rows whose {name} is {word} {_number(now if tighter else was)}"
        yield _bound(what, name, tighter=tighter, said=(says, f"{rows} {_fate(tighter=tighter)}"))
    if old.pattern != new.pattern:
        says = f"{name} must match {new.pattern}." if new.pattern else f"{name} need not match {old.pattern} any more."
        rows = f"Rows whose {name} does not match {new.pattern or old.pattern} {_fate(tighter=bool(new.pattern))}"
        yield _bound("pattern", name, tighter=bool(new.pattern), said=(says, rows))
    if new.type in TIMES and old.type in TIMES:
        yield from _believed(old, new)


def _believed(old: Field, new: Field) -> Iterator[Change]:
    name = new.name
    if old.ahead != new.ahead:
        says = f"{name} {'may' if new.ahead else 'may not'} lie in the future."
        rows = f"Rows whose {name} lies in the future {_fate(tighter=not new.ahead)}"
        yield _bound("ahead", name, tighter=not new.ahead, said=(says, rows))
    if old.earliest != new.earliest:
        tighter = new.earliest > old.earliest
        says = f"The first year believed of {name} is {new.earliest or 'the usual one'}."
        year = max(new.earliest, old.earliest)
        rows = f"Rows whose {name} is before {year} {_fate(tighter=tighter)}"
        yield _bound("earliest", name, tighter=tighter, said=(says, rows))


def _bound(what: str, name: str, *, tighter: bool, said: tuple[str, str]) -> Change:
    bump = Bump.MAJOR if tighter else Bump.MINOR
    return Change(f"{what}_{'tightened' if tighter else 'loosened'}", name, bump, *said)


def _fate(*, tighter: bool) -> str:
    return "have it empty." if tighter else "keep it, which were empty before."


def _codelists(before: Standard, after: Standard, renamed: dict[str, str]) -> Iterator[Change]:
    """Codes of fields that both versions have; a list that is only called otherwise is the same list."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for old in before.fields:
        new = after.named.get(renamed.get(old.name, old.name))
        if new and old.codelist and new.codelist:
            pairs.setdefault((old.codelist, new.codelist), []).append(new.name)
    for (was, now), fields in pairs.items():
        yield from _codes(before.codelists[was], after.codelists[now], " or ".join(fields))


def _codes(was: Codelist, now: Codelist, field: str) -> Iterator[Change]:
    old, new = ({one.code: one for one in some.codes} for some in (was, now))
    added = {one.label.casefold(): one.code for one in now.codes if one.code not in old}
    for code, one in old.items():
        if code in new:
            yield from _code(one, new[code], now.name, field)
        elif other := added.pop(one.label.casefold(), ""):
            says, rows = f"{now.name}: {code} is written {other}.", f"Rows whose {field} is {code} become {other}."
            yield Change("code_renamed", f"{now.name}.{other}", Bump.MAJOR, says, rows, code, other)
        else:
            rows = f"Rows whose {field} is {code} become {UNMAPPED}, until crosswalks give them another code."
            says = f"{now.name}: {code} ({one.label}) is no code any more."
            yield Change("code_removed", f"{now.name}.{code}", Bump.MAJOR, says, rows, code)
    for code in added.values():
        rows = f"Rows that crosswalks map to it become {code} in {field}; until then no row changes."
        says = f"{now.name}: {code} ({new[code].label}) is a new code."
        yield Change("code_added", f"{now.name}.{code}", Bump.MINOR, says, rows, None, code)
    if was.source != now.source:
        says = f"{now.name}: the source is “{now.source}”."
        yield Change("source_changed", now.name, Bump.PATCH, says, NEVER, was.source, now.source)


def _code(old: Code, new: Code, codelist: str, field: str) -> Iterator[Change]:
    name = f"{codelist}.{new.code}"
    if old.group != new.group:
        says = f"{codelist}: {new.code} is in the group “{new.group}”; it was in “{old.group}”."
        rows = f"{NEVER} Rows whose {field} is {new.code} are counted under “{new.group}”."
        yield Change("code_regrouped", name, Bump.MINOR, says, rows, old.group, new.group)
    if old.label != new.label:
        says = f"{codelist}: {new.code} is shown as “{new.label}”; it was “{old.label}”."
        yield Change("code_relabeled", name, Bump.PATCH, says, NEVER, old.label, new.label)
    if old.definition != new.definition:
        says = f"{codelist}: {new.code} is defined as “{new.definition}”."
        yield Change("code_redefined", name, Bump.PATCH, says, NEVER, old.definition, new.definition)


def _orders(before: Standard, after: Standard, renamed: dict[str, str]) -> Iterator[Change]:
    was = {(renamed.get(one.earlier, one.earlier), renamed.get(one.later, one.later)) for one in before.orders}
    now = {(one.earlier, one.later) for one in after.orders}
    for earlier, later in sorted(was ^ now):
        tighter = (earlier, later) in now
        says = f"{earlier} {'must not' if tighter else 'may'} be after {later}."
        rows = f"Rows whose {earlier} is after {later} {'get' if tighter else 'lose'} a finding."
        yield _bound("order", f"{earlier}, {later}", tighter=tighter, said=(says, rows))


def _columns(before: Standard, after: Standard, renamed: dict[str, str]) -> Iterator[Change]:
    was = [name for one in before.fields if (name := renamed.get(one.name, one.name)) in after.named]
    now = [one.name for one in after.fields if one.name in was]
    if was != now:
        rows = "Every row has its columns in another order; no value changes."
        says = f"The order of columns is {', '.join(now)}."
        yield Change("columns_moved", "", Bump.MINOR, says, rows, ", ".join(was), ", ".join(now))


def _words(before: Standard, after: Standard) -> Iterator[Change]:
    for what in ("title", "description", "subject", "review_by"):
        old, new = str(getattr(before, what)), str(getattr(after, what))
        if old != new:
            says = f"The {what.replace('_', ' ')} of the standard is “{new}”."
            yield Change(f"{what}_changed", "", Bump.PATCH, says, NEVER, old, new)
    if before.based_on != after.based_on:
        old, new = (_and([one.name for one in some.based_on]) or "nothing" for some in (before, after))
        yield Change("based_on_changed", "", Bump.PATCH, f"The standard is based on {new}.", NEVER, old, new)


def _and(words: tuple[str, ...] | list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:,.15g}"
