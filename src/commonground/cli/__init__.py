"""The command `commonground`: one file a noun. Results go to stdout, talk and progress to stderr."""

from __future__ import annotations

import sys

from commonground.cli.app import app
from commonground.cli.door import run


def main() -> None:
    """The entry point: run one command and exit with its code."""
    sys.exit(run(app))
