# SPDX-License-Identifier: Apache-2.0
"""Compare what the camera sees with what was expected some action blocks ago."""

from __future__ import annotations

from collections import deque

import numpy as np

from ami_ros.embodiment import RobotSpec
from ami_ros.model.runtime import ModelRuntime, Sensed
from ami_ros.model.surprise import SURPRISE_BLOCKS
from ami_ros.types import FloatArray


class SurpriseMonitor:
    """Remembers the last SURPRISE_BLOCKS action blocks and what was sensed at each of their steps.

    The planner plans anew at every control step, so of each plan only the first action is executed.

    Args:
        model: measures the surprise.
        spec: the robot.
    """

    def __init__(self, model: ModelRuntime, spec: RobotSpec) -> None:
        self._model, self._spec = model, spec
        self._past: deque[tuple[Sensed, FloatArray]] = deque(maxlen=spec.action_block * SURPRISE_BLOCKS)
        self.restart()

    def restart(self) -> None:
        """Forget the past: what comes next does not follow from it."""
        self._past.clear()
        self._stamp_ns: int | None = None
        self._now: Sensed | None = None
        self._planned: list[FloatArray] = []

    def observe(self, now: Sensed, stamp_ns: int) -> dict[str, float]:
        """Return the surprise by component; empty until whole blocks were seen without a gap.

        Args:
            now: what is sensed.
            stamp_ns: when.
        """
        elapsed = 0 if self._stamp_ns is None else round((stamp_ns - self._stamp_ns) / self._spec.step_ns)
        if self._now is not None and elapsed == 0:
            return {}  # planned again within one control step: the block is not over
        if elapsed != 1 or not self._planned or self._now is None:
            self.restart()
        else:
            self._past.append((self._now, np.mean(self._planned, axis=0)))
        self._now, self._stamp_ns, self._planned = now, stamp_ns, []
        if len(self._past) < (self._past.maxlen or 0):
            return {}
        return self._model.surprise(self._past[0][0], np.concatenate([a for _, a in self._past]), now)

    def act(self, action: FloatArray) -> None:
        """Note the action (A,) in [-1, 1] that is executed until the next observation."""
        self._planned.append(action)
