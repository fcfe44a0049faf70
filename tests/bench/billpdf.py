"""Bills as PDF: `python -m tests.bench.billpdf [BILLS]`, a JSON line a result.

Bills (400 unless said otherwise) with time of use, demand, taxes, account, chart of use, comparison and a code to pay,
each with figures of its own, from plain values to the bytes of the file, on two processes. The limit is the same
compiler setting pages that hold a line of text in the same two fonts, on as many processes. `cpu` is what one second of
one processor's time makes: on a machine that others use, it says more than the clock.

Other ways were measured beside: asking for a compiler a bill, and setting twenty bills at once, split by page
afterwards.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import Any

import orjson
import pypdfium2
import typst

from backend.billing.rules.documents.bill import BillDocument
from reports import bill as bills
from reports.typesetting import ROOT, Template
from tests.bench.common import say
from tests.reports.bill.bills import bill

BILLS, PROCESSES, GOAL = 400, 2, 50
AT_ONCE = 20
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
    """Set bills one by one with one compiler: what the product does. Returns how many bytes."""
    return sum(len(bills.pdf(numbered(number), "zh")) for number in numbers)


def anew(numbers: Sequence[int]) -> int:
    """Ask for a compiler for each bill: fonts are looked up each time."""
    path, done = str(ROOT / "bill" / "template.typ"), 0
    for number in numbers:
        inputs = {"data": orjson.dumps(bills.content(numbered(number), "zh")).decode()}
        done += len(typst.compile(path, root=str(ROOT), format="pdf", sys_inputs=inputs))
    return done


def together(numbers: Sequence[int]) -> int:
    """Set bills AT_ONCE in one document, and split it by page; they are one page each, without numbers of pages."""
    place, done = ROOT / "bill" / f".together-{numbers[0]}.typ", 0
    place.write_text(_together())
    try:
        template = Template(place)
        for first in range(0, len(numbers), AT_ONCE):
            some = numbers[first : first + AT_ONCE]
            data = template.pdf({"bills": [bills.content(numbered(one), "zh") for one in some]})
            done += sum(len(one) for one in split(data, len(some)))
    finally:
        place.unlink()
    return done


def _together() -> str:
    """Return the template of a bill as one of many: what only a whole document may say is left out."""
    head, _, body = (ROOT / "bill" / "template.typ").read_text().partition("#let words = data.words")
    body = "\n".join(line for line in body.splitlines() if not line.startswith("#set document("))
    body = body.replace("page-numbers(words.page)", "[]")
    whole = head.replace("#let data =", "#let all =")
    return f"{whole}\n#for (at, data) in all.bills.enumerate() [\n#let words = data.words\n{body}\n]\n"


def split(data: bytes, count: int) -> list[bytes]:
    """Return the pages of a PDF as files of their own."""
    whole, found = pypdfium2.PdfDocument(data), []
    assert len(whole) == count, f"{len(whole)} pages for {count} bills"
    for page in range(count):
        one, out = pypdfium2.PdfDocument.new(), BytesIO()
        one.import_pages(whole, [page])
        one.save(out)
        found.append(out.getvalue())
    return found


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
    limit, found = on_processes(bare, count), on_processes(kept, count)
    said = {"limit": limit["rate"], "rate": True, "processes": PROCESSES}
    say(
        "billpdf", "one by one, a compiler kept: the product's way", found["rate"], "PDF/s", goal=GOAL,
        met=found["rate"] >= GOAL, cpu=round(found["cpu"], 1), limit_cpu=round(limit["cpu"], 1),
        kilobytes=round(found["kilobytes"]), **said,
    )  # fmt: skip
    for case, make, some in (
        ("twenty at once, split by page", together, count), ("a compiler for each bill", anew, max(count // 20, 4)),
    ):  # fmt: skip
        other = on_processes(make, some)
        say("billpdf", case, other["rate"], "PDF/s", cpu=round(other["cpu"], 1),
            kilobytes=round(other["kilobytes"]), **said)  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else BILLS)
