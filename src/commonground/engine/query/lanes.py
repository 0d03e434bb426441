"""Whose turn it is: prompt questions in one lane, exports and what takes long in another, so that neither waits for it.

A question begins in the prompt lane. After `PROMPT` seconds it goes over to the patient one where that has room, and
its process makes way for others; exports begin there. In each lane the next turn goes to whoever has the fewest.
"""

from __future__ import annotations

from collections import Counter
from threading import Event, Lock
from typing import Final

PROMPT: Final = 2.0
"""Seconds after which a question is a long one."""
LINE: Final = 4
"""Questions that wait in the patient lane; another one is sent away at once, for whoever waits holds a thread."""


class Lane:
    """So many turns at once, and `line` who wait for one; any number where it is None."""

    def __init__(self, size: int, line: int | None = None) -> None:
        self._free = size
        self._line = line
        self._held: Counter[str] = Counter()
        self._waiting: list[tuple[str, Event]] = []
        self._lock = Lock()

    def take(self, who: str, patience: float) -> bool:
        """Wait for a turn; false when none came in so many seconds, or too many wait already."""
        mine = Event()
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                self._held[who] += 1
                return True
            if not patience or (self._line is not None and len(self._waiting) >= self._line):
                return False
            self._waiting.append((who, mine))
        if mine.wait(patience):
            return True
        with self._lock:
            if mine.is_set():  # it came at the last moment
                return True
            self._waiting.remove((who, mine))
            return False

    def give(self, who: str) -> None:
        """End a turn: the next one goes to whoever has the fewest, and of those to who waits longest."""
        with self._lock:
            self._held[who] -= 1
            self._held += Counter()  # forgets who has none
            if not self._waiting:
                self._free += 1
                return
            following = min(self._waiting, key=lambda one: self._held[one[0]])
            self._waiting.remove(following)
            self._held[following[0]] += 1
            following[1].set()


class Turn:
    """One question's turn. It can go over to the patient lane once, from another thread than the one that ends it."""

    def __init__(self, prompt: Lane, patient: Lane, who: str, *, long: bool) -> None:
        self._lanes = {False: prompt, True: patient}
        self._who = who
        self._lock = Lock()
        self._over = False
        self.long = long
        """Whether it is in the patient lane."""

    def begin(self, patience: float) -> bool:
        """Wait for it; false when it does not come."""
        return self._lanes[self.long].take(self._who, patience)

    def lengthen(self) -> bool:
        """Go over to the patient lane, if there is room in it; whether it is there now."""
        with self._lock:
            if not self.long and not self._over and self._lanes[True].take(self._who, 0):
                self._lanes[False].give(self._who)
                self.long = True
            return self.long

    def end(self) -> None:
        """Give it back."""
        with self._lock:
            self._over = True
            self._lanes[self.long].give(self._who)
