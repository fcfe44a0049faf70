"""What a question asks of the search index. Pure; the index's half is `search_grams` in migration 0013.

Chinese has no spaces, so its characters are indexed one by one and in pairs; words of letters and digits by
every three neighbours, so that a part of a serial number finds it, and by their first one or two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HAN = r"\u3400-\u9fff\uf900-\ufaff"
APART = r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20"
_RUNS = re.compile(f"[{HAN}]+|[^{APART}{HAN}]+")
_HAN = re.compile(f"[{HAN}]")
LONGEST = 100


@dataclass(frozen=True)
class Question:
    """What to look for: patterns for ILIKE that must all fit, and grams a text must hold for that."""

    words: tuple[str, ...]
    grams: tuple[str, ...]


def ask(text: str) -> Question | None:
    """Return the question a typed text asks; None where it holds nothing to look for."""
    words = text.replace("\0", " ").strip().lower()[:LONGEST].split()
    grams: dict[str, None] = {}
    for word in words:
        grams |= dict.fromkeys(_grams(word))
    if not grams:
        return None
    return Question(tuple(f"%{_plain(word)}%" for word in words), tuple(grams))


def _grams(word: str) -> list[str]:
    """Return grams every text that holds `word` has; of short Latin runs only where nothing longer is there.

    A run of one or two letters in the middle of a word has no gram: it is looked for at beginnings of words.
    """
    found: list[str] = []
    short: list[str] = []
    for run in _RUNS.findall(word):
        if _HAN.match(run):
            found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        elif len(run) > 2:
            found += [run[i : i + 3] for i in range(len(run) - 2)]
        else:
            short.append("^" + run)
    return found or short


def _plain(word: str) -> str:
    """Return a word in which the signs of ILIKE stand for themselves."""
    return re.sub(r"([\\%_])", r"\\\1", word)
