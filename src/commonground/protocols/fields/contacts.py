"""The office to ask. A private person's name or mailbox never passes; when in doubt, it is left out."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from commonground.protocols.fields.prose import clean
from commonground.words import Contact

_LONGEST = 200
_EMAIL = re.compile(r"[a-z0-9][a-z0-9._+-]{0,62}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.[a-z]{2,24}")

_ROLE = re.compile(
    r"(?:[._+-]|\d|"
    r"open|data|opendata|portal|gis|geo|maps?|mapping|info|information|help|helpdesk|desk|support|service|services|contact|us|"
    r"ask|questions?|inquir(?:y|ies)|feedback|comments?|request|requests|records?|foia|foil|press|media|news|web|site|website|"
    r"webmaster|admin|administrator|administration|team|group|office|staff|unit|division|dept|department|bureau|"
    r"city|county|town|public|gov|government|civic|community|dc|nyc|sfgov|datasf|boston|chicago|seattle|la|lacity|"
    r"analytics|performance|statistics|stats|research|science|evaluation|innovation|technology|tech|it|digital|systems?|"
    r"police|fire|ems|safety|emergency|parks?|recreation|library|libraries|health|environment|planning|zoning|housing|"
    r"building|buildings|inspections?|permits?|permitting|licens(?:e|es|ing)|transportation|transit|traffic|parking|streets?|"
    r"water|works|sanitation|utilities|finance|budget|controller|comptroller|treasurer|tax|assessor|clerk|mayor|council|"
    r"ethics|elections?|courts?|schools?|education|human|resources|labor|aging|animal|animals|arts|culture|tourism|airport|harbor|port|"
    r"the|of|and|for|my|dot|dob|dof|dpr|dpw|hpd|nypd|sfpd|sfmta|mta|spd|sdot|cpd|cdot|cdph|lapd|ladot|ladwp|octo|doitt|dohmh|mpd|ddot"
    r")+"
)
_SURE_WORDS = frozenset(
    [
        "administration",
        "agency",
        "airport",
        "analytics",
        "assessor",
        "attorney",
        "authority",
        "board",
        "bureau",
        "city",
        "clerk",
        "commission",
        "committee",
        "comptroller",
        "controller",
        "corporation",
        "council",
        "county",
        "data",
        "dataset",
        "datasets",
        "datasf",
        "demographics",
        "dept",
        "department",
        "desk",
        "district",
        "division",
        "enterprise",
        "foundation",
        "gis",
        "government",
        "group",
        "helpdesk",
        "hotline",
        "information",
        "initiative",
        "innovation",
        "institute",
        "inventory",
        "laboratory",
        "library",
        "management",
        "metadata",
        "ministry",
        "municipal",
        "office",
        "opendata",
        "operations",
        "planning",
        "police",
        "portal",
        "program",
        "project",
        "public",
        "recreation",
        "sanitation",
        "services",
        "statistics",
        "support",
        "system",
        "systems",
        "team",
        "technology",
        "transportation",
        "university",
        "utilities",
        "webmaster",
        "admin",
        "center",
        "centre",
        "doitt",
        "dohmh",
        "nypd",
        "sfpd",
        "sfmta",
        "sfgov",
        "octo",
        "lapd",
        "lafd",
        "ladot",
        "ladwp",
        "nyc",
        "cdph",
        "dcgis",
    ]
)
_PARTS = re.compile(r"\s*[,;|/()\[\]<>]\s*|\s+[-–—:]\s+|:\s+")
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_JOINED = re.compile(r"opendata|gis(?:group|opendata|team)|(?:city|county)gis|\b\w*gis\b|data(?:team|desk)")
_NUMBER = re.compile(r"\b311\b")


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
    return address if _ROLE.fullmatch(address.split("@")[0]) else ""


def _office(name: str) -> str:
    """The parts of a name that name an office: “Jane Doe, Department of Health” gives the department alone."""
    parts = [part.strip() for part in _PARTS.split(clean(name)) if part.strip()]
    return ", ".join(part for part in parts if _names_an_office(part))


def _names_an_office(part: str) -> bool:
    if "@" in part or "://" in part:
        return False
    words = {word.lower() for word in _WORD.findall(_CAMEL.sub(" ", part))}
    return bool(words & _SURE_WORDS) or bool(_JOINED.search(part.lower())) or bool(_NUMBER.search(part))
