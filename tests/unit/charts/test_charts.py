"""Charts of whatever values: sound SVG that says what the series say, and a table that equals them."""

from __future__ import annotations

import math
import struct
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.pages.charts import Chart, Series, numbers, panels, picture, png
from commonground.pages.charts.amounts import brief, steps, told, wording
from commonground.pages.charts.marks import marks
from commonground.pages.charts.model import Form, Measure

SVG = "{http://www.w3.org/2000/svg}"
CITIES = tuple(marks())
FORMS: tuple[Form, ...] = ("panels", "lines", "bars")
MEASURES: tuple[Measure, ...] = ("count", "percent", "rate", "money")
HOURS = Chart(
    title="At what hour: fewest before dawn",
    description="The share of each city's rows by hour.",
    unit="Percent of rows, by hour",
    x_label="Hour",
    series=(
        Series("Boston", (("0:00", 2.0), ("6:00", 1.0), ("12:00", 8.9), ("18:00", None)), "boston", "BOS"),
        Series("Chicago & more", (("0:00", 3.0), ("6:00", None), ("12:00", 4.0), ("18:00", 5.0)), "chicago", "CHI"),
    ),
    source="Crime incidents 1.0.0",
    remainder_note="1,750 rows have no time of day.",
    measure="percent",
)

values = st.one_of(st.none(), st.floats(), st.integers(-(10**18), 10**18), st.just(0), st.floats(0, 100))
labels = st.one_of(st.lists(st.text(max_size=40), unique=True), st.lists(st.dates(), unique=True))


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    """Any chart: no series, no points, one point, words or days, values that no screen can show."""
    series = tuple(
        Series(draw(st.text(max_size=30)), tuple((label, draw(values)) for label in draw(labels)), city)
        for city in draw(st.lists(st.sampled_from([*CITIES, "philadelphia"]), unique=True, max_size=3))
    )
    words = st.text(max_size=60)
    return Chart(
        title=draw(words),
        description=draw(words),
        unit=draw(words),
        x_label=draw(words),
        series=series,
        source=draw(words),
        remainder_note=draw(words),
        form=draw(st.sampled_from(FORMS)),
        measure=draw(st.sampled_from(MEASURES)),
    )


def numbers_in(root: ET.Element) -> list[float]:
    """The values of the attributes that place things."""
    names = ("x", "y", "x1", "y1", "cx", "cy", "width", "height")
    return [float(each.attrib[name]) for each in root.iter() for name in names if name in each.attrib]


@given(charts(), st.booleans())
def test_any_chart_is_sound_svg_within_its_frame(chart: Chart, narrow: bool) -> None:  # noqa: FBT001 - given
    whole = picture(chart, narrow=narrow)
    for drawn in (whole, *(panel.svg() for panel in panels(chart, narrow=narrow))):
        root = ET.fromstring(drawn)
        assert root.attrib["role"] == "img"
        assert root.find(f"{SVG}title") is not None
        assert all(abs(each) < 100_000 for each in numbers_in(root))
        geometry = " ".join(f"{each.get('d')} {each.get('transform')}" for each in root.iter())
        assert "nan" not in geometry.lower()
        assert "inf" not in geometry.lower()


@given(charts())
def test_the_table_equals_the_series(chart: Chart) -> None:
    table = numbers(chart)
    assert table.header == (chart.x_label, *(each.name for each in chart.series))
    assert len(table.rows) == len(table.told) == len(chart.labels())
    for column, each in enumerate(chart.series, start=1):
        by_label = dict(each.points)
        for label, row, said in zip(chart.labels(), table.rows, table.told, strict=True):
            value = by_label.get(label)
            assert row[column] is value or value is None or row[column] == value or math.isnan(value)
            assert (said[column] == "Not known") == (value is None or not math.isfinite(value))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, max_value=1e300, min_value=-1e300)))
def test_an_axis_holds_zero_and_all_values(given_values: list[float]) -> None:
    marks_ = steps(given_values, "rate")
    assert 0.0 in marks_
    assert 2 <= len(marks_) <= 5
    assert list(marks_) == sorted(set(marks_))
    reach = marks_[-1] - marks_[0]
    for value in given_values:
        assert marks_[0] - reach * 1e-6 <= value <= marks_[-1] + reach * 1e-6


@pytest.mark.parametrize(
    ("given_values", "measure", "expected"),
    [
        ([8.9, 1.0], "percent", (0, 3, 6, 9)),
        ([3, 1], "count", (0, 1, 2, 3)),
        ([69_940], "count", (0, 25_000, 50_000, 75_000)),
        ([-4, 4], "rate", (-4, -2, 0, 2, 4)),
        ([], "count", (0, 1)),
    ],
)
def test_the_steps_of_an_axis_are_round(
    given_values: list[float], measure: Measure, expected: tuple[float, ...]
) -> None:
    assert steps(given_values, measure) == pytest.approx(expected)


def test_a_panel_draws_its_own_line_over_the_others_and_names_its_top() -> None:
    boston, chicago = panels(HOURS)
    root = ET.fromstring(boston.svg())
    own = [each for each in root.iter(f"{SVG}path") if each.get("stroke-width") == "2.5"]
    assert len(own) == 1
    assert own[0].get("stroke") == "#0f6460"
    assert "12:00, 8.9%" in [each.text for each in root.iter(f"{SVG}text")]
    assert root.find(f"{SVG}desc") is not None
    assert "highest 8.9% (12:00), lowest 1.0% (6:00)" in boston.description
    # Chicago's line is broken where its value is not known: a point, then a line.
    strokes = ET.fromstring(chicago.svg()).iter(f"{SVG}path")
    assert sum(each.get("stroke-width") == "2.5" for each in strokes) == 2


def test_cities_in_one_plot_have_markers_and_names() -> None:
    (one,) = panels(replace(HOURS, form="lines"))
    drawn = [each.text for each in ET.fromstring(one.svg()).iter(f"{SVG}text")]
    assert {"Boston", "Chicago & more"} <= set(drawn)
    for city in ("boston", "chicago"):
        assert marks()[city].color in one.body


def test_more_cities_get_small_panels_and_not_more_colors() -> None:
    stranger = Series("Philadelphia", (("0:00", 1.0),), "philadelphia")
    chart = replace(HOURS, form="lines", series=(*HOURS.series, stranger))
    assert len(panels(chart)) == 3
    assert "Philadelphia" in picture(chart)


def test_bars_say_each_value_and_what_is_not_known() -> None:
    chart = replace(HOURS, form="bars", series=HOURS.series[:1], measure="money")
    (one,) = panels(chart)
    root = ET.fromstring(one.svg())
    assert [each.text for each in root.iter(f"{SVG}text")] == [
        "0:00", "$2", "6:00", "$1", "12:00", "$9", "18:00", "Not known",
    ]  # fmt: skip
    lengths = [float(each.attrib["width"]) for each in root.iter(f"{SVG}rect")]
    assert lengths == pytest.approx([lengths[2] * share for share in (2 / 8.9, 1 / 8.9, 1)], abs=0.1)


def test_days_stand_by_time_and_years_by_their_name() -> None:
    years = tuple((date(year, 1, 1), float(year)) for year in (2010, 2011, 2020))
    (one,) = panels(replace(HOURS, series=(Series("Boston", years),)))
    places = [(each.text, float(each.attrib["x"])) for each in ET.fromstring(one.svg()).iter(f"{SVG}text")]
    at = {word: x for word, x in places if word in {"2010", "2020"}}
    assert at["2010"] < 50
    assert at["2020"] > 200
    assert wording([date(2021, 3, 1), date(2021, 4, 1)])(date(2021, 3, 1)) == "Mar 2021"
    assert wording([date(2021, 3, 5)])(date(2021, 3, 5)) == "Mar 5, 2021"
    days = [date(2021, 1, 1) + timedelta(days=each) for each in range(3)]
    assert wording(days)(days[0]) == "Jan 1, 2021"


@pytest.mark.parametrize(
    ("value", "measure", "expected"),
    [
        (1234, "count", "1,234"),
        (0, "percent", "0.0%"),
        (0.04, "percent", "<0.1%"),
        (8.94, "percent", "8.9%"),
        (1250, "money", "$1,250"),
        (-1250, "money", "-$1,250"),
        (0.01, "rate", "0.01"),
        (0.0584, "rate", "0.058"),
        (0.00001, "rate", "<0.0001"),
        (None, "count", "Not known"),
        (float("nan"), "count", "Not known"),
    ],
)
def test_values_are_told_as_the_look_says(value: float | None, measure: Measure, expected: str) -> None:
    assert told(value, measure) == expected


def test_axes_are_brief() -> None:
    assert [brief(each, "count") for each in (300, 12_000, 1_500_000, 3e9)] == ["300", "12k", "1.5M", "3B"]
    assert brief(-250_000, "money") == "-$250k"


def test_a_png_has_the_size_of_the_picture() -> None:
    drawn = picture(HOURS)
    root = ET.fromstring(drawn)
    made = png(drawn, scale=2)
    assert made.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", made[16:24]) == (2 * int(root.attrib["width"]), 2 * int(root.attrib["height"]))


def test_ten_years_of_days_of_seven_cities_are_drawn_quickly() -> None:
    days = tuple((date(2010, 1, 1) + timedelta(days=each), float(each % 97)) for each in range(3650))
    chart = replace(HOURS, series=tuple(Series(city, days, city) for city in CITIES))
    began = time.process_time()
    panels(chart)
    numbers(chart)
    assert time.process_time() - began < 3
