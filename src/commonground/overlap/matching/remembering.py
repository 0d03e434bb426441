"""What a model said of each text, kept by the text's own hash: a record that does not change is never read twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np

from commonground.overlap.matching.embedder import SIZE, Embedder, Vectors

_AT_ONCE: Final = 500
_PATIENCE: Final = 30.0


class Remembering:
    """An embedder that asks another one only for texts that are new. Its file can be thrown away."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self.embedder = embedder
        self.name = embedder.name
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"{embedder.name}.sqlite3"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row a text, float32, (n, SIZE)."""
        marks = [hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest() for text in texts]
        with closing(sqlite3.connect(self._file, timeout=_PATIENCE)) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS said (mark BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
            held = dict(self._held(database, sorted(set(marks))))
            new = {mark: text for mark, text in zip(marks, texts, strict=True) if mark not in held}
            order = list(new)
            for start in range(0, len(order), _AT_ONCE):
                some = order[start : start + _AT_ONCE]
                vectors = self.embedder.encode([new[mark] for mark in some]).astype(np.float16)
                rows = [(mark, vector.tobytes()) for mark, vector in zip(some, vectors, strict=True)]
                database.executemany("INSERT OR REPLACE INTO said VALUES (?, ?)", rows)
                database.commit()
                held.update(rows)
        found = np.zeros((len(texts), SIZE), np.float32)
        for at, mark in enumerate(marks):
            found[at] = np.frombuffer(held[mark], np.float16)
        return found

    def _held(self, database: sqlite3.Connection, marks: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        found: list[tuple[bytes, bytes]] = []
        for start in range(0, len(marks), _AT_ONCE):
            some = marks[start : start + _AT_ONCE]
            asked = ",".join("?" * len(some))
            found += database.execute(f"SELECT mark, vector FROM said WHERE mark IN ({asked})", some).fetchall()  # noqa: S608 - question marks only
        return found
