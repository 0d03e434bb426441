"""What commands of overlap share: guesses that are in step with the catalog, and a sign of life meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from commonground.cli.home import ready
from commonground.cli.output import say


@contextmanager
def working(what: str) -> Iterator[None]:
    """Says what takes so long: one line, or in a terminal something that moves."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(what):
            yield
    else:
        say(what)
        yield


def up_to_date() -> None:
    """Make the home ready, and bring guesses to the newest harvest where they lag behind."""
    ready()
    from commonground.errors import Usage
    from commonground.overlap import tasks

    if tasks.lags():
        try:
            with working("Comparing what is new …"):
                tasks.compare()
        except Usage as error:
            say(f"{error.message} Answers are as of the comparison before.")
