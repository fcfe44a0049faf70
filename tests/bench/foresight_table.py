"""The table of backend/forecasting/README.md, from what the bench kept."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.foresight_series import TEST_DATA

README = Path("backend/forecasting/README.md")
BEGIN, END = "<!-- foresight: written by script/bench foresight -->", "<!-- foresight ends -->"
HORIZONS = ("day-ahead", "1 h ahead")
RIVALS = ("previous day", "previous week", "plain LightGBM", "AutoETS", "MSTL")
YARDSTICKS = {
    "campus_electricity": "uiuc_electricity",
    "campus_steam": "uiuc_steam",
    "campus_pv": "uiuc_solar_farm",
    "campus_wind": "uiuc_wind_railsplitter",
    "victoria": "vic_elec (half-hourly, temperature known)",
}
SUPPLY = {"campus_pv": "PV", "campus_wind": "wind"}
"""Supply is told apart from the demand of its carrier."""
ABOUT = """## How good

Real series, rolling origins, periods nothing was tuned on; how it was measured stands in `rules/README.md`. MAE and
pinball are means over the members judged, in the series' unit; ×1.20: a rival's pinball loss was 20 % above ours on the
same steps.

"""
HEAD = (
    "| series (members) | MAE | skill % | below plain LightGBM | pinball | naive | plain | ETS | MSTL"
    " | in 80 % band (least, most) |"
)


def write_table(found: dict[str, dict[str, Any]]) -> None:
    """Put the table between its marks in the README."""
    text = README.read_text()
    if BEGIN in text:
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        README.write_text(f"{before}{BEGIN}\n\n{table(found)}\n{END}{after}")


def table(found: dict[str, dict[str, Any]]) -> str:
    """Return the tables as Markdown."""
    return (
        "\n".join(line for horizon in HORIZONS for line in _horizon(found, horizon)) + "\n\n" + _goals(found)
    )


def _horizon(found: dict[str, dict[str, Any]], horizon: str) -> list[str]:
    lines = [f"**{horizon}**", "", HEAD, "|---" * 10 + "|"]
    for name, one in found.items():
        rows, ours = one[horizon], one[horizon]["ours"]
        members = [n for n, mae in enumerate(ours["mae"]) if mae is not None]
        coverage = [ours["coverage"][n] for n in members]
        below, of = _below(rows)
        ratios = [_ratio(rows, rival) for rival in RIVALS]
        naive = _best_of(ratios[0], ratios[1])
        lines.append(
            f"| {name} ({len(members)}) | {np.mean([ours['mae'][n] for n in members]):.4g} | {100 * _skill(rows):.1f} |"
            f" {below} of {of} | {np.mean([ours['pinball'][n] for n in members]):.4g} | {naive} |"
            + "".join(f" {_said(ratio)} |" for ratio in ratios[2:])
            + f" {100 * _pooled([one], horizon):.1f} ({100 * min(coverage):.0f}, {100 * max(coverage):.0f}) |"
        )
    return [*lines, ""]


def _skill(rows: dict[str, Any]) -> float:
    """Return the mean over members of 1 - MAE / that of the better naive method."""
    triples = zip(rows["ours"]["mae"], rows["previous day"]["mae"], rows["previous week"]["mae"], strict=True)
    return float(np.mean([1 - ours / min(day, week) for ours, day, week in triples if ours is not None]))


def _below(rows: dict[str, Any]) -> tuple[int, int]:
    plain = rows["plain LightGBM point"]
    pairs = [
        (ours, mae) for ours, mae in zip(plain["ours_mae"], plain["mae"], strict=True) if mae is not None
    ]
    return sum(ours < mae for ours, mae in pairs), len(pairs)


def _ratio(rows: dict[str, Any], rival: str) -> float | None:
    """Return the rival's pinball loss over ours on the same steps, mean over members; None where it was not run."""
    if rival not in rows:
        return None
    pairs = zip(rows[rival]["pinball"], rows[rival]["ours_pinball"], strict=True)
    ratios = [theirs / ours for theirs, ours in pairs if theirs is not None and ours]
    return float(np.mean(ratios)) if ratios else None


def _best_of(*ratios: float | None) -> str:
    return _said(min((ratio for ratio in ratios if ratio is not None), default=None))


def _said(ratio: float | None) -> str:
    return "" if ratio is None else f"×{ratio:.2f}"


def _pooled(all_series: list[dict[str, Any]], horizon: str) -> float:
    pairs = [
        (coverage, steps)
        for one in all_series
        for coverage, steps in zip(
            one[horizon]["ours"]["coverage"], one[horizon]["ours"]["steps"], strict=True
        )
        if coverage is not None
    ]
    coverage, steps = map(np.array, zip(*pairs, strict=True))
    return float((coverage * steps).sum() / steps.sum())


def _goals(found: dict[str, dict[str, Any]]) -> str:
    lines = ["**Against the goals**", ""]
    for horizon in HORIZONS:
        by_carrier: dict[str, list[float]] = defaultdict(list)
        for name, one in found.items():
            rows = one[horizon]
            triples = zip(
                rows["ours"]["mae"], rows["previous day"]["mae"], rows["previous week"]["mae"], strict=True
            )
            by_carrier[SUPPLY.get(name, one["carrier"])] += [
                1 - a / min(b, c) for a, b, c in triples if a is not None
            ]
        skills = {carrier: 100 * float(np.mean(of)) for carrier, of in by_carrier.items()}
        below = np.sum([_below(one[horizon]) for one in found.values()], axis=0)
        best, of = _best_pinball(found, horizon)
        inside = [c for one in found.values() for c in one[horizon]["ours"]["coverage"] if c is not None]
        said = ", ".join(f"{carrier} {skill:.1f} %" for carrier, skill in skills.items())
        lines += [
            f"- {horizon}: skill by carrier {said} (goal 25 % each; mean {np.mean(list(skills.values())):.1f} %);",
            f"  below plain LightGBM on {below[0]} of {below[1]} series (goal 80 %); best pinball on {best} of {of};",
            f"  80 % band holds {100 * _pooled(list(found.values()), horizon):.1f} % pooled (goal 77 to 83),"
            f" within 70 to 90 % on {sum(0.7 <= c <= 0.9 for c in inside)} of {len(inside)} series.",
        ]
    return "\n".join([*lines, *_yardsticks(found)])


def _best_pinball(found: dict[str, dict[str, Any]], horizon: str) -> tuple[int, int]:
    """Return on how many series no rival that was run there has a lower pinball loss on the same steps."""
    best = of = 0
    for one in found.values():
        rows = one[horizon]
        for n, ours in enumerate(rows["ours"]["pinball"]):
            if ours is None:
                continue
            rivals = [rows[r] for r in RIVALS if r in rows and rows[r]["pinball"][n] is not None]
            best += all(rival["ours_pinball"][n] < rival["pinball"][n] for rival in rivals)
            of += 1
    return best, of


def _yardsticks(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return ours beside the published-by-us yardsticks of the same periods, day-ahead."""
    kept = json.loads((TEST_DATA / "_baselines" / "forecast_yardsticks.json").read_text())["results"]
    lines = []
    for name, key in YARDSTICKS.items():
        if name in found:
            theirs = next(iter(kept[key].values()))["lightgbm"]["MAE"]
            lines.append(f"{name} {found[name]['day-ahead']['ours']['mae'][0]:.4g} against {theirs:.4g}")
    for name in ("cambridge_electricity", "cambridge_gas"):
        if name in found:
            ours = found[name]["day-ahead"]["ours"]
            share = [100 * a / m for a, m in zip(ours["mae"], ours["mean"], strict=True) if a is not None]
            theirs = next(v for k, v in kept.items() if k.startswith(name.replace("_", "_open_")))
            median = theirs["median_nMAE_pct"]["lightgbm"]
            lines.append(f"{name} median MAE {np.median(share):.2f} % of the mean against {median:.2f} %")
    return ["- yardsticks (`_baselines`, LightGBM, day-ahead MAE): " + "; ".join(lines) + "."]
