"""Chinese and English are complete: no key is missing, and no English stands in the Chinese pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from portal import glossary
from portal.language import TRANSLATIONS

PORTAL = Path(__file__).parents[2] / "portal"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
LATIN = re.compile(r"[A-Za-z]{3,}")
KEPT = re.compile(
    r"mqtts?://host:\d+|WGS 84|SHA-256|CNY|Asia/Shanghai|FIELD_|POINT|plant/|group/node|\{device\}|power|phases"
    r"|data|abcd|cdab|Green Button|YAML|camt|contracted_kw|"
    r"Enerfield|MQTT|Sparkplug B|Modbus|OPC UA|HTTP|JSON|CSV|ISA-18|EEMUA|Ctrl|NOx|SO2|COD|LL|HH|COP"
    r"|P[1-4]|pH|RFID|NFC|EPC|GS1|PDF|XLSX|DOCX|%\(\w+\)[sd]"
    r"|EPW|LOCATION|UTF-8|POST /api/v1/forecast-targets|API|issued_at|valid_at|temperature_c|ghi_wm2|wind_ms"
    r"|humidity_pct|cloud_pct"
)
"""Names and signs that Chinese readers write with Latin letters too."""


@pytest.fixture(scope="module")
def chinese():
    with (TRANSLATIONS / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale="zh")


@pytest.fixture(scope="module")
def messages():
    """Every message of the sources: a text, or (one, several)."""
    options = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
    found = extract_from_dir(
        PORTAL, METHODS, options, KEYWORDS, directory_filter=lambda path: not Path(path).name.startswith(".")
    )
    return {message for _file, _line, message, _c, _ctx in found}


@pytest.fixture(scope="module")
def said(messages):
    """Everything pages say, as it stands in the sources."""
    return {message if isinstance(message, str) else message[0] for message in messages}


def test_no_text_stands_alone_that_counts_elsewhere(messages):
    """Its Chinese would be the one for several, with the place of a number left open."""
    alone = {one for one in messages if isinstance(one, str)}
    assert {one[0] for one in messages if not isinstance(one, str)} & alone == set()


def test_everything_pages_say_is_written_in_chinese(said, chinese):
    written = {
        (m.id if isinstance(m.id, str) else m.id[0]): m.string for m in chinese if m.id and any(m.string)
    }
    assert said - written.keys() == set()


def test_nothing_is_written_that_no_page_says(said, chinese):
    kept = {m.id if isinstance(m.id, str) else m.id[0] for m in chinese if m.id}
    assert kept - said == set()


def test_placeholders_are_the_same_in_both_languages(chinese):
    for message in chinese:
        if not message.id:
            continue
        english = message.id if isinstance(message.id, str) else message.id[-1]
        written = message.string if isinstance(message.string, str) else message.string[0]
        assert set(re.findall(r"%\(\w+\)[sd]|%s", english)) == set(re.findall(r"%\(\w+\)[sd]|%s", written)), (
            english
        )


def test_chinese_is_not_left_in_english(chinese):
    for message in chinese:
        written = message.string if isinstance(message.string, str) else message.string[0]
        assert not message.id or not LATIN.search(KEPT.sub("", written)), written


def test_every_term_of_the_glossary_is_explained_in_both_languages():
    for group in glossary.groups():
        for term in group.terms:
            assert term.meaning
            assert not LATIN.search(KEPT.sub("", term.meaning_zh)), term.key


@pytest.fixture(scope="module")
def pairs(chinese):
    """English and Chinese of everything, first forms."""
    return [
        (m.id if isinstance(m.id, str) else m.id[0], m.string if isinstance(m.string, str) else m.string[0])
        for m in chinese
        if m.id
    ]


LABEL = 3
"""Words of the longest label."""
TERMS = [term for group in glossary.groups() for term in group.terms]


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.key)
def test_labels_say_a_term_as_the_glossary_does(pairs, term):
    """Sentences may leave a noun out in Chinese; headings, buttons and names of columns may not."""
    word = re.compile(rf"(?<![\w(]){re.escape(term.term)}(?:s|d|ed)?(?![\w)])", re.IGNORECASE)
    allowed = (term.term_zh, *term.texts_zh)
    strangers = [
        f"{english} = {written}"
        for english, written in pairs
        if word.search(english)
        and len(english.split()) <= LABEL
        and not any(one in written for one in allowed)
    ]
    assert strangers == []


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.key)
def test_a_word_the_glossary_replaced_stands_nowhere(pairs, term):
    kept = [written for _english, written in pairs]
    kept += [f"{one.term_zh} {one.meaning_zh}" for one in TERMS]
    assert [written for written in kept if any(one in written for one in term.never_zh)] == []


def test_templates_say_nothing_outside_the_catalogue():
    """Text between tags goes through gettext, or is a name, a sign or a number."""
    allowed = {"Enerfield", "English", "CSV", "Green", "Button", "kWh", "P"}
    for file in (PORTAL / "templates").rglob("*.html"):
        text = re.sub(
            r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", " ", file.read_text(encoding="utf-8"), flags=re.S
        )
        text = re.sub(r"<(script|style)\b.*?</\1>", " ", text, flags=re.S)
        for piece in re.findall(r">([^<>]+)<", text):
            for word in LATIN.findall(piece):
                assert word in allowed or file.name == "icons.html", f"{file.name}: {piece.strip()}"
