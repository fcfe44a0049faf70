"""The demo's MQTT devices, through a real broker."""

import asyncio
import json
import queue

import paho.mqtt.client as mqtt
import pytest

from backend.demo import channels
from backend.demo.devices import mqtt as telemetry
from backend.demo.devices import sparkplug
from ingest.mqtt.sparkplug.codec import BD_SEQ, command, decode


@pytest.fixture
def heard(mqtt_url):
    """What anybody says on the broker: a queue of (topic, payload), with `.publish`."""
    found = queue.Queue()
    client = telemetry.connect(mqtt_url, "lanwan-test")
    client.on_message = lambda _c, _u, message: found.put((message.topic, message.payload))
    ready = queue.Queue()
    client.on_subscribe = lambda *_: ready.put(True)
    client.on_connect = lambda *_: client.subscribe([("lanwan/#", 1), ("spBv1.0/#", 1)])
    client.loop_start()
    ready.get(timeout=10)
    found.publish = client.publish
    yield found
    client.disconnect()
    client.loop_stop()


def listen(heard, until, seconds=10):
    said = []
    while not until(said):
        said.append(heard.get(timeout=seconds))
    return said


async def during(serve, work):
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(stop))
    try:
        return await asyncio.to_thread(work)
    finally:
        stop.set()
        await serving


def test_every_json_device_says_what_its_meters_show(heard, mqtt_url, live):
    wanted = {p.device for p in channels.of_connection("mqtt.meters")}

    def work():
        def devices(said):
            return {topic.split("/")[1] for topic, _ in said if topic.endswith("/telemetry")}

        return listen(heard, lambda said: devices(said) >= wanted)

    said = asyncio.run(during(lambda stop: telemetry.serve(mqtt_url, live, stop, loose=frozenset()), work))
    messages = {topic: json.loads(payload) for topic, payload in said}
    battery = messages["lanwan/battery/telemetry"]
    assert battery["sequence"] == 1
    assert battery["values"]["level"] == pytest.approx(live.values()["battery.level"], abs=1)
    sold = [payload for topic, payload in messages.items() if topic.endswith("quarter-hours")]
    assert all(message["values"]["sold"] >= 0 for message in sold)


def test_an_edge_node_is_born_with_names_and_born_again_when_asked(heard, mqtt_url, live):
    devices = len({p.device for p in channels.of_connection("sparkplug.living")})

    def work():
        def births(said):
            return sum(topic.split("/")[2] == "DBIRTH" for topic, _ in said)

        first = listen(heard, lambda said: births(said) == devices)
        topic = f"spBv1.0/{channels.GROUP}/NCMD/{channels.NODE}"
        heard.publish(topic, command(["Node Control/Rebirth"], now_ms=0), qos=1)
        return first, listen(heard, lambda said: births(said) == devices)

    first, again = asyncio.run(during(lambda stop: sparkplug.serve(mqtt_url, live, stop), work))
    for said in (first, again):
        payloads = [decode(payload) for topic, payload in said if "BIRTH" in topic]
        assert [p.seq for p in payloads] == list(range(devices + 1))
        assert payloads[0].metrics[0].name == BD_SEQ
    metrics = {
        m.name: m.value
        for m in decode(dict(first)[f"spBv1.0/lanwan/DBIRTH/{channels.NODE}/homes.heat"]).metrics
    }
    assert metrics["heat_energy"] == pytest.approx(live.values()["homes.heat.energy"], abs=20)
    death = listen(heard, lambda said: any("NDEATH" in topic for topic, _ in said))[-1]
    assert decode(death[1]).metrics[0].name == BD_SEQ


def test_a_control_word_silences_a_device(heard, mqtt_url, live):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    sent = []
    client.is_connected = lambda: True
    client.publish = lambda topic, payload, qos: sent.append(topic)
    devices = telemetry.Telemetry(client, live)
    message = mqtt.MQTTMessage(topic=telemetry.CONTROL.encode())
    message.payload = json.dumps({"device": "wind", "fault": "silent"}).encode()
    devices._control(client, None, message)
    devices.publish()
    assert "lanwan/battery/telemetry" in sent
    assert "lanwan/wind/telemetry" not in sent
