"""What can be asked: the names of tables, and the Parquet files that hold the rows of each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import orjson

from commonground.errors import Misconfigured

NAME: Final = re.compile("[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one table, and the columns that are shown, in order; all of them when none is named."""

    paths: tuple[Path, ...]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalog:
    """Tables by name. Made anew for each question, so that files that were written anew are seen.

    `left_out` says of rows that are not in them, called such as `building_permits/boston`, why they are not.
    """

    tables: Mapping[str, Source]
    left_out: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises `Misconfigured` for a name that SQL would have to quote."""
        for name in self.tables:
            if not NAME.fullmatch(name):
                raise Misconfigured(
                    f"A table cannot be called {name!r}.", advice="Use small letters, digits and underscores."
                )

    @classmethod
    def of(cls, paths: Mapping[str, Iterable[Path]]) -> Self:
        """Tables with all their columns."""
        return cls({name: Source(tuple(each)) for name, each in paths.items()})

    @cached_property
    def written(self) -> dict[str, Any]:
        """As it is told to the process that answers: absolute paths, the state of each file, and a digest of it all."""
        tables = {
            name: {"paths": [str(path.absolute()) for path in source.paths], "columns": list(source.columns)}
            for name, source in sorted(self.tables.items())
        }
        states = sorted({state(path) for table in tables.values() for path in table["paths"]})
        digest = hashlib.blake2b(orjson.dumps([tables, states, sorted(self.left_out.items())]), digest_size=12)
        return {"version": digest.hexdigest(), "tables": tables, "states": states}

    def lacking(self, sql: str) -> dict[str, str]:
        """What is left out of the tables that a question names."""
        words = {word.lower() for word in re.findall(r"\w+", sql)}
        return {name: why for name, why in self.left_out.items() if name.partition("/")[0] in words}

    @property
    def version(self) -> str:
        """Other files, tables or columns have another version, and so has a file that was written anew."""
        return str(self.written["version"])


def state(path: str) -> tuple[str, int, int]:
    """A file with its size and when it was written (ns): another one where it was written anew."""
    try:
        told = Path(path).stat()
    except OSError:  # whoever asks for it will hear
        return path, 0, 0
    return path, told.st_size, told.st_mtime_ns
