"""Offices and persons: the office to ask, and the office that publishes.

A contact passes only when it is an office; when in doubt, it is left out. A publisher is left out only when it has
the shape of a person's name, because any office may publish.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from urllib.parse import unquote

from commonground.protocols.base import Notes
from commonground.protocols.fields.prose import clean
from commonground.words import Contact

_LONGEST = 200
_EMAIL = re.compile(r"[a-z0-9][a-z0-9._+-]{0,62}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.[a-z]{2,24}")

_PARTS = re.compile(r"\s*[,;|/()\[\]<>]\s*|\s+[-–—:]\s+|:\s+")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_JOINED = re.compile(r"opendata|gis(?:group|opendata|team)|(?:city|county)gis|\b\w*gis\b|data(?:team|desk)")
_NUMBER = re.compile(r"\b311\b")
_ACCOUNT = re.compile(r"\S*[^\W_][._]+[^\W_]\S*")
_MAILBOX = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS = re.compile(r"(?:mailto:)?[^\s@<>(),;]+@[^\s@<>(),;]+\.[a-z]{2,24}(?:\?.*)?", re.IGNORECASE)

_AND = re.compile(r"\s+(?:and|&)\s+")
_LAST_FIRST = re.compile(r"([^\s,]+),\s+([^\s,]+(?:\s+\w\.?)?)")
_NAME = re.compile(r"(?:U['’]|Ul{1,2})?Ul+(?:-Ul+)*\.?")
_INITIAL, _DOTTED = re.compile(r"U"), re.compile(r"(?:U\.){1,3}")
_MOST_NAMES = 4
_PARTICLES = frozenset({"al", "bin", "da", "de", "del", "der", "di", "dos", "du", "la", "le", "van", "von", "y"})
_WITHHELD = "person-"
"""How recordings write the name of a person that they leave out."""


@cache
def _words(kind: str) -> frozenset[str]:
    text = files("commonground.protocols.fields").joinpath("offices.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)[kind])


@cache
def _roles() -> re.Pattern[str]:
    return re.compile(rf"(?:[._+-]|\d|{'|'.join(sorted(_words('role')))})+")


@lru_cache(maxsize=4_096)
def without_persons(name: str) -> str:
    """“Department of Health” of “Jane Doe, Department of Health”; "" of a person alone.

    A name without persons comes back as it is, whatever it says.
    """
    if _is_person(name.strip()):
        return ""
    parts = [part for part in _PARTS.split(name) if part.strip()]
    kept = [part for part in parts if not _is_person(part.strip())]
    return name if len(kept) == len(parts) else without_persons(", ".join(kept))


def publisher(name: str, notes: Notes, place: str) -> str:
    """The office that publishes; a person among its name is left out and noted, without saying who."""
    found = without_persons(name)
    if found != name:
        notes.add("publisher-is-a-person", place)
    return found


@lru_cache(maxsize=4_096)
def contact(name: str, email: str) -> Contact | None:
    """The contact, when it is an office: by its name, by its role mailbox, or both. None for anybody else."""
    office, mailbox = _office(name[:_LONGEST]), _mailbox(email[:_LONGEST])
    if not office and "@" in name:
        mailbox = mailbox or _mailbox(name[:_LONGEST])
    if not office and not mailbox:
        return None
    return Contact(office or mailbox, mailbox or None)


def is_office(text: str) -> bool:
    """Whether all of a text names offices, or is a role's mailbox: what may be shown as a contact as it stands."""
    parts = [part for part in _PARTS.split(text[: _LONGEST + 1]) if part.strip()]
    named = all(_names_an_office(part) and not _is_person(part.strip()) for part in parts)
    return len(text) <= _LONGEST and (named or bool(_mailbox(text)))


def is_private_mailbox(text: str) -> bool:
    """Whether a text is an e-mail address and no role's."""
    return _ADDRESS.fullmatch(text.strip()) is not None and not _mailbox(text)


def without_mailboxes(text: str) -> str:
    """The text with “…” for every e-mail address that is no role's."""
    return _MAILBOX.sub(lambda match: match[0] if _mailbox(match[0]) else "…", text)


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
    if _ACCOUNT.fullmatch(part):  # jane.doe_CityGIS is Jane's, however official the end of it is
        return all(_of_an_office(piece) for piece in re.split(r"[._]+", part) if piece)
    return _of_an_office(part)


def _of_an_office(part: str) -> bool:
    words = {word.lower() for word in _WORD.findall(_CAMEL.sub(" ", part))}
    if words & _words("office") or (words and words <= _words("topic")):
        return True
    return bool(_JOINED.search(part.lower()) or _NUMBER.search(part))


def _is_person(part: str) -> bool:
    """Whether a text is a person's: a withheld name, a mailbox that is no role's, or persons' names alone."""
    if part.startswith(_WITHHELD):
        return True
    if _ADDRESS.fullmatch(part):
        return is_private_mailbox(part)
    turned = _LAST_FIRST.fullmatch(part)
    names = [f"{turned[2]} {turned[1]}"] if turned else _AND.split(part.removeprefix("and "))
    return all(_is_name(one) for one in names)


def _is_name(text: str) -> bool:
    """Two to four capitalized words, perhaps with initials, and none that only organizations have."""
    words = text.split()
    shapes = [_shape(word) for word in words]
    full = sum(1 for shape in shapes if _NAME.fullmatch(shape))
    enough = full > 1 or (full == 1 and _DOTTED.fullmatch(shapes[0]) is not None)
    return (
        enough
        and sum(word not in _PARTICLES for word in words) <= _MOST_NAMES
        and all(
            word in _PARTICLES or _NAME.fullmatch(shape) or _INITIAL.fullmatch(shape) or _DOTTED.fullmatch(shape)
            for word, shape in zip(words, shapes, strict=True)
        )
        and not _of_an_organization(words)
    )


def _shape(word: str) -> str:
    """`Ullll` of Smith: U for a capital, l for a small letter, everything else as it is."""
    return "".join("U" if sign.isupper() else "l" if sign.islower() else sign for sign in word)


def _of_an_organization(words: Iterable[str]) -> bool:
    telling = [word.lower() for word in words if word not in _PARTICLES]
    plain = {part for word in telling for part in (word.replace(".", ""), *_WORD.findall(word))}
    known = _words("office") | _words("organization") | _words("place") | (_words("topic") - _words("surname"))
    return not plain.isdisjoint(known)
