"""The screen of free text before publication: telephone numbers and e-mail addresses are masked, and counted.

Telephone numbers are found by libphonenumber (the package phonenumbers), which knows how numbers are written; e-mail
addresses by the form that browsers accept. Names of persons cannot be told from other words: no standard has a field
for them, and free text keeps them where a city wrote them, so cities are asked to leave such columns out.
"""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from commonground.engine.clean.texts import coded

MASK: Final = "█████"
_UNSEEN: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Characters that take no room, which hide an address from a search and not from its reader."""
_EMAIL: Final = re.compile(
    rf"[\w.+{_UNSEEN}-]{{1,64}}[@＠](?:[\w{_UNSEEN}-]{{1,80}}[.．。]){{1,8}}[\w{_UNSEEN}-]{{2,80}}"
)
"""Each part is bounded, so that a long text without a space does not take minutes."""
_CANDIDATE: Final = r"[@＠]|\p{Nd}[^A-Za-z]{0,3}\p{Nd}{2}[^A-Za-z]{0,3}\p{Nd}{3}[^A-Za-z]{0,3}\p{Nd}{4}"
"""What may have either in it; all other texts are not looked at again."""


def screen(texts: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """The texts with telephone numbers and e-mail addresses masked, and how many of them were changed."""
    # The same answer is given to many requests, so each text is looked at once.
    every = coded(texts).combine_chunks()
    words = every.dictionary
    suspect = pc.fill_null(pc.match_substring_regex(words, _CANDIDATE), fill_value=False)
    if not pc.any(suspect).as_py():
        return texts, 0
    before = words.filter(suspect).to_pylist()
    after = [masked_text(one) for one in before]
    screened = pc.replace_with_mask(words, suspect, pa.array(after, words.type))
    changed = pc.sum(pc.not_equal(screened, words).take(every.indices)).as_py()
    return (pa.chunked_array([screened.take(every.indices)]), changed) if changed else (texts, 0)


def masked_text(text: str) -> str:
    """One text with telephone numbers of the United States and e-mail addresses masked."""
    from phonenumbers import PhoneNumberMatcher

    found = _EMAIL.sub(MASK, text)
    spans = [(one.start, one.end) for one in PhoneNumberMatcher(found, "US")]
    for start, end in reversed(spans):
        found = found[:start] + MASK + found[end:]
    return found
