"""Pages of a reading under way, on disk with the cursor behind them: a reading that was broken off goes on from there.

A spool belongs to one source in one upstream state. One that nobody goes on with for a day is of no use, and goes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pyarrow as pa

from commonground.protocols.base import RowPage
from commonground.tables.build.cleaning import RAGGED
from commonground.words import Finding

OLD: Final = 86_400.0
"""Seconds."""
_AT, _LOCK = "at.json", "lock"
Ask = Callable[[str], Iterable[RowPage]]
"""Gives the pages behind a cursor, all of them for ""."""


@dataclass
class Spool:
    """What came so far: `pages` files, the columns in the order in which they appeared, and the `cursor` behind all.

    `done` says that the reading has ended; then `cursor` is the one of the last page.
    """

    folder: Path
    lock: int
    pages: int = 0
    cursor: str = ""
    names: dict[str, None] = field(default_factory=dict)
    declared: int | None = None
    findings: list[Finding] = field(default_factory=list)
    done: bool = False

    def take(self, pages: Iterable[RowPage]) -> None:
        """Keep pages until there are no more. A page is safe when the next one has come: its cursor leads there, while
        that of the last page leads to what changes later.
        """
        held: RowPage | None = None
        for page in pages:
            if held is not None and held.cursor:
                self._keep(held.cursor)
            self._add(page)
            held = page
        self.done = True
        self._keep(held.cursor if held else "")

    def batches(self) -> Iterator[pa.Table]:
        """The rows, page by page."""
        for number in range(self.pages):
            with pa.memory_map(str(self.page(number))) as source, pa.ipc.open_stream(source) as reader:
                for batch in reader:
                    yield pa.Table.from_batches([batch])

    def forget(self) -> None:
        """Remove it: its rows are elsewhere now, or of no use."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.close()

    def close(self) -> None:
        """Leave it to whoever goes on with it."""
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1

    def page(self, number: int) -> Path:
        """The file of a page."""
        return self.folder / f"{number}.arrow"

    def _add(self, page: RowPage) -> None:
        self.names |= dict.fromkeys(name for name in page.rows.column_names if name != RAGGED)
        self.declared = page.declared
        self.findings += page.findings
        with self.page(self.pages).open("wb") as file:
            with pa.ipc.new_stream(file, page.rows.schema) as writer:
                writer.write_table(page.rows)
            file.flush()
            os.fsync(file.fileno())
        self.pages += 1

    def _keep(self, cursor: str) -> None:
        """Write down how far it is, in one step, after the pages themselves."""
        self.cursor = cursor
        told = {
            "pages": self.pages,
            "cursor": cursor,
            "names": list(self.names),
            "declared": self.declared,
            "findings": [asdict(one) for one in self.findings],
            "done": self.done,
        }
        aside = self.folder / f"{_AT}.partial"
        with aside.open("w", encoding="utf-8", errors="surrogatepass") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.folder / _AT)


def read(home: Path, key: str, ask: Ask) -> Spool:
    """The whole of what `ask(cursor)` gives, gone on with where a reading with the same key was broken off.

    The spool is ours until it is closed or forgotten; what breaks this reading off leaves it for the next one.
    """
    sweep(home)
    spool = _opened(home, hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    try:
        if not spool.done:
            spool.take(ask(spool.cursor))
    except BaseException:
        spool.close()
        raise
    return spool


def sweep(home: Path) -> None:
    """Remove spools that nobody went on with for a day."""
    for folder in home.iterdir() if home.is_dir() else ():
        with suppress(OSError):
            if folder.stat().st_mtime < time.time() - OLD and (lock := _locked(folder)) is not None:
                Spool(folder, lock).forget()


def _opened(home: Path, name: str) -> Spool:
    """The spool of that name, with what is in it; one of a name of its own while another process has that one."""
    folder = home / name
    lock = _locked(folder)
    if lock is None:
        folder = home / f"{name}-{uuid4().hex}"
        lock = _locked(folder)
    assert lock is not None
    spool = Spool(folder, lock)
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        told = json.loads((folder / _AT).read_text(encoding="utf-8", errors="surrogatepass"))
        found = _told(spool, told)
        if all(found.page(number).is_file() for number in range(found.pages)):
            return found
    return spool


def _told(spool: Spool, told: dict[str, Any]) -> Spool:
    return Spool(
        spool.folder,
        spool.lock,
        int(told["pages"]),
        str(told["cursor"]),
        dict.fromkeys(told["names"]),
        told["declared"],
        [Finding(**one) for one in told["findings"]],
        bool(told["done"]),
    )


def _locked(folder: Path) -> int | None:
    """A lock on a folder, made where it is missing; None while another process has it. The system lets go of it when
    that process dies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if (folder / _LOCK).stat().st_ino == os.fstat(lock).st_ino:  # and nobody removed it meanwhile
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(lock)
    return None
