"""The rules that a value of a field may break, and the bits that tell which of them it breaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from commonground.standards.crosswalk import Expression
from commonground.standards.model import Field, FieldType

if TYPE_CHECKING:
    from ibis import Value

WORD: Final = 62
"""Issues in one column of bits."""


@dataclass(frozen=True, slots=True)
class Issue:
    """A rule that a value may break. The value is left out then, and the row says so with a bit."""

    field: str
    code: str


def rules(of: Field, expression: Expression) -> list[str]:
    """The codes of the rules for a field, as it is made of columns."""
    if of.codelist:
        return ["unmapped"]
    if of.type is FieldType.STRING:
        return ["wrong-form"] if of.pattern else []
    found = ["unreadable"]
    if of.type in {FieldType.DATE, FieldType.DATETIME}:
        found += ["too-early"] + ([] if of.ahead else ["in-future"])
        if of.type is FieldType.DATETIME and (expression.column or expression.date):
            found.append("no-such-time")
    found += ["too-small"] if of.minimum is not None else []
    return found + (["too-large"] if of.maximum is not None else [])


def bits(broken: Mapping[Issue, Value], issues: tuple[Issue, ...]) -> dict[str, Value]:
    """Columns of bits, one for each rule that is broken."""
    import ibis  # here, because pages read the rules of a row and build nothing

    told = {}
    for word in range(-(-len(issues) // WORD)):
        some = issues[word * WORD : (word + 1) * WORD]
        terms = [
            ibis.ifelse(broken[one].fill_null(False), 1 << bit, 0).cast("int64")
            for bit, one in enumerate(some)
            if one in broken
        ]
        told[f"_issues{word}"] = sum(terms[1:], terms[0]) if terms else ibis.literal(0, type="int64")
    return told
