"""Questions in SQL from anybody, answered by a process of its own that may read published rows and nothing else.

    answer = ask(Catalog.of({"building_permits": paths}), "select city, count(*) from building_permits group by city")

`ask` gives an answer in memory, `export` writes one to a file in a form (JSON, CSV, Arrow, Parquet) in constant memory.
"""

from commonground.engine.query.asking import Answer, ask, export
from commonground.engine.query.catalog import Catalog, Source
from commonground.engine.query.forms import Form
from commonground.engine.query.limits import ANSWER, EXPORT, Limits
from commonground.engine.query.pool import Cancel, Pool, Told

__all__ = [
    "ANSWER",
    "EXPORT",
    "Answer",
    "Cancel",
    "Catalog",
    "Form",
    "Limits",
    "Pool",
    "Source",
    "Told",
    "ask",
    "export",
]
