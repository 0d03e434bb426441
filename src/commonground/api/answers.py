"""Answers that are kept for a while, and equal questions at the same time answered once.

In each process of the server, and no more than so many bytes: what was not asked for longest goes first. A key names all
that an answer depends on, the state of the tables too, so that nothing has to be thrown away when they change.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Final, Generic, TypeVar

from commonground.engine.query import Cancel
from commonground.errors import CommonGroundError, TooLong

KEPT: Final = 32 * 2**20
"""Bytes of all answers that are kept: those of the page, and as many of its other forms."""
LARGEST: Final = 2**20
"""Bytes of an answer that is kept; a larger one goes only to those who wait for it."""
_LOOK: Final = 0.05
Made = TypeVar("Made")


@dataclass
class _Flight(Generic[Made]):
    """A question that is being answered, for whoever waits."""

    done: Event = field(default_factory=Event)
    made: Made | None = None
    error: CommonGroundError | None = None
    called_off: bool = False


class Answers(Generic[Made]):
    """What was made for each key; `size` gives its bytes, None for what may not be kept."""

    def __init__(self, size: Callable[[Made], int | None], kept: int = KEPT, largest: int = LARGEST) -> None:
        self._size = size
        self._most = kept
        self._largest = largest
        self._kept: OrderedDict[str, tuple[Made, int]] = OrderedDict()
        self._flights: dict[str, _Flight[Made]] = {}
        self._lock = Lock()
        self.bytes = 0
        """Of all that is kept."""

    def of(self, key: str, make: Callable[[], Made], cancel: Cancel) -> Made:
        """What is kept, what another one makes just now, or what `make` gives.

        Raises what `make` raised, also to those who waited, and `TooLong` where `cancel` calls it off. Where the one
        who asked first calls it off, the next one makes it.
        """
        while True:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key][0]
                flight = self._flights.get(key)
                if flight is None:
                    mine = self._flights[key] = _Flight()
            if flight is None:
                return self._made(key, mine, make, cancel)
            while not flight.done.wait(_LOOK):
                if cancel():
                    raise TooLong("The question was called off.", advice="Ask it again when you want.")
            if flight.error and not flight.called_off:
                raise flight.error
            if flight.made is not None:
                return flight.made

    def _made(self, key: str, mine: _Flight[Made], make: Callable[[], Made], cancel: Cancel) -> Made:
        try:
            mine.made = make()
        except CommonGroundError as error:
            mine.error, mine.called_off = error, cancel()
            raise
        finally:
            with self._lock:
                del self._flights[key]
                if mine.made is not None:
                    self._keep(key, mine.made)
            mine.done.set()
        return mine.made

    def _keep(self, key: str, made: Made) -> None:
        size = self._size(made)
        if size is None or size > self._largest:
            return
        self._kept[key] = made, size
        self.bytes += size
        while self.bytes > self._most:
            _, (_, gone) = self._kept.popitem(last=False)
            self.bytes -= gone
