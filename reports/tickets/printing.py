"""A ticket on A4: its number, who issued and approved it, the steps with time and name, room to sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from reports.typesetting import Template

TEMPLATE = Template(Path(__file__).with_name("template.typ"))
WORDS = {
    "work": ("Work ticket", "工作票"), "switching": ("Switching ticket", "操作票"), "what": ("Task", "工作内容"),
    "where": ("Place", "地点"), "order": ("Work order", "工单"), "issued": ("Issued", "签发"),
    "approved": ("Approved", "批准"), "ended": ("Ended", "终结"), "step": ("Step", "步骤"), "done": ("Done", "完成"),
    "by": ("By", "执行人"), "void": ("VOID", "作废"), "sign": ("Signature", "签名"),
}  # fmt: skip


@dataclass(frozen=True)
class Ticket:
    """What stands on a ticket, in words. steps: text, when, by whom; void: why, empty where it is not."""

    kind: str
    number: str
    title: str
    place: str
    order: str
    issued: str
    approved: str
    ended: str
    steps: Sequence[tuple[str, str, str]]
    void: str = ""


def pdf(ticket: Ticket, locale: str) -> bytes:
    """Return a ticket as PDF, in 'zh' or 'en'."""
    at = 1 if locale == "zh" else 0
    words = {name: said[at] for name, said in WORDS.items()}
    data = asdict(ticket) | {"words": words, "name": words[ticket.kind], "locale": "zh" if at else "en"}
    return TEMPLATE.pdf(data)
