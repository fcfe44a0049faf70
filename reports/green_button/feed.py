"""The text of a Green Button feed, entry by entry. Pure.

An Atom feed (RFC 4287) of ESPI resources (NAESB REQ.21 ESPI 4.0): for each meter a UsagePoint with its
LocalTimeParameters, a ReadingType, a MeterReading,
and an IntervalBlock for each local day, be it of 23, 24 or 25 hours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from backend.kernel import clock
from backend.kernel.ids import show
from backend.kernel.units import Carrier
from backend.metering.rules import Method, espi

ESPI = 'xmlns="http://naesb.org/espi"'
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Meter:
    """A point as the feed tells of it. name, place: as people know it; direction: `in` or `out`; zone: its site's."""

    id: UUID
    name: str
    place: str
    carrier: Carrier
    unit: str
    minutes: int
    direction: str
    zone: str

    @property
    def address(self) -> str:
        """Where its resources are, under the feed."""
        return f"UsagePoint/{show(self.id)}"


@dataclass(frozen=True)
class Block:
    """The intervals of one local day: start [µs since 1970, UTC], length [min], method, amount [quanta]."""

    start: datetime
    end: datetime
    start_us: NDArray[np.int64]
    minutes: NDArray[np.int16]
    method: NDArray[np.int16]
    amount: NDArray[np.int64]


def opening(title: str, now: datetime) -> str:
    """Return what stands before the entries."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>urn:uuid:{uuid5(NAMESPACE_URL, f'{title} {now.isoformat()}')}</id>\n"
        f"<title>{_text(title)}</title>\n<updated>{_instant(now)}</updated>\n"
        "<author><name>Enerfield</name></author>\n"
        '<link rel="self" href="Subscription"/>\n'
    )


CLOSING = "</feed>\n"


def about(meter: Meter, now: datetime) -> Iterator[str]:
    """Yield the entries that say what a meter's intervals are; raises Refused where ESPI has no word for it."""
    kind, commodity = espi.service_of(meter.carrier)
    uom, power = espi.unit_of(meter.unit)
    here = espi.local_time(meter.zone, now.year)
    at = meter.address
    yield _entry(
        at, "UsagePoint", meter.place, now, related=(f"{at}/MeterReading", f"{at}/LocalTimeParameters"),
        content=f"<UsagePoint {ESPI}><ServiceCategory><kind>{kind}</kind></ServiceCategory><status>1</status>"
        "</UsagePoint>",
    )  # fmt: skip
    yield _entry(
        f"{at}/LocalTimeParameters", "LocalTimeParameters", meter.zone, now,
        content=f"<LocalTimeParameters {ESPI}><dstEndRule>{here.ends}</dstEndRule>"
        f"<dstOffset>{here.summer_seconds}</dstOffset><dstStartRule>{here.starts}</dstStartRule>"
        f"<tzOffset>{here.offset_seconds}</tzOffset></LocalTimeParameters>",
    )  # fmt: skip
    yield _entry(
        f"{at}/ReadingType/1", f"{at}/ReadingType", meter.name, now,
        content=f"<ReadingType {ESPI}><accumulationBehaviour>{espi.DELTA}</accumulationBehaviour>"
        f"<commodity>{commodity}</commodity><flowDirection>{espi.FLOWS[meter.direction]}</flowDirection>"
        f"<intervalLength>{meter.minutes * 60}</intervalLength>"
        f"<powerOfTenMultiplier>{power}</powerOfTenMultiplier><uom>{uom}</uom></ReadingType>",
    )  # fmt: skip
    yield _entry(
        f"{at}/MeterReading/1", f"{at}/MeterReading", meter.name, now,
        related=(f"{at}/ReadingType/1", f"{at}/MeterReading/1/IntervalBlock"),
        content=f"<MeterReading {ESPI}/>",
    )  # fmt: skip


def block(meter: Meter, day: Block, now: datetime) -> str:
    """Return the entry of a day's intervals; raises OverflowError for an amount beyond 48 bits."""
    if len(day.amount) and int(day.amount.max()) > espi.LARGEST_VALUE:
        raise OverflowError(f"an amount of {day.amount.max()} does not fit an ESPI value")
    at = f"{meter.address}/MeterReading/1/IntervalBlock"
    length = round((day.end - day.start).total_seconds())
    columns = (day.start_us // 1_000_000, day.minutes, day.method, day.amount)
    readings = "\n".join(
        f"<IntervalReading>{_QUALITIES[method]}<timePeriod><duration>{minutes * 60}</duration>"
        f"<start>{start}</start></timePeriod><value>{amount}</value></IntervalReading>"
        for start, minutes, method, amount in zip(*(column.tolist() for column in columns), strict=True)
    )
    return _entry(
        f"{at}/{clock.to_us(day.start) // 1_000_000}", at, meter.name, now,
        content=f"<IntervalBlock {ESPI}><interval><duration>{length}</duration>"
        f"<start>{clock.to_us(day.start) // 1_000_000}</start></interval>\n{readings}\n</IntervalBlock>",
    )  # fmt: skip


_QUALITIES = {
    int(method): f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>"
    for method, quality in espi.METHOD_QUALITIES.items()
    if method is not Method.MEASURED
}
_QUALITIES[int(Method.MEASURED)] = ""
"""Silence means valid: a feed of a year is a third shorter for it."""


def _entry(
    address: str, up: str, title: str, now: datetime, *, content: str, related: tuple[str, ...] = ()
) -> str:
    links = "".join(f'<link rel="related" href="{one}"/>' for one in related)
    return (
        f"<entry><id>urn:uuid:{uuid5(NAMESPACE_URL, address)}</id>"
        f'<link rel="self" href="{address}"/><link rel="up" href="{up}"/>{links}'
        f'<title>{_text(title)}</title><content type="application/xml">{content}</content>'
        f"<published>{_instant(now)}</published><updated>{_instant(now)}</updated></entry>\n"
    )


def _text(said: str) -> str:
    return escape(_CONTROL.sub("", said))


def _instant(at: datetime) -> str:
    return f"{clock.from_us(clock.to_us(at)):%Y-%m-%dT%H:%M:%SZ}"
