"""The values of a column as JSON and CSV have them: the same in both.

Days and moments as ISO 8601 writes them, decimals as exact numbers, bytes in base64, lists and records as JSON;
what is no number (NaN, infinite) is null.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from commonground.errors import QuestionRefused

Array = Any
"""An Arrow array; its own types are not told to type checkers."""

_DAY: Final = 86_400_000_000_000
_SECOND: Final = 1_000_000_000
OPTIONS: Final = orjson.OPT_NON_STR_KEYS


def plain(array: Array) -> list[Any]:
    """A value that orjson writes, for each value of an Arrow array."""
    array = _bare(array)
    kind = array.type
    if pa.types.is_decimal(kind):
        return [None if text is None else orjson.Fragment(text) for text in pc.cast(array, pa.string()).to_pylist()]
    if _written(kind):
        return text(array).to_pylist()  # type: ignore[no-any-return]
    if pa.types.is_floating(kind):
        return finite(array).to_pylist()  # type: ignore[no-any-return]
    if _nested(kind):
        return [None if one is None else orjson.Fragment(one) for one in _as_json(array)]
    return array.to_pylist()  # type: ignore[no-any-return]


def finite(array: Array) -> Array:
    """Numbers, and null for what is none."""
    return pc.if_else(pc.is_finite(array), array, pa.scalar(None, array.type))


def text(array: Array) -> Array:
    """An Arrow array of texts, as they stand in CSV."""
    array = _bare(array)
    kind = array.type
    if pa.types.is_floating(kind):
        return pc.cast(finite(array), pa.string())
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        iso = pc.replace_substring_regex(pc.cast(array, pa.string()), r"^(\S+) (\d\d:)", r"\1T\2")
        return pc.replace_substring_regex(iso, r"(:\d\d)(?:\.0+|(\.\d*[1-9])0*)(Z?)$", r"\1\2\3")
    if _nested(kind):
        return pa.array([_if_known(one, bytes.decode) for one in _as_json(array)], pa.string())
    if _binary(kind) or pa.types.is_interval(kind) or pa.types.is_duration(kind):
        return pa.array([_if_known(one, _odd) for one in array.to_pylist()], pa.string())
    return pc.cast(array, pa.string())


def _bare(array: Array) -> Array:
    """Without what only says how an array is stored."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_string_view(array.type):
        array = pc.cast(array, pa.string())
    if pa.types.is_float32(array.type):
        array = pc.cast(pc.cast(array, pa.string()), pa.float64())  # 1.1 stays 1.1
    return pc.cast(array, pa.binary()) if pa.types.is_binary_view(array.type) else array


def _written(kind: Any) -> bool:  # noqa: ANN401 - as Array
    return bool(pa.types.is_temporal(kind) or pa.types.is_interval(kind)) or _binary(kind)


def _binary(kind: Any) -> bool:  # noqa: ANN401 - as Array
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _nested(kind: Any) -> bool:  # noqa: ANN401 - as Array
    return bool(pa.types.is_nested(kind))


def _as_json(array: Array) -> list[bytes | None]:
    return [None if one is None else orjson.dumps(one, _odd, OPTIONS) for one in _python(array)]


def _python(array: Array) -> list[Any]:
    """Nested values as Python has them."""
    try:
        return array.to_pylist(maps_as_pydicts="lossy")  # type: ignore[no-any-return]
    except (OverflowError, ValueError, TypeError):
        message = "A list or record in the answer holds what cannot be written, such as a day after the year 9999."
        raise QuestionRefused(message, advice="Cast it to text.") from None


def _if_known(value: Any, written: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any value
    return None if value is None else written(value)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _odd(value: object) -> object:
    """What orjson does not know."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value)) if value.is_finite() else None
    if isinstance(value, bytes):
        return _base64(value)
    if isinstance(value, pa.MonthDayNano):
        return _span(*value)
    if isinstance(value, timedelta):
        return _span(0, value.days, value.seconds * _SECOND + value.microseconds * 1000)
    return str(value)


def _span(months: int, days: int, nanoseconds: int) -> str:
    """A span of time as ISO 8601 writes it: P1M2DT3.5S."""
    seconds = f"{Decimal(nanoseconds) / _SECOND:f}"
    seconds = seconds.rstrip("0").rstrip(".") if "." in seconds else seconds
    parts = [f"{months}M" * bool(months), f"{days}D" * bool(days), f"T{seconds}S" * bool(nanoseconds)]
    return f"P{''.join(parts) or 'T0S'}"
