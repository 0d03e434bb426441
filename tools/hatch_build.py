"""Keeps a wheel or an sdist from being built without what must be inside: assets and compiled translations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "src/commonground/pages/static/built/site.css"


class Complete(BuildHookInterface[Any]):
    """Stops an incomplete build. An editable install reads the checkout and needs nothing of it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface of hatchling
        """Raise `RuntimeError` naming the next step when something is missing."""
        if version == "editable":
            return
        root = Path(self.root)
        missing = [] if (root / BUILT).exists() else [BUILT]
        missing += [str(po.with_suffix(".mo")) for po in root.glob("src/**/*.po") if not po.with_suffix(".mo").exists()]
        if missing:
            raise RuntimeError(f"Not built yet: {', '.join(missing)}. Run `make assets`, then build again.")
