"""The task of a trial: the text of a crosswalk on some of its city's rows, and the published one on the same rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from commonground.errors import CommonGroundError
from commonground.standards import files
from commonground.standards.crosswalk import Crosswalk
from commonground.tables.drafting.reading import read
from commonground.words import City

if TYPE_CHECKING:
    from commonground.tables.drafting.trial import Shelf, Trial

MOST_ROWS: Final = 50_000


@dataclass(frozen=True)
class Trying:
    """What to try. `before` is the published crosswalk, if there is one. Only parts on the `shelf` are read."""

    text: str
    standard: str
    city: City
    shelf: Shelf
    before: Crosswalk | None
    today: date
    shown: int = 20
    most: int = MOST_ROWS

    def work(self) -> dict[str, Any]:
        """What `attempt` gives, as `trial`, with `before` on the same rows; or the `faults` of the text, line by line."""
        from commonground.tables.drafting.trial import Trial, attempt  # builds rows, which pages do not

        found = read(self.text, {self.city.slug: self.city}, standard=self.standard, city=self.city.slug)
        if found.crosswalk is None:
            return {"faults": [{"line": one.line, "message": one.message} for one in found.faults]}
        with TemporaryDirectory(prefix="commonground-try-") as folder:
            trial = Trial(
                found.crosswalk,
                files.standard(self.standard, found.crosswalk.version),
                self.city,
                self.shelf,
                Path(folder),
                self.today,
                self.shown,
                self.most,
            )
            told: dict[str, Any] = {"faults": [], "trial": attempt(trial), "before": None}
        if self.before:
            told["before"] = self._before(trial)
        return told

    def _before(self, trial: Trial) -> dict[str, Any] | None:
        """The published crosswalk on the same rows; None where it cannot be tried."""
        from commonground.tables.drafting.trial import attempt

        assert self.before is not None
        with TemporaryDirectory(prefix="commonground-try-") as folder:
            agreed = files.standard(self.standard, self.before.version)
            try:
                return attempt(replace(trial, crosswalk=self.before, standard=agreed, folder=Path(folder), shown=0))
            except CommonGroundError:
                return None
