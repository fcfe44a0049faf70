"""Turn a connection and its channels into what one gateway's loop needs. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.kernel.errors import Refused
from ingest.devices.families import ORDERS, WORDS, Family, Measure, families
from ingest.fields import Field, check_table
from ingest.modbus.decode import Encoding
from ingest.modbus.planner import Limits, Span
from ingest.plan import Channel, Connection

GATEWAY_FIELDS = {
    "host": Field(str),
    "port": Field(int, 502, low=1, high=65535),
    "pause_seconds": Field(float, 0.0, low=0.0, high=5.0),
    "max_registers": Field(int, 125, low=1, high=125),
    "max_gap": Field(int, 16, low=0, high=125),
    "scan": Field(list, None),
}
MOST_REGISTERS = 125
HIGHEST_REGISTER = 65_535
UNIT = Field(int, low=0, high=255)
REGISTER_FIELDS = {
    "unit": UNIT,
    "function": Field(int, 3, among=(1, 2, 3, 4)),
    "register": Field(int, low=0, high=65535),
}
FAMILY_FIELDS = {"unit": UNIT, "family": Field(str), "measure": Field(str)}
DECODING_FIELDS = {
    "type": Field(str, "uint16", among=tuple(WORDS)),
    "order": Field(str, "abcd", among=ORDERS),
    "absent": Field(list, []),
    "bit": Field(int, 0, low=0, high=15),
    "exponent_register": Field(int, None, low=0, high=65535),
}


@dataclass(frozen=True)
class Gateway:
    """Where a gateway is and how it likes to be asked.

    pause_seconds: rest between two requests, for gateways that lose what comes too fast [s]
    scan: first and last unit id among which new meters are looked for
    """

    host: str
    port: int
    pause_seconds: float
    limits: Limits
    scan: tuple[int, int] | None


@dataclass(frozen=True)
class Register:
    """One value to read: where it stands, how it is read, how often.

    register, exponent_register: addresses as sent on the wire
    poll_seconds: period [s]
    """

    point_key: int
    unit: int
    function: int
    register: int
    encoding: Encoding
    exponent_register: int | None
    poll_seconds: float
    family: Family | None = None

    @property
    def span(self) -> Span:
        """The registers the value needs, its exponent's among them."""
        ends = [self.register, self.register + self.encoding.words - 1]
        if self.exponent_register is not None:
            ends.append(self.exponent_register)
        return Span(self.point_key, self.function, min(ends), max(ends))


def gateway(connection: Connection) -> Gateway:
    """Return where the gateway is; raises Refused naming the wrong field."""
    found = check_table(f"connection '{connection.name}'", connection.address, GATEWAY_FIELDS)
    limits = Limits(found["max_registers"], found["max_gap"])
    scan = found["scan"]
    if scan is not None and not (len(scan) == 2 and all(isinstance(n, int) and 0 <= n <= 255 for n in scan)):
        raise Refused(
            f"connection '{connection.name}'.scan is {scan}", field="scan", value=scan,
            remedy="give the first and last unit id, like [1, 32]",
        )  # fmt: skip
    return Gateway(
        found["host"], found["port"], found["pause_seconds"], limits, (scan[0], scan[1]) if scan else None
    )


def registers(
    connection: Connection, channels: Iterable[Channel]
) -> tuple[list[Register], list[tuple[Channel, Refused]]]:
    """Return what can be read, and the channels that cannot with the reason."""
    found: list[Register] = []
    refused: list[tuple[Channel, Refused]] = []
    for channel in channels:
        try:
            found.append(register(connection, channel))
        except Refused as error:
            refused.append((channel, error))
    return found, refused


def register(connection: Connection, channel: Channel) -> Register:
    """Return how one channel is read; raises Refused naming the wrong field."""
    where = f"channel of point {channel.point_key}"
    period = channel.poll_seconds or connection.poll_seconds
    if period <= 0:
        raise Refused(
            f"{where}: a period of {period} s", field="poll_seconds", value=period, remedy="more than 0"
        )
    if "family" in channel.address:
        return _by_family(where, channel, period)
    place = check_table(where, channel.address, REGISTER_FIELDS)
    coding = check_table(where, channel.decoding, DECODING_FIELDS)
    if place["function"] in (1, 2):
        coding["type"], coding["bit"] = "bit", 0
    encoding = Encoding(
        coding["type"], coding["order"], channel.scale, channel.offset, channel.low, channel.high,
        tuple(coding["absent"]), coding["bit"],
    )  # fmt: skip
    found = Register(
        channel.point_key, place["unit"], place["function"], place["register"], encoding,
        coding["exponent_register"], period,
    )  # fmt: skip
    _demand_span(where, found.span)
    return found


def _demand_span(where: str, span: Span) -> None:
    """Refuse a value that no single request could read."""
    if span.last - span.first >= MOST_REGISTERS:
        raise Refused(
            f"{where}: the value and its exponent are {span.last - span.first + 1} registers apart",
            field="exponent_register", value=span.last, remedy=f"one request reads at most {MOST_REGISTERS}",
        )  # fmt: skip
    if span.last > HIGHEST_REGISTER:
        raise Refused(
            f"{where}: the value would end beyond register {HIGHEST_REGISTER}", field="register", value=span.first,
            remedy="give its first register",
        )  # fmt: skip


def limits_of(found: Iterable[Register], gateway: Gateway) -> Limits:
    """Return what one request to a unit may ask for: the strictest of its families and its gateway."""
    kinds = {r.family.key: r.family for r in found if r.family is not None}.values()
    return Limits(
        min([gateway.limits.max_registers, *(family.max_registers for family in kinds)]),
        min([gateway.limits.max_gap, *(family.max_gap for family in kinds)]),
        tuple(span for family in kinds for span in family.unreadable),
    )


def _by_family(where: str, channel: Channel, period: float) -> Register:
    place = check_table(where, channel.address, FAMILY_FIELDS)
    family = families().get(place["family"])
    if family is None:
        raise Refused(
            f"{where}: unknown meter family '{place['family']}'",
            field="family",
            value=place["family"],
            remedy="use one of " + ", ".join(families()),
        )
    measure = family.measure(place["measure"])
    return Register(
        channel.point_key, place["unit"], measure.function, measure.register, _encoding(measure, channel),
        measure.exponent_register, period, family,
    )  # fmt: skip


def _encoding(measure: Measure, channel: Channel) -> Encoding:
    """Put the channel's scale on top of the family's: (raw * a + b) * c + d."""

    def bound(own: float | None, of_family: float | None) -> float | None:
        return own if own is not None or of_family is None else of_family * channel.scale + channel.offset

    low, high = bound(channel.low, measure.low), bound(channel.high, measure.high)
    if channel.scale < 0 and channel.low is None and channel.high is None:
        low, high = high, low
    return Encoding(
        measure.type, measure.order, measure.scale * channel.scale,
        measure.offset * channel.scale + channel.offset, low, high, measure.absent, measure.bit,
    )  # fmt: skip
