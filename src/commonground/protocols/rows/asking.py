"""Asking for as many rows at once as an answer can hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from commonground.errors import TooLarge

T = TypeVar("T")


def fitting(size: int, ask: Callable[[int], T]) -> tuple[T, int]:
    """What `ask` gives for so many rows, or for half as many while the answer is larger than we accept; and that
    number. Rows with long outlines fill an answer soon. Raises `TooLarge` for a single row that does.
    """
    while True:
        try:
            return ask(size), size
        except TooLarge:
            if size <= 1:
                raise
            size //= 2
