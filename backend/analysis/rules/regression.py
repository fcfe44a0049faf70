"""How use depends on weather and production: change-point regression with further factors. Pure.

The forms follow ASHRAE Guideline 14-2014, annex D, and Kissock, Haberl and Claridge, "Inverse Modeling Toolkit:
Numerical Algorithms", ASHRAE Transactions 109/2 (2003):

    2P   E = b + s·T                                          (lin)
    3PH  E = b + h·max(0, Th − T)                             heating below a change point
    3PC  E = b + c·max(0, T − Tc)                             cooling above one
    4P   E = b + h·max(0, Tp − T) + c·max(0, T − Tp)          both at one change point
    5P   E = b + h·max(0, Th − T) + c·max(0, T − Tc), Th ≤ Tc with a dead band between two

each with any number of further terms k·x for factors such as production, and `1P`, which knows no weather. Change
points are searched where they leave data on both sides, the rest is least squares. Days that lie far off count less in
the last fit (Huber, "Robust Estimation of a Location Parameter", Ann. Math. Statist. 35, 1964), but are counted in full
in every statistic. A form is admitted only where its signs can be (more cold never asks for less heat, more product
never for less energy) and each of its slopes is told from nothing (t ≥ 2). Of those admitted the one with the least
BIC (Schwarz, Ann. Statist. 6, 1978) is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from backend.kernel.errors import Refused

Floats = NDArray[np.float64]

FEWEST = 12
"""Fewer periods say nothing of a year: a regression is refused."""
LEAST_T = 2.0
STEPS = 48
"""Change points that are tried over the range of temperatures; the best is then looked at more closely."""
_HUBER, _ROUNDS = 1.345, 12
"""95 % as efficient as least squares where errors are normal; rounds of weighing."""


class Form(StrEnum):
    """How use depends on the outdoor temperature."""

    CONSTANT = "1P"
    LINEAR = "2P"
    HEATING = "3PH"
    COOLING = "3PC"
    BOTH = "4P"
    DEAD_BAND = "5P"


@dataclass(frozen=True)
class Term:
    """One term of a fit. name: base, heating, cooling, slope or a factor's; value [unit of use per unit of the term].

    error: standard error; t: value / error
    """

    name: str
    value: float
    error: float

    @property
    def t(self) -> float:
        """Return how many standard errors the value lies from nothing."""
        return self.value / self.error if self.error > 0 else math.inf


@dataclass(frozen=True)
class Quality:
    """How well a fit says what was used. n: periods; p: parameters, change points among them.

    r2, adjusted_r2; cv_rmse: root mean square error with n − p degrees of freedom over the mean use; nmbe: mean bias
    over the mean use, likewise (ASHRAE Guideline 14-2014, 5.3.3.10)
    """

    n: int
    p: int
    r2: float
    adjusted_r2: float
    cv_rmse: float
    nmbe: float
    bic: float


@dataclass(frozen=True)
class Fit:
    """A fitted form. heating_c, cooling_c: change points [°C], None for none; ranges: factor -> (low, high)."""

    form: Form
    terms: tuple[Term, ...]
    heating_c: float | None
    cooling_c: float | None
    quality: Quality
    factors: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def term(self, name: str) -> Term | None:
        """Return a term by its name."""
        return next((one for one in self.terms if one.name == name), None)

    def expected(
        self, temperature: Floats | None, factors: Mapping[str, Floats], n: int | None = None
    ) -> Floats:
        """Return what would have been used under such conditions, one value a period.

        temperature: mean of each period [°C], None only for 1P without factors
        """
        length = (
            n
            if n is not None
            else len(next(iter(factors.values())))
            if temperature is None
            else len(temperature)
        )
        design = _design(self.form, temperature, (self.heating_c, self.cooling_c),
                         [factors[name] for name in self.factors], length)  # fmt: skip
        return np.asarray(design @ np.array([one.value for one in self.terms]), dtype=np.float64)


@dataclass(frozen=True)
class Tried:
    """A form that was tried, and why it was not admitted; None where it was."""

    fit: Fit
    reason: str | None


def fitted(
    use: Floats, temperature: Floats | None, factors: Mapping[str, Floats] | None = None, *,
    forms: Sequence[Form] | None = None, robust: bool = True,
) -> tuple[Fit, list[Tried]]:  # fmt: skip
    """Return the best admitted fit of use by temperature and factors, and all that were tried.

    use, temperature, factors: one value a period, without gaps
    forms: those to try; by default all that the data allow. A factor that says nothing is left out: each form is tried
    with all factors and with none, and with each alone where there are several.
    raises Refused where there are too few periods
    """
    factors = dict(factors or {})
    if len(use) < FEWEST:
        raise Refused(
            f"{len(use)} periods are too few for a regression", field="first", value=len(use),
            remedy=f"choose a time with at least {FEWEST} days or months of use, weather and production",
        )  # fmt: skip
    wanted = list(forms or Form) if temperature is not None else [Form.CONSTANT]
    tried = [
        _tried(form, use, temperature, {name: factors[name] for name in chosen}, robust)
        for chosen in _choices(factors)
        for form in wanted
        if form is not Form.CONSTANT or chosen or not forms or forms == [Form.CONSTANT]
    ]
    admitted = [one.fit for one in tried if one.reason is None]
    if not admitted:
        admitted = [min((one.fit for one in tried), key=lambda fit: fit.quality.p)]
    return min(admitted, key=lambda fit: fit.quality.bic), tried


def _choices(factors: Mapping[str, Floats]) -> list[tuple[str, ...]]:
    names = tuple(factors)
    alone = [(name,) for name in names] if len(names) > 1 else []
    return [(), *alone, names] if names else [()]


def _tried(
    form: Form, use: Floats, temperature: Floats | None, factors: Mapping[str, Floats], robust: bool
) -> Tried:
    columns = list(factors.values())
    points = _change_points(form, use, temperature, columns)
    design = _design(form, temperature, points, columns, len(use))
    weights = _weights(design, use) if robust else np.ones(len(use))
    values, errors = _solved(design, use, weights)
    terms = tuple(
        Term(name, float(value), float(error))
        for name, value, error in zip(_names(form, tuple(factors)), values, errors, strict=True)
    )
    count = len(terms) + len({point for point in points if point is not None})
    ranges = {name: (float(column.min()), float(column.max())) for name, column in factors.items()}
    if temperature is not None:
        ranges["temperature"] = (float(temperature.min()), float(temperature.max()))
    fit = Fit(form, terms, *points, quality(use, design @ values, count), tuple(factors), ranges)
    return Tried(fit, _objection(fit))


def _objection(fit: Fit) -> str | None:
    """Return why a fit cannot be admitted."""
    for one in fit.terms:
        if one.name == "base":
            continue
        if one.name != "slope" and one.value <= 0:
            return f"{one.name} would lower use"
        if abs(one.t) < LEAST_T:
            return f"{one.name} cannot be told from nothing (t = {one.t:.1f})"
    return None


def quality(use: Floats, expected: Floats, parameters: int) -> Quality:
    """Return how well expected values say what was used; parameters: how many were fitted."""
    n, residual, mean = len(use), use - expected, float(use.mean())
    left, whole = float(residual @ residual), float(((use - mean) ** 2).sum())
    free = max(n - parameters, 1)
    r2 = 1 - left / whole if whole > 0 else float(left == 0)
    return Quality(
        n=n, p=parameters, r2=r2, adjusted_r2=1 - (1 - r2) * (n - 1) / free,
        cv_rmse=math.sqrt(left / free) / abs(mean) if mean else math.inf,
        nmbe=float(residual.sum()) / free / mean if mean else math.inf,
        bic=n * math.log(max(left / n, 1e-300)) + parameters * math.log(n),
    )  # fmt: skip


def _names(form: Form, factors: tuple[str, ...]) -> list[str]:
    slopes = {Form.CONSTANT: [], Form.LINEAR: ["slope"], Form.HEATING: ["heating"], Form.COOLING: ["cooling"],
              Form.BOTH: ["heating", "cooling"], Form.DEAD_BAND: ["heating", "cooling"]}  # fmt: skip
    return ["base", *slopes[form], *factors]


def _design(
    form: Form, temperature: Floats | None, points: tuple[float | None, float | None], columns: Sequence[Floats],
    n: int,
) -> Floats:  # fmt: skip
    parts: list[Floats] = [np.ones(n)]
    heating_c, cooling_c = points
    if temperature is not None and form is Form.LINEAR:
        parts.append(temperature)
    if temperature is not None and heating_c is not None:
        parts.append(np.maximum(0.0, heating_c - temperature))
    if temperature is not None and cooling_c is not None:
        parts.append(np.maximum(0.0, temperature - cooling_c))
    return np.stack([*parts, *columns], axis=1)


def _solved(design: Floats, use: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return values and standard errors of weighted least squares; a term the data do not tell has an endless error."""
    root = np.sqrt(weights)[:, None]
    scaled = design * root
    values: Floats = np.linalg.lstsq(scaled, use * root[:, 0], rcond=None)[0].astype(np.float64)
    residual = (use - design @ values) * root[:, 0]
    free = max(len(use) - design.shape[1], 1)
    inverse = np.linalg.pinv(scaled.T @ scaled)
    errors = np.sqrt(np.maximum(np.diag(inverse) * float(residual @ residual) / free, 0.0))
    if np.linalg.matrix_rank(scaled) < design.shape[1]:
        errors[1:] = np.inf
    return values, errors


def _weights(design: Floats, use: Floats) -> Floats:
    """Return how much each period counts: less the farther it lies off, by Huber's rule over the median deviation."""
    weights = np.ones(len(use))
    for _ in range(_ROUNDS):
        values = np.linalg.lstsq(design * np.sqrt(weights)[:, None], use * np.sqrt(weights), rcond=None)[0]
        residual = use - design @ values
        spread = float(np.median(np.abs(residual - np.median(residual)))) / 0.6745
        if spread <= 1e-9 * max(float(np.abs(use).max()), 1e-300):
            return weights
        far = np.abs(residual) / (_HUBER * spread)
        weights = np.where(far <= 1, 1.0, 1 / np.maximum(far, 1e-300))
    return weights


def _change_points(
    form: Form, use: Floats, temperature: Floats | None, columns: Sequence[Floats]
) -> tuple[float | None, float | None]:
    """Return the change points that leave the least squares, looked for twice: widely, then around the best."""
    if temperature is None or form in (Form.CONSTANT, Form.LINEAR):
        return None, None
    low, high = _bounds(temperature)
    step = (high - low) / STEPS
    best = min(
        _pairs(form, np.linspace(low, high, STEPS + 1)),
        key=lambda pair: _left(form, use, temperature, pair, columns),
    )
    for _ in range(2):
        found: list[Floats] = [
            np.array([point]) if point is None else np.clip(point + np.linspace(-step, step, 9), low, high)
            for point in best
        ]  # fmt: skip
        near = list(_around(form, *found))
        best = min([best, *near], key=lambda pair: _left(form, use, temperature, pair, columns))
        step /= 4
    return best


def _bounds(temperature: Floats) -> tuple[float, float]:
    """Return the range a change point may lie in: a tenth of the periods, and three at least, on either side of it."""
    ordered = np.sort(temperature)
    edge = min(max(2, math.ceil(0.1 * len(ordered)) - 1), (len(ordered) - 1) // 2)
    return float(ordered[edge]), float(ordered[-1 - edge])


def _pairs(form: Form, grid: Floats) -> Iterator[tuple[float | None, float | None]]:
    if form is Form.DEAD_BAND:
        wide = grid[::3]
        yield from ((float(a), float(b)) for i, a in enumerate(wide) for b in wide[i + 1 :])
        return
    for one in grid.tolist():
        yield (one if form is not Form.COOLING else None, one if form is not Form.HEATING else None)


def _around(form: Form, heating: Floats, cooling: Floats) -> Iterator[tuple[float | None, float | None]]:
    if form is Form.DEAD_BAND:
        yield from ((a, b) for a in heating.tolist() for b in cooling.tolist() if a <= b)
    elif form is Form.BOTH:
        yield from ((one, one) for one in heating.tolist())
    else:
        yield from ((a, b) for a in heating.tolist() for b in cooling.tolist())


def _left(
    form: Form,
    use: Floats,
    temperature: Floats,
    pair: tuple[float | None, float | None],
    columns: Sequence[Floats],
) -> float:
    """Return the squares a pair of change points leaves, by the normal equations: many pairs are tried."""
    design = _design(form, temperature, pair, columns, len(use))
    gram, product = design.T @ design, design.T @ use
    try:
        values = np.linalg.solve(gram, product)
    except np.linalg.LinAlgError:
        return math.inf
    residual = use - design @ values
    return float(residual @ residual)
