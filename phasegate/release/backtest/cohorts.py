"""Who would have met the challenger: the proxy's own draw, worked out afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phasegate.traffic.plan import WHOLE

Words = NDArray[np.uint64]

_P1, _P2, _P3, _P4, _P5 = (
    np.uint64(prime)
    for prime in (
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5,
    )
)


def draws(keys: Sequence[str], salt: str) -> NDArray[np.uint16]:
    """Each key's draw from 0 to 9,999: it meets the challenger at weights above that.

    So cohorts stick, and only grow with the weight. Envoy draws like this from the header that
    cohorts stick to, with the salt and a slash before it: xxHash64 with seed 0, modulo the sum of
    the weights.

    Args:
        keys: entities, or request ids of requests without one.
        salt: as in `phasegate.traffic.plan.Stickiness`.

    Returns:
        [keys], basis points.
    """
    start = f"{salt}/".encode()
    hashed = xxhash64([start + key.encode(errors="surrogatepass") for key in keys])
    return (hashed % np.uint64(WHOLE)).astype(np.uint16)


def xxhash64(texts: Sequence[bytes]) -> Words:
    """xxHash64, seed 0, of each text (Yann Collet, xxHash fast digest algorithm, version 0.1.1).

    Returns:
        uint64 [texts].
    """
    result = np.zeros(len(texts), np.uint64)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        joined = b"".join(texts[row] for row in rows)
        result[rows] = _of_one_length(np.frombuffer(joined, np.uint8).reshape(len(rows), length))
    return result


def _of_one_length(data: NDArray[np.uint8]) -> Words:
    """Hashes of texts of one length, uint8 [texts, length]; unsigned integers wrap around."""
    rows, length = data.shape
    at = 0
    with np.errstate(over="ignore"):
        if length >= 32:
            lanes = [np.full(rows, v, np.uint64) for v in (_P1 + _P2, _P2, np.uint64(0), -_P1)]
            while at + 32 <= length:
                lanes = [
                    _round(lane, _words(data, at + 8 * number, 8))
                    for number, lane in enumerate(lanes)
                ]
                at += 32
            value = sum(map(_rotated, lanes, (1, 7, 12, 18)), np.zeros(rows, np.uint64))
            for lane in lanes:
                value = (value ^ _round(np.zeros(rows, np.uint64), lane)) * _P1 + _P4
        else:
            value = np.full(rows, _P5, np.uint64)
        value = value + np.uint64(length)
        while at + 8 <= length:
            value ^= _round(np.zeros(rows, np.uint64), _words(data, at, 8))
            value = _rotated(value, 27) * _P1 + _P4
            at += 8
        if at + 4 <= length:
            value = _rotated(value ^ _words(data, at, 4) * _P1, 23) * _P2 + _P3
            at += 4
        for place in range(at, length):
            value = _rotated(value ^ data[:, place] * _P5, 11) * _P1
        value = (value ^ value >> np.uint64(33)) * _P2
        value = (value ^ value >> np.uint64(29)) * _P3
        return value ^ value >> np.uint64(32)


def _words(data: NDArray[np.uint8], at: int, size: int) -> Words:
    """Little-endian numbers of ``size`` bytes at a place of each text."""
    piece = np.ascontiguousarray(data[:, at : at + size])
    return piece.view(f"<u{size}").reshape(len(data)).astype(np.uint64)


def _round(lane: Words, word: Words) -> Words:
    return _rotated(lane + word * _P2, 31) * _P1


def _rotated(value: Words, bits: int) -> Words:
    return value << np.uint64(bits) | value >> np.uint64(64 - bits)
