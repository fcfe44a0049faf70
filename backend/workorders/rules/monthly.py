"""What a monthly report says, as values, and how shares are told from what happened. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol
from uuid import UUID

THROUGHOUT = 0.95
"""A meter counts in a comparison from this share of both months on; what lacks more would look like a change."""


class Counted(Protocol):
    """What a meter counted in a month [its unit], and which share of the month that covers, 0..1."""

    @property
    def amount(self) -> float:
        """The amount."""

    @property
    def share(self) -> float:
        """The share."""


@dataclass(frozen=True)
class Use:
    """Use of a carrier in the month, the one before, the same one of last year [unit]; None: nothing to compare."""

    carrier: str
    unit: str
    amount: float | None
    last_month: float | None
    last_year: float | None


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """Return the share in per cent, to a tenth; None of nothing."""
        return round(100 * self.part / self.whole, 1) if self.whole else None


@dataclass(frozen=True)
class OpenPoint:
    """An order that was not over when the report was written."""

    number: str
    title: str
    status: str
    since: str
    title_zh: str | None = None


@dataclass(frozen=True)
class Month:
    """A month of hosted operation. month: YYYY-MM; patrols, rounds: done of owed; cost: of closed orders, as text.

    alarms: priority -> how many; response, restoration: promises kept of those that came due;
    first_time: repairs that telemetry confirmed at the first attempt, of those that were watched
    """

    month: str
    zone: str
    contract: str
    title: str
    customer: str
    customer_zh: str | None
    operator: str
    operator_zh: str | None
    made_at: str
    currency: str
    use: Sequence[Use]
    alarms: Mapping[int, int]
    orders: int
    repairs: int
    response: Share
    restoration: Share
    first_time: Share
    inspections: Share
    patrols: Share
    stops: Share
    rounds: Share
    registers: Share
    open_points: Sequence[OpenPoint]
    cost: str

    def as_plain(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return asdict(self) | {"alarms": {str(level): count for level, count in self.alarms.items()}}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Month:
        """Return what was kept as JSON."""
        shares = (
            "response",
            "restoration",
            "first_time",
            "inspections",
            "patrols",
            "stops",
            "rounds",
            "registers",
        )
        return cls(
            **dict(plain)
            | {name: Share(**plain[name]) for name in shares}
            | {
                "use": [Use(**one) for one in plain["use"]],
                "open_points": [OpenPoint(**one) for one in plain["open_points"]],
                "alarms": {int(level): count for level, count in plain["alarms"].items()},
            }
        )


def kept(promises: Iterable[tuple[bool, bool]]) -> Share:
    """Return promises kept of those decided; one that still runs in time is not. promises: (is_over, is_breached)"""
    decided = [is_breached for is_over, is_breached in promises if is_over or is_breached]
    return Share(sum(not one for one in decided), len(decided))


def first_time_fixed(watches: Iterable[tuple[str, int, int, str | None]]) -> Share:
    """Return repairs confirmed at the first attempt of the first cycle, of those judged by telemetry.

    watches: (order, cycle, attempt, verdict); inconclusive and running ones say nothing
    """
    judged: dict[str, list[tuple[int, int, str]]] = {}
    for order, cycle, attempt, verdict in watches:
        if verdict in ("verified", "failed"):
            judged.setdefault(order, []).append((cycle, attempt, verdict))
    good = sum(
        all(verdict == "verified" and cycle == 1 for cycle, _n, verdict in told) for told in judged.values()
    )
    return Share(good, len(judged))


def changed(amount: float | None, before: float | None) -> float | None:
    """Return by how many per cent an amount changed, to a tenth; None where one is unknown or nothing was used."""
    if amount is None or not before:
        return None
    return round(100 * (amount - before) / before, 1)


def beside(
    meters: Iterable[UUID], month: Mapping[UUID, Counted], *earlier: Mapping[UUID, Counted]
) -> list[float | None]:
    """Return what meters counted in a month, and in earlier ones where all of them did so throughout both.

    A meter that is new, or a month that is not over, would make a change of what is none.
    """
    mine = [one for one in meters if one in month]
    whole = all(month[one].share >= THROUGHOUT for one in mine)
    found = [sum(month[one].amount for one in mine) if mine else None]
    for before in earlier:
        both = whole and all(one in before and before[one].share >= THROUGHOUT for one in mine)
        found.append(sum(before[one].amount for one in mine) if mine and both else None)
    return found
