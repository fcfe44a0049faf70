"""The spool keeps what was accepted, through kills, full disks and damaged files."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from ingest.spool import Spool, SpoolFull, SpoolTaken


def entries(*numbers: int, size: int = 100) -> list[tuple[str, int, bytes]]:
    return [("readings", 10, number.to_bytes(8, "big") * (size // 8)) for number in numbers]


def numbers(kept) -> list[int]:
    return [int.from_bytes(entry.body[:8], "big") for entry in kept]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "spool" / "worker.sqlite"


@pytest.fixture
def open_spool(path):
    opened = []

    def opener(**how) -> Spool:
        opened.append(Spool(path, **how))
        return opened[-1]

    yield opener
    for spool in opened:
        spool.close()


def test_entries_come_back_in_the_order_they_went_in_even_from_another_process(open_spool):
    spool = open_spool()
    spool.append(entries(1, 2))
    spool.append(entries(3))
    spool.close()
    again = open_spool()
    assert numbers(again.oldest(1000)) == [1, 2, 3]
    assert again.items == 30


def test_only_whole_entries_up_to_the_limit_are_taken_and_at_least_one(open_spool):
    spool = open_spool()
    spool.append(entries(1, 2, 3))
    assert numbers(spool.oldest(25)) == [1, 2]
    assert numbers(spool.oldest(1)) == [1]


def test_what_is_dropped_does_not_come_again(open_spool):
    spool = open_spool()
    spool.append(entries(1, 2, 3))
    spool.drop(spool.oldest(20))
    assert numbers(spool.oldest(1000)) == [3]
    assert spool.items == 10


def test_the_cap_refuses_loudly_and_keeps_what_was_there(open_spool):
    spool = open_spool(cap_mb=1)
    taken = 0
    with suppress(SpoolFull):
        for number in range(1000):
            spool.append(entries(number, size=8000))
            taken += 1
    assert 100 < taken < 200
    with pytest.raises(SpoolFull, match="takes no more"):
        spool.append(entries(taken, size=8000))
    assert spool.size_bytes <= 1024 * 1024
    assert numbers(spool.oldest(10**9)) == list(range(taken))
    spool.drop(spool.oldest(10**9))
    spool.append(entries(7))
    assert numbers(spool.oldest(10)) == [7]


def test_an_emptied_spool_gives_its_disk_space_back(open_spool):
    spool = open_spool(cap_mb=16)
    spool.append(entries(*range(200), size=8000))
    spool.drop(spool.oldest(10**9))
    assert spool.size_bytes < 100_000


def test_a_damaged_entry_is_set_aside_and_the_rest_goes_on(path, open_spool):
    spool = open_spool()
    spool.append(entries(1, 2, 3))
    spool.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE entry SET body = zeroblob(100) WHERE id = 2")
    db.close()
    spool = open_spool()
    assert numbers(spool.oldest(1000)) == [1, 3]
    assert (spool.set_aside_count, spool.items) == (1, 20)


def test_a_file_that_is_no_database_is_kept_for_a_person_and_a_new_one_begun(path, open_spool):
    path.parent.mkdir()
    path.write_bytes(b"nonsense" * 1000)
    spool = open_spool()
    spool.append(entries(1))
    assert numbers(spool.oldest(10)) == [1]
    assert path.with_suffix(".damaged-1").read_bytes().startswith(b"nonsense")


def test_two_processes_cannot_share_a_worker_name(path, open_spool):
    spool = open_spool()
    with pytest.raises(SpoolTaken):
        Spool(path)
    spool.close()
    open_spool().close()


WRITER = """
import sys
from pathlib import Path
from ingest.spool import Spool
spool = Spool(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    spool.append([("readings", 1, number.to_bytes(8, "big") * 50)])
    print(number, flush=True)
    number += 1
"""


def test_a_kill_at_any_instant_loses_nothing_that_was_acknowledged(path):
    pause = random.Random(7)
    acknowledged, first = 0, 0
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(first)], stdout=subprocess.PIPE, text=True
        )
        writer.stdout.readline()
        time.sleep(pause.uniform(0.01, 0.15))
        os.kill(writer.pid, signal.SIGKILL)
        said = [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        writer.wait()
        writer.stdout.close()
        acknowledged = said[-1] if said else first
        spool = Spool(path)
        kept = numbers(spool.oldest(10**9))
        spool.close()
        assert kept[: acknowledged + 1] == list(range(acknowledged + 1))
        assert len(kept) - (acknowledged + 1) in (0, 1), (
            "at most the one in flight may be there unacknowledged"
        )
        first = len(kept)
