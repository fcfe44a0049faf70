"""Driving times from a road service that speaks OSRM: a process of its own stands in for it, well and badly."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from backend.infra import roads
from backend.infra.roads import Osrm
from backend.kernel.errors import SettingWrong
from backend.kernel.settings import read
from backend.workorders.rules.dispatch.travel import Place, great_circle

PLACES = [Place(104.0 + number / 100, 30.6) for number in range(5)]
NEEDED = {
    "ENERFIELD_DATABASE_URL": "postgresql://x", "ENERFIELD_REDIS_URL": "redis://x", "ENERFIELD_MQTT_URL": "mqtt://x",
}  # fmt: skip

SERVICE = textwrap.dedent(
    """
    import json, sys, time
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from pathlib import Path
    from urllib.parse import parse_qs, urlsplit

    MODE = Path(sys.argv[1])

    class Table(BaseHTTPRequestHandler):
        def do_GET(self):
            mode, asked = MODE.read_text(), urlsplit(self.path)
            with MODE.with_suffix(".log").open("a") as log:
                log.write(self.path + "\\n")
            head, _, where = asked.path.rpartition("/")
            assert head == "/table/v1/driving", head
            places = [tuple(map(float, one.split(","))) for one in where.split(";")]
            query = parse_qs(asked.query)
            every = ";".join(str(number) for number in range(len(places)))
            rows = [int(one) for one in query.get("sources", [every])[0].split(";")]
            columns = [int(one) for one in query.get("destinations", [every])[0].split(";")]
            if mode == "slow":
                time.sleep(5)
            body = {"code": "Ok", "durations": [
                [abs(places[a][0] - places[b][0]) * 100_000 + 0.25 * (a != b) for b in columns] for a in rows]}
            if mode == "island":
                body["durations"][0][-1] = None
            if mode == "short":
                body["durations"].pop()
            if mode == "negative":
                body["durations"][0][1] = -1
            said = b"<html>log in</html>" if mode == "page" else json.dumps(body).encode()
            self.send_response(500 if mode == "broken" else 400 if len(places) > 100 else 200)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Table)
    print(server.server_port, flush=True)
    server.serve_forever()
    """
)


@pytest.fixture
def service(tmp_path):
    """`mode`: a file that says how the service behaves; its address."""
    mode, script = tmp_path / "mode", tmp_path / "service.py"
    mode.write_text("well")
    script.write_text(SERVICE)
    running = subprocess.Popen([sys.executable, script, mode], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    yield mode, f"http://127.0.0.1:{int(running.stdout.readline())}"
    running.kill()
    running.wait()
    running.stdout.close()


def questions(mode: Path) -> int:
    log = mode.with_suffix(".log")
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_driving_takes_as_long_as_the_roads_say(service):
    found = Osrm(service[1]).matrix(PLACES)
    assert found.between(PLACES[0], PLACES[2], 40.0) == 2_001, "2,000.25 s, rounded up"
    assert found.between(PLACES[3], PLACES[3], 40.0) == 0
    assert found.between(PLACES[0], PLACES[2], 20.0) == 4_002, "half the speed, twice as long"


def test_no_question_is_larger_than_the_service_takes_however_many_places_there_are(service):
    places = [Place(104.0 + number / 1_000, 30.6) for number in range(120)]
    found = Osrm(service[1]).matrix(places)
    assert questions(service[0]) == 9
    for a, b in ((0, 119), (119, 0), (49, 50), (100, 3)):
        assert found.seconds[a, b] == pytest.approx(abs(a - b) * 100, abs=1.5)


def test_where_no_road_leads_the_great_circle_counts(service):
    service[0].write_text("island")
    found = Osrm(service[1]).matrix(PLACES)
    assert found.seconds[0, 4] == great_circle(PLACES).seconds[0, 4]
    assert found.seconds[4, 0] == 4_001


@pytest.mark.parametrize("mode", ["broken", "page", "short", "negative", "slow"])
def test_a_service_that_is_away_or_babbles_is_done_without_and_not_waited_for_again(service, mode):
    service[0].write_text(mode)
    one = Osrm(service[1], within_s=0.5)
    assert (one.matrix(PLACES).seconds == great_circle(PLACES).seconds).all()
    assert one.is_away
    asked = questions(service[0])
    one.matrix(PLACES)
    assert questions(service[0]) == asked


def test_a_service_nobody_reaches_is_done_without_until_it_is_back(service, monkeypatch):
    monkeypatch.setattr(roads, "REST_S", 0.0)
    one = Osrm("http://127.0.0.1:9", within_s=0.5)
    assert (one.matrix(PLACES).seconds == great_circle(PLACES).seconds).all()
    one.url = service[1]
    assert one.matrix(PLACES).seconds[0, 1] == 1_001
    assert not one.is_away


@pytest.mark.parametrize("url", ["roads", "ftp://roads", "http://", "http://roads?x=1"])
def test_an_address_that_is_none_is_said(url):
    with pytest.raises(SettingWrong, match="ENERFIELD_ROADS_URL"):
        read(NEEDED | {"ENERFIELD_ROADS_URL": url})


def test_without_the_setting_there_is_no_road_service(tmp_path):
    assert read(NEEDED | {"ENERFIELD_HOME": str(tmp_path)}).roads_url is None
