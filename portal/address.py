"""What the address of a page says: whose data, which carrier, which period, compared with what.

All of it lives in the query string, so that any view can be sent as a link:
`?at=<organisation>&carrier=heat&span=day&on=2026-11-22&compare=before`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request, url_for

from backend.kernel import clock, periods
from backend.kernel.errors import Refused
from backend.kernel.ids import parse, show
from backend.kernel.paging import Page
from backend.kernel.periods import Period
from backend.kernel.units import Carrier

SPANS = ("day", "week", "month", "year", "custom")
COMPARED = ("before", "year", "none")


@dataclass(frozen=True)
class View:
    """One way of looking: everything the address says about it.

    at: organisation looked at, None for the asker's own; zone: the site's zone, which bounds days
    on: a day inside the period; until: last day of a custom period
    """

    at: UUID | None
    carrier: Carrier | None
    span: str
    on: date
    until: date | None
    compare: str
    zone: str

    @property
    def period(self) -> Period:
        """The period looked at, half-open, in UTC."""
        return self._around(self.on, self.until)

    @property
    def compared_whole(self) -> Period | None:
        """The whole period this one is compared with; None for no comparison."""
        if self.compare == "none":
            return None
        on = _a_year_before(self.on) if self.compare == "year" else self.stepped(-1).on
        return self._around(on, on + (self.until - self.on) if self.until else None)

    @property
    def compared(self) -> Period | None:
        """As much of the period before as has passed of this one, in full hours: like is compared with like."""
        whole = self.compared_whole
        if whole is None:
            return None
        now = clock.now().replace(minute=0, second=0, microsecond=0)
        passed = now - self.period.start
        if passed >= self.period.end - self.period.start:
            return whole
        return Period(whole.start, min(whole.start + max(passed, timedelta(0)), whole.end))

    @property
    def is_current(self) -> bool:
        """Tell whether the period is still running."""
        return clock.now() in self.period

    @property
    def is_young(self) -> bool:
        """Tell whether its first hour is not over yet: sums go by full hours, so there is none."""
        return self.is_current and clock.now() - self.period.start < timedelta(hours=1)

    @property
    def grain(self) -> str:
        """Which sums suit the period: hours of a day or week, days of a month, months of a year."""
        days = (self.period.end - self.period.start).days
        return "hour" if days <= 8 else "day" if days <= 100 else "month"

    def stepped(self, count: int) -> View:
        """Return the view `count` periods later (earlier for negative ones)."""
        if self.span == "month":
            month = self.on.year * 12 + self.on.month - 1 + count
            return replace(self, on=date(month // 12, month % 12 + 1, 1))
        if self.span == "year":
            return replace(self, on=date(self.on.year + count, 1, 1))
        if self.span == "custom" and self.until:
            days = (self.until - self.on).days + 1
            move = timedelta(days=days * count)
            return replace(self, on=self.on + move, until=self.until + move)
        return replace(self, on=self.on + timedelta(days=(7 if self.span == "week" else 1) * count))

    def zoned(self, zone: str) -> View:
        """Return the view with its days bounded by `zone`."""
        if zone == self.zone:
            return self
        moved = replace(self, zone=zone)
        return moved if request.args.get("on") else replace(moved, on=periods.local_date(clock.now(), zone))

    def query(self, **changes: Any) -> dict[str, str]:
        """Return the query string's parts, leaving out what is the default."""
        other = replace(self, **changes)
        parts = {"at": show(other.at) if other.at else None, "carrier": other.carrier, "span": other.span}
        today = periods.local_date(clock.now(), other.zone)
        parts["on"] = None if other.on == today and other.span != "custom" else other.on.isoformat()
        parts["until"] = other.until.isoformat() if other.until and other.span == "custom" else None
        parts["compare"] = None if other.compare == "before" else other.compare
        if other.span == "day":
            parts["span"] = None
        return {name: str(value) for name, value in parts.items() if value}

    def link(self, endpoint: str | None = None, **changes: Any) -> str:
        """Return the address of `endpoint` (default: this page) with the view changed."""
        ids = {} if endpoint else dict(request.view_args or {})
        ids |= {
            name: changes.pop(name) for name in list(changes) if name not in type(self).__dataclass_fields__
        }
        return url_for(endpoint or request.endpoint, **ids, **self.query(**changes))

    def against_words(self, kind: str) -> str:
        """Return what a page that compares in its own way calls a kind of comparison; empty for the usual words."""
        return ""

    def _around(self, on: date, until: date | None) -> Period:
        if self.span == "custom" and until:
            return Period(periods.day(on, self.zone).start, periods.day(until, self.zone).end)
        if self.span == "week":
            monday = on - timedelta(days=on.weekday())
            return Period(
                periods.day(monday, self.zone).start, periods.day(monday + timedelta(days=6), self.zone).end
            )
        return {"month": periods.month, "year": periods.year}.get(self.span, periods.day)(on, self.zone)


def view_of_request(zone: str = "Asia/Shanghai") -> View:
    """Read the view from the address of the current request; nonsense is refused with a remedy."""
    args = request.args
    span = args.get("span") or "day"
    if span not in SPANS:
        raise Refused(f"unknown period '{span}'", field="span", value=span, remedy="use " + ", ".join(SPANS))
    carrier = args.get("carrier") or None
    if carrier is not None and carrier not in set(Carrier):
        raise Refused(f"unknown carrier '{carrier}'", field="carrier", value=carrier)
    compare = args.get("compare") or "before"
    on = _day(args.get("on"), "on") or periods.local_date(clock.now(), zone)
    until = _day(args.get("until"), "until")
    if span == "custom" and until is None:
        until = on
    if until is not None and until < on:
        on, until = until, on
    if until is not None and (until - on).days > 1100:
        raise Refused("this is longer than three years", field="until", remedy="choose a shorter period")
    return View(
        at=parse(args["at"]) if args.get("at") else None,
        carrier=Carrier(carrier) if carrier else None,
        span=span,
        on=on,
        until=until if span == "custom" else None,
        compare=compare if compare in COMPARED else "before",
        zone=zone,
    )


def here(**changes: Any) -> str:
    """Return the address of this page with some of what it says changed, or (None, empty) left out."""
    kept = request.args.to_dict() | changes
    return f"{request.path}?{urlencode({name: value for name, value in kept.items() if value not in (None, '')})}"


def asked(name: str = "after") -> str | None:
    """Return the cursor that the address has for a list of this page; None for its beginning."""
    return request.args.get(name) or None


def following(page: Page[Any], name: str = "after") -> str | None:
    """Return the address of what follows a page of a list; None on its last."""
    return here(**{name: page.next_cursor}) if page.next_cursor else None


def moment(text: str | None, name: str) -> datetime | None:
    """Read an instant of the address: ISO 8601 or milliseconds since 1970."""
    if not text:
        return None
    try:
        if text.lstrip("-").isdigit():
            return datetime.fromtimestamp(int(text) / 1000, ZoneInfo("UTC"))
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise Refused(f"'{text}' is not an instant", field=name, value=text) from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo("UTC"))


def _day(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        on = date.fromisoformat(text)
    except ValueError:
        raise Refused(f"'{text}' is not a day", field=name, value=text, remedy="use 2026-11-22") from None
    if not 1990 <= on.year <= 2100:
        raise Refused(
            f"{on.year} is out of range", field=name, value=text, remedy="use a year from 1990 to 2100"
        )
    return on


def _a_year_before(on: date) -> date:
    return (
        on.replace(year=on.year - 1, day=28)
        if (on.month, on.day) == (2, 29)
        else on.replace(year=on.year - 1)
    )
