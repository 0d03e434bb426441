"""What hangs on one word alone is asked of each word once, however many rows have it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonground.engine.running import Engine
from commonground.tables.build.cleaning import ROW
from commonground.tables.build.mapping import Mapped
from commonground.tables.build.rules import WORD


@dataclass(frozen=True)
class Words:
    """The question to an engine about the words of a part's coded columns."""

    made: Mapped
    sql: str

    def told(self, engine: Engine, clean: pa.Table, found: pa.Table) -> pa.Table:
        """What was found of a batch, with the fields that hang on words, and the bits of what is wrong with them."""
        columns = {alias: _one(clean[alias]) for alias in dict.fromkeys(self.made.worded.values())}
        # Their words stand side by side, those of shorter lists above nothing; the last row is where a row has no word.
        last = max(len(one.dictionary) for one in columns.values())
        beside = {alias: _long(one.dictionary, last + 1) for alias, one in columns.items()}
        answer = engine.run(self.sql, "words", pa.table({**beside, ROW: np.arange(last + 1)})).sort_by(ROW)
        places = {alias: pc.fill_null(one.indices, last) for alias, one in columns.items()}
        for name, alias in self.made.worded.items():
            found = found.append_column(name, _taken(answer[name].combine_chunks(), places[alias]))
        for name, more in self._bits(answer, places):
            place = found.schema.get_field_index(name)
            found = found.set_column(place, name, pa.array(found[name].to_numpy() | more))
        return found

    def _bits(self, answer: pa.Table, places: dict[str, pa.Array]) -> Iterator[tuple[str, Any]]:
        """Bits of rows, of each word those that belong to its column."""
        for number, name in enumerate(self.made.words):
            told = answer[name].to_numpy()
            if not told.any():
                continue
            for alias, place in places.items():
                own = 0
                for bit, issue in enumerate(self.made.issues[number * WORD : (number + 1) * WORD]):
                    own |= (self.made.worded.get(issue.field) == alias) << bit
                if (told & own).any():
                    yield name, (told & own)[place.to_numpy()]


def _one(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return column.unify_dictionaries().combine_chunks()


def _long(words: pa.Array, length: int) -> pa.Array:
    return pa.concat_arrays([words, pa.nulls(length - len(words), words.type)])


def _taken(values: pa.Array, places: pa.Array) -> pa.Array:
    """The value of each row; of texts by the number of their word."""
    if not pa.types.is_string(values.type):
        return values.take(places)
    again = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(again.indices.take(places), again.dictionary)
