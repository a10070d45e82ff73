# SPDX-License-Identifier: Apache-2.0
"""The action of each control step, whether the planner ran once in it, several times, or not at all."""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray


class ControlSteps:
    """Counts control steps by the stamps of the observations.

    Args:
        step_ns: duration of a control step.
    """

    def __init__(self, step_ns: int) -> None:
        self._step_ns = step_ns
        self.restart()

    def restart(self) -> None:
        """Forget the past: the next observation does not follow from it."""
        self._stamp_ns: int | None = None
        self._planned: list[FloatArray] = []

    def goes_on(self, stamp_ns: int) -> bool:
        """Return whether an observation belongs to the same step as the previous one."""
        return self._stamp_ns is not None and self._elapsed(stamp_ns) == 0

    def end(self, stamp_ns: int) -> FloatArray | None:
        """Return the mean action (A,) of the step that ends here; None if unknown or more than one step."""
        known = self._stamp_ns is not None and self._elapsed(stamp_ns) == 1 and bool(self._planned)
        action: FloatArray | None = np.mean(self._planned, axis=0) if known else None
        self._stamp_ns, self._planned = stamp_ns, []
        return action

    def act(self, action: FloatArray) -> None:
        """Note the action (A,) in [-1, 1] that is executed until the next observation."""
        self._planned.append(action)

    def _elapsed(self, stamp_ns: int) -> int:
        return round((stamp_ns - (self._stamp_ns or 0)) / self._step_ns)
