"""What is exported as Green Button is imported again with the very same intervals, and is what the schema says."""

from __future__ import annotations

import re
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import numpy as np
import pytest
import xmlschema

from backend.kernel import clock, periods
from backend.kernel.errors import Refused
from backend.kernel.ids import new_id
from backend.kernel.periods import Period
from backend.kernel.units import Carrier, convert, quanta_per
from backend.metering.rules import Method, Quality, espi
from ingest.files.green_button import ATOM, ESPI, entries, read_green_button
from ingest.files.series import Report
from reports.green_button import Meter, feed

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
NEW_YORK = "America/New_York"
QUALITIES = {
    Method.MEASURED: Quality.GOOD,
    Method.ESTIMATED: Quality.SUBSTITUTED,
    Method.EDITED: Quality.MANUAL,
}


def meter(carrier=Carrier.ELECTRICITY, unit="kWh", minutes=15, direction="in", zone=NEW_YORK):
    return Meter(new_id(), f"Main <{carrier}> & \x07co", "Hall 总表", carrier, unit, minutes, direction, zone)


def columns(period, minutes, seed=0):
    """A whole period's intervals: every start, amounts up to a large one, all three methods."""
    start = np.arange(clock.to_us(period.start), clock.to_us(period.end), minutes * 60_000_000)
    amount = np.random.default_rng(seed).integers(0, 10**9, len(start))
    amount[:2] = 0, espi.LARGEST_VALUE
    method = np.arange(len(start)) % 3
    return start, np.full(len(start), minutes), method, amount


def within(found, period):
    chosen = (found[0] >= clock.to_us(period.start)) & (found[0] < clock.to_us(period.end))
    return tuple(column[chosen] for column in found)


def written(path, meters, period, stored):
    pieces = feed(meters, period, lambda id_, part: within(stored[id_], part), title="Mill", now=NOW)
    path.write_text("".join(pieces), encoding="utf-8")
    return path


def brought_back(path, one):
    """Return a meter's series in a file as intervals: start [µs], amount [quanta], quality."""
    mine = [s for s in read_green_button(path, Report()) if s.tag.startswith(one.address.split("/")[1])]
    unit = mine[0].unit
    amount = np.concatenate([s.value for s in mine]) * convert(1.0, unit, one.unit) * quanta_per(one.unit)
    return (
        np.concatenate([s.at_us for s in mine]), np.round(amount).astype(np.int64),
        np.concatenate([s.quality for s in mine]), mine,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("carrier", "unit", "minutes"),
    [
        (Carrier.ELECTRICITY, "kWh", 15), (Carrier.ELECTRICITY, "kvarh", 15), (Carrier.GAS, "m3", 60),
        (Carrier.WATER, "m3", 60), (Carrier.WATER, "L", 5), (Carrier.HEAT, "GJ", 60), (Carrier.HEAT, "MWh", 30),
        (Carrier.COOLING, "kWh", 15), (Carrier.STEAM, "t", 60),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("on", "hours"), [((2026, 3, 8), 23), ((2026, 11, 1), 25), ((2026, 7, 1), 24)])
def test_what_is_exported_is_imported_again_with_the_very_same_intervals(
    tmp_path, carrier, unit, minutes, on, hours
):
    one, day = meter(carrier, unit, minutes), periods.day(date(*on), NEW_YORK)
    stored = columns(day, minutes)
    path = written(tmp_path / "feed.xml", [one], day, {one.id: stored})
    at_us, amount, quality, series = brought_back(path, one)
    assert len(at_us) == hours * 60 // minutes
    assert (at_us == stored[0]).all() and (amount == stored[3]).all()
    assert quality.tolist() == [QUALITIES[Method(code)] for code in stored[2].tolist()]
    assert {(s.carrier, s.kind, s.minutes, s.direction) for s in series} == {
        (carrier, "interval", minutes, "in")
    }


def test_several_meters_keep_apart_and_what_is_delivered_comes_back_as_delivered(tmp_path):
    period = Period(
        periods.day(date(2026, 10, 30), NEW_YORK).start, periods.day(date(2026, 11, 2), NEW_YORK).end
    )
    bought, sold = meter(), meter(direction="out")
    stored = {
        bought.id: columns(period, 15, 1),
        sold.id: within(columns(period, 15, 2), Period(period.start, NOW)),
    }
    path = written(tmp_path / "feed.xml", [bought, sold], period, stored)
    for one in (bought, sold):
        at_us, amount, _, series = brought_back(path, one)
        assert (at_us == stored[one.id][0]).all() and (amount == stored[one.id][3]).all()
        assert len(series) == 4, "a block for each local day"
        assert {s.direction for s in series} == {one.direction}


@pytest.mark.parametrize(
    "name",
    ["test_usage_data.xml", "test_usage_data_01.xml", "test_usage_data_02.xml", "test_usage_data_11.xml"],
)
def test_published_files_survive_import_export_and_import(tmp_path, data_folder, name):
    if not (data_folder / "green_button" / name).exists():
        pytest.skip(f"no green_button/{name} in the real data")
    published = list(read_green_button(data_folder / "green_button" / name, Report()))
    start = np.concatenate([s.at_us for s in published])
    amount = np.concatenate([s.value for s in published]).astype(np.int64)
    back = {int(quality): int(method) for method, quality in QUALITIES.items()}
    method = np.array([back[code] for s in published for code in s.quality.tolist()])
    order = np.argsort(start, kind="stable")
    one = meter(unit="Wh")
    stored = (start[order], np.full(len(start), published[0].minutes), method[order], amount[order])
    period = Period(clock.from_us(int(start.min())), clock.from_us(int(start.max())) + timedelta(minutes=15))
    path = written(tmp_path / name, [one], period, {one.id: stored})
    at_us, again, quality, _ = brought_back(path, one)
    assert (at_us == stored[0]).all() and (again == stored[3]).all()
    assert [back[code] for code in quality.tolist()] == stored[2].tolist()


def test_a_feed_is_what_the_espi_schema_says(tmp_path, data_folder):
    place = data_folder / "green_button" / "schema" / "espi.xsd"
    if not place.exists():
        pytest.skip("no green_button/schema in the real data")
    source = re.sub(
        r"<xs:import [^>]*/>", "", place.read_text(encoding="utf-8")
    )  # atom.xsd is not among the data
    schema = xmlschema.XMLSchema(source)
    day = periods.day(date(2026, 11, 1), NEW_YORK)
    meters = [
        meter(), meter(direction="out"), meter(Carrier.GAS, "m3", 60), meter(Carrier.WATER, "m3", 60),
        meter(Carrier.HEAT, "GJ", 60, zone="Asia/Shanghai"), meter(Carrier.COOLING, "kWh"), meter(Carrier.STEAM, "t"),
    ]  # fmt: skip
    path = written(tmp_path / "feed.xml", meters, day, {one.id: columns(day, one.minutes) for one in meters})
    resources = [entry.find(f"{ATOM}content")[0] for entry in entries(path)]
    assert {one.tag for one in resources} == {
        f"{ESPI}{name}"
        for name in ("UsagePoint", "LocalTimeParameters", "ReadingType", "MeterReading", "IntervalBlock")
    }
    for resource in resources:
        schema.validate(ElementTree.tostring(resource, encoding="unicode"))
    wrong = ElementTree.tostring(resources[-1], encoding="unicode").replace("value>", "valeur>")
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema.validate(wrong)


def test_the_envelope_is_an_atom_feed(tmp_path):
    """RFC 4287, 4.1.1 and 4.1.2: id, title and updated in the feed, its author, and in each entry."""
    one, day = meter(), periods.day(date(2026, 7, 1), NEW_YORK)
    path = written(tmp_path / "feed.xml", [one], day, {one.id: columns(day, 15)})
    head = path.read_text(encoding="utf-8").split("<entry>")[0]
    assert all(f"<{name}>" in head for name in ("id", "title", "updated", "author"))
    found = list(entries(path))
    assert len(found) == len({entry.findtext(f"{ATOM}id") for entry in found}) == 5
    for entry in found:
        assert all(entry.find(ATOM + name) is not None for name in ("id", "title", "updated", "content"))
    assert "Main <electricity> & co" in [entry.findtext(f"{ATOM}title") for entry in found]


def test_a_year_is_written_in_the_memory_of_a_month():
    one = meter(zone="Asia/Shanghai")
    start = periods.day(date(2016, 1, 1), one.zone).start

    def highest(quarters):
        read = lambda _, part: columns(part, 15)  # noqa: E731
        tracemalloc.start()
        period = Period(start, start + timedelta(days=91 * quarters))
        length = sum(map(len, feed([one], period, read, title="x", now=NOW)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return length, peak

    short, long = highest(1), highest(4)
    assert long[0] > 3.9 * short[0]
    assert long[1] < 1.2 * short[1]


@pytest.mark.parametrize(("carrier", "unit"), [(Carrier.FUEL, "t"), (Carrier.ELECTRICITY, "h")])
def test_what_green_button_has_no_word_for_is_refused_before_anything_is_written(carrier, unit):
    with pytest.raises(Refused, match="Green Button knows no"):
        feed([meter(carrier, unit)], Period(NOW, NOW), lambda *_: (), title="x", now=NOW)


@pytest.mark.parametrize(
    ("zone", "offset", "summer", "starts", "ends"),
    [
        (NEW_YORK, -18000, 3600, "360E2000", "B40E2000"),  # as the published feeds of 2012 have it
        ("Europe/Berlin", 3600, 3600, "3E0E2000", "AE0E3000"),  # last Sundays of March at 2, of October at 3
        ("Asia/Shanghai", 28800, 0, espi.NO_RULE, espi.NO_RULE),
    ],
)
def test_the_clock_of_a_zone_is_told_by_its_rules(zone, offset, summer, starts, ends):
    assert espi.local_time(zone, 2026) == espi.LocalTime(offset, summer, starts, ends)
