"""The task of a check: a file against a standard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonground.overlap.columns import personal
from commonground.standards import files
from commonground.standards.check import check_file
from commonground.words import City


@dataclass(frozen=True)
class Checking:
    """What to check. `samples` faults of each column and rule are shown."""

    path: Path
    standard: str
    version: str | None
    city: City | None
    samples: int = 10

    def work(self) -> dict[str, Any]:
        """The report as JSON, and as `rows` for a spreadsheet. Raises `FileRefused` for what cannot be read."""
        report = check_file(
            self.path,
            files.standard(self.standard, self.version),
            city=self.city,
            samples=self.samples,
            named=personal.among,
        )
        return {"report": report.as_form(), "rows": [list(one) for one in report.as_rows()]}
