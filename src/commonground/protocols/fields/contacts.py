"""The office to ask. A private person's name or mailbox never passes; when in doubt, it is left out."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from urllib.parse import unquote

from commonground.protocols.fields.prose import clean
from commonground.words import Contact

_LONGEST = 200
_EMAIL = re.compile(r"[a-z0-9][a-z0-9._+-]{0,62}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.[a-z]{2,24}")

_PARTS = re.compile(r"\s*[,;|/()\[\]<>]\s*|\s+[-–—:]\s+|:\s+")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_JOINED = re.compile(r"opendata|gis(?:group|opendata|team)|(?:city|county)gis|\b\w*gis\b|data(?:team|desk)")
_NUMBER = re.compile(r"\b311\b")


@cache
def _words(kind: str) -> frozenset[str]:
    text = files("commonground.protocols.fields").joinpath("offices.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)[kind])


@cache
def _roles() -> re.Pattern[str]:
    return re.compile(rf"(?:[._+-]|\d|{'|'.join(sorted(_words('role')))})+")


@lru_cache(maxsize=4_096)
def contact(name: str, email: str) -> Contact | None:
    """The contact, when it is an office: by its name, by its role mailbox, or both. None for anybody else."""
    office, mailbox = _office(name[:_LONGEST]), _mailbox(email[:_LONGEST])
    if not office and "@" in name:
        mailbox = mailbox or _mailbox(name[:_LONGEST])
    if not office and not mailbox:
        return None
    return Contact(office or mailbox, mailbox or None)


def _mailbox(email: str) -> str:
    """The address, if nobody's own: every part of what stands before the @ is a word for a role."""
    address = clean(unquote(email)).strip().lower().removeprefix("mailto:").split("?")[0].strip()
    if not _EMAIL.fullmatch(address):
        return ""
    return address if _roles().fullmatch(address.split("@")[0]) else ""


def _office(name: str) -> str:
    """The parts of a name that name an office: “Jane Doe, Department of Health” gives the department alone."""
    parts = [part.strip() for part in _PARTS.split(clean(name)) if part.strip()]
    return ", ".join(part for part in parts if _names_an_office(part))


def _names_an_office(part: str) -> bool:
    if "@" in part or "://" in part:
        return False
    words = {word.lower() for word in _WORD.findall(_CAMEL.sub(" ", part))}
    if words & _words("office") or (words and words <= _words("topic")):
        return True
    return bool(_JOINED.search(part.lower()) or _NUMBER.search(part))
