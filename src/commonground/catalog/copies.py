"""Copies: one dataset that two portals of a city list, such as a map layer that the open-data portal links to.

Pure. A record that has no data of its own and names one dataset of another portal of its city is a copy of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from commonground.protocols.registry import named_by
from commonground.words import Portal


def origin(form: Mapping[str, Any], others: Iterable[Portal]) -> str:
    """The id (`portal/native id`) of the dataset that a record repeats; empty when it is one of its own.

    `form` is the record in our form, `others` are the other portals of its city. A record that offers data at its
    own host, or names several datasets, is no copy.
    """
    ways = [str(one.get("url") or "") for one in form.get("distributions") or ()]
    if any(_host(url) == form["host"] for url in ways):
        return ""
    found = {f"{portal.slug}/{native_id}" for portal in others for url in ways if (native_id := named_by(portal, url))}
    # An address may name the item without its layer.
    whole = {one for one in found if not any(other.startswith(f"{one}_") for other in found)}
    return whole.pop() if len(whole) == 1 else ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def settled(origins: Mapping[str, str]) -> dict[str, str]:
    """Of each id its origin, without circles: of datasets that name each other, the first in order is the origin.

    >>> settled({"a/1": "b/2", "b/2": "a/1"})
    {'b/2': 'a/1'}
    """
    kept = {key: there for key, there in origins.items() if there}
    for key in sorted(kept):
        at, seen = kept.get(key, ""), {key}
        while at in kept and at not in seen:
            seen.add(at)
            at = kept[at]
        if at == key:
            del kept[key]
    return kept
