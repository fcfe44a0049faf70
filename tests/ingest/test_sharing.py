"""Several worker processes against real servers: each connection is read by exactly one of them."""

from __future__ import annotations

import itertools
import signal
import time
from uuid import uuid4

import pytest

from backend.kernel.db import Database
from backend.metering.models.connection import Protocol
from tests.counterparts import HERE, build_modbus_server, node, running
from tests.ingest.field import make_field
from tests.ingest.test_worker import EdgeNode, publish, said
from tests.ingest.workers import CountingGateway, Crew, Poll, WorkerProcess, until

pytestmark = pytest.mark.timeout(900)  # processes start, settle and are killed several times over

GATEWAYS = 4
TAKE_OVER_SECONDS = 10.0
IN_FLIGHT_SECONDS = 1.0
"""What a killed worker had read in its last second may not have been durable yet [s]."""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build_modbus_server(tmp_path_factory.mktemp("libmodbus"))


class Plant:
    """Counting gateways in the plan of a database, and workers that read them."""

    def __init__(self, database: Database, program, folder, environment) -> None:
        self.folder, self.environment = folder, environment
        self.workers: list[WorkerProcess] = []
        self.gateways = [CountingGateway(program, folder / f"gateway{n}") for n in range(GATEWAYS)]
        self.fields = []
        for gateway in self.gateways:
            field = make_field(
                database, protocol=Protocol.MODBUS, address={"host": "127.0.0.1", "port": gateway.port}
            )
            where = {"unit": 1, "function": 3, "register": 0}
            field.add_point("count", where, decoding={"type": "uint32"}, poll_seconds=0.25)
            self.fields.append(field)

    def start(self) -> WorkerProcess:
        log = self.folder / f"worker{len(self.workers)}.log"
        self.workers.append(WorkerProcess(self.environment, log, "--protocol", "modbus"))
        return self.workers[-1]

    def end(self) -> None:
        for worker in self.workers:
            worker.end()
        for gateway in self.gateways:
            gateway.close()

    def owner(self, gateway: CountingGateway, poll: Poll) -> int:
        """Which worker sent a request; -1 where its line was too short to be seen."""
        ports = [worker.ports.get(poll.port) for worker in self.workers]
        return ports.index(gateway.port) if gateway.port in ports else -1

    def asked_by(self, gateway: CountingGateway, *, since: float) -> list[int]:
        """Which workers (by place) asked a gateway since an instant, one for each change of hands."""
        owners = [self.owner(gateway, poll) for poll in gateway.polls() if poll.at >= since]
        return [owner for owner, _ in itertools.groupby(owners)]

    def share(self, seconds: float = 2.0) -> list[int]:
        """How many gateways each worker asked in a while, nobody else asking them."""
        since = time.time()
        time.sleep(seconds)
        owners = [self.asked_by(gateway, since=since) for gateway in self.gateways]
        return [sum(one == [place] for one in owners) for place in range(len(self.workers))]

    def settled(self, wanted: list[int], seconds: float = 90.0) -> None:
        """Wait until the workers share the gateways like this."""
        end = time.monotonic() + seconds
        while (shares := self.share(1.5)) != wanted:
            assert time.monotonic() < end, f"{shares}, not {wanted}"

    def judge(self, *, killed: tuple[float, ...] = ()) -> None:
        """Every number a gateway gave out is stored once; what a killed worker had just read may be missing."""
        for gateway, field in zip(self.gateways, self.fields, strict=True):
            polls = {poll.number: poll.at for poll in gateway.polls()}
            until(lambda field=field, last=max(polls): last in {row[2] for row in field.rows()})
            rows = field.rows()
            stored = [int(value) for _, _, value, _ in rows]
            assert len(set(stored)) == len(stored), "no value is stored twice"
            assert {revision for *_, revision in rows} == {0}
            missing = {number: polls[number] for number in polls.keys() - set(stored)}
            for number, at in missing.items():
                assert any(0 <= kill - at <= IN_FLIGHT_SECONDS for kill in killed), (
                    f"{number} of {at} is lost"
                )


@pytest.fixture
def database(servers):
    """A database of each test's own: what other tests left in the plan would be read, too."""
    url = servers.make_database()
    found = Database(url)
    yield found
    found.dispose()
    servers.drop_database(url)


@pytest.fixture
def make_plant(program, tmp_path, environment):
    made = []

    def maker(database: Database) -> Plant:
        made.append(
            Plant(
                database,
                program,
                tmp_path,
                environment | {"ENERFIELD_HOME": str(tmp_path), "ENERFIELD_DATABASE_URL": database.url},
            )
        )
        return made[-1]

    yield maker
    for plant in made:
        plant.end()


def test_two_workers_share_the_gateways_and_one_takes_over_when_the_other_is_killed_or_stopped(
    make_plant, database
):
    plant = make_plant(database)
    first = plant.start()
    plant.settled([4])
    plant.start()
    plant.settled([2, 2])
    assert plant.share() == [2, 2], "every poll by exactly one"

    first.end(signal.SIGKILL)
    killed = time.time()  # it read on until now
    plant.settled([0, 4])
    for gateway in plant.gateways:
        after = [poll.at for poll in gateway.polls() if poll.at > killed]
        assert min(after) - killed <= TAKE_OVER_SECONDS
    print(
        "taken over after",
        max(min(p.at for p in g.polls() if p.at > killed) for g in plant.gateways) - killed,
    )

    plant.start()
    plant.settled([0, 2, 2])
    stopped = time.time()
    plant.workers[1].end(signal.SIGTERM)
    plant.settled([0, 0, 4])
    for gateway in plant.gateways:
        after = [poll.at for poll in gateway.polls() if poll.at > stopped]
        assert min(after) - stopped <= 4.0, "a worker that is stopped lets go at once"
    plant.workers[2].end(signal.SIGTERM)
    plant.judge(killed=(killed,))


def test_a_worker_that_stood_still_asks_nothing_of_what_was_taken_over(make_plant, database):
    plant = make_plant(database)
    first, second = plant.start(), plant.start()
    plant.settled([2, 2])
    first.send(signal.SIGSTOP)
    stopped = time.time()
    plant.settled([0, 4])
    second.send(signal.SIGSTOP)  # so that nobody gives anything back to the first
    time.sleep(0.3)
    first.send(signal.SIGCONT)
    woken = time.time()
    time.sleep(2.0)
    for gateway in plant.gateways:
        assert all(owner != 0 for owner in plant.asked_by(gateway, since=woken)), "the lease is the second's"
    second.send(signal.SIGCONT)
    plant.settled([2, 2])
    for gateway in plant.gateways:
        assert len(plant.asked_by(gateway, since=stopped)) <= 3
    for worker in plant.workers:
        worker.end(signal.SIGTERM)
    plant.judge()


@pytest.mark.long
def test_without_a_database_every_worker_goes_on_with_what_it_holds(make_plant, postgres):
    server = postgres()
    database = Database(server.url())
    plant = make_plant(database)
    plant.start()
    plant.start()
    plant.settled([2, 2])
    server.kill()
    away = time.time()
    newcomer = plant.start()
    time.sleep(9.0)
    for gateway in plant.gateways:
        assert len(plant.asked_by(gateway, since=away)) == 1, "nothing changes hands"
        instants = [poll.at for poll in gateway.polls() if poll.at >= away]
        assert max(b - a for a, b in itertools.pairwise([*instants, time.time()])) < 2.5, (
            "and nothing stands still"
        )
    assert not newcomer.reaches(plant.gateways[0].port), "to take one, the database is needed"
    server.start()
    until(lambda: sorted(plant.share(1.5)) == [1, 1, 2], 60)
    for worker in plant.workers:
        worker.end(signal.SIGTERM)
    plant.judge()
    database.dispose()


def test_broker_and_opc_ua_connections_are_one_workers_too_and_taken_over_without_loss(
    database, environment, mqtt_url, tmp_path
):
    topic, group = f"t{uuid4().hex}", f"g{uuid4().hex}"
    table = {"topic": f"{topic}/{{device}}", "time": "ts", "time_unit": "ms", "sequence": "n"}
    meters = make_field(
        database, protocol=Protocol.MQTT, address={"messages": [table]},
        points={"power": {"device": "m1", "path": "power"}},
    )  # fmt: skip
    park = make_field(
        database, protocol=Protocol.SPARKPLUG, address={"group": group, "node": "park"},
        points={"power": {"metric": "Power"}},
    )  # fmt: skip
    edge = EdgeNode(mqtt_url, group, present=0.5)
    home = environment | {"ENERFIELD_HOME": str(tmp_path), "ENERFIELD_DATABASE_URL": database.url}
    crew = Crew(database, home, tmp_path)
    numbers = iter(range(1, 1_000_000))

    def say_some() -> None:
        publish(mqtt_url, f"{topic}/m1", *(said(next(numbers)) for _ in range(200)))

    with running(node(), HERE / "opcua_server.cjs", "{port}", tmp_path / "certificates") as server:
        counter = make_field(
            database, protocol=Protocol.OPCUA,
            address={
                "url": f"opc.tcp://127.0.0.1:{server.port}/UA/meters", "policy": "None", "publish_seconds": 0.1,
                "browse": False, "reread_seconds": 3600,
            },
            points={"counter": {"node": "ns=1;s=E01.Counter"}},
        )  # fmt: skip
        fields = (counter, park, meters)
        try:
            for name in ("one", "two"):
                crew.start(name)
            until(lambda: {crew.holder(field) for field in fields} == {"one", "two"})
            until(lambda: counter.count() > 5)
            until(lambda: park.count() > 0)
            assert [crew.workers[name].reaches(server.port) for name in crew.workers].count(True) == 1
            for lost in fields:
                say_some()
                gone = until(lambda lost=lost: crew.holder(lost))
                crew.workers[gone].end(signal.SIGKILL)
                killed, seen = time.monotonic(), counter.count()
                edge.present += 1.0  # nobody hears it, unless the node is asked
                say_some()
                until(lambda lost=lost, gone=gone: crew.holder(lost) not in (None, gone))
                until(lambda seen=seen: counter.count() > seen + 5)
                print("OPC UA flows after", round(time.monotonic() - killed, 1), "s, one worker being gone")
                if lost is park:
                    until(lambda: park.rows()[-1][2] == edge.present)
                say_some()
                crew.start(gone)
                until(lambda: {crew.holder(field) for field in fields} == {"one", "two"})
            gone = until(lambda: crew.holder(counter))
            crew.workers[gone].end(signal.SIGKILL)
            killed, seen = time.monotonic(), counter.count()
            crew.start(gone)
            say_some()
            until(lambda: counter.count() > seen + 5)
            print(
                "OPC UA flows after", round(time.monotonic() - killed, 1), "s, its worker being back at once"
            )
            last = next(numbers) - 1
            until(lambda: meters.count() == last)
            assert [value for _, _, value, _ in meters.rows()] == list(range(1, last + 1))
            for field in fields:
                assert [row for row in field.rows() if row[3]] == [], "nothing is said twice, and differently"
            assert meters.state().missed == 0
        finally:
            crew.end()
            edge.stop()
