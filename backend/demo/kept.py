"""Running totals kept between starts: devices would otherwise add up years of quarter hours before they can answer.

The file is only believed when it was written by this very program: its digest covers our sources and the seed.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np


def place(home: Path) -> Path:
    """Return the file in which an installation keeps its totals."""
    return home / "region" / "totals.npz"


@cache
def digest(seed: int) -> str:
    """Return what the totals depend on: our sources, the packages whose data we use, and the seed."""
    found = hashlib.sha256(str(seed).encode())
    for package in ("pvlib", "demandlib", "numpy"):
        found.update(version(package).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        found.update(source.read_bytes())
    return found.hexdigest()


def write(path: Path, seed: int, keys: Sequence[str], openings: np.ndarray) -> None:
    """Keep the totals at the start of each block. openings: (blocks, keys)"""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new.npz")
    np.savez(fresh, digest=digest(seed), keys=np.array(keys), openings=openings)
    fresh.replace(path)


def read(path: Path, seed: int, keys: Sequence[str]) -> np.ndarray | None:
    """Return the kept totals of some keys, (blocks, keys); None where there are none to be believed."""
    if not path.exists():
        return None
    try:
        with np.load(path) as found:
            if str(found["digest"]) != digest(seed):
                return None
            where = {key: column for column, key in enumerate(found["keys"].tolist())}
            if not set(keys) <= where.keys():
                return None
            return found["openings"][:, [where[key] for key in keys]]
    except (OSError, ValueError, KeyError):
        return None
