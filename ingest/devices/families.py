"""Read and check the tables of meter families."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from backend.kernel.errors import Refused
from backend.kernel.units import Carrier, PointKind
from ingest.fields import Field, check_table

WORDS = {
    "bit": 1, "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2,
    "int64": 4, "uint64": 4, "float64": 4, "bcd16": 1, "bcd32": 2, "bcd64": 4,
    "mod10_2": 2, "mod10_3": 3, "mod10_4": 4,
}  # fmt: skip
"""Type of a value -> registers it fills [16-bit words]."""

ORDERS = ("abcd", "badc", "cdab", "dcba")
"""Order of the bytes of a value: a is the most significant byte, ab and cd are words."""

PLAUSIBLE = {
    "V": (0.0, 1e6), "A": (-1e5, 1e5), "Hz": (0.0, 70.0), "1": (-2.0, 2.0), "°C": (-100.0, 1500.0),
    "K diff": (-200.0, 200.0), "bar": (-1.0, 1000.0), "kWh": (0.0, 1e12), "kvarh": (-1e12, 1e12),
    "m3": (0.0, 1e12), "kg": (0.0, 1e15), "kW": (-1e7, 1e7), "kvar": (-1e7, 1e7), "kVA": (0.0, 1e7),
    "m3/h": (-1e6, 1e6), "kg/h": (0.0, 1e9),
}  # fmt: skip
"""Unit -> what a meter can possibly show, unless its table is stricter [that unit]."""


@dataclass(frozen=True)
class Measure:
    """One value of a meter: where it stands and how it is read.

    register: first register, as sent on the wire (counted from 0)
    function: Modbus function code (1 coils, 2 discrete inputs, 3 holding, 4 input registers)
    type, order: how the registers form a number
    scale, offset: value = raw * scale + offset [unit]
    low, high: what the quantity can be [unit]
    absent: raw bit patterns by which the meter says that it has no value
    exponent_register: register (int16) of the power of ten that scales this value; None where there is none
    bit: which bit of the word, for type `bit`
    """

    name: str
    register: int
    function: int
    type: str
    order: str
    unit: str
    quantity: str
    kind: PointKind
    direction: str | None
    scale: float
    offset: float
    low: float | None
    high: float | None
    absent: tuple[int, ...]
    exponent_register: int | None
    bit: int


@dataclass(frozen=True)
class Family:
    """A meter family and its map.

    unreadable: register ranges (first, last) that no request may touch
    max_registers: most registers one request may ask for
    max_gap: most registers read in vain to save a request
    source: the document the map was taken from
    """

    key: str
    maker: str
    model: str
    carrier: Carrier
    source: str
    notes: str
    unreadable: tuple[tuple[int, int], ...]
    max_registers: int
    max_gap: int
    measures: Mapping[str, Measure]

    def measure(self, name: str) -> Measure:
        """Return one measure; raises Refused with those there are."""
        if name not in self.measures:
            raise Refused(
                f"{self.maker} {self.model} has no measure '{name}'",
                field="measure",
                value=name,
                remedy="use one of " + ", ".join(self.measures),
            )
        return self.measures[name]


FAMILY_FIELDS = {
    "maker": Field(str),
    "model": Field(str),
    "carrier": Field(str, among=tuple(Carrier)),
    "source": Field(str),
    "notes": Field(str, ""),
    "function": Field(int, among=(1, 2, 3, 4)),
    "type": Field(str, among=tuple(WORDS)),
    "order": Field(str, "abcd", among=ORDERS),
    "unreadable": Field(list, []),
    "max_registers": Field(int, 125, low=1, high=125),
    "max_gap": Field(int, 16, low=0, high=125),
    "measures": Field(dict),
}

MEASURE_FIELDS = {
    "register": Field(int, low=0, high=65535),
    "function": Field(int, among=(1, 2, 3, 4)),
    "type": Field(str, among=tuple(WORDS)),
    "order": Field(str, among=ORDERS),
    "unit": Field(str, among=tuple(PLAUSIBLE)),
    "quantity": Field(str),
    "kind": Field(str, PointKind.INSTANT, among=tuple(PointKind)),
    "direction": Field(str, None, among=("in", "out")),
    "scale": Field(float, 1.0),
    "offset": Field(float, 0.0),
    "low": Field(float, None),
    "high": Field(float, None),
    "absent": Field(list, []),
    "exponent_register": Field(int, None, low=0, high=65535),
    "bit": Field(int, 0, low=0, high=15),
}


def read_family(key: str, text: str) -> Family:
    """Read a family's table; raises Refused naming the field, its value and the remedy."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{key}: not TOML: {error}", field=key, remedy="mend the line it names") from None
    found = check_table(key, table, FAMILY_FIELDS)
    defaults = {name: found[name] for name in ("function", "type", "order")}
    measures = {
        name: _measure(f"{key}.measures.{name}", name, defaults | entry)
        for name, entry in found["measures"].items()
    }
    return Family(
        key=key,
        maker=found["maker"],
        model=found["model"],
        carrier=Carrier(found["carrier"]),
        source=found["source"],
        notes=found["notes"],
        unreadable=tuple((first, last) for first, last in found["unreadable"]),
        max_registers=found["max_registers"],
        max_gap=found["max_gap"],
        measures=measures,
    )


def _measure(where: str, name: str, entry: Mapping[str, Any]) -> Measure:
    found = check_table(where, entry, MEASURE_FIELDS)
    last = found["register"] + WORDS[found["type"]] - 1
    if last > 65535:
        raise Refused(
            f"{where}: the value ends at register {last}", field=f"{where}.register", value=found["register"],
            remedy="registers end at 65535",
        )  # fmt: skip
    if found["scale"] == 0:
        raise Refused(
            f"{where}: a scale of 0 loses the value",
            field=f"{where}.scale",
            value=0,
            remedy="leave it out or use 1",
        )
    low, high = PLAUSIBLE[found["unit"]]
    found["low"] = low if found["low"] is None else found["low"]
    found["high"] = high if found["high"] is None else found["high"]
    return Measure(name=name, **found | {"kind": PointKind(found["kind"]), "absent": tuple(found["absent"])})


@cache
def families() -> Mapping[str, Family]:
    """Return every family there is a table for, by its key (the file's name)."""
    files = [file for file in resources.files("ingest.devices").iterdir() if file.name.endswith(".toml")]
    keys = {file.name.removesuffix(".toml"): file for file in files}
    return {key: read_family(key, keys[key].read_text(encoding="utf-8")) for key in sorted(keys)}
