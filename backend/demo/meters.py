"""What every meter and instrument of the demo region shows, at any instant or for a whole history.

A register shows start + amount since ORIGIN, cut down to its resolution and wrapped at its dial. A meter
marked as exchanged is replaced each 15 April at 10:00 local (yearly verification); the new one starts at
zero. An instant is the level or rate between the middles of neighbouring quarter hours, with fast noise that
is constant for 5 s. An interval reading at t is the amount in [t, t + interval). A state holds for its
quarter hour.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from backend.demo import kept, model, noise
from backend.demo.calendar import ORIGIN, ORIGIN_US, STEP_US
from backend.demo.model import BLOCK_STEPS, SEED
from backend.demo.spec import PointSpec

_BLOCK_US = BLOCK_STEPS * STEP_US
_JITTER_US = 5_000_000
_MOST_AT_START = 40_000


def microseconds(instant: datetime) -> int:
    """Return an instant as microseconds since the Unix epoch, exactly."""
    return round(instant.timestamp()) * 1_000_000 + instant.microsecond


def exchanges(until: datetime) -> list[datetime]:
    """Return when yearly exchanged meters were replaced, up to an instant."""
    dates = (datetime(year, 4, 15, 2, tzinfo=UTC) for year in range(ORIGIN.year + 1, until.year + 1))
    return [date for date in dates if date <= until]


class Meters:
    """The points of the region together with their sources; values are arrays of (point, instant)."""

    def __init__(self, points: Sequence[PointSpec], seed: int = SEED, *, kept_in: Path | None = None) -> None:
        """Take the points in their order. kept_in: file of running totals, believed if it fits"""
        self.points = tuple(points)
        self.seed = seed
        self._kind = np.array([p.kind for p in self.points])
        self._counts = np.isin(self._kind, ["register", "interval"])
        self._factor = self._column("factor")[:, None]
        self._resolution = self._column("resolution")[:, None]
        self._jitter = self._column("jitter")[:, None]
        self._dial = np.array([p.dial or 1e12 for p in self.points])[:, None]
        self._stream = np.array([noise.stream(f"point/{p.key}", seed) for p in self.points])[:, None]
        self._start = np.array([self._start_of(p) for p in self.points])[:, None]
        self._exchanged = np.array([p.exchanged for p in self.points])
        self._counted = [p.key for p in self.points if p.kind in ("register", "interval")]
        known = kept.read(kept_in, seed, self._counted) if kept_in else None
        self._opening: list[np.ndarray] = [np.zeros(len(self._counted))] if known is None else list(known)
        self._blocks: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self._exchange_totals: dict[int, np.ndarray] = {}

    def _column(self, name: str) -> np.ndarray:
        return np.array([getattr(point, name) for point in self.points], dtype=float)

    def _start_of(self, point: PointSpec) -> float:
        """Return what a register showed when the district was commissioned [unit]."""
        if point.kind != "register" or point.exchanged:
            return 0.0
        most = min(_MOST_AT_START, point.dial or _MOST_AT_START)
        return float(np.floor(most * noise.uniform(noise.stream(f"start/{point.key}", self.seed), 0)))

    def _block(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (flows, running totals since ORIGIN, levels and rates) of our points in one block.

        Every block but the latest three is forgotten again; only its closing totals are kept.
        """
        if number in self._blocks:
            return self._blocks[number]
        while len(self._opening) <= number:
            flows = self._flows(len(self._opening) - 1)
            self._opening.append(self._opening[-1] + flows.sum(axis=1))
        flows = self._flows(number)
        totals = np.concatenate([np.zeros((len(flows), 1)), np.cumsum(flows, axis=1)], axis=1)
        totals += self._opening[number][:, None]
        levels = model.block(number, self.seed).levels
        shown = (
            np.stack(
                [
                    levels[p.source] if p.source in levels else levels[f"{p.source}/rate"]
                    for p in self.points
                    if p.kind in ("instant", "state")
                ]
            )
            if not self._counts.all()
            else np.empty((0, BLOCK_STEPS + 2))
        )
        if len(self._blocks) >= 3:
            del self._blocks[min(self._blocks)]
        self._blocks[number] = flows, totals, shown
        return self._blocks[number]

    def _flows(self, number: int) -> np.ndarray:
        flows = model.block(number, self.seed).flows
        mine = [flows[p.source] for p in self.points if p.kind in ("register", "interval")]
        return np.stack(mine) if mine else np.empty((0, BLOCK_STEPS))

    def values(self, at_us: np.ndarray) -> np.ndarray:
        """Return what each point shows at each instant: (points, instants).

        at_us: ascending [microseconds since 1970, UTC], none before ORIGIN
        """
        at_us = np.asarray(at_us, dtype=np.int64)
        raw = np.empty((len(self.points), len(at_us)))
        blocks = (at_us - ORIGIN_US) // _BLOCK_US
        for number in np.unique(blocks):
            here = np.flatnonzero(blocks == number)
            raw[:, here] = self._raw(int(number), at_us[here])
        raw = raw * self._factor
        self._wrap(raw, at_us)
        return self._rounded(raw, at_us)

    def keep(self, path: Path) -> None:
        """Write the running totals found so far, for those who start later."""
        kept.write(path, self.seed, self._counted, np.stack(self._opening))

    def at(self, instant: datetime) -> dict[str, float]:
        """Return {point key: value} at one instant."""
        values = self.values(np.array([microseconds(instant)]))[:, 0]
        return dict(zip((p.key for p in self.points), values.tolist(), strict=True))

    def _raw(self, number: int, at_us: np.ndarray) -> np.ndarray:
        """Return totals, amounts, levels and states in the model's units, for instants within one block."""
        flows, totals, shown = self._block(number)
        since = at_us - ORIGIN_US - number * _BLOCK_US
        step, part = since // STEP_US, (since % STEP_US) / STEP_US
        raw = np.empty((len(self.points), len(at_us)))
        raw[self._counts] = totals[:, step] + flows[:, step] * part
        middle = step + np.where(part < 0.5, 0, 1)
        weight = np.where(part < 0.5, part + 0.5, part - 0.5)
        between = shown[:, middle] * (1 - weight) + shown[:, middle + 1] * weight
        is_state = self._kind[~self._counts] == "state"
        between[is_state] = shown[is_state][:, step + 1]
        raw[~self._counts] = between
        for row in np.flatnonzero(self._kind == "interval"):
            raw[row] = self.amounts(int(row), at_us) / self.points[row].factor
        return raw

    def amounts(self, row: int, at_us: np.ndarray) -> np.ndarray:
        """Return the amounts of an interval point from each instant to the end of its interval [its unit]."""
        point = self.points[row]
        steps = point.interval_minutes * 60_000_000 // STEP_US
        step = (np.asarray(at_us, dtype=np.int64) - ORIGIN_US) // STEP_US
        total = np.zeros(len(step))
        for ahead in range(steps):
            numbers = (step + ahead) // BLOCK_STEPS
            for number in np.unique(numbers):
                here = numbers == number
                flow = model.block(int(number), self.seed).flows[point.source]
                total[here] += flow[(step[here] + ahead) % BLOCK_STEPS]
        return np.rint(total * point.factor / point.resolution) * point.resolution

    def _wrap(self, raw: np.ndarray, at_us: np.ndarray) -> None:
        """Turn totals into what registers show before rounding, in place: starts, exchanges."""
        registers = self._kind == "register"
        raw[registers] += self._start[registers]
        if not self._exchanged.any() or not len(at_us):
            return
        latest = datetime.fromtimestamp(at_us[-1] / 1e6, UTC)
        rows = np.flatnonzero(self._exchanged)
        totals = raw[rows].copy()
        for date in exchanges(latest):
            instant = microseconds(date)
            old = self._total_at(rows, instant)
            raw[rows] = np.where(at_us >= instant, totals - old[:, None], raw[rows])

    def _total_at(self, rows: np.ndarray, instant_us: int) -> np.ndarray:
        """Return the unwrapped totals of some registers at an instant [unit]."""
        if instant_us not in self._exchange_totals:
            number = (instant_us - ORIGIN_US) // _BLOCK_US
            self._exchange_totals[instant_us] = (
                self._raw(int(number), np.array([instant_us])) * self._factor
            )[rows, 0]
        return self._exchange_totals[instant_us]

    def _rounded(self, raw: np.ndarray, at_us: np.ndarray) -> np.ndarray:
        """Apply dial, fast noise and resolution. Registers are cut down, so that they never run ahead."""
        noisy = np.flatnonzero(self._jitter[:, 0])
        if len(noisy):
            tick = noise.uniform(self._stream[noisy], at_us[None, :] // _JITTER_US)
            raw[noisy] *= 1 + self._jitter[noisy] * (2 * tick - 1)
        registers = self._kind == "register"
        digits = raw / self._resolution
        turned = np.mod(np.floor(digits[registers] + 1e-6), np.rint(self._dial / self._resolution)[registers])
        digits = np.rint(digits)
        digits[registers] = turned
        return np.where(
            self._resolution < 1, digits / np.rint(1 / self._resolution), digits * self._resolution
        )

    def final_values(self, until: datetime) -> dict[str, list[tuple[datetime, float]]]:
        """Return for each exchanged meter when it was replaced and what the old one last showed [unit]."""
        dates = exchanges(until)
        if not dates or not self._exchanged.any():
            return {}
        before = self.values(np.array([microseconds(date) - 1 for date in dates]))
        return {
            self.points[row].key: list(zip(dates, before[row].tolist(), strict=True))
            for row in np.flatnonzero(self._exchanged)
        }
