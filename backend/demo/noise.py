"""Repeatable chance: noise that is a pure function of a stream's name and an index.

The loader and every field device draw the same numbers without talking to each other, at any instant and in
any order. The generator is SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
generators"), used as a hash of (stream, index).
"""

import zlib

import numpy as np

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def stream(name: str, seed: int = 0) -> int:
    """Return the number of a named stream under a seed."""
    return zlib.crc32(name.encode()) | (seed & 0xFFFFFFFF) << 32


def uniform(stream, index) -> np.ndarray:
    """Return numbers in [0, 1), one for each pair of stream and index (integers, broadcast)."""
    with np.errstate(over="ignore"):
        z = np.asarray(stream, dtype=np.uint64) * _MIX_1 + np.asarray(index, dtype=np.int64).astype(np.uint64)
        z = z * _GAMMA + _GAMMA
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)) * 2.0**-53


def smooth(stream, x) -> np.ndarray:
    """Return value noise in [-1, 1]: one draw at each integer, a cosine between them.

    stream: integer(s), broadcast against x
    x: where to look [node spacings]
    """
    x = np.asarray(x, dtype=float)
    node = np.floor(x).astype(np.int64)
    weight = (1 - np.cos(np.pi * (x - node))) / 2
    return 2 * ((1 - weight) * uniform(stream, node) + weight * uniform(stream, node + 1)) - 1
