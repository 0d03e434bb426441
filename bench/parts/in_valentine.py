"""Valentine's Coma (schema only) or Similarity Flooding, in an environment of its own: `in_valentine.py coma < pairs.json`.

In: a list of [columns of one, columns of the other], a column being [name, kind]. Out: seconds, the version, and for
each pair [[row, column, score], …].
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
import time
import warnings
from typing import Any

warnings.simplefilter("ignore")

KINDS = {"number": "float64", "time": "datetime64[ns]", "text": "object"}


def main() -> None:
    """Print one JSON document."""
    import pandas as pd
    from valentine import valentine_match
    from valentine.algorithms import Coma, SimilarityFlooding

    # A delta of 1 keeps all pairs, with which Coma does best.
    matcher: Any = Coma(delta=1.0) if sys.argv[1] == "coma" else SimilarityFlooding()
    start, found = time.perf_counter(), []
    for both in json.load(sys.stdin):
        places = [{name: at for at, (name, _) in reversed(list(enumerate(columns)))} for columns in both]
        frames = [
            pd.DataFrame({name: pd.Series(dtype=KINDS[kind]) for name, kind in reversed(columns)}) for columns in both
        ]
        told = valentine_match(frames, matcher, df_names=["a", "b"])
        pairs = []
        for pair, score in told.items():
            a, b = pair.source_column, pair.target_column
            if pair.source_table != "a":
                a, b = b, a
            pairs.append([places[0][a], places[1][b], float(score)])
        found.append(pairs)
    seconds = round(time.perf_counter() - start, 1)
    print(json.dumps({"version": importlib.metadata.version("valentine"), "seconds": seconds, "pairs": found}))


if __name__ == "__main__":
    main()
