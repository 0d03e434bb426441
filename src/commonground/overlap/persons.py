"""Who said something of overlap, as it is kept and shown."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone


def name_of(by: User | str) -> str:
    """What a person is called beside what they said: everybody can read it, so never an e-mail address."""
    name = by if isinstance(by, str) else by.get_full_name() or by.get_username()
    return name.partition("@")[0][:150] or "Somebody"


def signed(by: User | str) -> dict[str, Any]:
    """Who and when, as the rows of decisions and of subjects keep it."""
    return {"by": name_of(by), "user": None if isinstance(by, str) else by, "at": timezone.now()}
