"""The register as a list, a table to and fro, and changing many at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from backend.assets import service as assets
from backend.assets.models import DeviceStatus
from backend.assets.rules.sheet import Formula, Row, Sheet
from backend.kernel import clock
from backend.kernel.audit import AuditEvent
from backend.kernel.errors import Forbidden, Refused
from backend.network import service as network

NEW_SITE = {"code": "S9", "name": "New site", "kind": "site", "timezone": "Europe/Berlin", "currency": "EUR"}


def sheet(positions=(), devices=()):
    return Sheet(
        [Row(number, cells) for number, cells in enumerate(positions, start=2)],
        [Row(number, cells) for number, cells in enumerate(devices, start=2)],
    )


@pytest.fixture
def take(yard):
    def taken(given, write=True, scope=None):
        return yard.do(
            assets.import_sheet, scope, organisation_id=yard.world.east.region.id, given=given, write=write
        )

    return taken


def test_the_list_is_paged_by_serial_number_without_gaps(yard):
    made = {yard.device(f"PAGE{n:02}").serial_number for n in range(7)}
    seen, cursor = [], None
    while True:
        page = yard.do(assets.list_assets, text="page", cursor=cursor, limit=3)
        seen += [one.device.serial_number for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted(made)


def test_the_nearest_come_first_with_their_distance(yard):
    left, right = yard.device("NEAR-L"), yard.device("NEAR-R")
    for device, place in ((left, yard.left), (right, yard.right)):
        yard.do(assets.install, device_id=device.id, position_id=place.id, at=clock.now())
    found = yard.do(assets.nearest_assets, longitude=121.519, latitude=31.2, text="near")
    assert [one.device.serial_number for one in found] == ["NEAR-R", "NEAR-L"]
    assert found[0].distance_m == pytest.approx(95, abs=2)


def test_the_list_is_narrowed_by_status_family_and_warranty(yard):
    old = yard.device("OLD", family="boiler", purchase=assets.Purchase(warranty_until=date(2020, 1, 1)))
    yard.device("YOUNG", family="boiler", purchase=assets.Purchase(warranty_until=date(2099, 1, 1)))
    wanted = assets.DeviceFilter(
        statuses=(DeviceStatus.STORED,), family="boiler", warranty_before=date(2021, 1, 1)
    )
    assert [one.device.id for one in yard.do(assets.list_assets, wanted=wanted).items] == [old.id]


def test_what_goes_out_comes_in_again_and_changes_nothing(yard, take):
    yard.device(
        "ROUND", purchase=assets.Purchase(date(2024, 2, 29), Decimal("12.30"), "CNY", "=cmd|' /C calc'!A0")
    )
    out = yard.do(assets.export_sheet, organisation_id=yard.world.east.region.id)
    report = take(out, write=False)
    assert (report.problems, report.created, report.changed) == ([], [], [])
    assert report.unchanged == len(out.positions) + len(out.devices)
    assert yard.do(assets.export_sheet, organisation_id=yard.world.east.region.id) == out


def test_a_dry_run_writes_nothing_and_a_second_run_nothing_twice(yard, take):
    given = sheet(
        [NEW_SITE, {"parent": "S9", "code": "S9-1", "name": "Cellar", "name_zh": "地下室", "kind": "room"}],
        [{"position": "S9-1", "manufacturer": "Itron", "model": "X", "serial_number": "IT1", "status": "in_service"}],
    )  # fmt: skip
    dry = take(given, write=False)
    assert (len(dry.created), dry.problems, dry.is_written) == (3, [], False)
    assert yard.do(assets.search, text="cellar") == []
    assert take(given).is_written
    ((installation, _device),) = yard.do(
        assets.devices_at, position_id=yard.do(assets.search, text="地下室")[0].id
    )
    assert installation.removed_at is None
    assert {(one.column, one.row) for one in take(given).problems} >= {("serial_number", 2)}


def test_every_fault_is_named_by_sheet_row_and_column(yard, take):
    yard.device("TAKEN", manufacturer="Itron")
    given = sheet(
        [
            {"name": "No kind", "parent": "LEFT"},
            {"name": "Lost", "kind": "room", "parent": "NOWHERE"},
            {"name": Formula("=1+1"), "kind": "room", "parent": "LEFT"},
            {"name": "Half a place", "kind": "room", "parent": "LEFT", "longitude": 7.5},
            {"code": "A", "name": "Round", "kind": "room", "parent": "B"},
            {"code": "B", "name": "and round", "kind": "room", "parent": "A"},
        ],
        [
            {"manufacturer": "Itron", "model": "X", "serial_number": "TAKEN"},
            {"manufacturer": "Itron", "model": "X", "serial_number": "N1", "purchased_on": "last week"},
            {"manufacturer": "Itron", "model": "X", "serial_number": "N1", "purchase_cost": 3},
            {"manufacturer": "Itron", "model": "X", "serial_number": "N2", "status": "in_service"},
            {"model": "X", "serial_number": "N3", "colour": "red"},
        ],
    )
    report = take(given)
    assert not report.is_written
    assert {(one.sheet, one.row, one.column) for one in report.problems} == {
        ("Positions", 2, "kind"), ("Positions", 3, "parent"), ("Positions", 4, "name"),
        ("Positions", 5, "latitude"), ("Positions", 6, "parent"), ("Positions", 7, "parent"),
        ("Devices", 2, "serial_number"), ("Devices", 3, "purchased_on"), ("Devices", 4, "serial_number"),
        ("Devices", 4, "purchase_currency"), ("Devices", 5, "position"), ("Devices", 6, "manufacturer"),
        ("Devices", 6, "colour"),
    }  # fmt: skip


def test_a_table_changes_what_a_position_is_called_but_moves_nothing(yard, take):
    out = yard.do(assets.export_sheet, organisation_id=yard.world.east.region.id)
    row = next(one for one in out.positions if one.cells["code"] == "RIGHT")
    assert take(replace(out, positions=[Row(2, row.cells | {"name_zh": "右配电间"})], devices=[])).changed
    assert yard.do(network.position, position_id=yard.right.id).name_zh == "右配电间"
    (problem,) = take(sheet([row.cells | {"parent": "LEFT", "name_zh": "右配电间"}])).problems
    assert problem.column == "parent"


def test_a_table_is_taken_from_those_who_keep_the_register_only(yard, take):
    with pytest.raises(Forbidden):
        take(sheet([NEW_SITE]), scope=yard.person("technician"))


def test_many_are_changed_at_once_each_with_a_trace_and_what_does_not_fit_is_left(yard):
    fit = [yard.device() for _ in range(3)]
    scrapped = yard.device()
    yard.do(assets.take_step, device_id=scrapped.id, step="scrap")
    left = yard.do(
        assets.change_many, device_ids=[one.id for one in (*fit, scrapped)], step="scrap", reason="flood",
        said={"supplier": "Meter works"}, attributes={"lot": 7},
    )  # fmt: skip
    assert [one.device_id for one in left] == [scrapped.id]
    with yard.session() as session:
        for device in fit:
            found = assets.device(session, yard.scope, device.id)
            actions = session.query(AuditEvent.action).filter(AuditEvent.entity_id == str(device.id)).all()
            assert (found.status, found.supplier, found.attributes) == (
                DeviceStatus.SCRAPPED, "Meter works", {"lot": 7},
            )  # fmt: skip
            assert sorted(action for (action,) in actions) == [
                "device.changed",
                "device.registered",
                "device.scrap",
            ]
        assert assets.device(session, yard.scope, scrapped.id).supplier is None


@pytest.mark.parametrize(
    "said",
    [{}, {"step": "install"}, {"step": "fly"}, {"said": {"serial_number": "1"}}],
    ids=["nothing", "a step with a place", "no step", "a number for all"],
)
def test_what_is_not_for_many_is_refused(yard, said):
    with pytest.raises(Refused):
        yard.do(assets.change_many, device_ids=[yard.device().id], **said)


def test_devices_are_counted_by_status(yard):
    before = yard.do(assets.status_counts, organisations=yard.scope.organisations)
    yard.device(status=DeviceStatus.PLANNED, at=clock.now() - timedelta(days=1))
    after = yard.do(assets.status_counts, organisations=yard.scope.organisations)
    assert after[DeviceStatus.PLANNED] == before[DeviceStatus.PLANNED] + 1
    assert set(after) == set(DeviceStatus)
