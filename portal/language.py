"""Chinese and English: the catalogue of what pages say, compiled when it changed."""

from __future__ import annotations

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import get_babel, get_locale

LOCALES = ("en", "zh")
TRANSLATIONS = Path(__file__).parent / "translations"


def prepare(app: Flask) -> None:
    """Show Babel our catalogue. English is the language of the sources; Chinese is written in the .po."""
    compile_catalogues()
    get_babel(app).translation_directories = [str(TRANSLATIONS)]


def current() -> str:
    """Return the language of the page being written, 'zh' or 'en'."""
    locale = get_locale()
    return locale.language if locale is not None else "en"


def compile_catalogues() -> None:
    """Write each .mo that is older than its .po, so that an edited text shows with the next start."""
    for source in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3])
        part = compiled.with_suffix(".part")
        with part.open("wb") as file:
            write_mo(file, catalogue)
        part.replace(compiled)
