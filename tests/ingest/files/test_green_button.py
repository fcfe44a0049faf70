"""Green Button feeds as utilities write them: services, units, what is wrong in them."""

from __future__ import annotations

import pytest

from backend.kernel.errors import Refused
from ingest.files import green_button
from ingest.files.green_button import read_green_button
from ingest.files.series import Report

READING = (
    "<IntervalReading><timePeriod><duration>900</duration><start>{start}</start></timePeriod>"
    "<value>{value}</value></IntervalReading>"
)


def entry(at, name, content, related="x"):
    up = at.rsplit("/", 1)[0]
    return (
        f'<entry><link rel="self" href="{at}"/><link rel="up" href="{up}"/><link rel="related" href="{related}"/>'
        f'<content><{name} xmlns="http://naesb.org/espi">{content}</{name}></content></entry>'
    )


@pytest.fixture
def feed(tmp_path):
    """Write a feed whose ReadingType stands last, and read it."""

    def read(kind="0", said="<uom>72</uom>", readings=((1_767_225_600, 7),)):
        blocks = "".join(READING.format(start=start, value=value) for start, value in readings)
        at = "U/UsagePoint/1"
        service = f"<ServiceCategory><kind>{kind}</kind></ServiceCategory>"
        entries = (
            entry(at, "UsagePoint", service)
            + entry(f"{at}/MeterReading/1", "MeterReading", "", related="U/ReadingType/1")
            + entry(f"{at}/MeterReading/1/IntervalBlock/1", "IntervalBlock", blocks)
            + entry("U/ReadingType/1", "ReadingType", said)
        )
        path = tmp_path / "feed.xml"
        path.write_text(f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>')
        report = Report()
        return list(read_green_button(path, report)), report

    return read


@pytest.mark.parametrize(
    ("kind", "said", "carrier", "unit", "value"),
    [
        ("0", "<uom>72</uom>", "electricity", "Wh", 7.0),
        ("0", "<powerOfTenMultiplier>3</powerOfTenMultiplier><uom>72</uom>", "electricity", "Wh", 7000.0),
        ("4", "<uom>72</uom>", "heat", "Wh", 7.0),
        ("4", "<commodity>13</commodity><powerOfTenMultiplier>3</powerOfTenMultiplier><uom>31</uom>", "cooling",
         "kJ", 7.0),
        ("2", "<uom>42</uom>", "water", "m3", 7.0),
        ("1", "<powerOfTenMultiplier>-3</powerOfTenMultiplier><uom>42</uom>", "gas", "m3", 0.007),
        ("1", "<uom>119</uom>", "gas", "m3", 7 * 0.3048**3),  # a foot is 0.3048 m
        ("2", "<uom>128</uom>", "water", "L", 7 * 231 * 0.254**3),  # a US gallon is 231 cubic inches
        ("1", "<uom>169</uom>", "gas", "kJ", 7 * 105_480.4),
        ("", "<uom>42</uom>", "gas", "m3", 7.0),
    ],
)  # fmt: skip
def test_the_service_says_the_carrier_and_the_unit_is_converted(feed, kind, said, carrier, unit, value):
    (series,), report = feed(kind, said)
    assert (series.carrier, series.unit) == (carrier, unit)
    assert series.value.tolist() == pytest.approx([value], rel=1e-12)
    assert report.count == 0


def test_a_unit_nobody_here_measures_in_is_refused_and_not_taken_for_watt_hours(feed):
    with pytest.raises(Refused, match="uom 80") as refused:
        feed(said="<uom>80</uom>")
    assert "Wh, J, m³" in refused.value.remedy


@pytest.mark.parametrize(
    "said", ["<uom>x</uom>", "<uom>72</uom><powerOfTenMultiplier>99999</powerOfTenMultiplier>"]
)
def test_a_reading_type_that_says_nonsense_is_refused(feed, said):
    with pytest.raises(Refused, match="is no number"):
        feed(said=said)


@pytest.mark.parametrize(
    ("start", "value"),
    [("", 1), (1_767_225_600, ""), (10**30, 1), (1_767_225_600, 10**15), (1_767_225_600, "nan")],
)
def test_readings_that_cannot_be_used_are_reported_and_the_others_kept(feed, start, value):
    (series,), report = feed(readings=((start, value), (1_767_226_500, 3)))
    assert series.value.tolist() == [3.0]
    assert report.by_column == {"IntervalReading": 1}


def test_an_entry_without_end_is_refused_before_it_fills_the_memory(feed, monkeypatch):
    monkeypatch.setattr(green_button, "LARGEST_ENTRY", 20)
    with pytest.raises(Refused, match="too large"):
        feed(readings=[(1_767_225_600 + 900 * i, 1) for i in range(10)])
