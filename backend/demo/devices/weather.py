"""The weather station and its service: a file each full hour, dropped where the product takes weather by file."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backend.demo import foretelling
from backend.kernel import clock

LOOK_S = 20.0
TOLD = ".told"
"""Holds the hour up to which the weather was told."""


async def serve(home: Path, stop: asyncio.Event) -> None:
    """Drop what is new, hour after hour, until stopped."""
    while not stop.is_set():
        for folder in marked(home):
            await asyncio.to_thread(tell, folder, clock.now())
        try:
            await asyncio.wait_for(stop.wait(), LOOK_S)
        except TimeoutError:
            continue


def marked(home: Path) -> list[Path]:
    """Return the folders of the demo's weather places."""
    return [mark.parent for mark in (home / "weather").glob(f"*/{foretelling.MARK}")]


def tell(folder: Path, now: datetime) -> Path | None:
    """Drop one file with all that was not told yet; None where the hour is not over."""
    told = folder / TOLD
    hour = now.replace(minute=0, second=0, microsecond=0)
    after = datetime.fromisoformat(told.read_text()) if told.exists() else None
    if after is not None and after >= hour:
        return None
    is_long = after is None or hour - after > timedelta(days=foretelling.FORETOLD_DAYS)
    words = foretelling.past_file(now) if is_long else foretelling.next_file(after, now)
    place = folder / f"lanwan-{hour.astimezone(UTC):%Y%m%dT%H}.csv"
    half = place.with_name(f".{place.name}")
    half.write_text(words, encoding="utf-8")
    os.replace(half, place)
    told.write_text(hour.isoformat())
    return place
