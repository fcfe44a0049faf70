"""Weather from a provider that answers as Open-Meteo does: `GET /v1/forecast`, hourly columns in JSON.

Temperature, humidity, wind and cloud are said at the full hour, irradiance as the mean of the hour before it; both
become means of hours labelled by their start. Hours that are over count as observed (the provider's own analysis).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from requests import RequestException, Session

from backend.forecasting.ports import Delivered, Where
from backend.kernel import clock
from backend.kernel.errors import Unavailable

AT_THE_HOUR = {
    "temperature_2m": "temperature_c", "wind_speed_10m": "wind_ms", "relative_humidity_2m": "humidity_pct",
    "cloud_cover": "cloud_pct",
}  # fmt: skip
HOUR_BEFORE = {"shortwave_radiation": "ghi_wm2"}
PAST_DAYS, DAYS_AHEAD = 2, 8
HOUR_S = 3600


@dataclass
class OpenMeteo:
    """A provider at an address. within_s: it may take so long to answer [s]"""

    url: str
    within_s: float = 10.0
    session: Session = field(default_factory=Session)

    def fetch(self, where: Where) -> list[Delivered]:
        """Return the last days as observed and the coming ones as forecast now; raises Unavailable."""
        asked_at = clock.now()
        query = {
            "latitude": f"{where.latitude:.4f}", "longitude": f"{where.longitude:.4f}",
            "hourly": ",".join([*AT_THE_HOUR, *HOUR_BEFORE]), "wind_speed_unit": "ms", "timeformat": "unixtime",
            "timezone": "UTC", "past_days": str(PAST_DAYS), "forecast_days": str(DAYS_AHEAD),
        }  # fmt: skip
        try:
            answer = self.session.get(
                f"{self.url}/v1/forecast", params=query, timeout=self.within_s, allow_redirects=False
            )
            answer.raise_for_status()
            start, columns = _hours(answer.json()["hourly"])
        except (RequestException, ValueError, KeyError, TypeError) as error:
            raise Unavailable(
                f"the weather provider does not answer as agreed: {str(error)[:200]}",
                remedy="try again later",
            ) from error
        return _parted(start, columns, asked_at)

    def taken(self, where: Where) -> None:
        """Nothing to do: it is asked again for the same days."""


def _hours(hourly: Mapping[str, Any]) -> tuple[datetime, dict[str, NDArray[np.float64]]]:
    """Return the first hour and the mean of each hour from it on; the last hour, whose end is not said, is left out."""
    at = np.array(hourly["time"], dtype=np.int64)
    if len(at) < 2 or (np.diff(at) != HOUR_S).any() or at[0] % HOUR_S:
        raise ValueError("the answer does not come by the hour")
    columns = {}
    for name, ours in (AT_THE_HOUR | HOUR_BEFORE).items():
        if name not in hourly:
            continue
        said = np.array([np.nan if one is None else one for one in hourly[name]], dtype=np.float64)
        if said.shape != at.shape:
            raise ValueError(f"{name} has another length than time")
        columns[ours] = said[1:] if name in HOUR_BEFORE else (said[:-1] + said[1:]) / 2
    if not columns:
        raise ValueError("the answer holds no variable that was asked for")
    return datetime.fromtimestamp(int(at[0]), UTC), columns


def _parted(
    start: datetime, columns: Mapping[str, NDArray[np.float64]], asked_at: datetime
) -> list[Delivered]:
    """Part the hours that are over from those that are not."""
    steps = len(next(iter(columns.values())))
    over = min(max(int((asked_at - start) / timedelta(hours=1)), 0), steps)
    found = []
    if over:
        seen = {name: said[:over] for name, said in columns.items()}
        found.append(Delivered(False, asked_at, start, 60, seen))
    if over < steps:
        ahead = {name: said[over:] for name, said in columns.items()}
        found.append(Delivered(True, asked_at, start + timedelta(hours=over), 60, ahead))
    return found
