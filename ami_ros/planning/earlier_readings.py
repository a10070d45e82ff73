# SPDX-License-Identifier: Apache-2.0
"""Carries what a state keeps of earlier readings from one observation to the next."""

from __future__ import annotations

from ami_ros.model.runtime import ModelRuntime, Sensed


class EarlierReadings:
    """Follows the observations of one run, at whatever rate they come.

    Args:
        model: knows how fast traces of readings fade.
        block_ns: duration of an action block.
    """

    def __init__(self, model: ModelRuntime, block_ns: int) -> None:
        self._model, self._block_ns = model, block_ns
        self.restart()

    def restart(self) -> None:
        """Forget the past: the next reading counts as if it had long been so."""
        self._last: tuple[Sensed, int] | None = None

    def added(self, sensed: Sensed, stamp_ns: int) -> Sensed:
        """Return an encoded observation with what earlier ones left; time that runs back restarts."""
        if self._last is not None and stamp_ns >= self._last[1]:
            before, before_ns = self._last
            sensed = self._model.carried(before, sensed, (stamp_ns - before_ns) / self._block_ns)
        self._last = sensed, stamp_ns
        return sensed
