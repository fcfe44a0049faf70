"""Whatever field work and forecasts refuse is read in Chinese by Chinese readers: the sources are walked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_babel import force_locale

from backend.workorders.rules import machine
from backend.workorders.service.hosting import rounds
from portal import refusals

ROOT = Path(__file__).parents[2]
SOURCES = [
    *(ROOT / "backend" / "workorders").rglob("*.py"), *(ROOT / "portal" / "workorders").glob("*.py"),
    *(ROOT / "backend" / "forecasting" / "service").glob("*.py"),
]  # fmt: skip
RAISED = {"Refused", "Conflict", "NotFound", "Forbidden"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
UNNAMED = {"error", "remedy", "said", "why"}
"""Variables that stand where a text is raised; what they may hold is among the texts below."""
HELD = {
    "this is the tag of another asset", "scan the asset's tag first", "answer yes or no", "give a number",
    "give a text",
    "accepted work of 7 does not fit the day: 7", *rounds.DOUBTS.values(),
}  # fmt: skip


def texts(node: ast.expr) -> Iterator[str]:
    """Yield what an expression may say, with 7 wherever a value stands."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.BinOp):
        yield "".join(part.value if isinstance(part, ast.Constant) else "7" for part in _added(node))
    elif not (isinstance(node, ast.Call) and ast.unparse(node.func) == "_"):  # worded already
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        assert names & UNNAMED, f"nobody knows what {ast.unparse(node)} says: name it in this test"


def _added(node: ast.expr) -> list[ast.expr]:
    """Return the parts of a sum of texts, in their order."""
    return [*_added(node.left), node.right] if isinstance(node, ast.BinOp) else [node]


def refused() -> set[str]:
    """Every message and remedy they raise."""
    found = set(HELD)
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in RAISED
                and node.args
            ):
                found |= set(texts(node.args[0]))
                for one in node.keywords:
                    if one.arg == "remedy":
                        found |= set(texts(one.value))
    return found


@pytest.fixture
def in_chinese(app):
    """Read as somebody Chinese does."""
    with app.test_request_context(), force_locale("zh"):
        yield refusals.in_words


def test_every_refusal_of_field_work_and_forecasts_has_its_chinese(in_chinese):
    found = refused()
    assert len(found) > 120
    assert {text for text in found if not CHINESE.search(in_chinese(text))} == set()


def test_states_and_commands_inside_a_refusal_are_words_too(in_chinese):
    with pytest.raises(machine.Conflict) as said:
        machine.find("close", machine.OrderStatus.READY)
    latin = re.compile(r"[a-z]{3,}")
    assert not latin.search(in_chinese(said.value.message)), in_chinese(said.value.message)
    assert not latin.search(in_chinese(said.value.remedy)), in_chinese(said.value.remedy)


def test_each_reason_why_a_visit_does_not_fit_is_said_in_chinese(in_chinese):
    said = in_chinese(
        "this visit does not fit: lacks gas; has another visit then; is not on shift then; is outside the agreed window"
    )
    assert said.count("；") == 3
    assert set(re.findall(r"[a-z]{3,}", said)) == {"gas"}


@pytest.mark.parametrize(("text", "chinese"), [
    ("nothing is called 'prise' here", "这里没有名为“prise”的项"),
    ("did you mean 'price'?", "是否应为“price”"),
    ("'2031-99-99' is not a day", "“2031-99-99”不是日期"),
    ("nothing gives heat", "没有任何机组供出热"),
])  # fmt: skip
def test_what_is_wrong_with_a_text_is_told_in_chinese(app, text, chinese):
    with app.test_request_context(), force_locale("zh"):
        assert refusals.in_words(text) == chinese
