"""The whole demo region as plain values: what the loader creates and what the field devices speak."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from backend.demo import alarm_rules, people, places, points_customers, points_plant
from backend.demo.geography import surveyed
from backend.demo.spec import (
    AlarmRuleSpec,
    ConnectionSpec,
    DeviceSpec,
    LineSpec,
    OrganisationSpec,
    PersonSpec,
    PointSpec,
    PositionSpec,
    SupplySpec,
)

CONNECTIONS = (
    ConnectionSpec(
        "modbus.harbour",
        "modbus",
        "Harbour Park gateway (Modbus TCP)",
        "港湾园网关（Modbus TCP）",
        poll_seconds=10,
    ),
    ConnectionSpec(
        "modbus.innovation",
        "modbus",
        "Innovation Park gateway (Modbus TCP)",
        "创新园网关（Modbus TCP）",
        poll_seconds=10,
    ),
    ConnectionSpec(
        "opcua.centre",
        "opcua",
        "Energy Centre control system (OPC UA)",
        "能源中心控制系统（OPC UA）",
        poll_seconds=10,
    ),
    ConnectionSpec(
        "sparkplug.living",
        "sparkplug",
        "Living Park edge node (Sparkplug B)",
        "宜居园边缘节点（Sparkplug B）",
        poll_seconds=10,
    ),
    ConnectionSpec(
        "mqtt.meters", "mqtt", "Sub-meters and renewables (MQTT)", "分表与可再生能源（MQTT）", poll_seconds=15
    ),
)


@dataclass(frozen=True)
class Region:
    """Everything there is, parents before children throughout."""

    organisations: tuple[OrganisationSpec, ...]
    people: tuple[PersonSpec, ...]
    positions: tuple[PositionSpec, ...]
    lines: tuple[LineSpec, ...]
    supplies: tuple[SupplySpec, ...]
    devices: tuple[DeviceSpec, ...]
    points: tuple[PointSpec, ...]
    connections: tuple[ConnectionSpec, ...]
    alarm_rules: tuple[AlarmRuleSpec, ...]


@cache
def points() -> tuple[PointSpec, ...]:
    """Return every point: supply first, then the customers."""
    return tuple(points_plant.points() + points_customers.points())


def region(home: Path | None = None) -> Region:
    """Describe the region. home: where the survey of the ground may be kept (see `geography.surveyed`)."""
    ground = surveyed(home)
    return Region(
        organisations=tuple(people.organisations()),
        people=tuple(people.people()),
        positions=tuple(places.positions(ground["spots"])),
        lines=tuple(ground["lines"]),
        supplies=tuple(people.supplies()),
        devices=tuple(points_plant.devices() + points_customers.devices()),
        points=points(),
        connections=CONNECTIONS,
        alarm_rules=tuple(alarm_rules.alarm_rules()),
    )
