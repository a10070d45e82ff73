# SPDX-License-Identifier: Apache-2.0
"""Delay of a camera's stamps: when its pictures change, compared with when the body moves.

A camera's driver stamps a picture on receipt, not at exposure; and two computers have two clocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ami_ros.recordings.importing.track import GAP_PERIODS, Times, Track

MOST_S, FINE_S = 0.5, 0.005  # offsets to try: the largest, and the step
PARTS = 4  # of the recording; each gives its own estimate
FEWEST = 50  # pictures taken during motion
SURE_CORRELATION, SURE_S = 0.5, 0.03


@dataclass(frozen=True)
class ClockOffset:
    """The estimate.

    Attributes:
        late_s: stamps of pictures are this much later than the moment shown, by the body's clock.
        spread_s: standard error, from parts of the recording.
        correlation: of picture changes with motion, at that offset.
    """

    late_s: float
    spread_s: float
    correlation: float

    @property
    def sure(self) -> bool:
        """Whether there was enough motion for an estimate."""
        return self.correlation >= SURE_CORRELATION and self.spread_s <= SURE_S


def clock_offset(times: Times, changes: NDArray[np.float64], path: Track) -> ClockOffset | None:
    """Estimate the offset; None if there is too little data.

    Args:
        times: (N,) of pictures.
        changes: (N - 1,) of each picture relative to the one before.
        path: distance that the body has travelled.
    """
    intervals = np.diff(times)
    if len(times) <= FEWEST or len(path.times) <= FEWEST:
        return None
    margin = round(MOST_S * 1e9)
    usable = intervals <= GAP_PERIODS * np.median(intervals)
    usable &= (times[:-1] > path.times[0] + margin) & (times[1:] < path.times[-1] - margin)
    if usable.sum() < FEWEST:
        return None
    begins, ends, seen = times[:-1][usable], times[1:][usable], changes[usable]
    tried = np.arange(-MOST_S, MOST_S + 0.5 * FINE_S, FINE_S)
    moved = np.empty((len(tried), len(seen)))
    for row, late_s in enumerate(tried):
        late_ns = round(late_s * 1e9)
        moved[row] = (path.at(ends - late_ns) - path.at(begins - late_ns))[:, 0]
    best = _best(tried, moved, seen)
    if best is None:
        return None
    parts = [_best(tried, moved[:, part], seen[part]) for part in np.array_split(np.arange(len(seen)), PARTS)]
    found = [part[0] for part in parts if part is not None]
    spread = float(np.std(found, ddof=1)) / len(found) ** 0.5 if len(found) > 1 else MOST_S
    return ClockOffset(best[0], spread, best[1])


def _best(
    tried: NDArray[np.float64], moved: NDArray[np.float64], seen: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Return offset and correlation where changes and motion match best, interpolated between offsets."""
    motion, change = moved - moved.mean(axis=1, keepdims=True), seen - seen.mean()
    norms = np.linalg.norm(motion, axis=1) * np.linalg.norm(change)
    if not (norms > 1e-9).all():
        return None
    correlation = motion @ change / norms
    peak = int(correlation.argmax())
    if not 0 < peak < len(tried) - 1:
        return float(tried[peak]), float(correlation[peak])
    before, at, after = correlation[peak - 1 : peak + 2]
    # The vertex of the parabola through three points.
    bend = before - 2.0 * at + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return float(tried[peak] + shift * FINE_S), float(at)
