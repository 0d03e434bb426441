"""SVG to PNG, with our own fonts, so that a picture looks alike on every machine."""

from __future__ import annotations

from pathlib import Path

FONTS = Path(__file__).parent.parent / "static" / "built" / "fonts" / "drawn"
SANS = "Public Sans"


def png(svg: str, *, scale: float = 2.0) -> bytes:
    """The picture at `scale` pixels for each of its own. Without built assets, with what fonts the machine has."""
    import resvg_py

    fonts = sorted(str(path) for path in FONTS.glob("*.ttf"))
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=scale,
            background="#ffffff",
            font_files=fonts or None,
            skip_system_fonts=bool(fonts),
            sans_serif_family=SANS,
            font_family=SANS,
        )
    )
