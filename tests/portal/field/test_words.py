"""What the phone says: both languages whole, nothing left over, the words of the state machines those of the portal."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from babel.messages.pofile import read_po

from backend.workorders.rules import machine
from portal.workorders import words as portal
from tests.portal.field.node import FIELD, NODE, ROOT

SOURCES = FIELD / "src"
LATER = {
    "scan": ("scan/",), "map": ("map/",), "report": ("screens/report.tsx",), "more": ("screens/more.tsx",),
    "asset": ("screens/asset.tsx", "screens/mend.tsx"),
}  # fmt: skip
"""Topics that come with a screen fetched later, and where alone they may be said."""
CODES = frozenset(
    {"open", "scan", "map", "push", "storage", "install", "reported", "where", "no", "add", "parts", "hold"}
)
"""Keys that are also codes in the sources: to find such a word proves nothing."""


@cache
def topics() -> dict[str, dict[str, list[str]]]:
    """Return every text as [English, Chinese], by topic and key."""
    names = [one.stem for one in (SOURCES / "words").glob("*.ts") if one.stem not in ("index", "pair")]
    asked = ";".join(
        f"said.{name} = (await import('{SOURCES / 'words' / name}.ts')).{name}" for name in names
    )
    script = f"const said = {{}}; {asked}; console.log(JSON.stringify(said))"
    done = subprocess.run(
        [*NODE, "--input-type=module", "-e", script], capture_output=True, text=True, check=True
    )
    found: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    return found


def every() -> dict[str, list[str]]:
    return {key: text for topic in topics().values() for key, text in topic.items()}


@cache
def sources() -> dict[str, str]:
    """Return the text of every source but the words, by path."""
    files = [*SOURCES.rglob("*.ts"), *SOURCES.rglob("*.tsx")]
    return {str(one.relative_to(SOURCES)): one.read_text() for one in files if one.parent.name != "words"}


def test_every_text_is_said_in_both_languages_with_the_same_gaps():
    for key, (english, chinese) in every().items():
        gaps = [sorted(re.findall(r"\{\w+\}", text)) for text in (english, chinese)]
        assert english.strip() and chinese.strip() and gaps[0] == gaps[1], key
        assert not re.search(r"[一-鿿]\s?[,;:?!()]", chinese), f"{key}: half-width mark in {chinese}"


def test_nothing_is_said_twice_and_nothing_never():
    keys = [key for topic in topics().values() for key in topic]
    assert len(keys) == len(set(keys)), {key for key in keys if keys.count(key) > 1}
    text = "\n".join(sources().values())
    stems = set(re.findall(r"\bt\(`(\w+)\$\{", text)) | {
        f"{one}_" for one in re.findall(r'\bword\("(\w+)"', text)
    }
    unsaid = {
        key for key in keys
        if f'"{key}"' not in text and not key.startswith(tuple(stems)) and key.removesuffix("_one") not in keys
    }  # fmt: skip
    assert not unsaid


@pytest.mark.parametrize("topic", sorted(LATER))
def test_what_comes_with_a_screen_is_said_only_there(topic):
    for path, text in sources().items():
        if path.startswith(LATER[topic]):
            continue
        said = [key for key in set(topics()[topic]) - CODES if f't("{key}"' in text]
        assert not said, f"{path} says {said}, which is fetched later with {topic}"


def _vocabulary() -> Iterator[tuple[str, Any]]:
    """Return the keys of the machines' words and what the portal says for each."""
    yield from ((f"order_{one.value}", portal.ORDER_STATES[one.value]) for one in machine.OrderStatus)
    yield from ((f"visit_{one.value}", portal.VISIT_STATES[one.value]) for one in machine.VisitStatus)
    yield from ((f"command_{one.command}", portal.COMMANDS[one.command]) for one in machine.MOVES)
    for move in machine.VISIT_MOVES:
        yield f"command_visit.{move.command}", portal.COMMANDS[f"visit.{move.command}"]
    yield from ((f"command_{one}", said) for one, said in portal.COMMANDS.items())
    yield from ((f"hold_{one}", portal.HOLD_REASONS[one]) for one in machine.HOLD_REASONS)
    yield from ((f"permit_{one}", said) for one, said in portal.PERMITS.items())


def test_phone_and_portal_have_one_vocabulary_for_the_state_machines():
    with (ROOT / "portal" / "translations" / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        chinese = read_po(file)
    said = every()
    for key, lazy in _vocabulary():
        english = lazy._args[0]  # as it stands in the source, whatever the language of the moment
        assert said.get(key) == [english, chinese.get(english).string], key
