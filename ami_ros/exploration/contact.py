# SPDX-License-Identifier: Apache-2.0
"""Detects a blocked body: joints lag behind their commands, or a base does not move as commanded."""

from __future__ import annotations

from collections import deque

import numpy as np

from ami_ros.exploration.settings import ExplorerSettings
from ami_ros.types import FloatArray

IN_A_ROW = 3  # comparisons: a body that reverses lags behind its commands for a moment


class ContactWatch:
    """Compares commands with the measured motion.

    Args:
        settings: the settings that begin with `contact_`.
    """

    def __init__(self, settings: ExplorerSettings) -> None:
        self._settings = settings
        self.forget()

    def forget(self) -> None:
        """Start again, as after a hold."""
        self._ways: deque[tuple[float, FloatArray, FloatArray]] = deque()
        self._elapsed_s, self._short = 0.0, 0

    def see_joints(self, commanded: FloatArray, measured: FloatArray, pace: float) -> bool:
        """Return whether an arm is blocked.

        Args:
            commanded: commanded joints (J,).
            measured: measured joints (J,).
            pace: speed bound relative to `speed`: lag grows with it.
        """
        gap = self._settings.contact_gap * max(1.0, pace)
        return self._again(float(np.abs(commanded - measured).max()) > gap)

    def see_way(self, elapsed_s: float, commanded: FloatArray, done: FloatArray) -> bool:
        """Return whether a base is blocked.

        Args:
            elapsed_s: time since the last call, s.
            commanded: (2,) commanded way forward (m) and turn (rad) in that time.
            done: (2,) those of the body.
        """
        settings = self._settings
        self._ways.append((elapsed_s, commanded, done))
        self._elapsed_s += elapsed_s
        while len(self._ways) > 1 and self._elapsed_s - self._ways[0][0] >= settings.contact_s:
            self._elapsed_s -= self._ways.popleft()[0]
        asked = np.sum([way for _, way, _ in self._ways], axis=0)
        went = np.sum([way for _, _, way in self._ways], axis=0)
        far = float(np.linalg.norm(asked))
        return self._again(
            self._elapsed_s >= 0.99 * settings.contact_s
            and far > settings.contact_way
            and float(went @ asked) < settings.contact_share * far**2
        )

    def _again(self, is_short: bool) -> bool:
        self._short = self._short + 1 if is_short else 0
        return self._short >= IN_A_ROW
