"""Run all field devices: the model is worked out once, then one process per protocol carries it on."""

import asyncio
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from backend.demo.devices.live import Live
from backend.demo.devices.ports import ports

Serve = Callable[[asyncio.Event], Awaitable[None]]


class _Told(BaseException):
    """Somebody asked us to stop."""


def _until_told(serve: Serve) -> None:
    """Run a server until SIGTERM, SIGINT, or the end of the process that started it."""
    parent = os.getppid()

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        guard = asyncio.create_task(_leave_with(parent, stop))
        await serve(stop)
        guard.cancel()

    asyncio.run(main())


async def _leave_with(parent: int, stop: asyncio.Event) -> None:
    """Stop when our parent is gone, so that killing it leaves nobody behind."""
    while os.getppid() == parent:
        await asyncio.sleep(1.0)
    stop.set()


def _modbus(home: Path, live: Live) -> None:
    from backend.demo.devices import modbus

    mine = {key: port for key, port in ports(home).items() if key.startswith("modbus.")}
    _until_told(lambda stop: modbus.serve(mine, live, stop))


def _opcua(home: Path, live: Live) -> None:
    from backend.demo.devices import opcua

    _until_told(lambda stop: opcua.serve(ports(home)["opcua.centre"], live, stop))


def _mqtt(mqtt_url: str, live: Live) -> None:
    from backend.demo.devices import mqtt, sparkplug

    async def both(stop: asyncio.Event) -> None:
        await asyncio.gather(mqtt.serve(mqtt_url, live, stop), sparkplug.serve(mqtt_url, live, stop))

    _until_told(both)


def _weather(home: Path) -> None:
    from backend.demo.devices import weather

    _until_told(lambda stop: weather.serve(home, stop))


def run(home: Path, mqtt_url: str) -> None:
    """Run every device until SIGTERM or SIGINT; exits with 1 when one of them dies."""
    from backend.demo.region import points

    logging.getLogger("asyncua").setLevel(logging.ERROR)  # it warns that a demo server needs no certificate
    live = Live(points(), home=home)
    live.warm()
    ports(home)
    fork = multiprocessing.get_context("fork")
    processes: list[BaseProcess] = [
        fork.Process(target=_modbus, args=(home, live), name="modbus"),
        fork.Process(target=_opcua, args=(home, live), name="opcua"),
        fork.Process(target=_mqtt, args=(mqtt_url, live), name="mqtt"),
        fork.Process(target=_weather, args=(home,), name="weather"),
    ]
    for process in processes:
        process.start()
    told = _watch(processes)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(10)
    if not told:
        dead = ", ".join(process.name for process in processes if process.exitcode)
        sys.exit(f"field devices stopped by themselves: {dead}")


def _watch(processes: list[BaseProcess]) -> bool:
    """Wait for a signal (True) or for a process to end by itself (False)."""

    def stop(*_: object) -> None:
        raise _Told

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        multiprocessing.connection.wait([process.sentinel for process in processes])
        return False
    except _Told:
        return True
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
