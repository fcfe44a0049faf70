"""Connecting the field: what people say is checked before it is kept, and what hangs on something keeps it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from backend import wiring
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models import Outcome
from backend.metering.models.connection import Protocol

GATEWAY = {"host": "10.0.0.50", "port": 502}


@pytest.fixture
def session(meters):
    with meters.world.database.transaction(meters.scope) as session:
        yield session


@pytest.fixture
def as_role(meters):
    return lambda role: meters.world.scope(meters.world.east, role)


def add(session, meters, name, protocol=Protocol.MODBUS, address=GATEWAY, scope=None, **more):
    return metering.add_connection(
        session, scope or meters.scope, wiring.guide(), organisation_id=meters.world.east.region.id,
        new=metering.NewConnection(name, protocol, address, **more),
    )  # fmt: skip


def meter_of(name="Pump hall", **more):
    return metering.Meter("eastron_sdm630", 7, ("active_power", "active_energy_in"), name, **more)


@pytest.mark.parametrize(
    ("more", "field", "error"),
    [
        ({"name": " "}, "name", Refused), ({"name": "taken"}, "name", Conflict),
        ({"address": {"host": "169.254.169.254"}}, "host", Refused), ({"poll_seconds": 0.0}, "poll_seconds", Refused),
        ({"poll_seconds": float("nan")}, "poll_seconds", Refused), ({"protocol": Protocol.FILE}, "protocol", Refused),
        ({"timeout_seconds": 600.0}, "timeout_seconds", Refused),
    ],
)  # fmt: skip
def test_a_connection_that_cannot_work_is_refused_by_field_value_and_remedy(
    session, meters, more, field, error
):
    add(session, meters, "taken")
    with pytest.raises(error) as refused:
        add(session, meters, **{"name": "gateway"} | more)
    assert (refused.value.field, bool(refused.value.remedy)) == (field, True)
    session.rollback()


@pytest.mark.parametrize(("role", "may"), [("administrator", True), ("operator", True), ("manager", False),
                                           ("technician", False), ("customer", False)])  # fmt: skip
def test_administrators_and_operators_connect_and_nobody_else(session, meters, as_role, role, may):
    if may:
        assert add(session, meters, f"of {role}", scope=as_role(role)).is_enabled
    else:
        with pytest.raises(Forbidden):
            add(session, meters, f"of {role}", scope=as_role(role))


def test_a_change_is_checked_kept_and_noted(session, meters):
    made = add(session, meters, "old name")
    with pytest.raises(Refused, match="port"):
        metering.change_connection(
            session, meters.scope, wiring.guide(), connection_id=made.id, address=GATEWAY | {"port": 0}
        )
    metering.change_connection(
        session, meters.scope, wiring.guide(), connection_id=made.id, name="new name", poll_seconds=2.0
    )
    session.flush()
    assert (made.name, made.poll_seconds, made.address) == ("new name", 2.0, GATEWAY)
    noted = session.execute(
        text("SELECT before, after FROM audit_event WHERE action = 'connection.changed' AND entity_id = :id"),
        {"id": str(made.id)},
    ).all()
    assert noted == [({"name": "old name", "poll_seconds": 10.0}, {"name": "new name", "poll_seconds": 2.0})]


def test_a_meter_is_taken_in_by_its_family_in_one_step(session, meters):
    made = add(session, meters, "in one step")
    words = {"active_power": ("power", "有功功率")}
    channels = metering.add_meter(
        session, meters.scope, wiring.guide(), connection_id=made.id, position_id=meters.building.id,
        meter=meter_of(name_zh="泵房", words=words, is_main=True),
    )  # fmt: skip
    read = {point.name: (channel.address, point) for channel, point in
            metering.channels_of(session, meters.scope, made.id)}  # fmt: skip
    assert len(channels) == 2
    assert read.keys() == {"Pump hall · power", "Pump hall · active energy in"}
    address, power = read["Pump hall · power"]
    assert address == {"unit": 7, "family": "eastron_sdm630", "measure": "active_power"}
    assert (power.name_zh, power.carrier, power.unit, power.kind) == (
        "泵房 · 有功功率", Carrier.ELECTRICITY, "kW", PointKind.INSTANT)  # fmt: skip
    energy = read["Pump hall · active energy in"][1]
    assert (energy.kind, energy.is_total, power.is_total) == (PointKind.REGISTER, True, False)


@pytest.mark.parametrize(
    ("meter", "field"),
    [
        (metering.Meter("acme", 1, ("power",), "x"), "family"),
        (metering.Meter("eastron_sdm630", 1, ("horsepower",), "x"), "measures"),
        (metering.Meter("eastron_sdm630", 1, (), "x"), "measures"),
        (metering.Meter("eastron_sdm630", 300, ("active_power",), "x"), "unit"),
    ],
)
def test_a_meter_nobody_could_read_is_refused(session, meters, meter, field):
    made = add(session, meters, "unreadable")
    with pytest.raises(Refused) as refused:
        metering.add_meter(
            session,
            meters.scope,
            wiring.guide(),
            connection_id=made.id,
            position_id=meters.building.id,
            meter=meter,
        )
    assert refused.value.field == field
    session.rollback()


def test_a_familys_unit_is_converted_to_the_points(session, meters):
    made = add(session, meters, "converted")
    point = meters.make("in megawatts", PointKind.INSTANT, unit="MW", quantity="active power")
    new = metering.NewChannel({"unit": 1, "family": "eastron_sdm630", "measure": "active_power"})
    channel = metering.add_channel(
        session, meters.scope, wiring.guide(), connection_id=made.id, point_id=point.id, new=new
    )
    assert (channel.scale, channel.offset) == (pytest.approx(0.001), 0.0)
    wrong = meters.make("in bar", PointKind.INSTANT, unit="bar", quantity="pressure")
    with pytest.raises(Refused, match="kW"):
        metering.add_channel(
            session, meters.scope, wiring.guide(), connection_id=made.id, point_id=wrong.id, new=new
        )


def test_a_point_is_read_once_over_a_connection_and_a_tag_fills_one_point(session, meters):
    made = add(session, meters, "pushes", Protocol.HTTP, {})
    first, second = meters.make("tagged 1"), meters.make("tagged 2")

    def read(point):
        return metering.add_channel(
            session, meters.scope, wiring.guide(), connection_id=made.id, point_id=point.id,
            new=metering.NewChannel({"tag": "a"}),
        )  # fmt: skip

    channel = read(first)
    with pytest.raises(Conflict, match="already"):
        read(first)
    with pytest.raises(Conflict, match="'tagged 1'"):
        read(second)
    metering.change_channel(
        session, meters.scope, wiring.guide(), channel_id=channel.id, address={"tag": "b"}, is_enabled=False
    )
    assert read(second).address == {"tag": "a"}
    assert [c.address for c, _ in metering.channels_of_point(session, meters.scope, first.id).items] == [
        {"tag": "b"}
    ]


def test_a_connection_is_removed_only_while_nothing_hangs_on_it(session, meters):
    made = add(session, meters, "short lived")
    (channel, _) = metering.add_meter(
        session,
        meters.scope,
        wiring.guide(),
        connection_id=made.id,
        position_id=meters.building.id,
        meter=meter_of("short"),
    )
    metering.ask_for_trial(session, _administrator(meters), connection_id=made.id)
    with pytest.raises(Conflict, match="2 points"):
        metering.remove_connection(session, meters.scope, connection_id=made.id)
    for one, _point in metering.channels_of(session, meters.scope, made.id):
        metering.remove_channel(session, meters.scope, channel_id=one.id)
    metering.remove_connection(session, meters.scope, connection_id=made.id)
    with pytest.raises(NotFound):
        metering.connection(session, meters.scope, made.id)
    assert metering.point(session, meters.scope, channel.point_id).name.startswith("short")


def test_a_connection_that_brought_readings_is_switched_off_instead(session, meters):
    made = add(session, meters, "has brought")
    meters.store(meters.make("brought"), [0], [1.0], connection_id=made.id)
    with pytest.raises(Conflict) as refused:
        metering.remove_connection(session, meters.scope, connection_id=made.id)
    assert "switch it off" in refused.value.remedy


def test_a_revoked_key_opens_nothing(session, meters):
    made = add(session, meters, "keyed", Protocol.HTTP, {})
    key = metering.issue_gateway_key(session, meters.scope, connection_id=made.id)
    assert metering.gateway(session, meters.scope, key) is made
    metering.revoke_gateway_key(session, meters.scope, connection_id=made.id)
    assert metering.gateway(session, meters.scope, key) is None
    with pytest.raises(Conflict):
        metering.revoke_gateway_key(session, meters.scope, connection_id=made.id)


def test_only_administrators_have_a_connection_tried(session, meters, as_role):
    made = add(session, meters, "tried")
    for role in ("operator", "dispatcher", "manager"):
        with pytest.raises(Forbidden):
            metering.ask_for_trial(session, as_role(role), connection_id=made.id)
    first = metering.ask_for_trial(session, as_role("administrator"), connection_id=made.id, unit=9)
    again = metering.ask_for_trial(session, as_role("administrator"), connection_id=made.id)
    assert again is first
    assert metering.is_under_way(first)


def test_a_trial_is_taken_up_once_and_answered(session, meters):
    made = add(session, meters, "taken up")
    metering.ask_for_trial(session, _administrator(meters), connection_id=made.id)
    works = metering.take_trials(session, meters.scope, protocols=["modbus"])
    assert [one.name for one in works].count("taken up") == 1
    assert metering.take_trials(session, meters.scope, protocols=["modbus"]) == []
    metering.note_outcome(
        session, meters.scope, connection_id=made.id, outcome=Outcome.ANSWERS, detail={"milliseconds": 12}
    )
    trial = metering.last_trial(session, meters.scope, made.id)
    assert (trial.outcome, trial.detail, metering.is_under_way(trial)) == (
        Outcome.ANSWERS, {"milliseconds": 12}, False)  # fmt: skip


def test_a_gateway_that_pushes_is_not_called(session, meters):
    made = add(session, meters, "not called", Protocol.HTTP, {})
    with pytest.raises(Conflict, match="cannot be called"):
        metering.ask_for_trial(session, _administrator(meters), connection_id=made.id)


def test_what_a_points_readings_rest_on_cannot_be_said_otherwise(session, meters):
    point = meters.make("renamed")
    changed = metering.change_point(
        session,
        meters.scope,
        point_id=point.id,
        name="main meter",
        name_zh="总表",
        category="power",
        is_total=True,
    )
    assert (changed.name, changed.name_zh, changed.category, changed.is_total) == (
        "main meter",
        "总表",
        "power",
        True,
    )
    with pytest.raises(TypeError, match="unit"):
        metering.change_point(session, meters.scope, point_id=point.id, unit="MWh")


def test_a_point_is_no_part_of_itself(session, meters):
    top = meters.make("top")
    below = meters.make("below", parent_id=top.id)
    for parent in (top, below):
        with pytest.raises(Refused, match="itself"):
            metering.change_point(session, meters.scope, point_id=top.id, parent_id=parent.id)
    with pytest.raises(Refused, match="what its parent"):
        other = meters.make("other quantity", quantity="reactive energy", unit="kvarh")
        metering.change_point(session, meters.scope, point_id=other.id, parent_id=top.id)


def _administrator(meters):
    return meters.world.scope(meters.world.east, "administrator")
