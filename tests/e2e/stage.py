"""The stage of the story: metered supplies, the processes that read and watch their meters, a label on film."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pypdfium2
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.alarms import service as alarms
from backend.assets.service import tags
from backend.infra import outbox
from backend.kernel import clock
from backend.kernel.units import Carrier, PointKind
from backend.metering import service as metering
from backend.metering.models.connection import Protocol
from backend.network import service as network
from backend.network.models import PositionKind
from backend.workorders import service as work
from tests.counterparts import meters
from tests.e2e.field.camera import SIZE
from tests.world import Region, World

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
LOWEST_V = 360.0


@dataclass(frozen=True)
class Supply:
    """One customer's supply: its meter behind the gateway, its position, voltage and tag."""

    name: str
    meter: str
    position_id: UUID
    voltage_id: UUID
    tag_id: UUID

    @property
    def alarm(self) -> str:
        """The name of its alarm, which becomes the order's title."""
        return f"{self.name}: voltage outside band"


def build(world: World, port: int) -> list[Supply]:
    """Give the east's customer two supplies, each with a meter read every second, an alarm and a tag."""
    region = world.east
    with world.database.transaction(region.scope) as session:
        connection = metering.create_connection(
            session, region.scope, organisation_id=region.enterprise.id,
            new=metering.NewConnection("Innovation park gateway", Protocol.MODBUS,
                                       {"host": "127.0.0.1", "port": port}, poll_seconds=1.0),
        )  # fmt: skip
        labels = tags.make_batch(
            session, region.scope, organisation_id=region.enterprise.id, name="supplies", size=len(meters.METERS)
        )  # fmt: skip
        work.set_verification(
            session, region.scope, organisation_id=region.region.id, window_s=20, samples=5, oldest_s=10,
            fault_class="power_quality",
        )  # fmt: skip
        free = [
            row.tag.id for row in tags.tags(session, region.scope, tags.TagFilter(batch_id=labels.id)).items
        ]
        return [
            _supply(session, region, connection.id, name, meter, tag_id)
            for name, meter, tag_id in zip(
                ("Hall 1 supply", "Hall 2 supply"), meters.METERS, free, strict=True
            )
        ]


def _supply(
    session: Session, region: Region, connection_id: UUID, name: str, meter: str, tag_id: UUID
) -> Supply:
    scope = region.scope
    place = {"type": "Point", "coordinates": [121.502, 31.203]}
    new = network.NewPosition(PositionKind.METERING, name, geometry=place)
    position = network.create_position(session, scope, parent_id=region.ids["site"], new=new)
    network.create_supply_agreement(
        session, scope, customer_id=region.customer.id, operator_id=region.enterprise.id, position_id=position.id,
        starts_at=clock.now() - timedelta(days=90),
    )  # fmt: skip
    found = {}
    for short, unit in (("voltage", "V"), ("power", "kW")):
        point = metering.create_point(
            session, scope, position_id=position.id,
            new=metering.NewPoint(short, Carrier.ELECTRICITY, short, unit, PointKind.INSTANT),
        )  # fmt: skip
        metering.create_channel(
            session, scope, connection_id=connection_id, point_id=point.id,
            new=metering.NewChannel(meters.address_of(meter, short)),
        )  # fmt: skip
        found[short] = point.id
    supply = Supply(name, meter, position.id, found["voltage"], tag_id)
    alarms.create_rule(
        session, scope, point_id=supply.voltage_id, kind="limit", name=supply.alarm, parameters={"L": LOWEST_V},
        priority=2, advice="Look at the fuses of the incoming feeder first.",
    )  # fmt: skip
    tags.bind(session, scope, tag_id, asset=tags.Asset(position_id=position.id))
    return supply


@contextmanager
def watching(environment: dict[str, str], *, ahead: timedelta = timedelta(0)) -> Iterator[None]:
    """Run an ingest worker and the followers, each a process of its own, their clocks ahead of the machine's."""
    given = os.environ | environment | {clock.OFFSET: str(ahead.total_seconds())}
    commands = {
        "ingest": ("ingest", "run", "--protocol", "modbus", "--worker", "story"), "follow": ("follow",)
    }  # fmt: skip
    running = []
    for name, command in commands.items():
        said = [sys.executable, "-m", "backend.cli", *command]
        with (Path(environment["ENERFIELD_HOME"]) / f"{name}.log").open("a") as log:
            running.append(subprocess.Popen(said, cwd=ROOT, env=given, stdout=log, stderr=log))
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=60)


def until(condition: Callable[[], T], what: str, seconds: float = 90.0) -> T:
    """Wait until something comes about, and return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"it did not come about in {seconds} s: {what}"
        time.sleep(0.3)
    return found


def voltage(world: World, supply: Supply) -> float | None:
    """Return the voltage that was read last, if it was read within the last five seconds [V]."""
    scope = world.east.scope
    with world.database.transaction(scope) as session:
        latest = metering.latest_values(session, scope, point_ids=[supply.voltage_id])
    fresh = [one for one in latest if clock.now() - one.read_at < timedelta(seconds=5)]
    return fresh[0].value if fresh else None


def deliver(world: World) -> int:
    """Give every event that is due to its listener, as workers do; returns how many."""
    return sum(outbox.deliver(world.database, one) for one in outbox.claim_due(world.database))


def failures(world: World) -> list[str]:
    """Return what listeners failed with."""
    with world.database.transaction(world.east.scope) as session:
        return list(
            session.scalars(text("SELECT listener || ': ' || error FROM outbox WHERE error IS NOT NULL"))
        )


def letter(world: World, environment: dict[str, str], to: str, subject: str, *, about: str) -> str:
    """Return the text of the letter of a subject that somebody is sent, and that names `about`."""

    def sent() -> str | None:
        deliver(world)
        for place in (Path(environment["ENERFIELD_HOME"]) / "mail").glob("*.eml"):
            found = message_from_bytes(place.read_bytes(), policy=default)
            if found["To"] == to and found["Subject"] == subject and about in (text := found.get_content()):
                return text
        return None

    return until(sent, f"a letter to {to} about {subject}")


def film(pdf: bytes, place: Path) -> Path:
    """Write what a camera sees before a printed label: half a second of wall, two seconds of the label."""
    document = pypdfium2.PdfDocument(pdf)  # a sheet without margins begins with a page for its ruler
    page = document[len(document) - 1].render(scale=300 / 72).to_pil().convert("RGB")
    label = page.crop((0, 0, min(page.width, SIZE[0] * 2 // 3), min(page.height, SIZE[1] * 2 // 3)))
    frames = []
    for picture in (None, label):
        wall = Image.new("RGB", SIZE, (126, 130, 128))
        if picture is not None:
            wall.paste(picture, ((SIZE[0] - picture.width) // 2, (SIZE[1] - picture.height) // 2))
        out = io.BytesIO()
        wall.save(out, "JPEG", quality=85)
        frames.append(out.getvalue())
    place.write_bytes(frames[0] * 15 + frames[1] * 60)
    return place
