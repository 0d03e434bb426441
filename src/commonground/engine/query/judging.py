"""Whether a question only reads what is published. Asked of the parsed statement, never of its text.

What is let through still runs in a session that can read nothing else; this is the first of several walls, and the
one that can say clearly what is wrong.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

import duckdb
import orjson

from commonground.errors import NotFound, QuestionRefused

Node = dict[str, Any]

_ADVICE: Final = "Ask with one SELECT over the published tables; SHOW TABLES lists them."
_QUERIES: Final = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_TABLE_FUNCTIONS: Final = {"range", "generate_series", "unnest", "json_each", "json_tree", "repeat"}
_SHOWN: Final = {'"tables"'}
_FORBIDDEN: Final = {
    "col_description",
    "currval",
    "current_query",
    "current_setting",
    "getenv",
    "getvariable",
    "json_serialize_plan",
    "nextval",
    "obj_description",
    "parse_duckdb_log_message",
    "query",
    "query_table",
    "setval",
    "shobj_description",
    "sleep_ms",
    "which_secret",
    "write_log",
}
_OF_THE_ENGINE: Final = (
    "__",
    "duckdb_",
    "inet_",
    "information_schema",
    "parquet_",
    "pg_",
    "pragma_",
    "read_",
    "sqlite_",
)
"""Names that begin so tell about the engine, or read files."""
_VERBS: Final = {
    "ATTACH": "attaches a database",
    "CALL": "calls a procedure",
    "COPY": "writes files",
    "CREATE": "makes a table",
    "DELETE": "deletes rows",
    "DETACH": "detaches a database",
    "DROP": "drops a table",
    "EXPLAIN": "explains a plan",
    "EXPORT": "writes files",
    "INSERT": "writes rows",
    "LOAD": "loads an extension",
    "MULTI": "is several statements in one",
    "PRAGMA": "changes settings",
    "SET": "changes settings",
    "TRANSACTION": "opens or ends a transaction",
    "UPDATE": "changes rows",
}


def judged(cursor: duckdb.DuckDBPyConnection, sql: str, tables: Collection[str]) -> str:
    """The one SELECT of a question, without what ends it. Raises `QuestionRefused`, `NotFound` or `duckdb.Error`."""
    statements = cursor.extract_statements(sql)
    if not statements:
        raise QuestionRefused("The question is empty.", advice=_ADVICE)
    if len(statements) > 1:
        message = f"These are {len(statements)} statements, and one is answered at a time."
        raise QuestionRefused(message, advice="Ask them one by one.")
    kind = statements[0].type.name
    if kind != "SELECT":
        what = _VERBS.get(kind, "does something else than read")
        advice = "Write sum(…) FILTER (WHERE …) for each column instead of PIVOT." if kind == "MULTI" else _ADVICE
        raise QuestionRefused(f"Only SELECT is answered, and this {what}.", advice=advice)
    if statements[0].named_parameters:
        raise QuestionRefused("The question has a blank (?, $1 or $name).", advice="Write the value itself.")
    bare = _without_end(sql)
    rows = cursor.execute("SELECT json_serialize_sql(?::VARCHAR)", [bare]).fetchall()
    try:
        tree = orjson.loads(rows[0][0])
    except orjson.JSONDecodeError:  # deeper than any reader of JSON goes
        raise QuestionRefused("The question has too much inside each other.", advice="Ask it in parts.") from None
    if tree.get("error", True):
        raise QuestionRefused("This kind of SELECT is not answered.", advice=_ADVICE)
    _judge(list(_nodes(tree)), tables)
    return bare


def _without_end(sql: str) -> str:
    """The statement without the semicolons and comments after it, so that it can stand in parentheses."""
    written = sql.encode()
    for offset, kind in reversed(duckdb.tokenize(sql)):
        if kind == duckdb.token_type.comment:
            continue
        if written[offset : offset + 1] != b";":
            break
        written = written[:offset]
    return written.decode()


def _nodes(tree: Node) -> Iterator[Node]:
    waiting: list[Any] = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _judge(nodes: Iterable[Node], tables: Collection[str]) -> None:
    nodes = list(nodes)
    named = {
        str(one["key"]).lower() for one in nodes if isinstance(one.get("value"), dict) and "query_node" in one["value"]
    }
    if hidden := next(filter(_hides, sorted(named)), ""):
        raise QuestionRefused(f"A part of a question cannot be called “{hidden}”.", advice="Give it another name.")
    known = {*map(str.lower, tables), *named}
    for one in nodes:
        kind = str(one.get("type", ""))
        if kind.endswith("_NODE") and kind not in _QUERIES:
            raise QuestionRefused("Only SELECT is answered, and a part of this writes.", advice=_ADVICE)
        if kind == "BASE_TABLE":
            _judge_table(one, known, tables)
        elif kind == "SHOW_REF" and one.get("query") is None and one.get("table_name") not in _SHOWN:
            raise QuestionRefused("Only SHOW TABLES is answered.", advice=_ADVICE)
        elif kind == "TABLE_FUNCTION":
            _judge_source(one["function"])
        elif one.get("class") == "FUNCTION" and _forbidden(str(one.get("function_name", "")).lower()):
            _refuse_function(str(one["function_name"]))


def _hides(name: str) -> bool:
    """Whether a name would stand for a view of the engine, or for a file, outside of its part of the question."""
    return name.startswith(_OF_THE_ENGINE) or any(sign in name for sign in "./\\:*?")


def _forbidden(name: str) -> bool:
    return name in _FORBIDDEN or name.startswith(_OF_THE_ENGINE)


def _judge_source(function: Node) -> None:
    name = str(function.get("function_name", ""))
    if name.lower() not in _TABLE_FUNCTIONS:
        _refuse_function(name)


def _refuse_function(name: str) -> None:
    message = f"The function “{name[:80]}” is not answered: it reads more than the published tables."
    raise QuestionRefused(message, advice=_ADVICE)


def _judge_table(one: Node, known: Collection[str], tables: Collection[str]) -> None:
    name = str(one.get("table_name", ""))
    place = (str(one.get("catalog_name", "")).lower(), str(one.get("schema_name", "")).lower())
    ours = place[0] in {"", "memory"} and place[1] in {"", "main"}
    if ours and name.lower() in known:
        return
    whole = ".".join(part for part in (*place, name) if part)
    raise NotFound(f"No table “{whole[:80]}”.{nearest(name, tables)}", advice="SHOW TABLES lists what can be asked.")


def nearest(name: str, names: Collection[str]) -> str:
    """The likeliest names, as a sentence; nothing when there are none."""
    close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5) or sorted(names)[:8]
    return f" There is: {', '.join(close)}." if close else " Nothing is published yet."
