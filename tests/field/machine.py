"""What may happen to three phones and an office, in any order, and letting it happen many times."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable
from typing import Any, ClassVar

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from backend.assets.service import tags
from backend.kernel import ids
from backend.network import service as network
from backend.workorders import service as work
from tests.backend.workorders.conftest import plan
from tests.field import laws
from tests.field.driver import Crashed, Driver
from tests.field.office import FAULTS, Office
from tests.field.run import Run
from tests.field.scene import PHONES, Scene
from tests.field.undone import one_connection, undone
from tests.world import World

DAY_MS = 86_400_000
VALUES: dict[str, Any] = {"yes_no": True, "number": 20, "reading": 3.5, "text": "fine", "choice": "good"}
VISIT = (
    "accept",
    "travel",
    "arrive",
    "work",
    "pause",
    "finish",
    "decline",
    "leave_partial",
    "find_no_access",
)
_count = itertools.count()

phones = st.sampled_from(sorted(PHONES))
third = st.integers(0, 2)
places = st.just(0) | st.integers(0, 9)  # often the same one, so that people contradict each other
lines = st.lists(st.sampled_from(FAULTS), max_size=3)


class Machine(RuleBasedStateMachine):
    """What may happen, in any order."""

    make: ClassVar[Callable[[contextlib.ExitStack], Run]]

    def __init__(self) -> None:
        super().__init__()
        self.undoing = contextlib.ExitStack()

    @initialize()
    def begin(self) -> None:
        """Fresh phones, and orders nobody has touched."""
        self.run = type(self).make(self.undoing)

    @rule(phone=phones, order=third, is_public=st.booleans())
    def comment(self, phone: str, order: int, is_public: bool) -> None:
        self.run.tap(phone, "work_order", self.run.scene.orders[order], "comment",
                     text=f"remark {len(self.run.tapped)}", is_public=is_public)  # fmt: skip

    @rule(phone=phones, order=third, item=places, number=st.integers(0, 40))
    def answer(self, phone: str, order: int, item: int, number: int) -> None:
        items = [one for one in self.run.scene.items[self.run.scene.orders[order]] if one["type"] in VALUES]
        items.sort(key=lambda one: one["type"] != "number")
        if not items:
            return
        about = items[item % len(items)]
        value = number if about["type"] in ("number", "reading") else VALUES[about["type"]]
        self.run.tap(
            phone, "work_order", self.run.scene.orders[order], "answer", item=about["key"], value=value
        )

    @rule(phone=phones, order=third, cause=st.sampled_from(["LOOSE", "WEAR"]))
    def codes(self, phone: str, order: int, cause: str) -> None:
        self.run.tap(phone, "work_order", self.run.scene.orders[order], "codes", problem="METERING", cause=cause,
                     remedy="REPLACED")  # fmt: skip

    @rule(
        phone=phones,
        visit=third,
        commands=st.lists(st.sampled_from(VISIT), min_size=1, max_size=3),
        faults=st.none() | lines,
    )
    def visit(self, phone: str, visit: int, commands: list[str], faults: list[str] | None) -> None:
        for command in commands:
            self.run.tap(phone, "visit", self.run.scene.visits[visit], command, reason="as it is")
        if faults is not None:
            self.run.go(phone, "push", *faults)

    @rule(phone=phones, order=third)
    def start(self, phone: str, order: int) -> None:
        photo = self.run.photo(phone, self.run.scene.orders[order], 0)
        override = {"reason": "plate gone", "photo": photo}
        self.run.tap(phone, "work_order", self.run.scene.orders[order], "start", override=override,
                     safety={"ppe": True, "area": True}, visit_id=ids.show(self.run.scene.visits[order]))  # fmt: skip

    @rule(phone=phones, order=third, command=st.sampled_from(["hold", "resume", "complete", "give_up"]))
    def move(self, phone: str, order: int, command: str) -> None:
        self.run.tap(phone, "work_order", self.run.scene.orders[order], command, reason="material", problem="METERING",
                     cause="LOOSE", remedy="REPLACED")  # fmt: skip

    @rule(phone=phones, order=third, quantity=st.integers(1, 3))
    def use_part(self, phone: str, order: int, quantity: int) -> None:
        self.run.tap(
            phone, "work_order", self.run.scene.orders[order], "use_part",
            part_id=ids.show(self.run.scene.east.ids["part"]), store_id=ids.show(self.run.scene.vans[PHONES[phone]]),
            quantity=quantity,
        )  # fmt: skip

    @rule(phone=phones, visit=third, seconds=st.integers(1, 9_000))
    def punch(self, phone: str, visit: int, seconds: int) -> None:
        self.run.tap(
            phone,
            "visit",
            self.run.scene.visits[visit],
            "punch",
            kind="work",
            seconds=seconds,
            started_at="x",
        )

    @rule(phone=phones, order=third, shade=st.integers(0, 9), faults=st.none() | lines)
    def photo(self, phone: str, order: int, shade: int, faults: list[str] | None) -> None:
        self.run.photo(phone, self.run.scene.orders[order], shade)
        if faults is not None:
            self.run.go(phone, "upload", *faults)

    @rule(phone=phones, tag=st.integers(0, 1), place=st.booleans())
    def bind(self, phone: str, tag: int, place: bool) -> None:
        where = self.run.scene.place if place else self.run.scene.east.ids["plant"]
        one = self.run.scene.tags[tag]
        self.run.tap(phone, "tag", one, "bind", tag=tags.payload_of(one), position_id=ids.show(where))

    @rule(phone=phones, name=st.sampled_from(["pump house", "boiler house"]))
    def rename(self, phone: str, name: str) -> None:
        self.run.tap(phone, "position", self.run.scene.place, "rename", name=name)

    @rule(phone=phones, fault=st.sampled_from(["power_quality", "noise", "leak"]))
    def report(self, phone: str, fault: str) -> None:
        self.run.tap(phone, "work_order", None, "report", position_id=ids.show(self.run.scene.place), fault_class=fault,
                     title="It hums")  # fmt: skip

    @rule(phone=phones, what=st.sampled_from(["push", "pull", "sync", "upload"]), faults=lines)
    def speak(self, phone: str, what: str, faults: list[str]) -> None:
        self.run.go(phone, what, *faults)

    @rule(phone=phones, faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=4))
    def sync_over_a_bad_line(self, phone: str, faults: list[str]) -> None:
        self.run.go(phone, "sync", *faults)

    @rule(phone=phones, steps=st.none() | st.integers(0, 8))
    def crash(self, phone: str, steps: int | None) -> None:
        with contextlib.suppress(Crashed):
            self.run.driver.do("crash", self.run.names[phone], **({} if steps is None else {"after": steps}))

    @rule(phone=phones, days=st.sampled_from([-1, 1, 0, -400]))
    def skew(self, phone: str, days: int) -> None:
        with contextlib.suppress(Crashed):
            self.run.driver.do("clock", self.run.names[phone], now_ms=time.time() * 1000 + days * DAY_MS)

    @rule(phone=phones)
    def log_out_and_in(self, phone: str) -> None:
        with contextlib.suppress(Crashed):
            self.run.driver.do("logout", self.run.names[phone])
        self.run.open(phone)

    @rule(order=third)
    def office_cancels(self, order: int) -> None:
        self.run.edit(lambda session, scope: work.cancel(
            session, scope, order_id=self.run.scene.orders[order], reason="customer repaired it"))  # fmt: skip

    @rule(order=third, who=st.integers(0, 1))
    def office_reassigns(self, order: int, who: int) -> None:
        def again(session: Any, scope: Any) -> None:
            work.withdraw(session, scope, visit_id=self.run.scene.visits[order], reason="closer colleague")
            plan(session, scope, self.run.scene.orders[order], self.run.scene.people[who].id)
            work.dispatch(session, scope, order_id=self.run.scene.orders[order])

        self.run.edit(again)

    @rule(order=third, item=places, number=st.integers(0, 40))
    def office_answers(self, order: int, item: int, number: int) -> None:
        items = [one for one in self.run.scene.items[self.run.scene.orders[order]] if one["type"] == "number"]
        if items:
            key = items[item % len(items)]["key"]
            self.run.edit(lambda session, scope: work.answer(
                session, scope, order_id=self.run.scene.orders[order], item=key, value=number))  # fmt: skip

    @rule(name=st.sampled_from(["pump house", "hall"]))
    def office_renames(self, name: str) -> None:
        self.run.edit(lambda session, scope: network.change_position(
            session, scope, position_id=self.run.scene.place, name=name))  # fmt: skip

    @rule(phone=phones, order=third)
    def a_phone_pulls_while_the_office_is_about_to_commit(self, phone: str, order: int) -> None:
        def remark(session: Any, scope: Any) -> None:
            work.comment(session, scope, order_id=self.run.scene.orders[order], text="Is somebody there?")

        if self.run.is_undone:  # one connection for all: nobody can look past an open transaction
            self.run.go(phone, "pull")
            self.run.edit(remark)
        else:
            self.run.edit(remark, meanwhile=lambda: self.run.go(phone, "pull"))

    def teardown(self) -> None:
        """All faults off; the laws hold; what is to be undone is undone."""
        with self.undoing:
            if hasattr(self, "run"):
                self.run.settle()
                laws.hold(self.run)
                self.run.driver.do("reset")


def runs(
    where: Scene | World, office: Office, driver: Driver, count: int, steps: int, *, is_the_same: bool = False
) -> int:
    """Let it happen so many times; returns how many runs there were.

    is_the_same: the same choices each time, for a run that tells whether a change broke something
    where: a scene all runs meet as it was made, each undone afterwards; or a world in which each run makes a scene
    of its own and commits as the product does
    """
    made: list[Run] = []
    database = where.world.database if isinstance(where, Scene) else where.database
    ending = contextlib.ExitStack()
    if isinstance(where, Scene):
        _hand_out(where, office, driver)
        connection = ending.enter_context(one_connection(database))

    def make(undoing: contextlib.ExitStack) -> Run:
        if isinstance(where, Scene):
            office.database = undoing.enter_context(undone(database, connection))
            undoing.callback(setattr, office, "database", database)
            scene = where
        else:
            scene = Scene(where).make(database)
        made.append(Run(scene, office, driver, next(_count), is_undone=isinstance(where, Scene)))
        made[-1].begin()
        return made[-1]

    settings = hypothesis.settings(
        max_examples=count, stateful_step_count=steps, deadline=None, database=None, report_multiple_bugs=False,
        derandomize=is_the_same,
        suppress_health_check=list(hypothesis.HealthCheck), print_blob=False,
        phases=[hypothesis.Phase.generate],  # a run is long: the steps are told as they were, not made fewer
    )  # fmt: skip
    bound = type("Bound", (Machine,), {"make": staticmethod(make)})
    try:
        with ending:
            run_state_machine_as_test(bound, settings=settings)
    finally:
        print(len(made), "runs", sum(len(one.tapped) for one in made), "operations")
    return len(made)


def _hand_out(scene: Scene, office: Office, driver: Driver) -> None:
    """Let the phones of a scene hear all of it once; those of its runs begin with what they hold."""
    for letter in PHONES:
        name = f"{letter} of the scene"
        office.scopes[name] = scene.scopes[letter]
        driver.do("open", name, base="stdio:", token="t", device_id=f"device {name}")
        driver.do("pull", name)
        driver.do("keep", name)
    driver.do("reset")
