"""Run statsforecast's AutoETS and MSTL in its own environment: histories in, quantiles out, as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from statsforecast.models import MSTL, AutoETS


def main() -> None:
    """Answer one task from standard input."""
    asked = json.load(sys.stdin)
    per_day, levels = asked["per_day"], asked["levels"]
    makers = {
        "AutoETS": lambda: AutoETS(season_length=min(per_day, 24)),
        "MSTL": lambda: MSTL([per_day, 7 * per_day], trend_forecaster=AutoETS(model="ZZN")),
    }
    said = {}
    for name, make in makers.items():
        said[name] = [_quantiles(make(), job, levels) for job in asked["jobs"]]
    print(json.dumps(said))


def _quantiles(model: Any, job: dict[str, Any], levels: list[float]) -> list[list[float]]:
    """Return quantiles of the steps ahead, from the model's own intervals."""
    bands = sorted({round(100 * abs(1 - 2 * level)) for level in levels if level != 0.5})
    made = model.forecast(np.array(job["history"]), h=job["ahead"], level=bands)
    columns = []
    for level in levels:
        side = "lo" if level < 0.5 else "hi"
        key = "mean" if level == 0.5 else f"{side}-{round(100 * abs(1 - 2 * level))}"
        columns.append(np.asarray(made[key], dtype=float))
    return np.column_stack(columns).tolist()


if __name__ == "__main__":
    main()
