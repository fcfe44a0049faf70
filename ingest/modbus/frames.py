"""What a Modbus TCP reply must be to count as the answer to a request. Pure.

pymodbus takes a reply with transaction id 0, of another function or of another length for the answer
(its issues 538, 2709, 2777, pull request 2844), so register B could get register A's value. Here a
reply is an answer only when transaction, unit, function and byte count all fit; anything else is a
`ReplyRefused`, after which the connection is given up.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER = struct.Struct(">HHHB")
FUNCTIONS = {1: "coils", 2: "discrete inputs", 3: "holding registers", 4: "input registers"}
LONGEST_FRAME = 260

EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledged, still working",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
GATEWAY_CODES = (10, 11)
BUSY_CODES = (5, 6)


class ReplyRefused(Exception):
    """What came over the wire is not the answer to what was asked; `frame` is what came."""

    def __init__(self, reason: str, frame: bytes = b"") -> None:
        super().__init__(reason)
        self.frame = frame


@dataclass(frozen=True)
class Request:
    """What was asked: `count` registers (or bits) from `address` of one unit."""

    transaction: int
    unit: int
    function: int
    address: int
    count: int

    def __str__(self) -> str:
        return f"unit {self.unit} {FUNCTIONS[self.function]} 0x{self.address:04X} ({self.count})"


@dataclass(frozen=True)
class Answer:
    """What the device answered: words (bits as 0 and 1), or the code of its exception."""

    words: tuple[int, ...] = ()
    exception: int = 0

    def in_words(self, request: Request) -> str:
        """Return the exception as a sentence: `illegal data address 0x0048 at unit 3`."""
        reason = EXCEPTIONS.get(self.exception, f"exception {self.exception}")
        if self.exception in (ILLEGAL_ADDRESS, ILLEGAL_VALUE):
            return f"{reason} 0x{request.address:04X} at unit {request.unit}"
        if self.exception == ILLEGAL_FUNCTION:
            return f"{reason} {request.function} at unit {request.unit}"
        return f"{reason} at unit {request.unit}"


def sent(packet: bytes) -> Request:
    """Read back the request that was put on the wire."""
    transaction, _, _, unit = HEADER.unpack_from(packet)
    function, address, count = struct.unpack_from(">BHH", packet, HEADER.size)
    return Request(transaction, unit, function, address, count)


def answer(received: bytes, request: Request) -> Answer | None:
    """Return the answer to a request; None while bytes are missing; raises ReplyRefused.

    received: everything that came since the request was sent
    """
    if len(received) < HEADER.size + 1:
        return None
    transaction, protocol, length, unit = HEADER.unpack_from(received)
    if protocol != 0 or not 3 <= length <= LONGEST_FRAME - 6:
        raise ReplyRefused(f"not a Modbus TCP frame in reply to {request}")
    if transaction != request.transaction:
        raise ReplyRefused(f"reply to another request came for {request}")
    if unit != request.unit:
        raise ReplyRefused(f"reply of unit {unit} in reply to {request}")
    if len(received) < 6 + length:
        return None
    return _body(received[HEADER.size : 6 + length], request)


def _body(body: bytes, request: Request) -> Answer:
    function, data = body[0], body[1:]
    if function == request.function | 0x80:
        if len(data) != 1 or data[0] == 0:
            raise ReplyRefused(f"malformed exception in reply to {request}")
        return Answer(exception=data[0])
    if function != request.function:
        raise ReplyRefused(f"reply of function {function} in reply to {request}")
    is_bits = request.function in (1, 2)
    expected = (request.count + 7) // 8 if is_bits else request.count * 2
    if data[0] != expected or len(data) != expected + 1:
        raise ReplyRefused(
            f"{data[0]} bytes announced, {len(data) - 1} sent, {expected} expected for {request}"
        )
    if is_bits:
        bits = int.from_bytes(data[1:], "little")
        return Answer(tuple(bits >> i & 1 for i in range(request.count)))
    return Answer(struct.unpack(f">{request.count}H", data[1:]))


def length(received: bytes) -> int:
    """Return how long the first frame is by its own header [bytes]."""
    return 6 + HEADER.unpack_from(received)[2]
