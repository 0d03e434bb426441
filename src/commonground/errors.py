"""Every error that Common Ground raises on purpose.

CommonGroundError
├── Usage                     the person asked for something that cannot be        exit 2
│   ├── NotFound              no city, portal or dataset of that name              exit 3
│   └── WrongHome             the home holds another kind of harvest               exit 4
├── Misconfigured             a TOML file or a setting is wrong                    exit 5
├── PortalError               a portal did not do what its protocol promises       exit 10
│   ├── Unreachable           no answer: refused, timed out, DNS        (retry)    exit 11
│   │   └── Busy              429 or 503, perhaps with Retry-After      (retry)    exit 11
│   ├── Refused               an answer that says no: 4xx                          exit 12
│   ├── Unreadable            not the JSON it should be, cut off, too large        exit 13
│   ├── Disagrees             JSON, but not of this protocol or this domain        exit 14
│   ├── Absent                this portal does not speak this dialect              exit 15
│   ├── Forbidden             our own guard refused the address                    exit 16
│   └── Unrecorded            a replay has no answer for this host                 exit 17
└── IndexBroken               the search index cannot be opened or disagrees       exit 20

Errors carry facts (who, where, what to do) and do nothing. `retry` says whether trying again can help.
"""

from __future__ import annotations

from typing import ClassVar


class CommonGroundError(Exception):
    """The root. `message` says what happened, `advice` the next step."""

    exit_code: ClassVar[int] = 1
    retry: ClassVar[bool] = False

    def __init__(self, message: str, *, advice: str = "") -> None:
        self.message = message
        self.advice = advice
        super().__init__(f"{message} {advice}".strip())


class Usage(CommonGroundError):
    """The person asked for something that cannot be."""

    exit_code = 2


class NotFound(Usage):
    """No city, portal or dataset of that name."""

    exit_code = 3


class WrongHome(Usage):
    """The home holds another kind of harvest (live, replay or demonstration)."""

    exit_code = 4


class Misconfigured(CommonGroundError):
    """A TOML file or a setting is wrong; the message names file, key and fix."""

    exit_code = 5


class PortalError(CommonGroundError):
    """A portal did not do what its protocol promises. `host` and `url` say where."""

    exit_code = 10

    def __init__(self, message: str, *, url: str = "", advice: str = "") -> None:
        self.url = url
        super().__init__(message, advice=advice)


class Unreachable(PortalError):
    """No answer: refused, timed out, unknown name, or a 5xx."""

    exit_code = 11
    retry = True


class Busy(Unreachable):
    """The portal asks us to slow down; `wait` is its Retry-After in seconds, when it told one."""

    def __init__(self, message: str, *, url: str = "", wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(message, url=url)


class Refused(PortalError):
    """An answer that says no (4xx). `status` is the code."""

    exit_code = 12

    def __init__(self, message: str, *, url: str = "", status: int = 0) -> None:
        self.status = status
        super().__init__(message, url=url)


class Unreadable(PortalError):
    """Not the JSON it should be, cut off, or larger than we accept."""

    exit_code = 13


class Disagrees(PortalError):
    """Readable, but not an answer of this protocol or for this domain."""

    exit_code = 14


class Absent(PortalError):
    """This portal does not speak this dialect; another one may serve."""

    exit_code = 15


class Forbidden(PortalError):
    """Our own guard refused the address (private network, other scheme)."""

    exit_code = 16


class Unrecorded(PortalError):
    """A replay has no recording for this host, so what it would say is unknown."""

    exit_code = 17


class IndexBroken(CommonGroundError):
    """The search index cannot be opened, or disagrees with the database."""

    exit_code = 20
