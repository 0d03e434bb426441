"""What DuckDB says, in our words: without paths and settings, with the place in the question."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

import duckdb
import orjson

from commonground.engine.query.judging import nearest
from commonground.engine.query.limits import MEMORY
from commonground.errors import CommonGroundError, NotFound, QuestionRefused, TooBig, TooLong

_LONGEST: Final = 300
_AROUND: Final = 60
_PATH: Final = re.compile(r"\.parquet\b", re.IGNORECASE)
"""What names a file of ours is about the machine, whatever kind of error it is called."""
_READABLE: Final = (
    duckdb.ParserException,
    duckdb.SyntaxException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.DataError,
    duckdb.OutOfRangeException,
    duckdb.InvalidInputException,
    duckdb.InvalidTypeException,
    duckdb.TypeMismatchException,
)
"""What the question itself is to blame for. All else may tell of the machine, and is not repeated."""
_PATTERN: Final = re.compile(
    r"^Invalid Input Error: ((?:invalid|bad|missing|unexpected|no argument|pattern too large)[^/\\\n]{0,100})$"
)
"""What the reader of regular expressions says in text of its own; it knows nothing of the machine."""
_CLAUSES: Final = frozenset({"and", "as", "by", "from", "having", "in", "not", "null", "on", "or", "select", "where"})
"""Reserved words at which a question breaks for other reasons than that somebody means a name."""
_NAME: Final = 80
SMALLER: Final = "Ask for fewer rows or columns, count before you list, or narrow it by city or time."


def too_long(seconds: float) -> TooLong:
    """The time is over."""
    return TooLong(f"The question took longer than {seconds:g} seconds.", advice=SMALLER)


def too_big() -> TooBig:
    """The memory is used up."""
    return TooBig(f"The question needs more than {MEMORY // 2**20:,} MB of memory.", advice=SMALLER)


def too_much(most: int) -> TooBig:
    """The answer is larger than it may be."""
    return TooBig(f"The answer is larger than {most // 2**20:,} MB.", advice=SMALLER)


def unreadable(name: str) -> QuestionRefused:
    """A file is cut off, altered or gone."""
    message = f"The rows of “{name}” cannot be read at the moment."
    return QuestionRefused(message, advice="Ask another table, or again later; the log says which file is broken.")


def told(error: duckdb.Error, sql: str, before: int, tables: Mapping[str, Collection[str]]) -> CommonGroundError:
    """An error of ours. `before` are the bytes that stood before the question; `tables` have their columns."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return too_big()
    facts = _facts(error)
    said = facts.get("exception_message", "")
    if pattern := _PATTERN.match(str(error)):
        message = f"A regular expression cannot be used: {pattern[1]}."
        return QuestionRefused(message, advice="Write it shorter, or with smaller counts in its braces.")
    if said.startswith("Unknown TimeZone"):
        advice = "Write a name such as America/New_York; moments are in UTC."
        return QuestionRefused(f"{said.partition('!')[0][:_LONGEST]}.", advice=advice)
    if ours(error):
        message = "The question could not be answered."
        return QuestionRefused(message, advice="Ask it another way; if that does not help, tell us the question.")
    if "expression depth" in said:
        return QuestionRefused("The question has too much inside each other.", advice="Ask it in parts.")
    return _blamed(error, facts, _place(sql, facts, before), tables, _reserved(error, sql, facts, before))


def ours(error: duckdb.Error) -> bool:
    """Whether the machine is to blame, and not the question."""
    said = _facts(error).get("exception_message", "")
    if _PATTERN.match(str(error)) or said.startswith("Unknown TimeZone"):
        return False
    blamed = isinstance(error, (*_READABLE, duckdb.OutOfMemoryException))
    return not said or bool(_PATH.search(said)) or not blamed


def _blamed(
    error: duckdb.Error, facts: Mapping[str, str], where: str, tables: Mapping[str, Collection[str]], reserved: str
) -> CommonGroundError:
    """What is wrong with the question."""
    subtype, name, near = (facts.get(one, "") for one in ("error_subtype", "name", "candidates"))
    if subtype == "COLUMN_NOT_FOUND":
        columns = near.split(",") if near else sorted({column for each in tables.values() for column in each})
        advice = f"{nearest(name, columns).strip()} DESCRIBE and a table's name list its columns."
        return NotFound(f"No column “{name[:_NAME]}”{where}", advice=advice)
    if subtype == "MISSING_ENTRY" and facts.get("type", "").endswith("Function"):
        advice = f"Perhaps {near} is meant." if near else "Look for its name in DuckDB's manual."
        return NotFound(f"No function “{name[:_NAME]}”{where}", advice=advice)
    short = facts["exception_message"].partition("\n")[0].strip()[:_LONGEST].rstrip(".:")
    return QuestionRefused(f"{short[:1].upper()}{short[1:]}{where}", advice=f"{_advice(error)}{reserved}")


def _reserved(error: duckdb.Error, sql: str, facts: Mapping[str, str], before: int) -> str:
    """A sentence where the question breaks at, or right after, a word of SQL that may be meant as a name."""
    if not isinstance(error, duckdb.ParserException) or not facts.get("position", "").isdecimal():
        return ""
    written, place = sql.encode(), int(facts["position"]) - before
    tokens = [(start, kind) for start, kind in duckdb.tokenize(sql) if start <= place]
    for start, kind in reversed(tokens[-2:]):
        found = re.match(rb"[A-Za-z_]+", written[start:])
        word = found[0].decode() if found and kind == duckdb.token_type.keyword else ""
        if word and word.lower() not in _CLAUSES:
            return f' “{word}” is a word of SQL: where it is meant as a name, write it in double quotes, "{word}".'
    return ""


def _facts(error: duckdb.Error) -> dict[str, str]:
    """What an error tells; nothing where it is not written as we asked for."""
    text = str(error)
    try:
        facts: Any = orjson.loads(text[text.index("{") :])
    except (ValueError, orjson.JSONDecodeError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _place(sql: str, facts: Mapping[str, str], before: int) -> str:
    """Line, character and the line itself with a caret below; a full stop where no place is told."""
    try:
        offset = int(facts["position"]) - before
    except (KeyError, ValueError):
        return "."
    written = sql.encode()
    if not 0 <= offset <= len(written):
        return "."
    head = written[:offset].decode(errors="replace")
    line, column = head.count("\n") + 1, len(head.rpartition("\n")[2])
    text = sql.split("\n")[line - 1].replace("\t", " ").rstrip("\r")
    start = max(0, column - _AROUND)
    shown = text[start : column + _AROUND]
    return f" (line {line}, character {column + 1}).\n{shown}\n{' ' * (column - start)}^"


def _advice(error: duckdb.Error) -> str:
    if isinstance(error, (duckdb.ParserException, duckdb.SyntaxException)):
        return "Mend the place under the caret."
    if isinstance(error, duckdb.ConversionException):
        return "TRY_CAST gives null for what cannot be converted."
    return "DESCRIBE and a table's name list its columns and their types."
