"""Texts as values of a field's type: only where an anchored pattern has matched, because engines disagree on the rest."""

from __future__ import annotations

from typing import Final

import ibis
from ibis import Value

from commonground.standards.crosswalk import Expression
from commonground.standards.model import Field, FieldType

INTEGER: Final = r"^[+-]?\d{1,18}(\.0*)?$"
DAY: Final = r"^\d{4}-\d{2}-\d{2}$"
"""A day that is made of other columns, not read from one."""
NUMBER: Final = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
MONEY: Final = r"^\(?[+-]?\$? ?(\d+(\.\d*)?|\d{1,3}(,\d{3})+(\.\d*)?|\.\d+)\)?$"
_TRUE: Final = ("true", "t", "yes", "y", "1")
_FALSE: Final = ("false", "f", "no", "n", "0")
TYPES: Final = {
    FieldType.STRING: "string",
    FieldType.INTEGER: "int64",
    FieldType.NUMBER: "float64",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "timestamp('UTC', 6)",
}


def joined(parts: list[Value], joiner: str) -> Value:
    """The values with the joiner between them, empty ones left out; NULL where all are empty."""
    found = parts[0]
    for one in parts[1:]:
        both = found.notnull() & one.notnull()
        found = ibis.ifelse(both, found + ibis.literal(joiner) + one, ibis.coalesce(found, one))
    return found


def cast(text: Value, expression: Expression, of: Field) -> Value:
    """A text as what the cast or the field's type says; NULL where it does not match the pattern of that."""
    kind = expression.cast or ("text" if of.type is FieldType.STRING else of.type.value)
    if kind == "text":
        return text
    if kind == "boolean":
        low = text.lower()
        return ibis.cases((low.isin(_TRUE), True), (low.isin(_FALSE), False), else_=ibis.null("boolean"))
    if kind == "integer" and expression.factor is None:
        whole = ibis.ifelse(text.re_search(INTEGER), text.re_extract(r"^([+-]?\d+)", 1), ibis.null("string"))
        return whole.try_cast("int64")
    pattern = MONEY if kind == "money" else NUMBER
    digits = text.re_replace(r"[$, ()]", "") if kind == "money" else text
    plain = ibis.ifelse(text.re_search(pattern), digits, ibis.null("string")).try_cast("float64")
    if kind == "money":
        plain = ibis.ifelse(text.startswith("("), -plain, plain)
    if expression.factor is not None:
        plain = plain * expression.factor
    return plain.round().cast("int64") if of.type is FieldType.INTEGER else plain
