"""The parameters of one request to the Action API, and how CKAN says no to them."""

from __future__ import annotations

import json

from commonground.words import Raw

_TRUE = {"true", "1", "yes", "on"}


class Refusal(Exception):
    """CKAN's own error, carried to the door."""

    def __init__(self, kind: str, status: int, detail: Raw) -> None:
        self.body: Raw = {**detail, "__type": kind}
        self.status = status


def not_found(what: str) -> Refusal:
    return Refusal("Not Found Error", 404, {"message": f"Not found: {what}"})


def invalid(name: str, reason: str) -> Refusal:
    return Refusal("Validation Error", 409, {name: [reason]})


class Asked:
    """The parameters of one request, from the query, a form or JSON, read leniently as CKAN does."""

    def __init__(self, given: Raw) -> None:
        self._given = given

    def text(self, name: str, default: str = "") -> str:
        value = self._given.get(name)
        return default if value is None else str(value)

    def needed(self, *names: str) -> str:
        value = next((self.text(name) for name in names if self.text(name)), "")
        if not value:
            raise invalid(names[0], "Missing value")
        return value

    def number(self, name: str, default: int, most: int | None = None) -> int:
        value = self.text(name, str(default)) or str(default)
        try:
            number = int(value)
        except ValueError:
            raise invalid(name, "Invalid integer") from None
        if number < 0:
            raise invalid(name, "Must be a natural number")
        return number if most is None else min(number, most)

    def flag(self, name: str, *, default: bool = False) -> bool:
        return self.text(name, str(default)).lower() in _TRUE

    def texts(self, name: str) -> list[str]:
        """A list, given as such or as JSON in a text; one text is a list of one."""
        value = self._given.get(name)
        if isinstance(value, str) and value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except ValueError:
                raise invalid(name, "Cannot be read as JSON") from None
        if isinstance(value, list):
            return [str(one) for one in value]
        return [str(value)] if value else []

    def mapping(self, name: str) -> Raw:
        """An object, given as such or as JSON in a text."""
        value = self._given.get(name) or {}
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = None
        if not isinstance(value, dict):
            raise invalid(name, "Cannot be read as JSON")
        return value
