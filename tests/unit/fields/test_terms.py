"""Licenses, frequencies, formats and contacts: short values from long lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.protocols.base import Notes
from commonground.protocols.fields.contacts import contact, publisher, without_persons
from commonground.protocols.fields.formats import FORMATS, format_of
from commonground.protocols.fields.frequencies import frequency
from commonground.protocols.fields.licenses import license_of
from commonground.words import Contact, License


@pytest.mark.parametrize(
    ("given", "spdx"),
    [
        ("Open Data Commons Public Domain Dedication and License", "PDDL-1.0"),
        ("odc-pddl", "PDDL-1.0"),
        ("Creative Commons 1.0 Universal (Public Domain Dedication)", "CC0-1.0"),
        ("cc-zero", "CC0-1.0"),
        ("Creative Commons CCZero", "CC0-1.0"),
        ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
        ("Creative Commons Attribution (CC-BY 4.0)", "CC-BY-4.0"),
        ("Creative Commons Attribution | Share Alike 4.0 International", "CC-BY-SA-4.0"),
        ("Creative Commons Attribution | NoDerivatives 4.0 International License", "CC-BY-ND-4.0"),
        ("Open Data Commons Open Database License", "ODbL-1.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/legalcode", "CC0-1.0"),
        ("https://creativecommons.org/licenses/by/4.0/deed.en", "CC-BY-4.0"),
        ("http://www.opendefinition.org/licenses/cc-zero", "CC0-1.0"),
        ("Public Domain", None),
        ("Public Domain U.S. Government", None),
        ("See Terms of Use", None),
        ("cc-by", None),
        ("Creative Commons Attribution", None),
        ("Canada Open Government Licence", None),
        ("none", None),
    ],
)
def test_spdx_only_when_certain(given: str, spdx: str | None) -> None:
    found = license_of(given)
    assert found is not None
    assert (found.text, found.spdx) == (given, spdx)


def test_a_license_keeps_the_address_it_was_given() -> None:
    page = "https://opendata.dc.gov/datasets/0c34f6dd_0/license.json"
    assert license_of(page) == License(page, None, page)
    assert license_of("Public Domain", page) == License("Public Domain", None, page)
    assert license_of("", "https://creativecommons.org/licenses/by/4.0/") == License(
        "https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"
    )
    assert license_of("") is None


def test_a_license_never_carries_markup_or_a_script() -> None:
    found = license_of(
        "<DIV STYLE='x'><P>Licence Etalab : https://www.etalab.gouv.fr/licence/</P><script>x()</script></DIV>"
    )
    assert found == License(
        "Licence Etalab : https://www.etalab.gouv.fr/licence/", None, "https://www.etalab.gouv.fr/licence/"
    )
    assert license_of("CC0", "javascript:alert(1)") == License(
        "CC0", "CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"
    )


def test_name_and_address_that_disagree_are_not_certain() -> None:
    found = license_of("CC0", "https://creativecommons.org/licenses/by/4.0/")
    assert found is not None
    assert found.spdx is None


@pytest.mark.parametrize(
    ("given", "days"),
    [
        ("R/P1D", 1),
        ("R/P1W", 7),
        ("R/P3.5D", 3.5),
        ("R/PT1H", 1 / 24),
        ("R/P1Y", 365.25),
        ("P1M", 365.25 / 12),
        ("R5/2008-03-01/P6M", 365.25 / 2),
        ("http://publications.europa.eu/resource/authority/frequency/DAILY", 1),
        ("http://publications.europa.eu/resource/authority/frequency/IRREG", None),
        ("Daily", 1),
        ("Data are updated daily, Monday-Friday, except for City holidays", 1),
        ("Every weekday", 1),
        ("weekly", 7),
        ("Updated Once a week", 7),
        ("Every 6 months", 365.25 / 2),
        ("Updated twice a year", 365.25 / 2),
        ("Semi-annual", 365.25 / 2),
        ("Bi-weekly", 14),
        ("Every 2 weeks", 14),
        ("Biennial", 730.5),
        ("5 minutes", 5 / 1440),
        ("2 to 4 times per day", 0.5),
        ("Multiple times per hour", 1 / 48),
        ("Annual - CAFR", 365.25),
        ("Bi-annually", None),
        ("As needed", None),
        ("Not updated (historical only)", None),
        ("Historical data", None),
        ("One Time", None),
        ("Monthly or Data are updated as needed", None),
        ("Data are updated daily. Lobbyist reporting is quarterly.", None),
        ("Data was updated daily before becoming historical", None),
        ("Daily (in season)", None),
        ("1-2 weeks", None),
        ("Other - See Description", None),
        ("2", None),
        ("R/P", None),
        ("R/P0D", None),
        ("0 times per day", None),
    ],
)
def test_frequency_counts_days_only_for_one_rhythm(given: str, days: float | None) -> None:
    found = frequency(given)
    assert found is not None
    assert found.text == given
    assert found.days == (None if days is None else pytest.approx(days))


def test_no_frequency() -> None:
    assert frequency("") is None
    assert frequency(" \n") is None


@pytest.mark.parametrize(
    ("given", "media", "url", "expected"),
    [
        ("CSV", "", "", "CSV"),
        (".csv", "", "", "CSV"),
        ("text/csv", "", "", "CSV"),
        ("", "text/csv;charset=utf-8", "", "CSV"),
        ("", "", "https://x.example/rows.csv?accessType=DOWNLOAD", "CSV"),
        ("", "", "https://x.example/api/geospatial/ab12-cd34?method=export&format=Shapefile", "Shapefile"),
        ("", "application/octet-stream", "https://x.example/a.xlsx", "Excel"),
        ("Esri REST", "application/json", "", "Esri REST"),
        ("", "application/json", "https://x.example/arcgis/rest/services/A/MapServer/7", "Esri REST"),
        ("JSON", "", "https://x.example/a.geojson", "GeoJSON"),
        ("ArcGIS GeoServices REST API", "", "", "Esri REST"),
        ("OGC WMS", "application/vnd.ogc.wms_xml", "", "WMS"),
        ("", "", "https://x.example/ows?service=WFS&request=GetCapabilities", "WFS"),
        ("ZIP", "application/zip", "https://x.example/a.zip", "ZIP"),
        ("ZIP", "application/zip", "https://x.example/wards_shp.zip", "Shapefile"),
        ("SHP", "", "", "Shapefile"),
        ("Zipped TXT", "", "", "ZIP"),
        ("Web page", "text/html", "", "HTML"),
        ("GeoJSON", "application/vnd.geo+json", "", "GeoJSON"),
        ("", "application/vnd.google-earth.kml+xml", "", "KML"),
        ("KMZ", "", "", "KMZ"),
        ("", "application/rdf+xml", "", "RDF"),
        ("XLS", "", "", "Excel"),
        ("geoparquet", "", "", "Parquet"),
        ("SODA API", "", "", "API"),
        ("video", "", "", "Other"),
        ("", "", "https://x.example/", "Other"),
        ("", "", "", "Other"),
    ],
)
def test_format(given: str, media: str, url: str, expected: str) -> None:
    assert format_of(given, media, url) == expected
    assert expected in FORMATS


@pytest.mark.parametrize(
    ("name", "email", "expected"),
    [
        ("DCGISopendata", "", Contact("DCGISopendata")),
        ("DCGISgroup", "mailto:gisgroup@dc.gov?subject= DC AGO Question", Contact("DCGISgroup", "gisgroup@dc.gov")),
        ("Open Data Team", "OpenData@example.gov", Contact("Open Data Team", "opendata@example.gov")),
        ("Jane Doe", "data.team@example.gov", Contact("data.team@example.gov", "data.team@example.gov")),
        ("Jane Doe", "311@example.gov", Contact("311@example.gov", "311@example.gov")),
        ("Jane Doe, Department of Health", "jane.doe@example.gov", Contact("Department of Health")),
        ("Jane Doe (GIS Team)", "", Contact("GIS Team")),
        ("Building and Safety", "", Contact("Building and Safety")),
        ("Transportation_SeattleCityGIS", "", Contact("Transportation_SeattleCityGIS")),
        ("opendata@example.gov", "", Contact("opendata@example.gov", "opendata@example.gov")),
        ("NYC Open Data", "not an address", Contact("NYC Open Data")),
    ],
)
def test_contacts_of_offices(name: str, email: str, expected: Contact) -> None:
    assert contact(name, email) == expected


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Jane Doe", "jane.doe@example.gov"),
        ("Doe, Jane", "jdoe@example.gov"),
        ("John Parks", "parks.john@example.gov"),
        ("Jane Waters", "jane-gis@example.gov"),
        ("person-8298ad7f", "mailto:person-9c8a312e@example.org"),
        ("jane.doe@example.gov", ""),
        ("", ""),
        ("\ud800\x00", "\ud800@\x00"),
        ("", "javascript:alert(1)"),
        ("", "data@"),
        ("", "data@localhost"),
        ("jane.doe_SeattleCityGIS", ""),
        ("Doe_DCGIS", ""),
    ],
)
def test_private_persons_are_left_out(name: str, email: str) -> None:
    assert contact(name, email) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "311",
        "SFMTA",
        "SFMTA, SFpark",
        "SFpark (info@sfpark.org)",
        "Planning",
        "Harbor",
        "Budget & Management",
        "Parks Recreation",
        "NYC Parks",
        "Seattle Parks",
        "Seattle Fire",
        "LA Sanitation",
        "SF Environment",
        "D.C. Water",
        "U.S. Census Bureau",
        "Chicago Public Library",
        "Ethics Commission",
        "City Clerk",
        "Mayor's Office",
        "Mayor’s Office of Operations (OPS)",
        "Treasurer-Tax Collector",
        "El Pueblo Historical Monument",
        "Golden Gate Petroleum",
        "Beacon Economics",
        "Analyze Boston",
        "Citi Bike",
        "City of Washington, DC",
        "San Francisco",
        "Departament de Salut",
        "ArcGIS StoryMaps",
        "http://www.cityofchicago.org",
    ],
)
def test_offices_may_publish(name: str) -> None:
    notes = Notes()
    assert publisher(name, notes, "publisher") == name
    assert not notes.found


@pytest.mark.parametrize(
    ("name", "office"),
    [
        ("Jane Doe", ""),
        (" Jane  Doe ", ""),
        ("Doe, Jane", ""),
        ("Doe, Jane M.", ""),
        ("Jane M. Doe", ""),
        ("J. Doe", ""),
        ("J.M. Doe", ""),
        ("Dr. Jane Doe", ""),
        ("Jane O’Brien", ""),
        ("Jane McDoe-Smith", ""),
        ("María José de la Cruz", ""),
        ("John Parks", ""),
        ("Jane Doe and John Parks", ""),
        ("Jane Doe, John Parks & Mary Waters", ""),
        ("jane.doe@example.gov", ""),
        ("person-23157c9c", ""),
        ("person-23157c9c@example.org", ""),
        ("Jane Doe, Department of Health", "Department of Health"),
        ("Office of the Controller - Jane Doe", "Office of the Controller"),
        ("Jane Doe (GIS Team)", "GIS Team"),
        ("Department of Health, jane.doe@example.gov", "Department of Health"),
    ],
)
def test_persons_are_no_publishers(name: str, office: str) -> None:
    notes = Notes()
    assert publisher(name, notes, "resource.attribution") == office
    (finding,) = notes.found
    assert (finding.code, finding.place) == ("publisher-is-a-person", "resource.attribution")
    assert (finding.sample, finding.detail) == ("", "")


@given(st.text())
def test_what_is_left_of_a_publisher_names_nobody(name: str) -> None:
    left = without_persons(name)
    assert without_persons(left) == left
