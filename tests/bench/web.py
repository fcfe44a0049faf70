"""How fast pages are on a slow phone: Lighthouse, mobile preset (150 ms, 1.6 Mbit/s, CPU / 4).

`python -m tests.bench.web [PAGE …]`: median of three runs a page; `shift` for the field app's own rows alone. Goals:
performance 90 with a map or chart, 95 without; accessibility 100, best practices 95, blocked no longer than 150 ms.
Scores are Lighthouse's, so there is no bare limit to compare with.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import statistics
import subprocess
import sys
import urllib.parse
import urllib.request

import backend.demo
from tests.bench import phone
from tests.bench.common import say
from tests.e2e.chromium import path as chromium
from tests.regions import ROOT, running

RUNS = int(os.environ.get("ENERFIELD_BENCH_RUNS", "3"))
DRAWN, PLAIN = 90, 95
ACCESSIBLE, PRACTICES, BLOCKED_MS = 100, 95, 150
PAGES = (
    ("login", "", "/login", PLAIN),
    ("overview", "manager", "/overview", DRAWN),
    ("demand", "manager", "/demand", DRAWN),
    ("map", "manager", "/map", DRAWN),
    ("point", "manager", "", DRAWN),
    ("home", "customer", "/home", DRAWN),
    ("board", "dispatcher", "/board", PLAIN),
    ("alarms", "dispatcher", "/alarms", PLAIN),
    ("plant", "operator", "/plant", PLAIN),
    ("environment", "manager", "/environment", PLAIN),
    ("connections", "administrator", "/connections", PLAIN),
    ("organisation", "administrator", "/organisation", PLAIN),
    ("people", "administrator", "/people", PLAIN),
    ("today", "technician", "/today", PLAIN),
    ("orders", "dispatcher", "/workorders", PLAIN),
    ("dispatch", "dispatcher", "/dispatch", DRAWN),
    ("assets", "operator", "/assets", PLAIN),
    ("tags", "operator", "/tags", PLAIN),
    ("rules", "operator", "/alarms/rules", PLAIN),
    ("hosting", "dispatcher", "/hosting", PLAIN),
    ("help", "manager", "/help", PLAIN),
    ("field", "", "/field/", PLAIN),
)


def main(wanted: list[str]) -> None:
    """Measure some pages, or all."""
    logins = {role: (email, password) for role, email, password in backend.demo.logins()}
    with running() as address:
        for name, role, path, goal in PAGES:
            if wanted and name not in wanted:
                continue
            cookie = _cookie(address, *logins[role]) if role else ""
            page = path or _a_point(address, cookie)
            _warm(address + page, cookie)
            found = [_lighthouse(address + page, cookie) for _run in range(RUNS)]
            performance = statistics.median(one["performance"] for one in found)
            figures = {
                key: round(statistics.median(one[key] for one in found))
                for key in ("fcp_ms", "lcp_ms", "tbt_ms")
            }
            cls = max(one["cls"] for one in found)
            say(
                "web",
                name,
                performance,
                "score",
                goal=goal,
                met=performance >= goal,
                **figures,
                cls=round(cls, 3),
            )
            for kind, least in (("accessibility", ACCESSIBLE), ("best practices", PRACTICES)):
                score = min(one[kind] for one in found)
                say("web", f"{name} {kind}", score, "score", goal=least, met=score >= least)
            blocked = figures["tbt_ms"]
            say("web", f"{name} blocked", blocked, "ms", goal=BLOCKED_MS, met=blocked <= BLOCKED_MS)
        if not wanted or {"field", "shift"} & set(wanted):
            phone.measure(address, logins["technician"], logins["dispatcher"])


def _lighthouse(url: str, cookie: str) -> dict[str, float]:
    """Run Lighthouse once; scores 0..100, times [ms]."""
    command = [
        "node", str(ROOT / "node_modules" / "lighthouse" / "cli" / "index.js"), url, "--quiet", "--output=json",
        "--only-categories=performance,accessibility,best-practices", "--max-wait-for-load=60000",
        "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
    ]  # fmt: skip
    if cookie:
        command.append("--extra-headers=" + json.dumps({"Cookie": cookie}))
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"CHROME_PATH": chromium()},
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"Lighthouse failed on {url}: {done.stderr[-600:]}")
    report = json.loads(done.stdout)
    audits = report["audits"]
    return {
        "performance": report["categories"]["performance"]["score"] * 100,
        "accessibility": report["categories"]["accessibility"]["score"] * 100,
        "best practices": report["categories"]["best-practices"]["score"] * 100,
        "fcp_ms": audits["first-contentful-paint"]["numericValue"],
        "lcp_ms": audits["largest-contentful-paint"]["numericValue"],
        "tbt_ms": audits["total-blocking-time"]["numericValue"],
        "cls": audits["cumulative-layout-shift"]["numericValue"],
    }


def _cookie(address: str, email: str, password: str) -> str:
    """Log in and return the cookies as a header."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    form = urllib.parse.urlencode({"email": email, "password": password}).encode()
    opener.open(urllib.request.Request(f"{address}/login", form, {"Origin": address}), timeout=60)
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def _a_point(address: str, cookie: str) -> str:
    """Return the first point of the list of demand."""
    page = _warm(f"{address}/demand", cookie)
    return page.split('href="/points/')[1].split('"')[0].join(("/points/", "")).replace("&amp;", "&")


def _warm(url: str, cookie: str) -> str:
    with urllib.request.urlopen(
        urllib.request.Request(url, headers={"Cookie": cookie}), timeout=60
    ) as answer:
        return answer.read().decode()


if __name__ == "__main__":
    main(sys.argv[1:])
