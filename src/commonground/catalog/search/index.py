"""The index on disk: opened, rebuilt aside and swapped, changed document by document.

    <home>/search/current          which index is in use, and the generation it stands at (JSON)
    <home>/search/lock             held by the one process that writes
    <home>/search/<signature>-<n>/ an index; `signature` names schema and format, `n` counts rebuilds

`current` is replaced in one step after everything it speaks of is on disk. A crash in between leaves
a newer index under an older generation: the same change can be applied again without harm.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

import tantivy

from commonground.catalog.search import schema
from commonground.errors import IndexBroken, Usage

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping
    from pathlib import Path

PATIENCE = 30.0
"""Seconds to wait for another process that writes."""
_HEAP, _HEAP_CHANGE = 192_000_000, 30_000_000
_GRACE = 60.0
"""Seconds that a replaced index is kept for readers that are just opening it."""
_REPAIR = "Rebuild it: commonground index --rebuild."


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the index to search in: hold on to it for one query, no longer.

    `names` gives a city's or portal's name by ("city", slug) and ("portal", slug). `counted` remembers
    facets, which stay the same from page to page and from order to order.
    """

    searcher: tantivy.Searcher
    schema: tantivy.Schema
    generation: int
    names: Mapping[tuple[str, str], str]
    counted: dict[Hashable, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Pointer:
    folder: str
    generation: int


class Index:
    """The search index in one folder. Cheap to make; opened on first use; safe for threads.

    >>> index = Index(home / "search")
    >>> index.rebuild(documents, generation=7)
    >>> index.snapshot().generation
    7
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._seen: tuple[int, int] | None = None
        self._opened: tuple[str, tantivy.Index] | None = None
        self._snapshot: Snapshot | None = None

    @property
    def generation(self) -> int | None:
        """The generation on disk; None when there is no index, a damaged one, or one of another schema."""
        pointer = self._usable()
        return pointer.generation if pointer else None

    def snapshot(self) -> Snapshot:
        """The newest state. Raises `IndexBroken` when there is none that this version can read."""
        self.reload_if_changed()
        if self._snapshot is None:
            raise IndexBroken(f"There is no search index in {self.folder}.", advice=_REPAIR)
        return self._snapshot

    def reload_if_changed(self) -> bool:
        """Look whether another generation is on disk and open it. One `stat` when nothing changed."""
        seen = self._stat()
        if seen == self._seen:
            return False
        with self._lock:
            if seen != self._seen:
                self._load()
                self._seen = seen
        return True

    def rebuild(self, documents: Iterable[Mapping[str, Any]], generation: int) -> int:
        """Build an index of these documents aside, then put it in the place of the old one.

        Documents are the forms of `catalog.forms.dump` with `city_name` and `portal_name`. Returns
        how many there are. Raises `Usage` when another process keeps writing.
        """
        with self._writing():
            self._sweep()
            name = f"{schema.signature()}-{self._next_number()}"
            aside = self.folder / name
            aside.mkdir(parents=True)
            index = tantivy.Index(schema.build(), str(aside))
            schema.register(index)
            count = _write(index, documents, (), _HEAP)
            self._point(_Pointer(name, generation))
        self.reload_if_changed()
        return count

    def apply(self, add: Iterable[Mapping[str, Any]], remove: Iterable[str], generation: int) -> int:
        """Add or replace documents and remove ids in one commit; returns how many were added.

        Raises `IndexBroken` when there is no index to change, `Usage` when another process keeps writing.
        """
        with self._writing():
            index, pointer = self._current()
            count = _write(index, add, remove, _HEAP_CHANGE)
            self._point(_Pointer(pointer.folder, generation))
            self._sweep()
        self.reload_if_changed()
        return count

    def copy(self, folder: Path) -> int | None:
        """Copy the index as it stands, into an empty folder that is then one like ours. Returns its generation; None
        when there is none. Raises `Usage` when another process keeps writing.
        """
        with self._writing():
            pointer = self._usable()
            if pointer is None:
                return None
            shutil.copytree(self.folder / pointer.folder, folder / pointer.folder)
            shutil.copyfile(self.folder / "current", folder / "current")
            return pointer.generation

    def fingerprints(self) -> dict[str, str]:
        """The hash of each document's form by id (`catalog.forms.digest`), to compare with the database."""
        searcher = self.snapshot().searcher
        everything = searcher.search(tantivy.Query.all_query(), limit=max(1, searcher.num_docs), count=False)
        stored = (searcher.doc(address) for _, address in everything.hits)
        return {one.get_first("id") or "": one.get_first("fingerprint") or "" for one in stored}

    def ids(self) -> set[str]:
        """The ids of all documents."""
        return set(self.fingerprints())

    def _pointer(self) -> _Pointer | None:
        try:
            found = json.loads((self.folder / "current").read_bytes())
            return _Pointer(str(found["folder"]), int(found["generation"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise IndexBroken(f"{self.folder / 'current'} cannot be read: {error!r}.", advice=_REPAIR) from error

    def _usable(self) -> _Pointer | None:
        try:
            pointer = self._pointer()
        except IndexBroken:
            return None
        return pointer if pointer and _fits(pointer.folder) else None

    def _stat(self) -> tuple[int, int] | None:
        try:
            found = (self.folder / "current").stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _load(self) -> None:
        pointer = self._pointer()
        if pointer is None or not _fits(pointer.folder):
            self._opened = self._snapshot = None
            return
        if self._opened is None or self._opened[0] != pointer.folder:
            self._opened = (pointer.folder, self._open(pointer))
        index = self._opened[1]
        index.reload()
        searcher = index.searcher()
        self._snapshot = Snapshot(searcher, index.schema, pointer.generation, _names(searcher))

    def _open(self, pointer: _Pointer) -> tantivy.Index:
        path = self.folder / pointer.folder
        try:
            index = tantivy.Index.open(str(path))
        except (ValueError, OSError) as error:
            raise IndexBroken(f"The search index in {path} cannot be opened: {error}.", advice=_REPAIR) from error
        index.config_reader("manual")
        schema.register(index)
        return index

    def _current(self) -> tuple[tantivy.Index, _Pointer]:
        pointer = self._pointer()
        if pointer is None:
            raise IndexBroken(f"There is no search index in {self.folder}.", advice=_REPAIR)
        if not _fits(pointer.folder):
            raise IndexBroken(f"The search index in {self.folder} was made by another version.", advice=_REPAIR)
        return self._open(pointer), pointer

    def _point(self, pointer: _Pointer) -> None:
        partial = self.folder / "current.part"
        with partial.open("w") as file:
            json.dump({"folder": pointer.folder, "generation": pointer.generation}, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.folder / "current")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the folder's lock; the system lets go of it when a process dies."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as file:
            until = time.monotonic() + PATIENCE
            while not _locked(file.fileno()):
                if time.monotonic() > until:
                    raise Usage(
                        f"Another process has been writing the search index in {self.folder} for over {PATIENCE:.0f} s.",
                        advice="Wait for it, or end it, and try again.",
                    )
                time.sleep(0.05)
            try:
                yield
            except (OSError, ValueError) as error:
                if isinstance(error, ValueError) and not _of_the_disk(error):
                    raise
                advice = "Free space on its disk, then run commonground index --rebuild. Until then the old one serves."
                raise IndexBroken(f"The search index cannot be written: {error}.", advice=advice) from error

    def _next_number(self) -> int:
        taken = (path.name.rpartition("-")[2] for path in self.folder.glob("*-*"))
        return 1 + max((int(number) for number in taken if number.isdigit()), default=0)

    def _sweep(self) -> None:
        """Remove indexes that are no longer used, and what a broken-off rebuild left."""
        pointer = self._usable()
        for path in self.folder.glob("*-*"):
            used = pointer is not None and path.name == pointer.folder
            if path.is_dir() and not used and time.time() - path.stat().st_mtime > _GRACE:
                shutil.rmtree(path, ignore_errors=True)


def _of_the_disk(error: ValueError) -> bool:
    """tantivy knows only this kind of error; its text tells which ones are the disk's."""
    return "os error" in str(error)


def _fits(name: str) -> bool:
    return name.rpartition("-")[0] == schema.signature()


def _locked(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(index: tantivy.Index, add: Iterable[Mapping[str, Any]], remove: Iterable[str], heap: int) -> int:
    """One commit by one thread, which leaves few segments and so fast facets."""
    writer = index.writer(heap, 1)
    count, written = 0, False
    try:
        for identity in remove:
            writer.delete_documents_by_term("id", identity)
        for form in add:
            writer.delete_documents_by_term("id", schema.readable(form.get("id")))
            writer.add_document(schema.document(form))
            count += 1
        writer.commit()
        written = True
    finally:
        if not written:
            writer.rollback()
        writer.wait_merging_threads()
    return count


def _names(searcher: tantivy.Searcher) -> dict[tuple[str, str], str]:
    found = searcher.aggregate(tantivy.Query.all_query(), {"label": {"terms": {"field": "label", "size": 10_000}}})
    labels = (bucket["key"].split("\t", 2) for bucket in found["label"]["buckets"])
    return {(kind, slug): name or slug for kind, slug, name in labels}
