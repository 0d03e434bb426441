"""Free text that hides an address from a search, or that a search could take hours over."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from commonground.tables.build.privacy import MASK, screen


@pytest.mark.parametrize(
    "text",
    [
        "３１２-５５５-０１４２",
        "312\u200b-555\u200b-0142",
        "jane＠example.com",
        "jane@exam\u00adple.com",
        "jane@\u200bexample.com",
        "яна@пример.рф",
        "312\u2011555\u20110142",
    ],
)
def test_tricks_of_writing_hide_nothing(text: str) -> None:
    found, count = screen(pa.chunked_array([[f"ask {text} please"]]))
    assert (found.to_pylist(), count) == ([f"ask {MASK} please"], 1)


def test_a_long_text_without_an_address_is_soon_looked_through() -> None:
    """In a process of its own: where it took minutes, nothing else could end it."""
    texts = ["a" * 300_000 + "@", "1-" * 100_000 + "@", "a.b-" * 75_000 + "@" + "c." * 100_000]
    asked = f"from commonground.tables.build.privacy import masked_text as m; [m(one) for one in {texts!r}]"
    subprocess.run([sys.executable, "-"], input=asked, text=True, check=True, timeout=60)
