"""Texts: without space around them, and NULL where they say nothing.

The same words come in many rows, and Parquet keeps each of them once (a dictionary): they are cleaned once as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

SPACE: Final = " \t\r\n"
CODED: Final = pa.dictionary(pa.int32(), pa.string())


def cleaned(texts: pa.ChunkedArray, nothing: Sequence[str]) -> pa.ChunkedArray:
    """The texts, plain or coded as they came. `nothing` are words that a city writes where it has no value."""
    return pa.chunked_array([_cleaned(chunk, nothing) for chunk in texts.chunks], texts.type)


def _cleaned(texts: pa.Array, nothing: Sequence[str]) -> pa.Array:
    if not pa.types.is_dictionary(texts.type):
        return _plain(texts, nothing)
    words = _plain(texts.dictionary, nothing)
    if words.equals(texts.dictionary):
        return texts
    again = words.dictionary_encode()
    return pa.DictionaryArray.from_arrays(again.indices.take(texts.indices), again.dictionary)


def _plain(texts: pa.Array, nothing: Sequence[str]) -> pa.Array:
    """Words are compared as they are usually written, because to lower every value takes longer than all the rest."""
    trimmed = pc.ascii_trim(texts, SPACE)
    forms = dict.fromkeys(form for one in nothing for form in (one, one.lower(), one.upper(), one.title()))
    empty = pc.is_in(trimmed, value_set=pa.array(["", *forms], pa.string()))
    return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed) if pc.any(empty).as_py() else trimmed


def plain(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts row by row."""
    return texts.cast(pa.string()) if pa.types.is_dictionary(texts.type) else texts


def coded(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts as one list of words, and for each row the number of its word."""
    return texts.cast(CODED) if not pa.types.is_dictionary(texts.type) else texts.unify_dictionaries()
