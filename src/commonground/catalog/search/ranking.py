"""How well a dataset answers: the words as a tantivy query, with the weights of fields and wordings."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from tantivy import FieldType, Occur
from tantivy import Query as Clause

from commonground.catalog.search.query import FILTERS, Query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from commonground.catalog.search.aliases import Stems
    from commonground.catalog.search.index import Snapshot
    from commonground.catalog.search.wording import Unit, Wanted

WEIGHTS = {"title": 4.0, "keywords": 1.5, "columns": 0.8, "publisher_words": 1.0, "description": 1.0}
REST = 0.3
"""What the other fields add to the best one that has the word."""
OTHER, GUESS = 0.7, 0.6
"""What another wording, and a completed or corrected word, count against the word as typed."""
TOGETHER = 1.5
"""What two words side by side in a title add."""
CITY = 60.0
"""What being of a city named among the words adds: its datasets come first, the others stay."""
FIRST = 1_000.0
"""What keeps datasets with all the words before those with some of them."""
COLUMN = 6.0
"""What having a column adds whose name was typed (`violation_code`)."""
FEW_WORDS, ENOUGH = 2, 0.7
"""Up to so many words a dataset must have all, of more this share."""


def wanted_clause(wanted: Wanted, snapshot: Snapshot, *, loose: bool = False) -> Clause:
    """Everything that the words ask for. `loose` is content with any one of them."""
    make = _Maker(snapshot)
    if wanted.key:
        return Clause.const_score_query(make.term("key", wanted.key), 1.0)
    musts = [make.phrase(one) for one in wanted.phrases]
    units = [make.unit(one) for one in wanted.units]
    if units:
        needed = len(units) if len(units) <= FEW_WORDS else math.ceil(len(units) * ENOUGH)
        enough = Clause.boolean_query([(Occur.Should, one) for one in units], needed)
        musts.append(Clause.boolean_query([(Occur.Should, one) for one in units], 1) if loose else enough)
    cities = [Clause.const_score_query(make.term("city", one), CITY) for one in wanted.cities]
    if not musts:
        musts = [Clause.disjunction_max_query(cities)] if cities else [make.any_word(wanted.idle)]
    nice = [
        *cities,
        *make.neighbors(wanted.units),
        *make.columns(wanted.columns),
        *(make.word(one) for one in wanted.idle),
    ]
    if loose and units:
        nice.append(Clause.const_score_query(enough, FIRST))
    return Clause.boolean_query(
        [
            *((Occur.Must, one) for one in musts),
            *((Occur.Should, one) for one in nice),
            *((Occur.MustNot, make.phrase(one)) for one in wanted.excluded),
        ]
    )


def filter_clauses(query: Query, snapshot: Snapshot, *, but: str = "") -> list[Clause]:
    """The filters as clauses, without the one named `but`."""
    found = [
        Clause.term_set_query(snapshot.schema, name, list(getattr(query, name)))
        for name in FILTERS
        if getattr(query, name) and name != but
    ]
    if query.since and but != "since":
        start = int(datetime.combine(query.since, time(), UTC).timestamp())
        found.append(Clause.range_query(snapshot.schema, "updated", FieldType.Integer, lower_bound=start))
    if query.copies != "all" and has_copies(snapshot):
        copy = Clause.term_query(snapshot.schema, "copy", "1")
        found.append(Clause.boolean_query([(Occur.Must, Clause.all_query()), (Occur.MustNot, copy)]))
    return found


def has_copies(snapshot: Snapshot) -> bool:
    """Whether any dataset in the index repeats another one there."""
    return snapshot.searcher.doc_freq("copy", "1") > 0


def both(words: Clause, filters: Iterable[Clause]) -> Clause:
    """Words and filters; filters do not change the score."""
    silent = [(Occur.Must, Clause.const_score_query(one, 0.0)) for one in filters]
    return Clause.boolean_query([(Occur.Must, words), *silent]) if silent else words


class _Maker:
    """Makes clauses over one schema."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.schema = snapshot.schema

    def term(self, field: str, value: str) -> Clause:
        return Clause.term_query(self.schema, field, value)

    def word(self, stem: str) -> Clause:
        """One word in any field, the best field counting most."""
        some = [Clause.boost_query(self.term(field, stem), weight) for field, weight in WEIGHTS.items()]
        return Clause.disjunction_max_query(some, REST)

    def phrase(self, stems: Stems) -> Clause:
        """Words in this order, in any field."""
        if len(stems) == 1:
            return self.word(stems[0])
        phrases = ((Clause.phrase_query(self.schema, field, list(stems)), weight) for field, weight in WEIGHTS.items())
        return Clause.disjunction_max_query([Clause.boost_query(one, weight) for one, weight in phrases], REST)

    def all_words(self, stems: Stems) -> Clause:
        if len(stems) == 1:
            return self.word(stems[0])
        return Clause.boolean_query([(Occur.Must, self.word(one)) for one in stems])

    def any_word(self, stems: Iterable[str]) -> Clause:
        some = [self.word(one) for one in stems]
        return Clause.disjunction_max_query(some) if some else Clause.all_query()

    def unit(self, unit: Unit) -> Clause:
        """The words as typed, or what may stand for them; the best of these counts."""
        some = [self.all_words(unit.stems)]
        some += [Clause.boost_query(self.phrase(one), OTHER) for one in unit.others]
        some += [Clause.boost_query(self.word(one), GUESS) for one in unit.guesses]
        return Clause.disjunction_max_query(some) if len(some) > 1 else some[0]

    def neighbors(self, units: tuple[Unit, ...]) -> list[Clause]:
        """Neighboring words as neighbors in a title."""
        stems = [one for unit in units for one in unit.stems]
        pairs = list(dict.fromkeys(itertools.pairwise(stems)))
        return [Clause.boost_query(Clause.phrase_query(self.schema, "title", list(one), 1), TOGETHER) for one in pairs]

    def columns(self, names: Iterable[Stems]) -> list[Clause]:
        """Words of a column's name side by side."""
        return [Clause.boost_query(Clause.phrase_query(self.schema, "columns", list(one)), COLUMN) for one in names]
