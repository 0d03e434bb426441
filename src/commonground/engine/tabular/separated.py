"""CSV and its kin. Clean stretches are read by Arrow, the rest by Python's csv; both read every row alike."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from io import BufferedReader, TextIOWrapper
from itertools import islice
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
from pyarrow import compute
from pyarrow import csv as arrow_csv

from commonground.engine.tabular.decoding import Decoded
from commonground.engine.tabular.layout import MOST_CELL, Row, column_names, of_rows, table, whole
from commonground.engine.tabular.problems import Problems
from commonground.engine.tabular.ragged import Settled, Shape, doubtful, learn, settle, unclosed
from commonground.errors import FileRefused

DELIMITERS: Final = (",", "\t", ";", "|")
MOST_LINE: Final = 4 * MOST_CELL
"""Characters of one line."""
_END: Final = "\ufdd0end of the file\ufdd1"
"""A row put behind the last one: where it does not come back, a quotation mark swallowed it. No text may have these
two characters, which Unicode gives no meaning.
"""
_TAIL: Final = f"\n{_END}\n".encode()
_BLOCK: Final = 4 * 2**20
_LEARNED: Final = 2_000
"""Rows at the head from which the shape is learned."""
_AT_A_TIME: Final = 10_000
_MOST_ODD: Final = 50_000
"""Rows that fit no column which Arrow hands over before it gives a batch: a block of nothing else gives none."""


class Dirty(Exception):
    """Arrow cannot go on: a row longer than its block, or a quotation mark without an end."""


class Separated:
    """A CSV file. `opened` gives its bytes from the start. Raises `FileRefused` where its first row names nothing."""

    def __init__(self, name: str, opened: Callable[[], IO[bytes]], problems: Problems) -> None:
        self._name, self._opened, self._problems = name, opened, problems
        self._quick = True
        self._breaks, self._paired = -1, False
        header, delimiter = self._header()
        self.names = column_names(header, name)
        self._shape = Shape(len(header), delimiter)
        with self._text(Problems()) as text:
            rows = [one for _, _, found in islice(self._slowly(text, self._shape), _LEARNED) for one in found]
        self._shape = learn([one.cells or one.raw for one in rows if not one.code], len(header), delimiter)

    @property
    def delimiter(self) -> str:
        """What stands between cells."""
        return self._shape.delimiter

    def tables(self) -> Iterator[pa.Table]:
        """All rows, as tables of our form."""
        column_names(self._first, self._name, self._problems)
        done = 0
        if self._quick and len(self.names) > 1:
            try:
                for one in self._quickly():
                    done += one.num_rows
                    yield one
            except Dirty:
                self._quick = False
            else:
                return
            self._problems.forget("encoding", "nul")  # the bytes are decoded again
        self._problems.before = done
        yield from self._read(done)

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """In which line of the file each of these rows begins."""
        if self._breaks == 0:
            return {one: one + 1 for one in rows}
        wanted, last, found = set(rows), max(rows, default=0), {}
        if self._paired:
            return self._by_quotes(wanted, last)
        with self._text(Problems()) as text:
            for number, line, settled in self._slowly(text, self._shape):
                found.update({number + n: line + one.line for n, one in enumerate(settled) if number + n in wanted})
                if number > last:
                    break
        return found

    def _by_quotes(self, wanted: set[int], last: int) -> dict[int, int]:
        """As `lines`, ten times as quick: where no cell has a quotation mark, those of the file all come in pairs."""
        found, row, within = {}, -1, False
        with self._text(Problems()) as text:
            for number, line in enumerate(text, 1):
                if not within and line.strip("\r\n"):
                    row += 1
                    if row in wanted:
                        found[row] = number
                    if row >= last:
                        break
                within ^= line.count('"') % 2 == 1
        return found

    def _header(self) -> tuple[list[str], str]:
        """The first row that says anything, and the delimiter with which it has the most cells."""
        found = []
        for delimiter in DELIMITERS:
            with self._text(Problems()) as text:
                rows = csv.reader(_Lines(text, self._name), delimiter=delimiter)
                try:
                    found.append((next((one for one in rows if "".join(one).strip()), []), delimiter))
                except csv.Error as error:
                    message = f"The first row of {self._name} is no row of a CSV file: {error}."
                    raise FileRefused(message, advice="Export it again as CSV.") from None
        header, delimiter = max(found, key=lambda one: len(one[0]))
        if header in ([], [_END]):
            message = f"Row 1 of {self._name} names no columns."
            raise FileRefused(message, advice="Put the names of the columns into the first row.")
        self._first = header
        return header, delimiter

    def _text(self, problems: Problems) -> TextIOWrapper:
        decoded = Decoded(self._opened(), problems, tail=_TAIL)
        return TextIOWrapper(BufferedReader(decoded), "utf-8", errors="replace", newline="")

    # The slow way, which is the one that is right by definition.

    def _read(self, done: int) -> Iterator[pa.Table]:
        held: list[Row] = []
        size = 0
        with self._text(self._problems) as text:
            for number, line, settled in self._slowly(text, self._shape):
                for n, one in enumerate(settled):
                    if number + n > done:
                        held.append(self._told(number + n, line + one.line, one))
                        size += sum(map(len, one.raw))
                if len(held) >= _AT_A_TIME or size > 4 * _BLOCK:
                    yield of_rows(self.names, held)
                    held, size = [], 0
        yield of_rows(self.names, held)

    def _slowly(self, text: TextIOWrapper, shape: Shape) -> Iterator[tuple[int, int, list[Settled]]]:
        """The number and the line of each row, and what became of it; the header is left out."""
        lines = _Lines(text, self._name)
        number, headed = 1, False
        for cells, first, taken in _rows(lines, shape.delimiter):
            if not headed:
                headed = bool(cells is None or "".join(cells).strip())
                continue
            if cells is None:
                found = unclosed(taken, shape)
            elif len(cells) == shape.width and not doubtful(cells, taken):
                found = [Settled(cells, cells, "", "")]
            else:
                found = settle(taken, shape) if cells else []
            yield number, first, found
            number += len(found)

    def _told(self, number: int, line: int, one: Settled) -> Row:
        if one.code:
            sample = self.delimiter.join(one.raw[:50])
            self._problems.add(one.code, one.detail, row=number, line=line, sample=sample)
        return _row(number, one)

    def _given(self, held: list[pa.Table], numbering: _Numbering) -> Iterator[pa.Table]:
        """What was held back, and now that it is sure to be given, what is wrong in it."""
        for number, one in numbering.odd:
            self._told(number, 0, one)
        numbering.odd = []
        yield from held

    # The quick way: Arrow reads, and hands rows that do not fit to the same rules.

    def _quickly(self) -> Iterator[pa.Table]:
        odd: list[tuple[int, str]] = []
        decoded = Decoded(self._opened(), self._problems, tail=_TAIL)
        places = [f"c{place}" for place in range(len(self.names))]

        def skip(row: Any) -> str:  # noqa: ANN401 - Arrow's InvalidRow has no public type
            odd.append((row.number, row.text))
            return "skip" if len(odd) < _MOST_ODD else "error"  # the slow way holds only a few at a time

        numbering = _Numbering()
        paired, met = True, False
        held: list[pa.Table] = []
        try:
            with arrow_csv.open_csv(
                pa.PythonFile(decoded, mode="r"),
                arrow_csv.ReadOptions(column_names=places, use_threads=False, block_size=_BLOCK),
                arrow_csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=skip),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            ) as reader:
                for batch in reader:
                    yield from self._given(held, numbering)
                    paired &= not _doubtful(batch)
                    met |= any(text.rstrip("\r\n") != _END for _, text in odd)
                    held = [self._numbered(batch, odd, numbering)]
        except pa.ArrowInvalid:
            raise Dirty from None
        if not odd or odd.pop()[1].rstrip("\r\n") != _END:
            raise Dirty
        yield from self._given(held, numbering)
        self._paired = paired and not odd and not met
        rest = [one for _, text in odd for one in settle(text, self._shape)]
        yield of_rows(self.names, [self._told(numbering.row + n, 0, one) for n, one in enumerate(rest)])
        if decoded.lines + decoded.open == numbering.row + len(rest) and not decoded.lone:
            self._breaks = 0  # the header and the rows are as many as the lines

    def _numbered(self, batch: pa.RecordBatch, odd: list[tuple[int, str]], numbering: _Numbering) -> pa.Table:
        """A batch with the numbers of its rows, and with the odd rows that stand among them."""
        last = numbering.raw + batch.num_rows - 1
        among = 0
        while among < len(odd) and odd[among][0] <= last:
            among, last = among + 1, last + 1
        here, odd[:among] = odd[:among], []
        if numbering.raw == 1 and (among == 0 or here[0][0] != 1):
            batch = batch.slice(1)  # the header
        elif numbering.raw == 1:
            raise Dirty  # the first row is blank, and the header comes later
        first, numbering.raw = max(numbering.raw, 2), last + 1
        if not here:
            rows = pa.array(np.arange(numbering.row, numbering.row + batch.num_rows))
            numbering.row += batch.num_rows
            return table(self.names, batch.columns, rows)
        settled = [settle(text, self._shape) for _, text in here]
        sizes = np.array([len(one) for one in settled])
        theirs = np.array([number for number, _ in here])
        raw = np.setdiff1d(np.arange(first, last + 1), theirs, assume_unique=True)
        grown = np.concatenate([[0], np.cumsum(sizes - 1)])
        start = numbering.row - first
        ours = raw + start + grown[np.searchsorted(theirs, raw)]
        numbering.odd = [
            (int(number + start + grown[n]) + m, one)
            for n, number in enumerate(theirs)
            for m, one in enumerate(settled[n])
        ]
        numbering.row += batch.num_rows + int(sizes.sum())
        put = of_rows(self.names, [_row(number, one) for number, one in numbering.odd])
        both = pa.concat_tables([table(self.names, batch.columns, pa.array(ours)), put])
        return both.combine_chunks().take(compute.sort_indices(both, sort_keys=[("_row", "ascending")]))


def _doubtful(batch: pa.RecordBatch) -> bool:
    """Whether cells have quotation marks in them. Raises `Dirty` where a row has a line end in its cells as well: the
    slow way looks closer at it.
    """
    quoted = _where(batch, '"')
    if quoted is None:
        return False
    for end in "\n\r":
        broken = _where(batch, end)
        if broken is not None and compute.any(compute.and_(quoted, broken)).as_py():
            raise Dirty
    return True


def _where(batch: pa.RecordBatch, mark: str) -> pa.BooleanArray | None:
    """In which rows this character is; None where it is in none."""
    sought = mark.encode()
    # Looking through a column's bytes at once is quick, and mostly all that is needed.
    with_it = [one for one in batch.columns if (text := one.buffers()[2]) and sought in text.to_pybytes()]
    found = [compute.match_substring(one, mark) for one in with_it]
    return reduce(compute.or_, found) if found else None


def _row(number: int, one: Settled) -> Row:
    return number, one.cells, None if one.cells is not None else whole(one.raw)


class _Numbering:
    """Where reading is: `raw` counts rows as Arrow does, `row` as we do; both are those of the next row. `odd` are rows
    among the last ones that Arrow did not take.
    """

    def __init__(self) -> None:
        self.raw, self.row = 1, 1
        self.odd: list[tuple[int, Settled]] = []


def _rows(lines: _Lines, delimiter: str) -> Iterator[tuple[list[str] | None, int, str]]:
    """Each row with its first line and its text; None for the cells of a line that opens a quotation mark for good."""
    ended = False
    while not ended:
        try:
            for cells in csv.reader(lines, delimiter=delimiter):
                swallowed = lines.ends and cells != [_END]
                if swallowed:
                    break
                if lines.ends:
                    return
                first, taken = lines.taken()
                yield cells, first, taken
            else:
                ended = True
                continue
        except csv.Error:
            pass  # the row is too long
        yield None, *lines.only_first()


class _Lines:
    """Lines of a text, remembered as long as they are of one row. Raises `csv.Error` where a row is too long."""

    def __init__(self, text: TextIOWrapper, name: str) -> None:
        self._text, self._name = text, name
        self._held: list[str] = []
        self._size = 0
        self._first, self._next = 1, 1
        self._again: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._text.readline(MOST_LINE)
        if not line:
            raise StopIteration
        self._next += 1
        self._held.append(line)
        self._size += len(line)
        if self._size > MOST_CELL:
            if len(line) > MOST_CELL:
                message = f"Line {self._next - 1:,} of {self._name} has more than {MOST_CELL // 2**20} MiB."
                raise FileRefused(message, advice="Correct that line: no value is so long.")
            raise csv.Error
        return line

    @property
    def ends(self) -> bool:
        """Whether the last line that was given is the one behind the end."""
        return bool(self._held) and self._held[-1].endswith(f"{_END}\n")

    def taken(self) -> tuple[int, str]:
        """The number of the first line of the row that was read, and its text."""
        first, text = self._first, "".join(self._held)
        self._first, self._held, self._size = self._next, [], 0
        return first, text

    def only_first(self) -> tuple[int, str]:
        """The first line of the row that was being read; the lines below it are read again."""
        first, (line, *rest) = self._first, self._held
        self._again.extend(reversed(rest))
        self._first = self._next = first + 1
        self._held, self._size = [], 0
        return first, line
