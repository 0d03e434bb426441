"""A DuckDB in memory, with a view for each table, that may read those files and nothing else."""

from __future__ import annotations

from typing import Any, Final

import duckdb

from commonground.engine.query.limits import DEEPEST, MEMORY, THREADS
from commonground.engine.session import literal

_SAFE: Final[dict[str, Any]] = {
    "threads": THREADS,
    "memory_limit": f"{MEMORY}B",
    "temp_directory": "",  # nothing is written, wherever
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,  # a table is never one of our variables
    "errors_as_json": True,  # so that they tell a place
    "max_expression_depth": DEEPEST,
}
_ONCE_OPEN: Final = (
    "SET GLOBAL TimeZone = 'UTC'",
    "SET GLOBAL Calendar = 'gregorian'",
    "SET GLOBAL parquet_metadata_cache = true",
    # What is known of a file is not looked up again for each question, which took most of the time of a quick one: a
    # session serves one state of its files, and the process looks before an answer is done whether it is still so.
    "SET GLOBAL validate_external_file_cache = 'NO_VALIDATION'",
)
_LOCKS: Final = ("SET enable_external_access = false", "SET lock_configuration = true")


def opened(tables: dict[str, dict[str, list[str]]]) -> tuple[duckdb.DuckDBPyConnection, dict[str, str]]:
    """Views of these tables (`paths`, `columns`), then everything locked for good.

    With it the tables whose files cannot be read, each with what DuckDB said: the others stay askable.
    """
    session = duckdb.connect(":memory:", config=_SAFE)
    broken = {}
    for setting in _ONCE_OPEN:
        session.execute(setting)
    for name, source in tables.items():
        if source["paths"]:
            try:
                session.execute(_view(name, source["paths"], source["columns"]))
            except duckdb.Error as error:
                broken[name] = str(error)
    allowed = sorted({path for source in tables.values() for path in source["paths"]})
    session.execute(f"SET allowed_paths = [{', '.join(map(literal, allowed))}]")
    for setting in _LOCKS:
        session.execute(setting)
    return session, broken


def _view(name: str, paths: list[str], columns: list[str]) -> str:
    shown = ", ".join(map(quoted, columns)) or "*"
    files = ", ".join(map(literal, paths))
    return f"CREATE VIEW {quoted(name)} AS SELECT {shown} FROM read_parquet([{files}])"  # noqa: S608 - quoted


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
