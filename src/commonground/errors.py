"""Every error that Common Ground raises on purpose.

CommonGroundError
├── Usage                     the person asked for something that cannot be        exit 2
│   ├── NotFound              no city, portal or dataset of that name              exit 3
│   ├── WrongHome             the home holds another kind of harvest               exit 4
│   ├── Decided               another person decided it a moment ago               exit 6
│   ├── FileRefused           a file of rows that cannot be read                   exit 7
│   └── QuestionRefused       a question in SQL that is not answered               exit 8
│       ├── TooBig            it needs or gives more than one question may         exit 8
│       └── TooLong           it takes longer than one question may                exit 8
├── OffStandard               rows of a file break a standard                      exit 9
├── Misconfigured             a TOML file or a setting is wrong                    exit 5
├── PortalError               a portal did not do what its protocol promises       exit 10
│   ├── Unreachable           no answer: refused, timed out, DNS        (retry)    exit 11
│   │   └── Busy              429 or 503, perhaps with Retry-After      (retry)    exit 11
│   ├── Refused               an answer that says no: 4xx                          exit 12
│   ├── Unreadable            not the JSON it should be, cut off                   exit 13
│   │   └── TooLarge          more bytes than we accept at once                    exit 13
│   ├── Disagrees             JSON, but not of this protocol or this domain        exit 14
│   ├── Absent                this portal does not speak this dialect              exit 15
│   │   └── Empty             it does, and lists nothing                           exit 15
│   ├── Forbidden             our own guard refused the address                    exit 16
│   ├── Unrecorded            a replay has no answer for this host                 exit 17
│   └── Withheld              too much vanished at once; a person must say so      exit 18
├── NotModified               the document is as it was; ends no command           exit 1
├── IndexBroken               the search index cannot be opened or disagrees       exit 20
├── BackupBroken              a backup is cut off, altered, or of a newer version  exit 21
├── MachineRefused            database or disk: full, locked, gone          (retry)    exit 22
├── Crowded                   more questions at once than can be answered   (retry)    exit 23
└── BuildStopped              a city's rows were built and not published           exit 24

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


class Decided(Usage):
    """Another person decided the same a moment ago. What both say is kept: look at theirs, and decide again."""

    exit_code = 6


class FileRefused(Usage):
    """A file of rows that cannot be read; the message names file, row and reason."""

    exit_code = 7


class QuestionRefused(Usage):
    """A question in SQL that is not answered; below the first line of the message its place may be drawn."""

    exit_code = 8


class TooBig(QuestionRefused):
    """A question that needs more memory, or gives more, than one question may."""


class TooLong(QuestionRefused):
    """A question that takes longer than one question may, or that was called off."""


class OffStandard(CommonGroundError):
    """Rows of a file break the standard that they were checked against; the report before it says where."""

    exit_code = 9


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


class TooLarge(Unreadable):
    """More bytes than we accept at once; asking for fewer rows may help."""


class Disagrees(PortalError):
    """Readable, but not an answer of this protocol or for this domain."""

    exit_code = 14


class Absent(PortalError):
    """This portal does not speak this dialect; another one may serve."""

    exit_code = 15


class Empty(Absent):
    """The portal speaks this dialect, and lists nothing in it."""


class Forbidden(PortalError):
    """Our own guard refused the address (private network, other scheme)."""

    exit_code = 16


class Unrecorded(PortalError):
    """A replay has no recording for this host, so what it would say is unknown."""

    exit_code = 17


class Withheld(PortalError):
    """A listing from which too much vanished to be believed; a person releases or discards the run."""

    exit_code = 18


class NotModified(CommonGroundError):
    """A document is as it was when it was last read. A harvest takes it as unchanged; no command ends with this."""

    def __init__(self, message: str, *, url: str = "") -> None:
        self.url = url
        super().__init__(message)


class IndexBroken(CommonGroundError):
    """The search index cannot be opened, or disagrees with the database."""

    exit_code = 20


class BackupBroken(CommonGroundError):
    """A backup is cut off or altered, or this version cannot restore it."""

    exit_code = 21


class MachineRefused(CommonGroundError):
    """The database, or the disk under it, does not take what is to be kept: full, locked, read only, gone."""

    exit_code = 22
    retry = True


class Crowded(CommonGroundError):
    """More questions at once than can be answered; `wait` are the seconds after which to ask again."""

    exit_code = 23
    retry = True

    def __init__(self, message: str, *, wait: int, advice: str = "") -> None:
        self.wait = wait
        super().__init__(message, advice=advice)


class BuildStopped(CommonGroundError):
    """Something speaks against the new rows of a city: they are kept, and the last good release stays."""

    exit_code = 24
