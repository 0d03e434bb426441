"""The door of the command line: every error becomes a plain message and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from functools import partial

import typer

from commonground.errors import CommonGroundError

BUG = 70
STOPPED = 130


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
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        tell("This is a mistake in Common Ground, not in what you did.", "Report it with the lines above.")
        return BUG
    # A command ends by itself (None) or by `typer.Exit`, whose code typer gives back here; Ctrl-C is 130.
    return stopped() if code == STOPPED else int(code or 0)


def stopped() -> int:
    """Ctrl-C is no failure of ours."""
    tell("Stopped.", "")
    return STOPPED


def tell(message: str, advice: str) -> None:
    """One or two lines on stderr."""
    print(f"commonground: {message}", file=sys.stderr)
    if advice:
        print(f"  {advice}", file=sys.stderr)
