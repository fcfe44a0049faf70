"""One Modbus TCP connection that never takes a wrong reply for an answer.

pymodbus carries the bytes; every frame it receives is first checked here (`frames.answer`). After a
time-out, a foreign or a malformed reply the socket is given up, so nothing late can ever meet a later
request. A new client is made for each connection.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from ingest.modbus import frames
from ingest.modbus.frames import Answer, ReplyRefused, Request

logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # a fault is logged once, by the loop

REQUESTS = {
    1: ReadCoilsRequest,
    2: ReadDiscreteInputsRequest,
    3: ReadHoldingRegistersRequest,
    4: ReadInputRegistersRequest,
}
CONNECT_SECONDS = 2.0
HIGHEST_TRANSACTION = 65_000


class LinkLost(Exception):
    """There is no connection to the gateway."""


class NoAnswer(Exception):
    """The device did not answer in time; the connection was given up."""


class Link:
    """A connection to one gateway, one request at a time."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._client: AsyncModbusTcpClient | None = None
        self._request: Request | None = None
        self._answer: Answer | None = None
        self._is_tainted = False
        self._why = ""
        self._transaction = random.randrange(1, HIGHEST_TRANSACTION)

    @property
    def is_open(self) -> bool:
        """True while requests can be sent, and nothing came in that nobody asked for."""
        return self._client is not None and self._client.connected and not self._is_tainted

    async def open(self) -> None:
        """Connect anew; raises LinkLost saying why that failed."""
        self.drop()
        client = AsyncModbusTcpClient(
            self.host,
            port=self.port,
            timeout=3600,  # ours count, see `ask`
            retries=0,
            reconnect_delay=0,
            trace_packet=self._seen,
            trace_connect=self._connected,
        )
        self._say_why(client)
        self._is_tainted = False
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                connected = await client.connect()
        except TimeoutError:
            client.close()
            raise LinkLost(f"no connection to {self.host}:{self.port} within {CONNECT_SECONDS:g} s") from None
        if not connected:
            client.close()
            raise LinkLost(f"no connection to {self.host}:{self.port}: {self._why}")
        client.ctx.next_tid = self._transaction
        self._client = client

    async def ask(self, unit: int, function: int, address: int, count: int, *, timeout: float) -> Answer:
        """Return the device's answer.

        timeout: how long the answer may take [s]
        raises: NoAnswer, ReplyRefused, LinkLost; after each of them the connection is closed
        """
        if self._client is None or not self.is_open:
            self.drop()
            raise LinkLost(f"the connection to {self.host}:{self.port} is closed")
        self._answer = None
        try:
            async with asyncio.timeout(timeout):
                await self._client.execute(
                    False, REQUESTS[function](address=address, count=count, dev_id=unit)
                )
        except TimeoutError:
            self.drop()
            raise NoAnswer(f"unit {unit} did not answer within {timeout:g} s") from None
        except ReplyRefused:
            self.drop()
            raise
        except (ModbusException, OSError):
            self.drop()
            raise LinkLost(f"{self.host}:{self.port} closed the connection") from None
        except BaseException:
            self.drop()
            raise
        if self._answer is None:
            self.drop()
            raise ReplyRefused(f"no whole frame in reply to unit {unit}")
        return self._answer

    def drop(self) -> None:
        """Give the connection up at once, whatever is still under way on it."""
        client, self._client = self._client, None
        self._request = None
        if client is None:
            return
        self._transaction = client.ctx.next_tid
        if client.ctx.transport is not None:
            client.ctx.transport.abort()
        client.close()

    def _seen(self, is_sending: bool, data: bytes) -> bytes:
        """Look at every packet; what is not the answer asked for never reaches pymodbus."""
        if is_sending:
            self._request = frames.sent(data)
            return data
        if self._request is None:
            self._is_tainted = True
            return b""
        try:
            found = frames.answer(data, self._request)
        except ReplyRefused as refused:
            refused.frame = bytes(data)
            self._fail(refused)
            return b""
        if found is not None:
            self._answer = found
            self._request = None
            self._is_tainted = frames.length(data) != len(data)
        return data

    def _connected(self, is_connected: bool) -> None:
        if not is_connected and self._request is not None:
            self._fail(ConnectionResetError())

    def _fail(self, error: Exception) -> None:
        self._request = None
        self._is_tainted = True
        if self._client is not None and not self._client.ctx.response_future.done():
            self._client.ctx.response_future.set_exception(error)

    def _say_why(self, client: AsyncModbusTcpClient) -> None:
        """Keep the reason of a failed connection, which pymodbus only logs."""
        dial = client.ctx.call_create

        async def call() -> tuple[asyncio.BaseTransport, asyncio.BaseProtocol]:
            try:
                return await dial()
            except OSError as error:
                self._why = (os.strerror(error.errno) if error.errno else str(error)).lower()
                raise

        client.ctx.call_create = call
