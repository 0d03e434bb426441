"""What of a table is given away: which cities' rows, on what terms, as which files."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from time import time
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from uuid import uuid4

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from commonground import __version__
from commonground.catalog.browse import known_cities
from commonground.errors import Misconfigured, Usage
from commonground.standards.files import standards
from commonground.standards.telling import near
from commonground.tables import rights
from commonground.tables.manifest import home
from commonground.tables.reading import rows, writing
from commonground.tables.reading.question import Question, asked

if TYPE_CHECKING:
    from commonground.tables.manifest import CityRows, Table

_DAY: Final = 86_400
_turns: Final[defaultdict[str, Lock]] = defaultdict(Lock)


class NotGiven(Usage):
    """A city's rows are shown and not given away; the message says on whose word."""


def closed(table: Table) -> dict[str, str]:
    """The cities of a table whose rows the operator keeps out of downloads, each with the reason in words."""
    listed = set(settings.TABLES_NO_DOWNLOAD)
    found = [one for one in table.cities if {one, f"{table.standard.name}/{one}"} & listed]
    return {city: _why(city, table.cities[city]) for city in found}


def check_listed() -> None:
    """Raises `Misconfigured` where COMMONGROUND_TABLES_NO_DOWNLOAD names no city or no standard that is known."""
    for one in settings.TABLES_NO_DOWNLOAD:
        table, _, city = one.rpartition("/")
        for word, known in ((city, known_cities()), (table, standards())):
            if word and word not in known:
                message = f"COMMONGROUND_TABLES_NO_DOWNLOAD names “{one}”, and “{word}” is not known."
                raise Misconfigured(message, advice=near(word, known))


def called(city: str) -> str:
    """The name of a city; its slug where no file describes it any more."""
    known = known_cities()
    return known[city].name if city in known else city


def _why(city: str, held: CityRows) -> str:
    name = called(city)
    licenses = sorted({text for one in held.rights if (text := one.get("license") or one.get("spdx") or "")})
    terms = f"Their license: {', '.join(licenses)}." if licenses else "The city names no license for them."
    return f"The rows of {name} can be seen here, but this site does not give them away. {terms}"


def checked(table: Table, question: Question) -> tuple[Question, dict[str, str]]:
    """The question without the cities that are not given away, and why they are not.

    Raises `NotGiven` where the question names such a city.
    """
    kept_back = {city: why for city, why in closed(table).items() if city in question.cities}
    if kept_back and question.named:
        raise NotGiven(next(iter(kept_back.values())), advice="The city's own site has them.")
    return replace(question, cities=tuple(one for one in question.cities if one not in kept_back)), kept_back


def files(table: Table) -> rows.Files:
    """Where the rows of a release lie."""
    paths = {slug: one.rows for slug, one in table.cities.items()}
    return rows.Files(table.number, paths, home() / "spill")


def state(paths: Iterable[Path], *more: object) -> str:
    """A digest of which files there are and how they are: another one after a city took a row back."""
    told = [repr((str(path.relative_to(home())), path.stat().st_mtime_ns, path.stat().st_size)) for path in paths]
    return hashlib.blake2b("\n".join([*told, *map(repr, more), __version__]).encode(), digest_size=12).hexdigest()


def terms(table: Table, chosen: Iterable[str]) -> list[dict[str, Any]]:
    """License, terms and attribution of each source of the cities; null is what the city does not say."""
    return [rights.terms(slug, one) for slug in chosen for one in table.cities[slug].rights]


def attribution(table: Table, chosen: Iterable[str]) -> str:
    """One line that names whose rows they are."""
    every = dict.fromkeys(one["attribution"] for slug in chosen for one in table.cities[slug].rights)
    return f"{'; '.join(every)}. {table.standard.title}, release {table.number}."


def about(table: Table, chosen: Iterable[str]) -> dict[str, str]:
    """What a file says of itself: standard, release, license of each city, attribution."""
    slugs = list(chosen)
    return {
        "standard": table.standard.id,
        "release": str(table.number),
        "license": orjson.dumps(terms(table, slugs)).decode(),
        "attribution": attribution(table, slugs),
    }


def schema(table: Table, question: Question) -> Any:  # noqa: ANN401 - Arrow's schemas are not told to type checkers
    """The Arrow schema of the columns of a question."""
    found = pq.read_schema(next(iter(table.cities.values())).rows)
    return pa.schema([found.field(name) for name in question.columns])


def parquet(table: Table, question: Question) -> Iterable[bytes]:
    """The rows of a question as Parquet, in pieces."""
    columns = schema(table, question)
    return writing.parquet(columns, rows.batches(files(table), question), about(table, question.cities))


def csv(table: Table, question: Question) -> Iterable[bytes]:
    """The rows of a question as CSV, in pieces."""
    return writing.csv(question.columns, rows.batches(files(table), question))


def as_file(table: Table, form: str, chosen: Iterable[str]) -> tuple[Path, str]:
    """A file with all rows of some cities, made when it is first asked for; and what names its state."""
    slugs = sorted(chosen)
    question = asked({"city": slugs}, table.standard, table.cities)
    name, digest = _named(table, form, slugs)
    write = {"csv": csv, "parquet": parquet}[form]

    def fill(file: BinaryIO) -> None:
        file.writelines(write(table, question))

    return _made(made_folder(table.standard.name), name, fill), digest


def made(table: Table, form: str, chosen: Iterable[str]) -> Path | None:
    """The file that `as_file` gives, where it is made already."""
    path = made_folder(table.standard.name) / _named(table, form, sorted(chosen))[0]
    return path if path.is_file() else None


def mark(table: Table, form: str, chosen: Iterable[str]) -> str:
    """What names the state of the file that `as_file` gives, made or not."""
    return _named(table, form, sorted(chosen))[1]


def _named(table: Table, form: str, slugs: list[str]) -> tuple[str, str]:
    """The name of a made file, and what names its state."""
    sources = [table.cities[one].rows for one in slugs]
    digest = state(sources, form, table.number if form == "parquet" else 0, slugs)
    return f"{slugs[0] if len(slugs) == 1 else 'all'}-{digest}.{form}", digest


def made_folder(standard: str) -> Path:
    """Files that are made from published ones, and can be made again."""
    return home() / "made" / standard


def _made(folder: Path, name: str, fill: Callable[[BinaryIO], None]) -> Path:
    path = folder / name
    with _turns[name]:
        if path.exists():
            os.utime(path)  # it is in use
            return path
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f"{uuid4().hex}.partial"
        try:
            with aside.open("wb") as file:
                fill(file)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    for other in folder.iterdir():
        with suppress(FileNotFoundError):  # another process sweeps as well
            if other != path and time() - other.stat().st_mtime > _DAY:
                other.unlink()
    return path


def forget(standard: str) -> None:
    """Remove what was made from files that have changed: a row that a city took back must be in none of it."""
    shutil.rmtree(made_folder(standard), ignore_errors=True)


def sha256(path: Path) -> str:
    """`sha256:…` of a file."""
    told = path.stat()
    return _sha256(path, told.st_mtime_ns, told.st_size)


@lru_cache(maxsize=1024)
def _sha256(path: Path, *_state: int) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
