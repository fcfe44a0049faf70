"""Green Button (NAESB ESPI) usage feeds: Atom with IntervalBlocks. Entities and other bombs are refused.

A ReadingType says unit (`uom`), power of ten, interval length, direction and whether values accumulate, the
UsagePoint's service says the carrier; blocks find theirs through the MeterReading their links name. Times are UTC
seconds, of intervals the start. The file is read twice, entry by entry, since a ReadingType may follow its blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from backend.kernel.errors import Refused
from backend.metering.rules import Quality, espi
from ingest.files.series import Report, Series

ATOM, ESPI = "{http://www.w3.org/2005/Atom}", "{http://naesb.org/espi}"
LARGEST_BYTES = 8 << 30
LARGEST_ENTRY = 1_000_000
"""Elements in one entry; a year of quarters of an hour in one block are 200,000."""
PIECE_BYTES = 1 << 16
LATEST_SECONDS = 4_102_444_800
"""2100-01-01T00:00Z."""


@dataclass(frozen=True)
class ReadingType:
    """What the values of a meter reading are. factor: to the unit; minutes: of an interval [min]."""

    measure: espi.Measure = espi.UNITS[72]
    factor: float = 1.0
    minutes: int = 60
    kind: str = "interval"
    direction: str = "in"
    commodity: int | None = None


@dataclass
class Known:
    """What the entries say: types by address, the type's address of each meter reading, services by usage point."""

    types: dict[str, ReadingType] = field(default_factory=dict)
    of_reading: dict[str, str] = field(default_factory=dict)
    services: dict[str, int] = field(default_factory=dict)
    blocks: int = 0

    def add(self, entry: ElementTree.Element) -> None:
        """Note what an entry says."""
        own = _link(entry, "self")
        if entry.find(f"{ATOM}content/{ESPI}IntervalBlock") is not None:
            self.blocks += 1
        if (found := entry.find(f"{ATOM}content/{ESPI}ReadingType")) is not None:
            self.types[own] = _reading_type(found)
        if (found := entry.find(f"{ATOM}content/{ESPI}UsagePoint")) is not None:
            kind = found.findtext(f"{ESPI}ServiceCategory/{ESPI}kind", "")
            if kind.strip().isdigit():
                self.services[own] = int(kind)
        if entry.find(f"{ATOM}content/{ESPI}MeterReading") is not None:
            for link in entry.findall(f"{ATOM}link"):
                if "ReadingType/" in link.get("href", ""):
                    self.of_reading[own] = link.get("href", "")

    def type_of(self, meter: str) -> ReadingType:
        """Return what the values of a meter reading are; watt-hours by the hour where nothing says."""
        return self.types.get(self.of_reading.get(meter, ""), ReadingType())

    def service_of(self, meter: str) -> int | None:
        """Return the ServiceKind of the usage point above a meter reading."""
        return self.services.get(meter.split("/MeterReading")[0])


def read_green_button(path: Path, report: Report) -> Iterator[Series]:
    """Yield a series for each block of readings; raises Refused where the file is no feed."""
    known = Known()
    for entry in entries(path):
        known.add(entry)
    if not known.blocks:
        raise Refused(
            "this Green Button feed holds no readings (no IntervalBlock)", field="file",
            remedy="a customer feed says who is supplied; ask for the usage feed of the same subscription",
        )  # fmt: skip
    for number, entry in enumerate(entries(path), start=1):
        meter = _link(entry, "up").removesuffix("/IntervalBlock").rstrip("/")
        for block in entry.iter(f"{ESPI}IntervalBlock"):
            tag = meter.split("UsagePoint/")[-1] or f"entry-{number}"
            yield _block(block, tag, known.type_of(meter), known.service_of(meter), number, report)


def entries(path: Path) -> Iterator[ElementTree.Element]:
    """Yield the entries of a feed that declares no document type, hence no entities; raises Refused otherwise."""
    if path.stat().st_size > LARGEST_BYTES:
        raise Refused("the file is too large", field="file", remedy="split it")
    reader = _Reader()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield from reader.feed(piece)
        yield from reader.feed(b"", last=True)


class _Reader:
    """Builds the tree of one entry at a time, and forgets it."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._text
        self.depth, self.elements = 0, 0
        self.builder: ElementTree.TreeBuilder | None = None
        self.done: list[ElementTree.Element] = []

    def feed(self, piece: bytes, *, last: bool = False) -> list[ElementTree.Element]:
        """Return the entries that are complete after another piece."""
        try:
            self.parser.Parse(piece, last)
        except expat.ExpatError as error:
            raise Refused(f"the XML cannot be read: {error}", field="file") from None
        found, self.done = self.done, []
        return found

    def _refuse(self, *_: Any) -> None:
        raise Refused("a feed with a document type or entities is not read", field="file")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _name(tag)
        if not self.depth and name != f"{ATOM}feed":
            raise Refused("this is no Green Button feed", field="file", value=name[:80])
        self.depth += 1
        if self.builder is None and name == f"{ATOM}entry":
            self.builder, self.elements = ElementTree.TreeBuilder(), 0
        if self.builder is not None:
            self.elements += 1
            if self.elements > LARGEST_ENTRY:
                raise Refused(
                    "an entry of the feed is too large", field="file", remedy="ask for a block a day"
                )
            self.builder.start(name, {_name(key): value for key, value in attributes.items()})

    def _end(self, tag: str) -> None:
        self.depth -= 1
        if self.builder is not None:
            element = self.builder.end(_name(tag))
            if element.tag == f"{ATOM}entry":
                self.done.append(self.builder.close())
                self.builder = None

    def _text(self, text: str) -> None:
        if self.builder is not None:
            self.builder.data(text)


def _name(said: str) -> str:
    return "{" + said if "}" in said else said


def _reading_type(found: ElementTree.Element) -> ReadingType:
    measure = espi.measure_of(_number(found, "uom", 72))
    amounts = measure.quantity.endswith("energy") or measure.quantity in ("volume", "mass")
    bulk = _number(found, "accumulationBehaviour", espi.DELTA) == espi.BULK
    commodity = _number(found, "commodity", -1)
    return ReadingType(
        measure,
        _factor(measure, _number(found, "powerOfTenMultiplier", 0, most=12)),
        max(1, _number(found, "intervalLength", 3600) // 60),
        "register" if bulk else "interval" if amounts else "instant",
        "out" if _number(found, "flowDirection", 1) == espi.FLOWS["out"] else "in",
        None if commodity < 0 else commodity,
    )


def _factor(measure: espi.Measure, power: int) -> float:
    """Return what a value is multiplied with; exactly 1 for a feed that counts in whole quanta."""
    powers = {1e-3: -3}
    return (
        10.0 ** (power + powers[measure.factor]) if measure.factor in powers else measure.factor * 10.0**power
    )


def _block(
    block: ElementTree.Element, tag: str, reading_type: ReadingType, service: int | None, number: int, report: Report
) -> Series:  # fmt: skip
    at, values, qualities = [], [], []
    for reading in block.findall(f"{ESPI}IntervalReading"):
        try:
            start = int(reading.findtext(f"{ESPI}timePeriod/{ESPI}start", ""))
            value = float(_text(reading, "value"))
        except ValueError:
            start, value = -1, 0.0
        if 0 <= start < LATEST_SECONDS and abs(value) <= espi.LARGEST_VALUE:
            at.append(start * 1_000_000)
            values.append(value * reading_type.factor)
        else:
            report.add(
                number,
                "IntervalReading",
                _text(reading, "value"),
                "start or value is missing or impossible",
            )
            continue
        said = reading.findtext(f"{ESPI}ReadingQuality/{ESPI}quality", "0").strip()
        qualities.append(
            espi.QUALITIES.get(int(said), Quality.UNCERTAIN) if said.isdigit() else Quality.UNCERTAIN
        )
    measure = reading_type.measure
    return Series(
        tag, np.array(at, np.int64), np.array(values, np.float64), np.array(qualities, np.int16),
        np.full(len(at), number, np.int64), measure.unit, reading_type.kind, reading_type.minutes,
        espi.carrier_of(measure, kind=service, commodity=reading_type.commodity), measure.quantity,
        direction=reading_type.direction,
    )  # fmt: skip


def _link(entry: ElementTree.Element, relation: str) -> str:
    found = next((link for link in entry.findall(f"{ATOM}link") if link.get("rel") == relation), None)
    return "" if found is None else found.get("href", "")


def _text(found: ElementTree.Element, name: str) -> str:
    return (found.findtext(f"{ESPI}{name}") or "").strip()


def _number(found: ElementTree.Element, name: str, otherwise: int, *, most: int = 1 << 32) -> int:
    """Return a number of an element; raises Refused where it is none, or larger than it can be."""
    said = _text(found, name)
    if not said:
        return otherwise
    if not said.removeprefix("-").isdecimal() or abs(int(said[:12])) > most:
        raise Refused(f"'{said[:20]}' is no number", field=name, value=said[:20])
    return int(said[:12])
