"""Green Button (NAESB ESPI) usage feeds: Atom with IntervalBlocks. Entities and other bombs are refused.

A ReadingType says unit (`uom`), power of ten, interval length and whether values accumulate; blocks find
theirs through the MeterReading their links name. Times are UTC seconds, of intervals the start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from backend.kernel.errors import Refused
from ingest.files.series import Report, Series

ATOM, ESPI = "{http://www.w3.org/2005/Atom}", "{http://naesb.org/espi}"
UNITS = {
    "72": ("Wh", "energy", "electricity"), "38": ("W", "power", "electricity"), "42": ("m3", "volume", "gas"),
    "73": ("varh", "reactive energy", "electricity"), "134": ("L", "volume", "water"),
    "29": ("V", "voltage", "electricity"), "5": ("A", "current", "electricity"),
}  # fmt: skip
"""ESPI `uom` -> unit, quantity, carrier (ESPI schema, UnitSymbolKind)."""

QUALITY = {"0": 0, "7": 4, "8": 3, "9": 3, "10": 3, "11": 1, "14": 0, "15": 1, "17": 0, "18": 0, "19": 1}
"""ESPI `quality` -> metering's: valid, manually edited, estimated three ways, questionable, …"""

BULK, DELTA = "1", "4"
"""ESPI `accumulationBehaviour`: a register's reading; an amount."""

LARGEST_BYTES = 200_000_000


@dataclass(frozen=True)
class ReadingType:
    """What the values of a meter reading are. factor: to the unit; minutes: of an interval [min]."""

    unit: str = "Wh"
    quantity: str = "energy"
    carrier: str = "electricity"
    factor: float = 1.0
    minutes: int = 60
    kind: str = "interval"


def read_green_button(path: Path, report: Report) -> Iterator[Series]:
    """Yield a series for each block of readings; raises Refused where the file is no feed."""
    root = parse_safely(path)
    if root.tag != f"{ATOM}feed":
        raise Refused("this is no Green Button feed", field="file", value=root.tag[:80])
    if next(root.iter(f"{ESPI}IntervalBlock"), None) is None:
        raise Refused(
            "this Green Button feed holds no readings (no IntervalBlock)", field="file",
            remedy="a customer feed says who is supplied; ask for the usage feed of the same subscription",
        )  # fmt: skip
    types, of_reading, titles = _entries(root)
    for number, entry in enumerate(root.iter(f"{ATOM}entry"), start=1):
        above = _link(entry, "up")
        meter = above.removesuffix("/IntervalBlock").rstrip("/")
        reading_type = types.get(of_reading.get(meter, ""), ReadingType())
        for block in entry.iter(f"{ESPI}IntervalBlock"):
            tag = titles.get(meter) or meter or f"entry-{number}"
            yield _block(block, tag, reading_type, number, report)


def parse_safely(path: Path) -> ElementTree.Element:
    """Parse XML that declares no document type, hence no entities; raises Refused otherwise."""
    if path.stat().st_size > LARGEST_BYTES:
        raise Refused("the file is too large", field="file", remedy="split it")
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")

    def refuse(*_: Any) -> None:
        raise Refused("a feed with a document type or entities is not read", field="file")

    def name(said: str) -> str:
        return "{" + said if "}" in said else said

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda tag, a: builder.start(name(tag), {name(k): v for k, v in a.items()})
    parser.EndElementHandler = lambda tag: builder.end(name(tag))
    parser.CharacterDataHandler = builder.data
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
        return builder.close()
    except (expat.ExpatError, AssertionError) as error:
        raise Refused(f"the XML cannot be read: {error}", field="file") from None


def _entries(root: ElementTree.Element) -> tuple[dict[str, ReadingType], dict[str, str], dict[str, str]]:
    """Return reading types by address, the type's address of each meter reading, and meter readings' titles."""
    types: dict[str, ReadingType] = {}
    of_reading: dict[str, str] = {}
    titles: dict[str, str] = {}
    for entry in root.iter(f"{ATOM}entry"):
        own = _link(entry, "self")
        found = entry.find(f"{ATOM}content/{ESPI}ReadingType")
        if found is not None:
            types[own] = _reading_type(found)
        if entry.find(f"{ATOM}content/{ESPI}MeterReading") is not None:
            titles[own] = own.split("/UsagePoint/")[-1]
            for link in entry.findall(f"{ATOM}link"):
                if "/ReadingType/" in link.get("href", ""):
                    of_reading[own] = link.get("href", "")
    return types, of_reading, titles


def _reading_type(found: ElementTree.Element) -> ReadingType:
    unit, quantity, carrier = UNITS.get(_text(found, "uom"), ("Wh", "energy", "electricity"))
    power = int(_text(found, "powerOfTenMultiplier") or 0)
    seconds = int(_text(found, "intervalLength") or 3600)
    amounts = quantity.endswith("energy") or quantity == "volume"
    kind = (
        "register" if _text(found, "accumulationBehaviour") == BULK else "interval" if amounts else "instant"
    )
    return ReadingType(unit, quantity, carrier, 10.0**power, max(1, seconds // 60), kind)


def _block(
    block: ElementTree.Element, tag: str, reading_type: ReadingType, number: int, report: Report
) -> Series:
    at, values, qualities = [], [], []
    for reading in block.findall(f"{ESPI}IntervalReading"):
        try:
            at.append(int(reading.findtext(f"{ESPI}timePeriod/{ESPI}start", "")) * 1_000_000)
            values.append(float(_text(reading, "value")) * reading_type.factor)
        except ValueError:
            del at[len(values) :]
            report.add(number, "IntervalReading", _text(reading, "value"), "start or value is missing")
            continue
        said = reading.findtext(f"{ESPI}ReadingQuality/{ESPI}quality", "0")
        qualities.append(QUALITY.get(said, 1))
    return Series(
        tag, np.array(at, np.int64), np.array(values, np.float64), np.array(qualities, np.int16),
        np.full(len(at), number, np.int64), reading_type.unit, reading_type.kind, reading_type.minutes,
        reading_type.carrier, reading_type.quantity,
    )  # fmt: skip


def _link(entry: ElementTree.Element, relation: str) -> str:
    found = next((link for link in entry.findall(f"{ATOM}link") if link.get("rel") == relation), None)
    return "" if found is None else found.get("href", "")


def _text(found: ElementTree.Element, name: str) -> str:
    return (found.findtext(f"{ESPI}{name}") or "").strip()
