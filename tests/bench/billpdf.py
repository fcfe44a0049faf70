"""Bills as PDF: `python -m tests.bench.billpdf [BILLS]`, a JSON line a result.

Bills (400 unless said otherwise) with time of use, demand, taxes, account, chart of use, comparison and a code to pay,
each with figures of its own, from plain values to the bytes of the file, on two processes. The limit is the same
compiler setting pages that hold a line of text in the same two fonts, on as many processes. `cpu` is what one second of
one processor's time makes: on a machine that others use, it says more than the clock.

Bills of a run, of a schedule, are set many at once and split; one that somebody opens is set by itself, by the same
kept compiler. Asking for a compiler a bill is measured beside.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import typst

from backend.billing.rules.documents.bill import BillDocument
from reports import bill as bills
from reports.typesetting import ROOT, Template
from tests.bench.common import say
from tests.reports.bill.bills import bill

BILLS, PROCESSES, GOAL = 400, 2, 50
BARE = """#import "style.typ": *
#let data = json(bytes(sys.inputs.data))
#show: body => page-text("zh", body)
#data.text 账单 *#data.text 账单*
"""
"""A line of regular and bold type: what any page in these fonts costs."""


def numbered(number: int) -> BillDocument:
    """Return a bill that shares no figure with its neighbours, so that nothing set before can be used again."""
    one, factor = bill(), 1 + number / 1000
    cents = Decimal(number) / 100
    lines = [replace(line, quantity=line.quantity + number, amount=line.amount + cents) for line in one.lines]
    use = replace(one.use, amounts=[[value * factor for value in row] for row in one.use.amounts])
    return replace(
        one, number=f"2026-{number:06}", lines=lines, total=sum((line.amount for line in lines), Decimal(0)), use=use,
        contract=f"EL-{number:05}", buyer=replace(one.buyer, name_zh=f"第{number}号用户"),
        pay_url=f"https://energy.example.org/bills/0199b190-0000-7000-8000-{number:012}/pay",
    )  # fmt: skip


def kept(numbers: Sequence[int]) -> int:
    """Set bills one by one with one compiler. Returns how many bytes."""
    return sum(len(bills.pdf(numbered(number), "zh")) for number in numbers)


def anew(numbers: Sequence[int]) -> int:
    """Ask for a compiler for each bill: fonts are looked up each time."""
    path, done = str(ROOT / "bill" / "template.typ"), 0
    for number in numbers:
        inputs = {"data": orjson.dumps(bills.content(numbered(number), "zh")).decode()}
        done += len(typst.compile(path, root=str(ROOT), format="pdf", sys_inputs=inputs))
    return done


def together(numbers: Sequence[int]) -> int:
    """Set bills as those of a run are: many at once, split into files of their own."""
    return sum(len(one) for one in bills.pdfs([numbered(number) for number in numbers], "zh"))


def bare(numbers: Sequence[int]) -> int:
    """Set pages of a line."""
    place = ROOT / f".bare-{numbers[0]}.typ"
    place.write_text(BARE)
    try:
        template = Template(place)
        return sum(len(template.pdf({"text": str(number)})) for number in numbers)
    finally:
        place.unlink()


def timed(
    make: Callable[[Sequence[int]], int], numbers: Sequence[int], ready: Any, begun: Any, told: Any
) -> None:
    """Make things in a process of its own, from when all are ready; tell how long, of what time, how many bytes."""
    make(numbers[:1])
    ready.release()
    begun.wait()
    wall, cpu = time.perf_counter(), time.process_time()
    size = make(numbers[1:])
    told.put((time.perf_counter() - wall, time.process_time() - cpu, size))


def on_processes(make: Callable[[Sequence[int]], int], count: int) -> dict[str, float]:
    """Share work among processes; returns things a second by the clock, a second of processor time, and KB a thing."""
    fresh = multiprocessing.get_context("spawn")
    ready, begun, told = fresh.Semaphore(0), fresh.Event(), fresh.Queue()
    each = max(count // PROCESSES, 2) + 1
    workers = [
        fresh.Process(target=timed, args=(make, range(at * each, (at + 1) * each), ready, begun, told))
        for at in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.acquire()
    begun.set()
    results = [told.get() for _ in workers]
    for worker in workers:
        worker.join()
    done = PROCESSES * (each - 1)
    return {
        "rate": done / max(wall for wall, _, _ in results),
        "cpu": done / sum(cpu for _, cpu, _ in results),
        "kilobytes": sum(size for _, _, size in results) / done / 1000,
    }


def main(count: int) -> None:
    """Measure."""
    limit = on_processes(bare, count)
    said = {"limit": limit["rate"], "rate": True, "processes": PROCESSES, "limit_cpu": round(limit["cpu"], 1)}
    for case, make, some, goal in (
        ("many at once, split: runs and schedules", together, count, {"goal": GOAL}),
        ("one by one, a compiler kept: a bill that is opened", kept, count, {}),
        ("a compiler for each bill", anew, max(count // 20, 4), {}),
    ):
        found = on_processes(make, some)
        met = {"met": found["rate"] >= GOAL} if goal else {}
        say("billpdf", case, found["rate"], "PDF/s", cpu=round(found["cpu"], 1),
            kilobytes=round(found["kilobytes"]), **said, **goal, **met)  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else BILLS)
