# SPDX-License-Identifier: Apache-2.0
"""By how much the stamps of a camera are late: when its pictures change, against when the body moves.

A camera's driver stamps a picture when it has it, not when it was exposed; and two computers have two clocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ami_ros.recordings.importing.track import GAP_PERIODS, Times, Track

MOST_S, FINE_S = 0.5, 0.005  # offsets that are tried: up to so much, in steps of so much
PARTS = 4  # of the recording, each of which is asked by itself
FEWEST = 50  # pictures of moments with motion
SURE_CORRELATION, SURE_S = 0.5, 0.03


@dataclass(frozen=True)
class ClockOffset:
    """What was estimated.

    Attributes:
        late_s: pictures are stamped so much later than what they show happened by the body's clock.
        spread_s: standard error, from parts of the recording.
        correlation: of changes in pictures with motion, at that offset.
    """

    late_s: float
    spread_s: float
    correlation: float

    @property
    def sure(self) -> bool:
        """Whether there was enough motion to tell."""
        return self.correlation >= SURE_CORRELATION and self.spread_s <= SURE_S


def clock_offset(times: Times, changes: NDArray[np.float64], path: Track) -> ClockOffset | None:
    """Estimate the offset; None where there is too little to tell from.

    Args:
        times: (N,) of pictures.
        changes: (N - 1,) of each picture to the one before.
        path: length of the body's way.
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
    """Return offset and correlation where changes and motion go together best, between the offsets tried."""
    motion, change = moved - moved.mean(axis=1, keepdims=True), seen - seen.mean()
    norms = np.linalg.norm(motion, axis=1) * np.linalg.norm(change)
    if not (norms > 1e-9).all():
        return None
    correlation = motion @ change / norms
    peak = int(correlation.argmax())
    if not 0 < peak < len(tried) - 1:
        return float(tried[peak]), float(correlation[peak])
    before, at, after = correlation[peak - 1 : peak + 2]
    # The top of the parabola through three points.
    bend = before - 2.0 * at + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return float(tried[peak] + shift * FINE_S), float(at)
