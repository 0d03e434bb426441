"""The settings that an operator can give, in one table: name, default, meaning. Pure; the docs are made from it."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp
from typing import NamedTuple

from commonground.errors import Misconfigured


class Setting(NamedTuple):
    """One environment variable. `shape` is how its text is read: text, flag (1 or 0), number or list (commas)."""

    name: str
    default: str
    shape: str
    meaning: str


SETTINGS = (
    Setting(
        "COMMONGROUND_HOME", "~/.commonground", "text", "Folder of the database, the search index and the secret key."
    ),
    Setting("DATABASE_URL", "", "text", "PostgreSQL address; empty means SQLite in the home."),
    Setting(
        "COMMONGROUND_URL", "http://127.0.0.1:8000", "text", "Public address of the site, used in feeds and data.json."
    ),
    Setting("COMMONGROUND_HOSTS", "127.0.0.1,localhost,[::1]", "list", "Host names that the site answers to."),
    Setting("COMMONGROUND_SECRET_KEY", "", "text", "Signs sessions; empty means one is made and kept in the home."),
    Setting("COMMONGROUND_CITIES", "", "list", "Further folders with one TOML file a city."),
    Setting("COMMONGROUND_ALLOW_PRIVATE", "0", "flag", "Let harvests read portals at private addresses."),
    Setting(
        "COMMONGROUND_CONTACT", "", "text", "Mailbox or address of yours that portals may write to, in our User-Agent."
    ),
    Setting(
        "COMMONGROUND_GRACE_DAYS", "7", "number", "Days that a data set stays after its portal no longer lists it."
    ),
    Setting("COMMONGROUND_GRACE_RUNS", "3", "number", "Complete harvests that must have missed it by then."),
    Setting(
        "COMMONGROUND_REMOVAL_SHARE",
        "0.1",
        "number",
        "Share of a portal (at least 5 data sets) that may vanish at once; more waits for commonground release.",
    ),
    Setting(
        "COMMONGROUND_EMBEDDER",
        "",
        "text",
        "Compare data sets by the meaning of their texts as well: minilm, where commonground[embedder] is installed.",
    ),
    Setting(
        "COMMONGROUND_ENGINE",
        "",
        "text",
        "Where rows become rows of a standard: sc://HOST:PORT is an engine that speaks Spark Connect, and needs"
        " commonground[spark]; empty is DuckDB in the process that builds.",
    ),
    Setting(
        "COMMONGROUND_BUILD",
        "",
        "text",
        "What the worker builds after harvests of live portals: empty is tables that somebody has built of live rows and"
        " published, when rows of theirs changed; all is every table; off is none.",
    ),
    Setting(
        "COMMONGROUND_TABLES_NO_DOWNLOAD",
        "",
        "list",
        "Cities whose rows are shown and not given away, nor asked in SQL: boston, or of one table building_permits/boston.",
    ),
    Setting("COMMONGROUND_ADMIN", "1", "flag", "Serve /admin/ on this host; set 0 on the public one."),
    Setting(
        "COMMONGROUND_BEHIND_PROXY", "0", "flag", "Trust X-Forwarded-Proto and X-Forwarded-For of the reverse proxy."
    ),
    Setting(
        "COMMONGROUND_RATE",
        "5",
        "number",
        "Requests a second that one address may make for long (twenty times as many at once); 0 for no limit.",
    ),
    Setting("COMMONGROUND_CHECK_MB", "20", "number", "Megabytes that a file may have which is checked at /check."),
    Setting(
        "COMMONGROUND_LOG",
        "",
        "text",
        "Log every event on stderr, as json or as text; empty lets serve and work choose (text on a terminal, else json).",
    ),
    Setting(
        "COMMONGROUND_METRICS_TOKEN",
        "",
        "text",
        "Whoever sends it as a bearer token may read /metrics; empty means only this machine may.",
    ),
    Setting("COMMONGROUND_DEBUG", "0", "flag", "Django's debug pages; never in public."),
)
_BY_NAME = {one.name: one for one in SETTINGS}


def write_once(path: Path, secret: str) -> None:
    """Keep a secret in a file that only its owner reads. It appears whole, and the first one stays."""
    handle, partial = mkstemp(dir=path.parent, prefix=".secret-")
    with os.fdopen(handle, "w") as file:
        file.write(secret)
    try:
        os.link(partial, path)
    except FileExistsError:
        pass  # another process was first, and its secret is the one
    finally:
        Path(partial).unlink()


def setting(name: str) -> str:
    """The text given in the environment, or the default."""
    return os.environ.get(name, _BY_NAME[name].default)


def flag(name: str) -> bool:
    """A setting that is 1 or 0. Raises `Misconfigured` for anything else."""
    text = setting(name)
    if text not in {"0", "1"}:
        raise Misconfigured(f"{name} is “{text}”.", advice="Set it to 1 or 0.")
    return text == "1"


def choice(name: str, *allowed: str) -> str:
    """A setting that is one of these words, or empty. Raises `Misconfigured` for anything else."""
    text = setting(name)
    if text and text not in allowed:
        raise Misconfigured(f"{name} is “{text}”.", advice=f"Set it to {' or '.join(allowed)}, or leave it empty.")
    return text


def number(name: str, most: float | None = None) -> float:
    """A setting that is a number, 0 or more and no more than `most`. Raises `Misconfigured` for anything else."""
    text = setting(name)
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise Misconfigured(f"{name} is “{text}”.", advice="Set it to a number, such as 5 or 0.5; 0 for none.")
    if most is not None and found > most:
        raise Misconfigured(f"{name} is “{text}”.", advice=f"Set it to a number from 0 to {most:g}.")
    return found


def listed(name: str) -> list[str]:
    """A setting that lists values between commas."""
    return [part.strip() for part in setting(name).split(",") if part.strip()]
