"""Texts that stay texts where a program would run what begins with certain characters.

OWASP, "CSV Injection" (https://owasp.org/www-community/attacks/CSV_Injection): =, +, -, @, tab and carriage return;
full-width forms of them count, too.
"""

from __future__ import annotations

import re

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def is_dangerous(text: str) -> bool:
    """Tell whether a program may take a text for a formula; spaces before it do not help."""
    return text.lstrip(" \u00a0\u3000").startswith(DANGEROUS)


def without_control(text: str) -> str:
    """Leave out what no file of a table may hold."""
    return _CONTROL.sub("", text)


def quoted(text: str) -> str:
    """Return a text for a file that knows no kinds of cells: an apostrophe before what may be a formula."""
    plain = without_control(text)
    return f"'{plain}" if is_dangerous(plain) else plain
