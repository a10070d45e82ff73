# SPDX-License-Identifier: Apache-2.0
"""Duration and rate of the last plans. Never reads a clock."""

from __future__ import annotations

from collections import deque

import numpy as np

WINDOW = 300  # plans: half a minute at 10 Hz


class PlanStatistics:
    """Plan times and cycle times of the last plans.

    Args:
        period_s: planning period; a plan that takes longer has missed its deadline.
    """

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._plan_ms: deque[float] = deque(maxlen=WINDOW)
        self._times_s: deque[float] = deque(maxlen=WINDOW)
        self._doubts: dict[str, float] = {}
        self.missed_deadlines = 0
        self.plans = 0

    def cycle(self, now_s: float) -> None:
        """Count one cycle of the loop that ended at `now_s`."""
        self._times_s.append(now_s)

    def plan(self, duration_s: float, deadline_met: bool) -> None:
        """Count one plan."""
        self._plan_ms.append(duration_s * 1e3)
        self.plans += 1
        if not deadline_met or duration_s > self._period_s:
            self.missed_deadlines += 1

    def doubt(self, disagreement: float | None, surprise: float | None) -> None:
        """Record the uncertainty of the newest plan and the surprise about the last one."""
        known = {"disagreement": disagreement, "surprise": surprise}
        self._doubts = {name: value for name, value in known.items() if value is not None}

    def summary(self) -> dict[str, float | int]:
        """Return ``plans missed_deadlines`` and whatever else is known.

        The rest is ``plan_ms_p50 plan_ms_p99 loop_hz``, and ``disagreement surprise`` of the newest plan.
        """
        summary: dict[str, float | int] = {"plans": self.plans, "missed_deadlines": self.missed_deadlines}
        if self._plan_ms:
            p50, p99 = np.percentile(self._plan_ms, [50, 99]).tolist()
            summary |= {"plan_ms_p50": p50, "plan_ms_p99": p99}
        if len(self._times_s) > 1 and self._times_s[-1] > self._times_s[0]:
            summary["loop_hz"] = (len(self._times_s) - 1) / (self._times_s[-1] - self._times_s[0])
        return summary | self._doubts
