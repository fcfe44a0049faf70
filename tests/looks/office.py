"""The office of a running region, by its API: it reports faults and sends the technician to them."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from backend.kernel import clock

STEP, TRIES = timedelta(minutes=30), 150
"""The next slot that is tried where one is taken or off duty: three days ahead at most."""

OTHERS = ("plant_fault", "damage", "overheating", "high_pressure", "low_pressure", "overload", "other")


class Answered(Exception):
    """The office was refused something."""


@dataclass
class Office:
    """A dispatcher at a desk."""

    address: str
    email: str
    password: str
    token: str = ""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """Ask the API; returns what it answers."""
        if not self.token and path != "/auth/login":
            given = {"email": self.email, "password": self.password, "device_id": "office"}
            self.token = self.ask("POST", "/auth/login", given)["access_token"]
        url = f"{self.address}/api/v1{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, data, headers, method=method), timeout=60
            ) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Answered(f"{method} {path}: {error.code} {error.read().decode()[:300]}") from None

    def place(self, name: str) -> str:
        """Return the id of the first position of a name."""
        return str(self.ask("GET", "/positions", search=name, limit="1")["items"][0]["id"])

    def send(
        self, technician_id: str, place: str, title: str, fault_class: str, *, priority: int | None = None,
        description: str | None = None,
    ) -> tuple[str, str]:  # fmt: skip
        """Report a fault, sort it, plan a visit in the next free slot and dispatch it; returns order and visit."""
        about = {"position_id": self.place(place), "title": title, "description": description}
        for wanted in (
            fault_class,
            *OTHERS,
        ):  # an order that is still open from an earlier run takes the report in
            said = self.ask("POST", "/work-orders", about | {"fault_class": wanted})
            if said["is_new"]:
                break
        order = said["order"]["id"]
        sorted_ = {"fault_class": wanted} | ({"priority": priority} if priority else {})
        self.ask("POST", f"/work-orders/{order}/triage", sorted_)
        visit = self._plan(order, technician_id)
        self.ask("POST", f"/work-orders/{order}/dispatch")
        return order, visit

    def take_back(self, order: str, visit: str) -> None:
        """Take a visit off the plan and cancel its order: who comes next finds the technician free."""
        self.ask("POST", f"/visits/{visit}/withdrawal", {"reason": "the measuring is over"})
        self.ask("POST", f"/work-orders/{order}/cancellation", {"reason": "the measuring is over"})

    def _plan(self, order: str, technician_id: str) -> str:
        at, said = clock.now() + timedelta(minutes=5), ""
        for turn in range(TRIES):
            start = {"technician_id": technician_id, "start": (at + turn * STEP).isoformat()}
            try:
                return str(self.ask("POST", f"/work-orders/{order}/visits", start)["id"])
            except Answered as error:
                said = str(error)
        raise Answered(said)
