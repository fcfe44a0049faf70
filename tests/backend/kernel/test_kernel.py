"""What all need: ids, units, periods, pages, settings."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel import bulk, clock, ids, paging, periods, settings, units
from backend.kernel.errors import Refused, SettingWrong
from backend.kernel.periods import Period
from backend.kernel.scope import Role, Scope

GIVEN = {
    "ENERFIELD_DATABASE_URL": "postgresql:///x",
    "ENERFIELD_REDIS_URL": "redis://h",
    "ENERFIELD_MQTT_URL": "mqtt://h",
    "ENERFIELD_SECRET_KEY": "s" * 32,
}


@given(st.uuids())
def test_an_id_read_back_from_its_26_characters_is_the_same(identifier):
    shown = ids.show(identifier)
    assert len(shown) == 26
    assert ids.parse(shown) == ids.parse(shown.lower()) == ids.parse(str(identifier)) == identifier


def test_what_people_mistype_is_forgiven_and_nonsense_refused():
    identifier = UUID(int=0x1_0000_0000_0000_0000)
    assert ids.parse(ids.show(identifier).replace("0", "O").replace("1", "l")) == identifier
    for nonsense in ("", "U" * 26, "0" * 25, "☃" * 26):
        with pytest.raises(Refused):
            ids.parse(nonsense)


def test_ids_sort_by_birth():
    made = [ids.new_id() for _ in range(3)]
    assert all(one.version == 7 for one in made)
    assert sorted(i.int >> 80 for i in made) == [i.int >> 80 for i in made]


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [(1, "MWh", "kWh", 1000), (3.6, "MJ", "kWh", 1), (1, "GJ", "kWh", 277.7778), (20, "°C", "K", 293.15),
     (68, "°F", "°C", 20), (1, "bar", "kPa", 100), (2, "m3/h", "L/s", 0.5556)],
)  # fmt: skip
def test_units_convert(value, source, target, expected):
    assert units.convert(value, source, target) == pytest.approx(expected, rel=1e-4)
    assert units.convert(units.convert(value, source, target), target, source) == pytest.approx(value)


def test_units_of_different_dimensions_do_not_convert():
    with pytest.raises(Refused, match="cannot become"):
        units.convert(1, "kWh", "m3")


@given(
    st.dates(date(2000, 1, 1), date(2090, 1, 1)),
    st.sampled_from(["Asia/Shanghai", "Europe/London", "America/Lima"]),
)
def test_days_and_months_of_a_zone_follow_each_other_without_gap(on, zone):
    assert periods.day(on, zone).end == periods.day(on + timedelta(days=1), zone).start
    month = periods.month(on, zone)
    assert month.end == periods.month(on.replace(day=28) + timedelta(days=4), zone).start
    assert periods.day(on, zone).start in month


@pytest.mark.parametrize(
    ("on", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_days_may_have_23_or_25_hours(on, hours):
    day = periods.day(on, "Europe/London")
    assert day.end - day.start == timedelta(hours=hours)


def test_periods_meet_half_open():
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    first = Period(noon, noon + timedelta(hours=1))
    assert first.meet(Period(noon + timedelta(hours=1), None)) is None
    assert first.meet(Period(noon - timedelta(hours=1), None)) == first


def test_a_page_marker_comes_back_and_a_forged_one_is_refused():
    noon, one = datetime(2026, 1, 1, 12, tzinfo=UTC), ids.new_id()
    cursor = paging.encode("a", 7, clock.to_us(noon), str(one))
    assert paging.decode(cursor, str, int, datetime, UUID) == ["a", 7, noon, one]


@pytest.mark.parametrize(
    "forged",
    [
        "x", "!!", paging.encode("a"), paging.encode("a", "7"), paging.encode(1, 7), paging.encode("a", 2**80),
        paging.encode("a", True), paging.encode("\0", 7), base64.urlsafe_b64encode(b"[" * 5000).decode(),
        base64.urlsafe_b64encode(b'{"a": 7}').decode(),
    ],
)  # fmt: skip
def test_a_forged_page_marker_is_refused_whatever_is_in_it(forged):
    with pytest.raises(Refused):
        paging.decode(forged, str, int)


@pytest.mark.parametrize("moment", ["now", 2**70, None, 1.5])
def test_a_page_marker_with_an_impossible_instant_or_id_is_refused(moment):
    with pytest.raises(Refused):
        paging.decode(paging.encode(moment), datetime)
    with pytest.raises(Refused):
        paging.decode(paging.encode(moment), UUID)


@given(st.integers(0, 4_000_000_000_000_000))
def test_instants_keep_their_microseconds(at_us):
    assert clock.to_us(clock.from_us(at_us)) == at_us


def test_arrays_become_the_rows_they_say(owner_database):
    columns = {
        "a": (np.array([1, -5]), "int8"), "at": (np.array([0, 1_790_000_000_123_456]), "timestamptz"),
        "b": (np.array([1.5, np.nan]), "float8"), "c": (np.array([True, False]), "bool"),
    }  # fmt: skip
    with owner_database.transaction(Scope.public()) as session:
        bulk.stage(session, "arrays", columns)
        back = bulk.columns_of(session, "SELECT a, at, b FROM arrays", ["int8", "timestamptz", "float8"])
        for found, name in zip(back, ("a", "at", "b"), strict=True):
            np.testing.assert_array_equal(found, columns[name][0])
        nothing = bulk.columns_of(session, "SELECT a FROM arrays WHERE a = 0", ["int8"])
    assert [len(column) for column in nothing] == [0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENERFIELD_DATABASE_URL", "mysql://h"),
        ("ENERFIELD_REDIS_URL", ""),
        ("PORT", "http"),
        ("ENERFIELD_SECRET_KEY", "short"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(name, value):
    with pytest.raises(SettingWrong) as wrong:
        settings.read(GIVEN | {name: value})
    assert wrong.value.field == name
    assert wrong.value.remedy


def test_a_person_sees_the_union_of_their_roles_and_a_system_says_why():
    here, there = ids.new_id(), ids.new_id()
    person = Scope.person(ids.new_id(), {Role.CUSTOMER: frozenset({here}), Role.OPERATOR: frozenset({there})})
    assert person.organisations == {here, there}
    assert person.staff_organisations == {there}
    with pytest.raises(ValueError, match="why"):
        Scope.system(frozenset({here}), "")


def test_a_process_may_be_started_ahead_of_the_machine_s_clock():
    say = "from backend.kernel import clock; print(clock.now_us())"
    ahead_of = {**os.environ, clock.OFFSET: "432000"}
    told = subprocess.run(
        [sys.executable, "-c", say], env=ahead_of, capture_output=True, text=True, check=True
    )
    ahead = (int(told.stdout) - clock.now_us()) / 1e6
    assert 432_000 - 60 < ahead <= 432_000
