"""Sensible rules for a point, offered for a person to take or leave; never made by themselves.

Bands: EN 50160 / GB/T 12325 (voltage -10..+10 %), GB/T 15945 (frequency 50 +- 0.2 Hz, wide +- 0.5 Hz).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOMINAL_VOLTAGES = (230.0, 400.0, 690.0, 6_300.0, 10_500.0, 35_000.0, 110_000.0)
"""[V] in use in low and medium voltage."""


@dataclass(frozen=True)
class PointFacts:
    """What the suggestion looks at. low, high: plausible range [unit]; typical: a recent value [unit]."""

    name: str
    name_zh: str | None
    carrier: str
    quantity: str
    unit: str
    kind: str
    low: float | None = None
    high: float | None = None
    poll_s: float = 10.0
    typical: float | None = None


@dataclass(frozen=True)
class RuleDraft:
    """A rule as `create_rule` takes it, but for the point."""

    kind: str
    name: str
    name_zh: str
    parameters: Mapping[str, Any]
    priority: int
    deadband: float = 0.0
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    advice: str | None = None


def suggest(point: PointFacts) -> list[RuleDraft]:
    """Return drafts: silence always, then what the quantity calls for."""
    drafts = [_silence(point)]
    for draft in (
        _voltage(point),
        _frequency(point),
        _range(point),
        _night_flow(point),
        _pressure_drop(point),
    ):
        if draft is not None:
            drafts.append(draft)
    return drafts


def _silence(point: PointFacts) -> RuleDraft:
    return RuleDraft(
        "silence", f"{point.name}: no readings", f"{point.name_zh or point.name}：无数据",
        {"after_s": max(120.0, 12 * point.poll_s)}, priority=3,
        advice="Look at the connection first, then at the device.",
    )  # fmt: skip


def _voltage(point: PointFacts) -> RuleDraft | None:
    volts = {"V": 1.0, "kV": 1000.0}.get(point.unit)
    if point.quantity != "voltage" or volts is None or not point.typical:
        return None
    nominal = min(NOMINAL_VOLTAGES, key=lambda v: abs(v - point.typical * volts)) / volts  # type: ignore[operator]
    return RuleDraft(
        "limit", f"{point.name}: voltage outside band", f"{point.name_zh or point.name}：电压越限",
        {"L": round(0.9 * nominal, 3), "H": round(1.1 * nominal, 3)}, priority=2,
        deadband=round(0.01 * nominal, 3), on_delay_s=30, off_delay_s=30,
    )  # fmt: skip


def _frequency(point: PointFacts) -> RuleDraft | None:
    if point.quantity != "frequency" or point.unit != "Hz":
        return None
    return RuleDraft(
        "limit", f"{point.name}: frequency outside band", f"{point.name_zh or point.name}：频率越限",
        {"LL": 49.5, "L": 49.8, "H": 50.2, "HH": 50.5}, priority=1, deadband=0.02, on_delay_s=5,
        off_delay_s=10,
    )  # fmt: skip


def _range(point: PointFacts) -> RuleDraft | None:
    """The plausible range, where nothing better is known; 2 % of it as deadband."""
    if point.kind != "instant" or point.quantity in ("voltage", "frequency"):
        return None
    limits = {"H": point.high, "L": point.low}
    known = {level: limit for level, limit in limits.items() if limit is not None}
    if not known or (point.low is not None and point.high is not None and point.low >= point.high):
        return None
    span = abs(point.high - point.low) if len(known) == 2 else abs(next(iter(known.values())))  # type: ignore[operator]
    return RuleDraft(
        "limit", f"{point.name}: outside its range", f"{point.name_zh or point.name}：超出范围",
        known, priority=3, deadband=round(0.02 * span, 6), on_delay_s=60, off_delay_s=60,
    )  # fmt: skip


def _night_flow(point: PointFacts) -> RuleDraft | None:
    is_flow = point.quantity == "flow" and point.kind == "instant"
    is_volume = point.quantity == "volume" and point.kind == "register"
    if point.carrier not in ("water", "gas") or not (is_flow or is_volume):
        return None
    return RuleDraft(
        "night_flow", f"{point.name}: flows at night", f"{point.name_zh or point.name}：夜间流量异常",
        {"from": "02:00", "to": "04:00", "factor": 1.5}, priority=1 if point.carrier == "gas" else 3,
        advice="Look for what runs while everybody sleeps: a leak, a cistern, an open valve.",
    )  # fmt: skip


def _pressure_drop(point: PointFacts) -> RuleDraft | None:
    """A tenth of the usual pressure lost in a minute looks like a burst pipe."""
    if point.quantity != "pressure" or not point.typical or point.typical <= 0:
        return None
    return RuleDraft(
        "rate", f"{point.name}: pressure falls fast", f"{point.name_zh or point.name}：压力骤降",
        {"falling": round(0.1 * point.typical, 4), "per": "min", "window_s": 60}, priority=1,
        deadband=round(0.02 * point.typical, 4), on_delay_s=10, off_delay_s=60,
        advice="Look for a burst pipe.",
    )  # fmt: skip
