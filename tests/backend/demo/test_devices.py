"""The demo's field devices speak real protocols, and say what the model says."""

import asyncio
import socket
from contextlib import suppress

import pytest
from asyncua import Client, ua
from pymodbus.client import AsyncModbusTcpClient

from backend.demo import channels
from backend.demo.devices import modbus, opcua
from backend.demo.devices.encode import EXPONENT, encode
from backend.demo.devices.ports import ports
from backend.demo.region import points
from ingest.devices.families import families
from ingest.modbus.decode import Encoding, decode


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


async def listening(port, serving):
    for _ in range(200):
        if serving.done():
            serving.result()
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"nobody listens on {port}")


def read(words, measure):
    exponent = EXPONENT if measure.exponent_register is not None else 0
    encoding = Encoding(measure.type, measure.order, measure.scale, measure.offset, absent=measure.absent)
    return decode(words, encoding, exponent=exponent)[0]


@pytest.mark.parametrize("connection", ["modbus.harbour", "modbus.innovation"])
def test_what_a_meter_puts_into_registers_is_what_ingest_reads_out(live, connection):
    for point in channels.of_connection(connection):
        measure = families()[channels.devices()[point.device].family].measure(point.measure)
        assert measure.unit == point.unit, point.key
        value = live.values()[point.key]
        found = read(encode(value, measure), measure)
        if point.kind == "register":
            assert found == value, point.key
        else:
            assert found == pytest.approx(value, rel=1e-5, abs=0.01), point.key


@pytest.mark.parametrize(
    ("value", "type_", "shown"), [(70_000, "uint16", 65_535), (-3, "uint32", 0), (-9.5, "int16", -10)]
)
def test_a_register_shows_what_it_can_hold(value, type_, shown):
    base = families()["acrel_adl3000"].measure("voltage_l1")
    measure = type(base)(
        **{**{n: getattr(base, n) for n in base.__dataclass_fields__}, "type": type_, "scale": 1.0}
    )
    assert read(encode(value, measure), measure) == shown


def test_a_gateway_answers_for_each_meter_and_lets_tests_break_one(live):
    key = "hotel.electricity"
    unit = channels.units("modbus.harbour")[key]
    measure = families()["schneider_pm5000"].measure("active_energy_in")

    async def talk():
        port, stop = free_port(), asyncio.Event()
        serving = asyncio.create_task(modbus.serve({"modbus.harbour": port}, live, stop))
        await listening(port, serving)
        client = AsyncModbusTcpClient("127.0.0.1", port=port)
        assert await client.connect()

        async def ask():
            return await client.read_holding_registers(measure.register, count=4, device_id=unit)

        healthy = await ask()
        await client.write_register(modbus.FAULT_REGISTER, modbus.Fault.FAILURE, device_id=unit)
        broken = await ask()
        await client.write_register(modbus.FAULT_REGISTER, modbus.Fault.NONE, device_id=unit)
        again = await ask()
        client.close()
        stop.set()
        await serving
        return healthy, broken, again

    healthy, broken, again = asyncio.run(talk())
    shown = read(healthy.registers, measure)
    assert shown <= live.values()[f"{key}.energy"] <= shown + 1
    assert broken.isError()
    assert read(again.registers, measure) >= shown


def test_the_control_system_shows_every_point_and_reports_a_broken_one_as_bad(live):
    async def talk():
        port, stop = free_port(), asyncio.Event()
        serving = asyncio.create_task(opcua.serve(port, live, stop))
        await listening(port, serving)
        async with Client(f"opc.tcp://127.0.0.1:{port}/lanwan") as client:
            index = await client.get_namespace_index(channels.OPCUA_NAMESPACE)
            mine = channels.of_connection("opcua.centre")
            shown = {p.key: await client.get_node(f"ns={index};s={p.key}").read_value() for p in mine}
            door = client.get_node(f"ns={index};s={opcua.CONTROL}")
            await door.write_value("boiler.power", ua.VariantType.String)
            await asyncio.sleep(opcua.EVERY_S + 0.5)
            broken = await client.get_node(f"ns={index};s=boiler.power").read_data_value(
                raise_on_bad_status=False
            )
        stop.set()
        await serving
        return shown, broken

    shown, broken = asyncio.run(talk())
    assert len(shown) == len(channels.of_connection("opcua.centre"))
    assert shown["grid.breaker"] == 1
    assert shown["feeder1.energy"] == pytest.approx(live.values()["feeder1.energy"], abs=20)
    assert broken.StatusCode.value == ua.StatusCodes.BadDeviceFailure


def test_ports_are_chosen_once_and_kept(tmp_path):
    first = ports(tmp_path)
    assert len(set(first.values())) == len(first) == 3
    assert ports(tmp_path) == first


def test_every_point_has_one_channel_and_no_two_share_an_address():
    found = channels.channels()
    assert len(found) == len(points())
    assert len({(c.connection, str(c.address)) for c in found}) == len(found)
