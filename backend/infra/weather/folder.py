"""Weather dropped into a folder: a subfolder a place, read file by file, the oldest name first.

Write a file under a name that begins with a dot, or ends in `.part`, and rename it when it is whole. What was taken
lies in `taken/`, what could not be read in `refused/` with the reason beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from backend.forecasting.ports import Delivered, Where
from backend.forecasting.service.weather_files import MOST_BYTES, read_weather
from backend.kernel import ids
from backend.kernel.errors import EnerfieldError, Refused

KINDS = (".csv", ".epw")


@dataclass
class FolderWeather:
    """The folder `root/<id of the place>`."""

    root: Path
    _at_hand: dict[object, Path] = field(default_factory=dict, init=False)

    def folder(self, where: Where) -> Path:
        """Return where files of a place are dropped."""
        return self.root / ids.show(where.place_id)

    def fetch(self, where: Where) -> list[Delivered]:
        """Return what the oldest waiting file says; a file that cannot be read is set aside, then Refused is raised."""
        waiting = self._waiting(where)
        if not waiting:
            return []
        file = waiting[0]
        try:
            if file.stat().st_size > MOST_BYTES:
                raise Refused("this file is too large", field="file", value=file.name)
            found = read_weather(file.name, file.read_bytes())
        except EnerfieldError as error:
            put = self._move(file, "refused")
            put.with_name(put.name + ".txt").write_text(error.message + "\n", encoding="utf-8")
            raise Refused(f"{file.name}: {error.message}", field="file", value=file.name) from error
        self._at_hand[where.place_id] = file
        return found

    def taken(self, where: Where) -> None:
        """Lay the file that was fetched last aside."""
        file = self._at_hand.pop(where.place_id, None)
        if file is not None and file.exists():
            self._move(file, "taken")

    def _waiting(self, where: Where) -> list[Path]:
        folder = self.folder(where)
        if not folder.is_dir():
            return []
        return sorted(
            one
            for one in folder.iterdir()
            if one.is_file() and one.suffix.lower() in KINDS and not one.name.startswith(".")
        )

    @staticmethod
    def _move(file: Path, to: str) -> Path:
        place = file.parent / to / file.name
        place.parent.mkdir(exist_ok=True)
        if place.exists():
            place = place.with_name(f"{place.stem}-{ids.show(ids.new_id())}{place.suffix}")
        return file.rename(place)
