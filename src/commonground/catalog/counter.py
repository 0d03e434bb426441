"""The generation of the catalog: a number that counts up with each change; what is derived follows it."""

from __future__ import annotations

from django.db.models import F

from commonground.catalog.models import Counter

CATALOG = "catalog"


def next_generation() -> int:
    """The next number, under a lock that lasts to the end of the transaction: numbers commit in order."""
    Counter.objects.get_or_create(name=CATALOG)
    Counter.objects.filter(name=CATALOG).update(value=F("value") + 1)
    return Counter.objects.get(name=CATALOG).value


def standing() -> tuple[str, int]:
    """`mark` and `generation` in one question."""
    found = Counter.objects.filter(name=CATALOG).values_list("mark", "value").first()
    return found or (mark(), 0)


def mark() -> str:
    """The name of this database, drawn once; what is derived from it is kept under this name."""
    return Counter.objects.get_or_create(name=CATALOG)[0].mark


def generation() -> int:
    """The newest generation."""
    return Counter.objects.filter(name=CATALOG).values_list("value", flat=True).first() or 0
