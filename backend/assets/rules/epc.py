"""What makers' tags say: GS1 codes as RFID chips, bar codes and addresses hold them. Pure.

All forms of one thing become one text, the GS1 element string: `(01)80614141123458(21)6789` for a
serialised product (SGTIN), `(8004)06141415678` for an individual asset (GIAI). Source: GS1 EPC Tag Data
Standard, release 1.13, sections 6.3, 14.5 and 14.6.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

PARTITION_BITS = (40, 37, 34, 30, 27, 24, 20)
"""Bits of the company prefix by partition value; its digits are 12 less the value."""

_SGTIN = re.compile(r"^urn:epc:(?:id:sgtin:|tag:sgtin-\d+:\d\.)(\d+)\.(\d+)\.([^.]+)$", re.IGNORECASE)
_GIAI = re.compile(r"^urn:epc:(?:id:giai:|tag:giai-\d+:\d\.)(\d+)\.([^.]+)$", re.IGNORECASE)
_BRACKETS = re.compile(r"^\(01\)(\d{14})\(21\)(.{1,20})$|^\(8004\)(.{1,30})$")
_PLAIN = re.compile(r"^(?:\][A-Za-z]\d)?(?:01(\d{14})21([^\x1d]{1,20})|8004([^\x1d]{1,30}))\x1d?$")
_LINK = re.compile(r"^https?://[^?#]*/(?:01/(\d{14})/21/([^/?#]+)|8004/([^/?#]+))", re.IGNORECASE)
_HEX = re.compile(r"^[0-9A-F]{24,64}$")


def element_string(text: str) -> str | None:
    """Return the GS1 element string of an EPC (hexadecimal or URI), a bar code or a GS1 address; else None."""
    plain = text.strip()
    if found := _SGTIN.match(plain):
        return _sgtin(found.group(1), found.group(2), unquote(found.group(3)))
    if found := _GIAI.match(plain):
        return f"(8004){found.group(1)}{unquote(found.group(2))}"
    for shape, decode in ((_BRACKETS, str), (_PLAIN, str), (_LINK, unquote)):
        if found := shape.match(plain):
            return _said(found.group(1), *(decode(part or "") for part in found.groups()[1:]))
    compact = plain.upper().replace(" ", "")
    return _of_chip(compact) if _HEX.match(compact) else None


def check_digit(digits: str) -> str:
    """Return the GS1 check digit of all digits before it (3 and 1 by turns from the right)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _said(gtin: str | None, serial: str, asset: str) -> str | None:
    if gtin is None:
        return f"(8004){asset}"
    return f"(01){gtin}(21){serial}" if check_digit(gtin[:-1]) == gtin[-1] else None


def _sgtin(company: str, item: str, serial: str) -> str | None:
    if len(company) + len(item) != 13:
        return None
    digits = item[0] + company + item[1:]
    return f"(01){digits}{check_digit(digits)}(21){serial}"


def _of_chip(hexadecimal: str) -> str | None:
    """Read a chip's memory: headers 30 and 36 are SGTIN-96 and -198, 34 and 38 GIAI-96 and -202."""
    header, bits = hexadecimal[:2], f"{int(hexadecimal, 16):0{len(hexadecimal) * 4}b}"
    length = {"30": 96, "36": 198, "34": 96, "38": 202}.get(header)
    partition = int(bits[11:14], 2)
    if length is None or len(bits) < length or partition > 6:
        return None
    middle = 14 + PARTITION_BITS[partition]
    digits = 12 - partition
    company = f"{int(bits[14:middle], 2):0{digits}d}"
    if len(company) > digits:
        return None
    if header in {"34", "38"}:
        rest = bits[middle:length]
        return f"(8004){company}{int(rest, 2) if header == '34' else _letters(rest)}"
    item = f"{int(bits[middle:58], 2):0{13 - digits}d}"
    rest = bits[58:length]
    return _sgtin(company, item, str(int(rest, 2)) if header == "30" else _letters(rest))


def _letters(bits: str) -> str:
    """Read 7-bit characters up to the first zero."""
    values = (int(bits[place : place + 7], 2) for place in range(0, len(bits) - 6, 7))
    letters = []
    for value in values:
        if value == 0:
            break
        letters.append(chr(value))
    return "".join(letters)
