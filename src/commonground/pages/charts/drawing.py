"""The few marks that charts and maps are drawn with, as SVG text with presentation attributes.

Colors and type stand in attributes and not in a sheet, so that the same drawing works inline (where the content
policy forbids `style` attributes), as a file of its own, and as PNG. The colors are those of the tokens.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

INK: Final = "#1c1d1f"
INK_2: Final = "#3d4551"
INK_3: Final = "#565c65"
EDGE: Final = "#71767a"
LINE: Final = "#c6cace"
HAIR: Final = "#dfe1e2"
PAPER: Final = "#ffffff"
WASH: Final = "#f7f9fa"
WASH_2: Final = "#edeff0"
COMMON: Final = "#0f6460"
COMMON_DEEP: Final = "#0b4b3f"
FONTS: Final = "'Public Sans Web', 'Public Sans', system-ui, 'Segoe UI', Roboto, sans-serif"
SMALL: Final = 11.0
"""Size of the letters of axes, in pixels: the least that is drawn."""

_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def words(text: str) -> str:
    """Text safe in XML; what XML cannot hold is left out."""
    return escape(_NO_XML.sub("", text))


def wide(text: str, size: float = SMALL, *, bold: bool = False) -> float:
    """About how many pixels a text takes; letters of East Asia and emoji count double."""
    letters = sum(1.0 if unicodedata.east_asian_width(one) in "WF" else 0.52 for one in text)
    return letters * size * (1.08 if bold else 1.0)


def text(  # noqa: PLR0913 - the attributes of a text
    x: float,
    y: float,
    content: str,
    *,
    size: float = SMALL,
    anchor: str = "start",
    bold: bool = False,
    fill: str = INK_3,
    clear: bool = False,
) -> str:
    """One line of text; `y` is its baseline. A `clear` one has a white edge, so that lines do not cross it."""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    weight = ' font-weight="700"' if bold else ""
    edge = f' stroke="{PAPER}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"' if clear else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{side}{weight}{edge} fill="{fill}">{words(content)}</text>'
    )


def line(points: Iterable[tuple[float, float]]) -> str:
    """The `d` of a line through points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def wrapped(content: str, width: float, size: float) -> list[str]:
    """Text in lines that are about as wide as told; a word that is wider, such as an address, is cut."""
    lines: list[str] = []
    most = max(1, int(width / wide("n", size)))
    for word in (part for one in content.split() for part in _cut(one, width, size, most)):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and wide(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(word: str, width: float, size: float, most: int) -> list[str]:
    if wide(word, size) <= width:
        return [word]
    return [word[start : start + most] for start in range(0, len(word), most)]


def svg(width: float, height: float, body: str, *, title: str, description: str) -> str:
    """A whole drawing in pixels: an image to assistive technology, named by its title, told by its description."""
    told = f"<desc>{words(description)}</desc>" if description else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="{FONTS}"><title>{words(title)}</title>{told}{body}</svg>'
    )
