"""The door of the command line: every error becomes a plain message and an exit code."""

from __future__ import annotations

import os
import sys
import traceback

import click
import typer

from commonground.errors import CommonGroundError

BUG = 70
STOPPED = 130


def run(app: typer.Typer) -> int:
    """Run one command. Errors of ours keep their exit code; a bug is 70 and asks to be reported."""
    try:
        app(standalone_mode=False)
    except CommonGroundError as error:
        tell(error.message, error.advice)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        tell("Stopped.", "")
        return STOPPED
    except BrokenPipeError:
        # The reader of our output (head, less) left; that is no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except click.exceptions.Exit as error:
        return error.exit_code
    # Door: one call of the command line. Anything unforeseen is told as our mistake, with its trace.
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        tell("This is a mistake in Common Ground, not in what you did.", "Report it with the lines above.")
        return BUG
    return 0


def tell(message: str, advice: str) -> None:
    """One or two lines on stderr."""
    print(f"commonground: {message}", file=sys.stderr)
    if advice:
        print(f"  {advice}", file=sys.stderr)
