"""Tariffs that come with the product: published schedules, in the readable form, to use or to begin from."""

from __future__ import annotations

from functools import cache
from importlib import resources

from backend.billing.rules import tariff
from backend.kernel.errors import NotFound


def codes() -> list[str]:
    """Return the codes of the tariffs that come with the product."""
    return sorted(
        file.name.removesuffix(".yaml") for file in resources.files(__name__).iterdir() if _is_one(file.name)
    )


def text(code: str) -> str:
    """Return the YAML of one of them."""
    if code not in codes():
        raise NotFound(
            f"no tariff '{code}' comes with the product", remedy="use one of " + ", ".join(codes())
        )
    return resources.files(__name__).joinpath(f"{code}.yaml").read_text(encoding="utf-8")


@cache
def shipped(code: str) -> tariff.Tariff:
    """Return one of them."""
    return tariff.read(text(code))


def _is_one(name: str) -> bool:
    return name.endswith(".yaml")
