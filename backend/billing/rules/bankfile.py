"""Bank files read: statements as CSV, and ISO 20022 camt.053. Pure: bytes in, lines out, or all that is wrong.

camt.053 is the bank-to-customer statement of ISO 20022 (message definition report 'Bank-to-Customer Cash Management',
https://www.iso20022.org, camt.053.001.02 to .08): the versions differ in what we do not read, and in a level
(`Pty`, `Cd`) that is looked through here.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree as ET

from backend.kernel.errors import Refused

MOST_LINES = 100_000
COLUMNS = {
    "booked_on": ("date", "booked on", "booking date", "交易日期", "记账日期", "日期"),
    "amount": ("amount", "credit", "交易金额", "金额", "贷方金额"),
    "currency": ("currency", "币种"),
    "payer": ("payer", "name", "对方户名", "付款人", "户名"),
    "account": ("account", "iban", "对方账号", "付款账号"),
    "reference": ("reference", "purpose", "remittance information", "附言", "摘要", "用途"),
    "bank_id": ("id", "transaction id", "交易流水号", "流水号"),
}
"""What a line says -> the headings it may stand under, in small letters."""


@dataclass(frozen=True)
class BankLine:
    """One line of a statement. amount: what came in positive, what went out negative; key: the same for the same line.

    bank_id: the bank's own name of the line, '' where it gives none
    """

    booked_on: date
    amount: Decimal
    currency: str
    payer: str
    account: str
    reference: str
    bank_id: str
    key: str = ""


def read(content: bytes, *, currency: str) -> list[BankLine]:
    """Read a bank file; currency: of a CSV that does not say.

    raises Refused with every line that cannot be read in context['findings']; then none is taken
    """
    is_xml = content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
    lines = list(_camt(content)) if is_xml else list(_csv(content, currency))
    if len(lines) > MOST_LINES:
        raise Refused(
            f"more than {MOST_LINES} lines", field="file", value=len(lines), remedy="send it in parts"
        )
    return _keyed(lines)


def _keyed(lines: list[BankLine]) -> list[BankLine]:
    """Name each line by the bank's id, else by what it says and how many said so before it in the file."""
    seen: Counter[str] = Counter()
    keyed = []
    for one in lines:
        said = one.bank_id or "|".join(
            (
                one.booked_on.isoformat(),
                f"{one.amount:f}",
                one.currency,
                one.payer,
                one.account,
                one.reference,
            )
        )
        seen[said] += 1
        again = f"#{seen[said]}" if seen[said] > 1 else ""
        digest = hashlib.sha256((("id:" if one.bank_id else "line:") + said + again).encode()).hexdigest()
        if one.bank_id and again:
            raise Refused(
                f"the line {one.bank_id} stands twice in the file", field="file", value=one.bank_id,
                remedy="ask the bank for the statement again",
            )  # fmt: skip
        keyed.append(replace(one, key=digest))
    return keyed


# --- CSV


def _csv(content: bytes, currency: str) -> Iterator[BankLine]:
    text = _text(content)
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    if not rows:
        raise Refused("the file is empty", field="file")
    places = _places(rows[0])
    findings, lines = [], []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            lines.append(_row(row, places, currency))
        except (ValueError, InvalidOperation, IndexError) as error:
            findings.append({"line": number, "message": str(error) or "this is no amount"})
    if findings:
        raise Refused(
            f"line {findings[0]['line']}: {findings[0]['message']}", field="file", value=findings[0]["line"],
            remedy="mend the file and send it again; nothing was taken", findings=findings[:100],
        )  # fmt: skip
    yield from lines


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("the file is neither UTF-8 nor GB 18030", field="file", remedy="save it as UTF-8")


def _places(heading: list[str]) -> dict[str, int]:
    said = [cell.strip().casefold() for cell in heading]
    places = {}
    for name, words in COLUMNS.items():
        found = [said.index(word) for word in words if word in said]
        if found:
            places[name] = found[0]
    for name in ("booked_on", "amount"):
        if name not in places:
            raise Refused(
                f"no column says {'the date' if name == 'booked_on' else 'the amount'}", field="file",
                value=", ".join(heading)[:200], remedy="head it with " + " or ".join(COLUMNS[name]),
            )  # fmt: skip
    return places


def _row(row: list[str], places: dict[str, int], currency: str) -> BankLine:
    def cell(name: str) -> str:
        return row[places[name]].strip() if name in places and places[name] < len(row) else ""

    return BankLine(
        _date(cell("booked_on")), _amount(cell("amount")), cell("currency").upper() or currency, cell("payer")[:200],
        cell("account")[:100], cell("reference")[:500], cell("bank_id")[:100],
    )  # fmt: skip


def _date(said: str) -> date:
    for shape in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(said, shape).date()  # noqa: DTZ007 - a bank's local day has no zone
        except ValueError:
            continue
    raise ValueError(f"'{said}' is no date")


def _amount(said: str) -> Decimal:
    try:
        amount = Decimal(said.replace(",", "").replace(" ", "").lstrip("¥￥€$"))
    except InvalidOperation:
        raise ValueError(f"'{said}' is no amount") from None
    if (
        not amount.is_finite()
        or amount != amount.quantize(Decimal("0.01"))
        or abs(amount) >= Decimal(10) ** 14
    ):
        raise ValueError(f"'{said}' is no amount")
    return amount


# --- camt.053


def _camt(content: bytes) -> Iterator[BankLine]:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Refused("a statement declares no document type", field="file")
    try:
        root = ET.fromstring(content)  # noqa: S314 - no document type, so no entities to blow up
    except ET.ParseError as error:
        raise Refused(f"this is no XML: {error}", field="file") from None
    entries = [node for node in root.iter() if _name(node) == "Ntry"]
    if not entries and not any(_name(node) == "Stmt" for node in root.iter()):
        raise Refused("this is no camt.053 statement", field="file", value=_name(root))
    for number, entry in enumerate(entries, start=1):
        if (_find(entry, "Sts", "Cd") or _find(entry, "Sts")) in ("PDNG", "INFO"):
            continue
        try:
            yield from _entry(entry)
        except ValueError as error:
            raise Refused(f"entry {number}: {error}", field="file", value=number) from None


def _entry(entry: ET.Element) -> Iterator[BankLine]:
    sign = -1 if _find(entry, "CdtDbtInd") == "DBIT" else 1
    on = _date((_find(entry, "BookgDt", "Dt") or _find(entry, "BookgDt", "DtTm"))[:10])
    details = [node for node in entry.iter() if _name(node) == "TxDtls"] or [entry]
    own = _find(entry, "AcctSvcrRef") or _find(entry, "NtryRef")
    for number, detail in enumerate(details):
        money = (
            _node(detail, "Amt")
            if _node(detail, "Amt") is not None
            else _node(detail, "AmtDtls", "TxAmt", "Amt")
        )
        money = money if money is not None else _node(entry, "Amt")
        if money is None or money.text is None:
            raise ValueError("it says no amount")
        bank_id = _find(detail, "Refs", "AcctSvcrRef") or (
            own and (f"{own}/{number + 1}" if len(details) > 1 else own)
        )
        said = [node.text or "" for node in detail.iter() if _name(node) in ("Ustrd", "Ref")]
        side = "Dbtr" if sign > 0 else "Cdtr"
        yield BankLine(
            on, sign * _amount(money.text), money.get("Ccy", ""),
            (_find(detail, "RltdPties", side, "Pty", "Nm") or _find(detail, "RltdPties", side, "Nm"))[:200],
            _find(detail, "RltdPties", f"{side}Acct", "Id", "IBAN")[:100],
            " ".join(filter(None, [*said, _find(detail, "Refs", "EndToEndId").replace("NOTPROVIDED", "")]))[:500],
            bank_id[:100],
        )  # fmt: skip


def _name(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]


def _node(node: ET.Element, *path: str) -> ET.Element | None:
    at: ET.Element | None = node
    for name in path:
        at = next((child for child in at if _name(child) == name), None) if at is not None else None
    return at


def _find(node: ET.Element, *path: str) -> str:
    found = _node(node, *path)
    return (found.text or "").strip() if found is not None else ""
