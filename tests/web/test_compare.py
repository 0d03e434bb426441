"""Cities side by side: which months count, what is said beside each number, in every form."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from commonground.tables.models import Part
from tests.tables.published import AT, Rows, publish
from tests.web.reading import said

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

PAGE = "/compare/building_permits"
TWO = "?city=boston&city=chicago"
APRIL = date(2014, 4, 1)


@pytest.fixture
def permits(home: None, tmp_path: Path) -> None:  # noqa: ARG001 - its settings are what is asked for
    """Boston through all of 2014 but April, Chicago from the middle of 2013 to the middle of March 2014, LA long after."""
    kinds = ("building", "electrical", "unmapped")
    publish(
        tmp_path,
        "building_permits",
        [
            Rows("boston", date(2014, 1, 1), date(2014, 12, 31), 2, kinds, without=[APRIL], undated=10, unplaced=5),
            Rows("chicago", date(2013, 7, 1), date(2014, 3, 14), 3, ("building", "demolition")),
            Rows("los_angeles", date(2020, 1, 1), date(2020, 1, 20)),
        ],
    )


def _json(client: Client, query: str) -> Any:
    answer = client.get(f"{PAGE}.json{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def _lines(form: Any) -> dict[str, list[float | None]]:
    """The numbers of the chart over time, by label."""
    return {row[0]: row[1:] for row in form["charts"]["time"]["rows"]}


@pytest.mark.usefixtures("permits")
def test_only_whole_months_have_a_number_and_gaps_are_not_zeros(client: Client) -> None:
    lines = _lines(_json(client, f"{TWO}&rate=0"))
    assert lines["2014-02-01"] == [56, 84]
    assert "2014-04-01" not in lines  # neither has a whole April: Boston no row, Chicago none at all
    assert lines["2014-03-01"] == [62, None]  # Chicago's rows end in the middle of March
    assert lines["2013-07-01"] == [None, 93]


@pytest.mark.usefixtures("permits")
def test_a_kind_without_rows_in_a_month_that_is_covered_is_zero(client: Client) -> None:
    lines = _lines(_json(client, f"{TWO}&rate=0&kind=electrical"))
    assert lines["2014-02-01"][1] == 0
    assert lines["2014-02-01"][0] in {18, 19}
    assert lines["2013-07-01"] == [None, 0]


def test_a_city_that_published_one_other_kind_alone_has_no_number(client: Client, home: None, tmp_path: Path) -> None:  # noqa: ARG001 - its settings are what is asked for
    year = (date(2014, 1, 1), date(2014, 12, 31))
    publish(
        tmp_path,
        "building_permits",
        [Rows("boston", *year, 2, ("building", "electrical")), Rows("chicago", *year, 3, ("demolition",))],
    )
    form = _json(client, f"{TWO}&rate=0&kind=electrical")
    assert all(chicago is None for _, chicago in _lines(form).values())
    assert form["comparable"]["months_whole_in_all"] == 0
    assert _lines(_json(client, f"{TWO}&rate=0"))["2014-02-01"] == [56, 84]


@pytest.mark.usefixtures("permits")
def test_a_rate_divides_by_the_residents_that_are_named(client: Client) -> None:
    form = _json(client, TWO)
    chicago = form["cities"][1]
    assert chicago["residents"]["year"] == 2020
    assert _lines(form)["2014-02-01"][1] == pytest.approx(1000 * 84 / chicago["residents"]["count"])
    assert "U.S. Census Bureau" in form["charts"]["time"]["source"]
    assert "2,746,388" in form["charts"]["time"]["source"]


@pytest.mark.usefixtures("permits")
def test_years_count_only_when_all_their_months_do(client: Client) -> None:
    form = _json(client, f"{TWO}&per=year")
    assert form["charts"]["time"]["rows"] == []
    assert any("no year is whole" in one for one in form["cities"][0]["cautions"])


@pytest.mark.usefixtures("permits")
def test_what_is_missing_stands_beside_each_city(client: Client) -> None:
    form = _json(client, TWO)
    boston = form["cities"][0]
    assert boston["remainder"]["issued_on"] == {"rows": 670, "missing": 10, "given": 670, "lost": 10}
    assert boston["remainder"]["latitude"]["missing"] == 5
    assert form["charts"]["time"]["remainder"].startswith("Missing: 10 of 1,441 rows do not say the day. Boston 10")
    assert "Not drawn, because their month is not whole: Chicago 42 (5.4%)." in form["charts"]["time"]["remainder"]
    assert any("of a kind that has no code yet" in one for one in boston["cautions"])


@pytest.mark.usefixtures("permits")
def test_rows_without_a_day_count_as_missing_when_days_are_asked_for(client: Client) -> None:
    form = _json(client, f"{TWO}&from=2014-02&to=2014-02")
    assert _lines(form).keys() == {"2014-02-01"}
    assert form["cities"][0]["remainder"]["issued_on"]["missing"] == 10
    told = form["charts"]["time"]["remainder"]
    assert told.startswith("Missing: 10 of 1,441 rows do not say the day. Boston 10 (1.5%).")
    assert "counted over rows of any day, of which 140 are in the time asked for" in told


@pytest.mark.usefixtures("permits")
def test_a_table_says_what_has_no_day_beside_the_rows_of_some_days(client: Client) -> None:
    page = client.get("/tables/building_permits?city=boston&from=2014-02&to=2014-02").content.decode()
    assert "Missing: 10 of 670 rows do not say the day." in page
    assert "counted over rows of any day, of which 56 are in the time asked for" in page


@pytest.mark.usefixtures("permits")
def test_months_cut_by_the_days_asked_for_are_not_drawn(client: Client) -> None:
    assert _lines(_json(client, f"{TWO}&from=2014-01-10&to=2014-03-20")).keys() == {"2014-02-01"}


@pytest.mark.usefixtures("permits")
def test_the_time_that_all_cover_is_offered(client: Client) -> None:
    form = _json(client, TWO)
    assert form["comparable"]["months_whole_in_all"] == 2
    assert (form["comparable"]["from"], form["comparable"]["to"]) == ("2014-01-01", "2014-02-28")
    assert form["comparable"]["cautions"] == ["These cities cover different times. 2 months are whole in all of them."]
    text = client.get(f"{PAGE}{TWO}").content.decode()
    assert "from=2014-01-01&amp;to=2014-02-28" in text
    aligned = _json(client, f"{TWO}&from=2014-01-01&to=2014-02-28")
    assert aligned["comparable"]["cautions"] == []


@pytest.mark.usefixtures("permits")
def test_cities_without_a_common_month_are_said_to_be_so_and_none_is_dropped(client: Client) -> None:
    query = "?city=chicago&city=los_angeles"
    form = _json(client, query)
    assert form["comparable"]["cautions"][0].startswith(
        "No month is whole in all of these cities: Chicago from Jul 1, 2013"
    )
    assert form["charts"]["time"]["columns"] == ["Month", "Chicago", "Los Angeles"]
    assert form["cities"][1]["per_1000_residents"] is None
    text = client.get(f"{PAGE}{query}").content.decode()
    assert "Only from Jan 1, 2020 to Jan 20, 2020: no month is whole, so none is drawn." in text


@pytest.mark.usefixtures("permits")
def test_cities_stand_by_name_whatever_their_numbers(client: Client) -> None:
    form = _json(client, "?city=los_angeles&city=chicago&city=boston")
    assert [one["city"] for one in form["cities"]] == ["boston", "chicago", "los_angeles"]
    assert form["charts"]["kind"]["columns"][1:] == ["Boston", "Chicago", "Los Angeles"]


@pytest.mark.usefixtures("permits")
def test_the_csv_has_the_remainder_in_each_line(client: Client) -> None:
    answer = client.get(f"{PAGE}.csv{TWO}")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    february = next(one for one in rows if (one["figure"], one["city"], one["label"]) == ("time", "boston", "2014-02"))
    assert (february["rows"], february["rows_of_city"], february["rows_missing"]) == ("56", "670", "10")
    assert float(february["per_1000_residents"]) == pytest.approx(1000 * 56 / 675647, abs=1e-4)
    assert february["residents_year"] == "2020"
    kinds = [one for one in rows if one["figure"] == "kind" and one["city"] == "chicago"]
    assert sum(float(one["percent_of_rows"]) for one in kinds) == pytest.approx(100, abs=0.01)


@pytest.mark.usefixtures("permits")
@pytest.mark.parametrize("name", ["time", "kind", "map"])
def test_every_figure_is_a_file_and_a_frame_with_the_state_of_the_page(client: Client, name: str) -> None:
    query = f"{TWO}&kind=building&from=2014-01-01&rate=0"
    page = client.get(f"{PAGE}{query}").content.decode()
    shown = "city=boston&amp;city=chicago&amp;kind=building&amp;from=2014-01-01&amp;per=month&amp;rate=0"
    for form, media in [
        ("svg", "image/svg+xml; charset=utf-8"),
        ("png", "image/png"),
        ("csv", "text/csv; charset=utf-8"),
    ]:
        assert f'"{PAGE}/{name}.{form}?{shown}"' in page
        answer = client.get(f"{PAGE}/{name}.{form}{query}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, media)
    frame = client.get(f"{PAGE}/{name}/embed{query}")
    assert "frame-ancestors *" in frame.headers["Content-Security-Policy"]
    assert f"{PAGE}?{shown}" in frame.content.decode()


@pytest.mark.usefixtures("permits")
@pytest.mark.parametrize("name", ["time", "kind", "map"])
@pytest.mark.parametrize("form", [".svg", "/embed"])
def test_a_figure_that_is_taken_away_says_what_its_page_says(client: Client, name: str, form: str) -> None:
    query = f"{TWO}&kind=building&from=2014-01-10&to=2014-04-30"
    words = said(re.sub("</text><text[^>]*>", " ", client.get(f"{PAGE}/{name}{form}{query}").content.decode()))
    assert "Building permits: " in words
    assert "Boston, Chicago. " in words
    assert ("Only “Building”." in words) is (name != "kind")  # shares are of the rows of any kind
    assert "From Jan 10, 2014 to Apr 30, 2014." in words
    assert "These cities cover different times. 2 months are whole in all of them." in words
    assert "Boston: 1 month between its first and its newest day has no row at all." in words
    assert "Licenses: Boston, PDDL-1.0 (https://opendatacommons.org/licenses/pddl/1-0/);" in words
    assert "&from=2014-01-10&to=2014-04-30&per=month&rate=1&release=1" in words.replace(" ", "")


@pytest.mark.usefixtures("permits")
def test_a_figure_of_a_table_says_where_it_is_from_too(client: Client) -> None:
    picture = client.get("/tables/building_permits/figures/time.svg?city=boston&kind=electrical").content.decode()
    words = said(re.sub("</text><text[^>]*>", " ", picture))
    assert "Building permits: Rows by month" in words
    assert "Only “Electrical”. From Jan 1, 2014 to Dec 31, 2014." in words
    assert "Licenses: Boston, PDDL-1.0" in words
    assert "/tables/building_permits?city=boston&kind=electrical&release=1" in words.replace(" ", "")


@pytest.mark.usefixtures("permits")
def test_a_release_can_be_cited_for_ever(client: Client, tmp_path: Path) -> None:
    publish(
        tmp_path,
        "building_permits",
        [Rows(one, date(2021, 1, 1), date(2021, 3, 31)) for one in ("boston", "chicago")],
        number=2,
    )
    first, newest = _json(client, f"{TWO}&release=1"), _json(client, TWO)
    assert (first["release"], newest["release"]) == (1, 2)
    assert first["cities"][0]["rows"] == 670
    assert first["url"].endswith("&release=1")
    assert first["url"] in first["citation"]
    assert "release 1 of 2026-11-23" in first["citation"]
    assert "PDDL-1.0 (https://opendatacommons.org/licenses/pddl/1-0/)" in first["citation"]
    assert "release=1" in client.get(f"{PAGE}{TWO}&release=1").content.decode().split("Take along")[1]


@pytest.mark.usefixtures("permits")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?city=boston&city=atlantis", "city: this table has no “atlantis”"),
        (f"{TWO}&per=week", "per: “week” is no step of time here"),
        (f"{TWO}&rate=2", "rate: “2” is neither 1"),
        (f"{TWO}&kind=rockets", "kind: permit_type has no code “rockets”"),
        (f"{TWO}&from=2015&to=2014", "is later than"),
        (f"{TWO}&release=9", "has no release 9"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(client: Client, query: str, said: str) -> None:
    answer = client.get(f"{PAGE}.json{query}")
    assert answer.status_code in {400, 404}
    assert said in answer.json()["detail"]


@pytest.mark.usefixtures("permits")
def test_fewer_than_two_cities_bring_the_form(client: Client) -> None:
    assert "A comparison needs one more city." in client.get(f"{PAGE}?city=boston").content.decode()
    assert client.get(PAGE).status_code == 200
    assert client.get(f"{PAGE}/time.svg?city=boston").status_code == 400
    assert client.get(f"{PAGE}/weather.svg{TWO}").status_code == 404
    assert client.get("/compare/dragons").status_code == 404


@pytest.mark.usefixtures("permits")
def test_a_table_is_chosen_first(client: Client) -> None:
    text = client.get("/compare").content.decode()
    assert f'action="{PAGE}"' in text
    assert client.get("/compare.json").json()["tables"][0]["cities"][0]["city"] == "boston"
    answer = client.get("/compare?table=building_permits&city=boston&city=chicago")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{PAGE}{TWO}")


@pytest.mark.usefixtures("home")
def test_without_tables_the_page_says_so(client: Client) -> None:
    assert "No table is published yet." in client.get("/compare").content.decode()


@pytest.mark.usefixtures("permits")
def test_a_brief_says_all_that_a_decision_needs(client: Client) -> None:
    text = client.get(f"{PAGE}/brief{TWO}").content.decode()
    for one in (
        "Building permits: how many a month for each 1,000 residents, of what kind, and where?",
        "One row is",
        "Without: Place",
        "Trust.",
        "Beware.",
        "PDDL-1.0",
        "release 1",
        "U.S. Census Bureau",
        "&amp;release=1",
    ):
        assert one in text


def test_an_extract_is_said_to_be_one(client: Client, catalog: None, tmp_path: Path) -> None:  # noqa: ARG001 - its data set
    year = (date(2014, 1, 1), date(2014, 12, 31))
    release = publish(tmp_path, "building_permits", [Rows("boston", *year), Rows("chicago", *year)])
    part = Part.objects.create(
        source="chicago/ydr8-5enu", sequence=1, path="x", names=[], rows=365, digest="x", fetched=release.at
    )
    release.builds.get(city="chicago").parts.add(part)
    boston, chicago = _json(client, TWO)["cities"]
    assert chicago["cautions"][0] == "An extract: 365 of the 1,234 rows that its portal says it has."
    assert not any("extract" in one for one in boston["cautions"])
    told = _json(client, TWO)["comparable"]["cautions"]
    assert told[0] == "Of Chicago the table has an extract: a rate of it is no rate of all that happened."
    assert told[0] in client.get(f"{PAGE}{TWO}").content.decode().partition('id="figures"')[0]


@pytest.mark.parametrize(("label", "kept"), [("boston/permits.csv", True), ("2026-11-23", False)])
def test_recorded_files_are_not_taken_for_all_rows_of_a_city(
    client: Client,
    home: None,  # noqa: ARG001 - its settings are what is asked for
    tmp_path: Path,
    label: str,
    kept: bool,  # noqa: FBT001 - what a case expects
) -> None:
    year = (date(2014, 1, 1), date(2014, 12, 31))
    release = publish(tmp_path, "building_permits", [Rows("boston", *year), Rows("chicago", *year)])
    told = {"path": "x", "names": [], "rows": 365, "declared": 365, "digest": "d", "fetched": AT}
    part = Part.objects.create(source="boston/permits", label=label, sequence=1, **told)
    release.builds.get(city="boston").parts.add(part)
    form = _json(client, TWO)
    assert any("The rows of Boston are from files" in one for one in form["comparable"]["cautions"]) is kept
    assert any(label in one for one in form["cities"][0]["cautions"]) is kept
    assert not any("file" in one for one in form["cities"][1]["cautions"])


def test_assets_of_other_kinds_are_not_added_up_in_silence(client: Client, home: None, tmp_path: Path) -> None:  # noqa: ARG001 - its settings are what is asked for
    day = date(2020, 1, 1)
    kinds = {"boston": ("hydrant",), "new_york": ("tree",)}
    standard = "street_assets"
    publish(tmp_path, standard, [Rows(city, day, day, 40, codes) for city, codes in kinds.items()])
    form = client.get(f"/compare/{standard}.json?city=boston&city=new_york").json()
    assert "time" not in form["charts"]
    assert form["comparable"]["cautions"] == [
        "No kind of row is in all of these cities, so their totals are of different things."
    ]
    assert any(one.startswith("All its rows are of one kind") for one in form["cities"][0]["cautions"])
    assert form["cities"][0]["per_1000_residents"] == pytest.approx(1000 * 40 / 675647)
