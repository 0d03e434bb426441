"""Subjects by any name, in the register or not, asked of all datasets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from commonground.overlap.matching.lexical import Scores
from commonground.overlap.matching.matcher import Matcher
from commonground.overlap.subjects import Register


class Asked:
    """A matcher that is asked for subjects by name: those of the register with all that it says of them, and with what
    persons confirmed for them (`members`, places of datasets by slug).
    """

    def __init__(
        self, matcher: Matcher, register: Register, members: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        self.matcher = matcher
        self._register = register
        self._members = members or {}
        self.pair_scores = matcher.pair_scores
        self.member_scores = matcher.member_scores

    @cached_property
    def _known(self) -> dict[str, Scores]:
        every = list(self._register.subjects.values())
        if not every or not self.matcher.keys:
            return {}
        found = self.matcher.register(every)
        found["members"] = np.zeros((len(every), len(self.matcher.keys)), np.float32)
        for row, one in enumerate(every):
            if one.slug in self._members:
                found["members"][row] = self.matcher.members(self._members[one.slug])
        odds = self.matcher.subjects.log_odds(found)
        return {one.slug: scores for one, scores in zip(every, odds, strict=True)}

    def subject_scores(self, name: str) -> Scores:
        """Log-odds that each dataset is about the subject of that name, be it in the register or not."""
        if not self.matcher.keys:
            return np.zeros(0, np.float32)
        found = self._register.find(name)
        return self._known[found.slug] if found else self.matcher.subject_scores(name.strip(), self._register)
