"""Build the search index of a home anew and print the seconds: `python bench/parts/rebuild.py`, start-up left out."""

from __future__ import annotations

import json
import time

from commonground.cli.home import ready


def main() -> None:
    """Print one JSON document."""
    ready()
    from commonground.catalog import index

    start = time.perf_counter()
    documents = index.rebuild()
    print(json.dumps({"documents": documents, "seconds": round(time.perf_counter() - start, 1)}))


if __name__ == "__main__":
    main()
