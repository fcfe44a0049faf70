"""What words mean, in both languages: the one source for pages, guides and letters."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Term:
    """A word of the trade with its meaning, in English and Chinese."""

    key: str
    term: str
    term_zh: str
    meaning: str
    meaning_zh: str


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
        Group(one["title"], one["title_zh"], tuple(Term(key, **said) for key, said in one["terms"].items()))
        for one in read["group"]
    )
