"""All that a home says, without when it was said: equal for two homes that hold the same. Prints JSON:

COMMONGROUND_HOME=FOLDER python tests/processes/contents.py
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from typing import Any

from commonground.cli.home import ready


def contents() -> dict[str, Any]:
    """By table: rows in an order that does not depend on when they were written."""
    from commonground.catalog import browse, index
    from commonground.catalog.models import Checkpoint, Dataset, Event, Finding, Harvest, Move, Revision
    from commonground.work.models import Run

    facts = (
        *("key", "city", "title", "kind", "series", "parent", "updated", "due", "columns", "state", "same_as"),
        *("listed_hash", "form_hash", "incomplete", "reading", "revision__number"),
    )
    revisions = Revision.objects.order_by("dataset__key", "number").select_related("dataset")
    runs = browse.newest_harvests().values()
    return {
        "datasets": list(Dataset.objects.order_by("key").values_list(*facts)),
        "revisions": [(one.dataset.key, one.number, one.dialect, digest([one.raw, one.form])) for one in revisions],
        "findings": rows(
            Finding.objects.filter(closed=None), "portal", "native_id", "scope", "code", "place", "sample"
        ),
        "events": rows(Event.objects, "dataset__key", "kind", "detail"),
        "moves": rows(Move.objects, "old__key", "new__key", "state"),
        "runs": sorted((one.portal, one.outcome, one.declared, one.seen, one.held, one.findings) for one in runs),
        "index": sorted(index.opened().fingerprints().items()),
        "differing": index.compare()["differing"],
        "unfinished": [
            Harvest.objects.filter(outcome="running").count(),
            Run.objects.filter(state="running").count(),
            Checkpoint.objects.count(),
        ],
    }


def rows(found: Any, *names: str) -> list[Any]:
    """Those fields, sorted."""
    return sorted(map(list, found.values_list(*names)))


def digest(value: Any) -> str:
    """A hash of any JSON."""
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    ready()
    json.dump(contents(), sys.stdout, default=str)
