# SPDX-License-Identifier: Apache-2.0
"""Samples of one topic over time, and their regularity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ami_ros.types import FloatArray

# A gap is an interval longer than this many usual ones, and longer than a control step: within a step the
# neighbouring readings suffice, as for a sensor of that rate.
GAP_PERIODS = 2.5

Times = NDArray[np.int64]


def longest_interval_ns(usual_ns: float, step_ns: int) -> float:
    """Return the longest interval that is no gap.

    Args:
        usual_ns: median interval of the topic.
        step_ns: duration of a control step.
    """
    return max(GAP_PERIODS * usual_ns, step_ns)


@dataclass
class TopicHealth:
    """How well a topic was recorded.

    Attributes:
        topic: its name.
        type: of its messages.
        expected_hz: rate in the robot's YAML; None if not given.
        messages: all of them.
        malformed: messages that could not be used.
        reason: why the first of these could not be used.
        unstamped: messages with a stamp of zero, which are timed by their arrival.
        out_of_order: messages older than the one before.
        duplicates: messages with the stamp of another one, which were dropped.
        identical: pictures equal to the one before to the last bit.
        contradictions: readings further from the one before than the body can move.
        size: width and height of the pictures, px; None for other sensors.
        rate_hz: by the median interval; None for fewer than two messages.
        gaps: (begin, length) of each, s from the beginning of the recording.
    """

    topic: str
    type: str
    expected_hz: float | None = None
    messages: int = 0
    malformed: int = 0
    reason: str = ""
    unstamped: int = 0
    out_of_order: int = 0
    duplicates: int = 0
    identical: int = 0
    contradictions: int = 0
    size: tuple[int, int] | None = None
    rate_hz: float | None = None
    gaps: list[tuple[float, float]] = field(default_factory=list)

    def fail(self, reason: str, count: int = 1) -> None:
        """Count messages that cannot be used."""
        self.malformed += count
        self.reason = self.reason or reason

    def see(self, times: Times, kept: Times, breaks: Sequence[int], begin_ns: int, step_ns: int) -> None:
        """Record the times of the messages.

        Args:
            times: in order of arrival, ns.
            kept: of the messages kept, in order.
            breaks: times between two runs.
            begin_ns: of the recording.
            step_ns: duration of a control step.
        """
        self.out_of_order = int((np.diff(times) < 0).sum())
        self.duplicates = len(times) - len(kept)
        intervals = np.diff(kept)
        if not len(intervals):
            return
        usual = float(np.median(intervals))
        self.rate_hz = 1e9 / usual
        run = np.searchsorted(np.asarray(breaks, dtype=np.int64), kept, side="right")
        longest_ns = longest_interval_ns(usual, step_ns)
        for index in np.flatnonzero((intervals > longest_ns) & (run[1:] == run[:-1])):
            self.gaps.append(((int(kept[index]) - begin_ns) / 1e9, float(intervals[index]) / 1e9))


@dataclass(frozen=True, eq=False)
class Track:
    """Numbers over time.

    Attributes:
        times: (N,) int64 ns, strictly increasing.
        values: (N, n).
        angles: columns that wrap after a full turn, rad.
    """

    times: Times
    values: FloatArray
    angles: tuple[int, ...] = ()

    @property
    def period_ns(self) -> float:
        """Median interval; infinite for fewer than two samples."""
        return float(np.median(np.diff(self.times))) if len(self.times) > 1 else float("inf")

    def at(self, times: Times) -> FloatArray:
        """Return linearly interpolated values (M, n); beyond the ends, the last ones."""
        # Only the samples around: step-by-step callers must not process all of them each time.
        ends = np.searchsorted(self.times, [times.min(), times.max()] if len(times) else [0, 0])
        around = slice(max(int(ends[0]) - 1, 0), int(ends[1]) + 1)
        columns = list(self.values[around].T)
        for place in self.angles:
            columns[place] = np.unwrap(columns[place])
        result = np.stack([np.interp(times, self.times[around], column) for column in columns], axis=-1)
        for place in self.angles:
            result[..., place] = (result[..., place] + np.pi) % (2.0 * np.pi) - np.pi
        return result

    def widths(self, times: Times) -> NDArray[np.float64]:
        """Return the length of the sample interval that contains each time (M,), ns.

        0 at a sample; infinite before the first and after the last one.
        """
        after = np.searchsorted(self.times, times)
        inside = (after > 0) & (after < len(self.times))
        width = np.full(len(times), np.inf)
        place = after[inside]
        width[inside] = self.times[place] - self.times[place - 1]
        exact = np.isin(times, self.times)
        width[exact] = 0.0
        return width


def in_order(times: Sequence[int] | Times) -> tuple[Times, NDArray[np.int64]]:
    """Return distinct times in order (N,), and their indices in the input (N,): of equals the first."""
    return np.unique(np.asarray(times, dtype=np.int64), return_index=True)
