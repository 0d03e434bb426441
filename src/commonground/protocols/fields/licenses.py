"""Licenses: the city's own words, and an SPDX id only where no doubt is left."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

from commonground.protocols.fields.prose import clean, plain
from commonground.words import License

_LONGEST = 1_000
_NOT_WORD = re.compile(r"[\W_]+")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
_ADDRESS_START = re.compile(r"https?:/+(?:www\.)?", re.IGNORECASE)
_ADDRESS_END = re.compile(
    r"(?:/?(?:deed(?:\.[\w-]+)?|legalcode(?:\.[\w-]+)?|index\.html?|#.*|\?.*))?/*$", re.IGNORECASE
)

_Known = tuple[str | None, str]


def license_of(text: str, url: str = "") -> License | None:
    """The license in the city's words, with SPDX id and address when certain; None when there is nothing."""
    text, url = _line(text), _line(url)
    given = url if _ADDRESS.fullmatch(url) else ""
    if not given and (inside := _ADDRESS.search(text)):
        given = inside[0].rstrip(".,;)")
    spdx, address = _known(text, given)
    if not text and not given:
        return None
    return License(text or given, spdx, given or address or None)


def _line(text: str) -> str:
    if not text:
        return ""
    text = plain(text[: 20 * _LONGEST]) if "<" in text else clean(text[:_LONGEST])
    return " ".join(text.split())[:_LONGEST]


@lru_cache(maxsize=2_048)
def _known(text: str, url: str) -> tuple[str | None, str | None]:
    """(SPDX, address). Name and address that say different things leave both open."""
    names, urls = _licenses()
    by_name = names.get(_word(text))
    by_url = urls.get(_address(url)) if url else None
    if by_name and by_url and by_name[0] and by_url[0] and by_name != by_url:
        return None, None
    return by_name or by_url or (None, None)


@cache
def _licenses() -> tuple[dict[str, _Known], dict[str, _Known]]:
    text = files("commonground.protocols.fields").joinpath("licenses.toml").read_text(encoding="utf-8")
    names: dict[str, _Known] = {}
    urls: dict[str, _Known] = {}
    for entry in tomllib.loads(text)["license"]:
        known = (entry.get("spdx"), entry["url"])
        names.update((_word(name), known) for name in entry["names"])
        urls.update((_address(url), known) for url in (*entry["urls"], entry["url"]))
    return names, urls


def _word(text: str) -> str:
    return _NOT_WORD.sub("", text.casefold())


def _address(url: str) -> str:
    return _ADDRESS_END.sub("", _ADDRESS_START.sub("", url, count=1)).casefold()
