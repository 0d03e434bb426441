"""The door of the command line: every error becomes a plain message and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from functools import partial
from itertools import filterfalse

import typer

from commonground.errors import CommonGroundError, MachineRefused, Usage

BUG = 70
STOPPED = 130
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


def run(app: typer.Typer) -> int:
    """Run one command. Errors of ours keep their exit code; a bug is 70 and asks to be reported."""
    try:
        code = app(standalone_mode=False)
    except CommonGroundError as error:
        tell(error.message, error.advice)
        return error.exit_code
    except typer.TyperException as error:
        # What the person typed; `show` prints the usage, or the help when nothing was typed.
        getattr(error, "show", partial(tell, str(error), ""))()
        return error.exit_code
    except typer.Abort:
        return stopped()
    except BrokenPipeError:
        # The reader of our output (head, less) left; that is no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    # Door: one call of the command line. Anything unforeseen is told as our mistake, with its trace.
    except Exception as error:  # noqa: BLE001
        return unforeseen(error)
    # A command ends by itself (None) or by `typer.Exit`, whose code typer gives back here; Ctrl-C is 130.
    return stopped() if code == STOPPED else int(code or 0)


def unforeseen(error: Exception) -> int:
    """The machine's fault, or else ours."""
    if refused := refusal(error):
        tell(refused.message, refused.advice)
        return refused.exit_code
    if isinstance(error, UnicodeEncodeError) and (unread := next(filterfalse(_readable, sys.argv), "")):
        tell(f"{unread!a} is not written in UTF-8.", "Type it again, or set the terminal to UTF-8.")
        return Usage.exit_code
    traceback.print_exc()
    tell("This is a mistake in Common Ground, not in what you did.", "Report it with the lines above.")
    return BUG


def refusal(error: Exception) -> MachineRefused | None:
    """What to say where database or disk are at fault, and nobody's code; None for all else."""
    django = sys.modules.get("django.db.utils")  # a command that never asked for it need not wait for it here
    if django and isinstance(error, (django.OperationalError, django.InterfaceError)):
        what = "database"
    elif isinstance(error, OSError) and error.errno in _DISK:
        what = "disk"
    else:
        return None
    advice = "Look after its space, its rights and what else uses it, then say the same again; what was kept stays."
    return MachineRefused(f"The {what} refused: {error}.", advice=advice)


def _readable(argument: str) -> bool:
    """Whether an argument is text. A path need not be, so this is asked only of what went wrong."""
    return not any("\udc80" <= letter <= "\udcff" for letter in argument)


def stopped() -> int:
    """Ctrl-C is no failure of ours."""
    tell("Stopped.", "")
    return STOPPED


def tell(message: str, advice: str) -> None:
    """One or two lines on stderr."""
    print(f"commonground: {message}", file=sys.stderr)
    if advice:
        print(f"  {advice}", file=sys.stderr)
