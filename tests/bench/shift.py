"""A shift on a slow phone: how soon a tap shows, a thousand orders, a full outbox over a thin line. Part of `web`.

The phone is Chromium in a phone's shape; where a row says so its CPU is four times as slow. "3G slow" is 400 kbit/s
each way with 400 ms there and back.
"""

from __future__ import annotations

import io
import statistics
import time
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext, CDPSession, Page

from tests.bench.common import say
from tests.looks.office import Office

PLACE = "Heat network pump 2"
TAPS, REMARKS, PHOTOS, ORDERS = 9, 40, 10, 1_000
PAINT_MS, FPS, DRAIN_S = 100, 50, 60
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
FREE = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}

PAINTED = """
([selector, seen]) => new Promise((done) => {
  const button = document.querySelector(selector);
  addEventListener("click", (event) => {
    const began = event.timeStamp;
    const shown = () => document.body.textContent.includes(seen);
    const painted = () => requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
    if (shown()) return painted();
    const watch = new MutationObserver(() => { if (shown()) { watch.disconnect(); painted(); } });
    watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  }, { capture: true, once: true });
  button.click();
})
"""
SEED = """
async ([name, count]) => {
  const open = indexedDB.open(name);
  const base = await new Promise((done) => { open.onsuccess = () => done(open.result); });
  const tx = base.transaction("snapshot", "readwrite");
  const store = tx.objectStore("snapshot");
  const all = await new Promise((done) => { const ask = store.getAll(); ask.onsuccess = () => done(ask.result); });
  const visit = all.find((one) => one.entity === "visit");
  const order = all.find((one) => one.id === visit.shown.work_order_id);
  for (let n = 0; n < count; n++) {
    const at = new Date(Date.now() + n * 600_000).toISOString();
    const work = { ...order.shown, number: `W-${n}`, title: `Order ${n}: the pump of riser ${n % 17} stands still` };
    const when = { planned_start: at, planned_end: at, status: "offered" };
    const trip = { ...visit.shown, ...when, work_order_id: `bench-order-${n}` };
    store.put({ entity: "work_order", id: `bench-order-${n}`, rev: 1, base: work, shown: work });
    store.put({ entity: "visit", id: `bench-visit-${n}`, rev: 1, base: trip, shown: trip });
  }
  await new Promise((done) => { tx.oncomplete = done; });
  base.close();
}
"""
SCROLLED = """
() => new Promise((done) => {
  const began = performance.now(), gaps = [];
  let last = began;
  const turn = (now) => {
    gaps.push(now - last);
    last = now;
    scrollBy(0, 24);
    if (now - began < 5_000) requestAnimationFrame(turn);
    else done({ fps: (gaps.length - 1) / ((now - began) / 1_000), worst: Math.max(...gaps.slice(2)), at: scrollY });
  };
  requestAnimationFrame(turn);
})
"""


def measure(context: BrowserContext, page: Page, office: Office, login: tuple[str, str]) -> None:
    """Print the rows, on a phone that is logged in."""
    me = Office(office.address, *login).ask("GET", "/auth/me")["id"]
    order, visit = office.send(me, PLACE, "Bench: pump stands still", "noise")
    try:
        _visit(context, page, visit)
    finally:
        office.take_back(order, visit)


def _visit(context: BrowserContext, page: Page, visit: str) -> None:
    page.goto(f"/field/visit/{visit}")
    page.locator(".dock .primary").wait_for(timeout=60_000)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    _taps(page, session)
    _drain(page, session, visit)
    _thousand(page, session)


def _taps(page: Page, session: CDPSession) -> None:
    """From a tap to the frame that shows what it did: written to disk first, then drawn."""
    for rate, name in ((1, ""), (4, ", CPU / 4")):
        session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        found = []
        for turn in range(TAPS):
            words = f"tap {rate} {turn} {time.time_ns()}"
            page.locator(".say input").fill(words)
            found.append(page.evaluate(PAINTED, [".say button", words]))
            page.wait_for_timeout(700)
        median = statistics.median(found)
        say(
            "web",
            f"field tap to paint{name}",
            median,
            "ms",
            goal=PAINT_MS,
            met=median <= PAINT_MS,
            worst=round(max(found)),
        )
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})


def _drain(page: Page, session: CDPSession, visit: str) -> None:
    """Fifty operations, ten of them photos, made without a signal, sent over a thin line."""
    _sent(page)
    page.context.set_offline(True)
    for turn in range(REMARKS):
        page.locator(".say input").fill(f"without a signal {turn}")
        page.locator(".say button").click()
        page.wait_for_function("() => document.querySelector('.say input').value === ''")
    page.goto(f"/field/visit/{visit}/photos")
    files = [_scene(turn) for turn in range(PHOTOS)]
    for turn, file in enumerate(files):
        page.locator("input[type=file]").last.set_input_files(file)
        page.locator("img.thumb").nth(turn).wait_for(timeout=60_000)
    page.goto("/field/unsent")
    page.locator(".outbox li").first.wait_for()
    sizes = page.evaluate(
        "() => [...document.querySelectorAll('.outbox .row-title')].map((one) => one.textContent)"
    )
    session.send("Network.emulateNetworkConditions", SLOW_3G)
    began = time.perf_counter()
    page.context.set_offline(False)
    session.send("Network.emulateNetworkConditions", SLOW_3G)
    _sent(page)
    took = time.perf_counter() - began
    session.send("Network.emulateNetworkConditions", FREE)
    photos = [one for one in sizes if "·" in one]
    say(
        "web",
        "field drain, 3G slow",
        took,
        "s",
        goal=DRAIN_S,
        met=took <= DRAIN_S,
        operations=len(sizes) - len(photos),
        photos=photos,
    )


def _sent(page: Page) -> None:
    page.wait_for_function(
        "() => document.querySelector('.chip.good') !== null && document.querySelector('.chip.sending') === null",
        timeout=300_000,
    )


def _thousand(page: Page, session: CDPSession) -> None:
    """Scroll through a thousand visits for five seconds."""
    names = page.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)")
    name = next(one for one in names if str(one).startswith("field "))
    page.context.set_offline(True)
    page.evaluate(SEED, [name, ORDERS])
    page.goto("/field/")
    page.get_by_text("Order 1:").first.wait_for(timeout=60_000)
    for rate, said in ((1, ""), (4, ", CPU / 4")):
        session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(1_000)
        found: dict[str, Any] = page.evaluate(SCROLLED)
        say("web", f"field {ORDERS} orders scrolled{said}", found["fps"], "fps", goal=FPS, met=found["fps"] >= FPS,
            worst_ms=round(found["worst"]), drawn=page.locator(".row").count())  # fmt: skip
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})


def _scene(seed: int) -> dict[str, Any]:
    """Return a photo as a phone takes it in a cellar: walls, pipes, a lamp, the noise of a small sensor."""
    random = np.random.default_rng(
        [seed, time.time_ns()]
    )  # a photo the server has from an earlier run is not sent
    height, width = 3_000, 4_000
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 70 + 90 * np.exp(-(((x - 1_500 - 90 * seed) / 1_800) ** 2 + ((y - 900) / 1_400) ** 2))
    for pipe in range(6):
        middle = 350 + 450 * pipe + 40 * np.sin(x / 700 + pipe)
        light += 55 * np.exp(-(((y - middle) / 60) ** 2)) - 40 * np.exp(-(((y - middle - 90) / 40) ** 2))
    for size, strength in ((40, 10), (8, 6)):
        coarse = random.normal(0, strength, (height // size + 1, width // size + 1))
        light += np.kron(coarse, np.ones((size, size)))[:height, :width]
    colour = np.stack([light * tint for tint in (1.0, 0.94, 0.82)], axis=-1) + random.normal(
        0, 5, (height, width, 3)
    )
    out = io.BytesIO()
    Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=92)
    return {"name": f"{seed}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}
