"""Slots on a page where higher rooms show what they know, so that a lower room never imports them.

    panels.add("dataset", "discussion", render=discussion_of_dataset, order=30)

and the dataset page says `{% panels "dataset" dataset=dataset %}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

_panels: dict[str, dict[str, Panel]] = {}

Render = Callable[..., str]
"""Takes the request and, by name, the slot's subject; gives safe HTML, or nothing where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of a slot; `order` is its place among the others."""

    name: str
    render: Render
    order: int


def add(slot: str, name: str, *, render: Render, order: int = 50) -> None:
    """Register a panel, or replace the one of the same name."""
    _panels.setdefault(slot, {})[name] = Panel(name, render, order)


def shown(slot: str, request: HttpRequest, **subject: Any) -> Iterator[str]:  # noqa: ANN401 - see Render
    """The panels of a slot that have something to say, in order."""
    for panel in sorted(_panels.get(slot, {}).values(), key=lambda panel: panel.order):
        html = panel.render(request, **subject)
        if html:
            yield html
