"""A DuckDB that may read one file and do nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import duckdb

from commonground.errors import FileRefused

MEMORY: Final = "1GB"
SECONDS: Final = 120.0
"""How long one file may take."""
_SAFE: Final[dict[str, Any]] = {
    "threads": 2,
    "temp_directory": "",  # nothing of the rows is left on a disk
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}
_AGAIN: Final = 0.05
_LONGEST: Final = 300


@contextmanager
def reading(path: Path, *, seconds: float = SECONDS, memory: str = MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session in memory that can read this file: no other file, no network, no extension, no other setting.

    Raises `FileRefused` for what DuckDB cannot read, and when it takes longer than `seconds` or more than `memory`.
    """
    with duckdb.connect(":memory:", config={**_SAFE, "memory_limit": memory}) as session:
        session.execute(f"SET allowed_paths = [{literal(str(path))}]")
        session.execute("SET enable_external_access = false")
        session.execute("SET lock_configuration = true")
        done = Event()
        Thread(target=_stop, args=(session, seconds, done), daemon=True).start()
        try:
            yield session
        except duckdb.InterruptException:
            message = f"{path.name} took longer than {seconds:g} seconds to read."
            raise FileRefused(message, advice="Give a part of it: the newest rows tell enough.") from None
        except duckdb.OutOfMemoryException:
            message = f"{path.name} needs more than {memory} of memory."
            raise FileRefused(message, advice="Give fewer rows or fewer columns of it.") from None
        except duckdb.Error as error:
            said = str(error).partition("\n\n")[0].replace("\n", " ")[:_LONGEST]
            message = f"{path.name} cannot be read: {said}"
            raise FileRefused(message, advice="Export it again, as CSV in UTF-8 or as Parquet.") from None
        finally:
            done.set()


@contextmanager
def private(
    memory: str = MEMORY, *, spill: Path | None = None, threads: int = 2, ordered: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session in memory for our own questions, in UTC; it may write to files, and what is too large into `spill`.
    Rows keep the order in which they come where `ordered`, which takes more memory.
    """
    settings = {**_SAFE, "memory_limit": memory, "threads": threads, "preserve_insertion_order": ordered}
    if spill:
        settings["temp_directory"] = str(spill / "spill")
    with duckdb.connect(":memory:", config=settings) as session:
        session.execute("SET TimeZone = 'UTC'")
        yield session


def _stop(session: duckdb.DuckDBPyConnection, seconds: float, done: Event) -> None:
    """Interrupt what runs when the time is over, and again: a question that is still being planned overhears it."""
    wait = seconds
    while not done.wait(wait):
        session.interrupt()
        wait = _AGAIN


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def metadata(about: Mapping[str, str]) -> str:
    """What a `COPY … (FORMAT parquet` says more, so that the file carries these keys and texts; "" where there are none."""
    told = ", ".join(f"{literal(key)}: {literal(text)}" for key, text in about.items())
    return f", KV_METADATA {{{told}}}" if told else ""
