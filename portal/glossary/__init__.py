"""What words mean, in both languages: the one source for pages, guides and letters."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Term:
    """A word of the trade with its meaning, in English and Chinese.

    texts_zh: how it may also stand in a sentence, or what its English word means elsewhere
    never_zh: words it replaced; no page says them
    """

    key: str
    term: str
    term_zh: str
    meaning: str
    meaning_zh: str
    texts_zh: tuple[str, ...] = ()
    never_zh: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Terms that belong together."""

    title: str
    title_zh: str
    terms: tuple[Term, ...]


@cache
def groups() -> tuple[Group, ...]:
    """Return the glossary in the order of its file."""
    read = tomllib.loads((Path(__file__).parent / "glossary.toml").read_text(encoding="utf-8"))
    return tuple(
        Group(one["title"], one["title_zh"], tuple(_term(key, said) for key, said in one["terms"].items()))
        for one in read["group"]
    )


def _term(key: str, said: dict[str, Any]) -> Term:
    lists = {name: tuple(said.get(name, ())) for name in ("texts_zh", "never_zh")}
    return Term(key=key, **said | lists)
