# SPDX-License-Identifier: Apache-2.0
"""Hold when the camera shows the same picture again although the robot has moved."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, FloatArray, Level, Reason, Verdict


class StillImage:
    """Compares what images show, not what their stamps say: a frozen driver stamps afresh.

    A scene at rest is not frozen: pictures may repeat as long as the tip stays where it was when the picture
    was new. A camera that only sends nothing is old, not frozen.
    """

    def __init__(self, settings: SafetySettings) -> None:
        self._limit = settings.still_image_travel
        self.forget()

    def forget(self) -> None:
        """Forget the picture, as after a reset."""
        self._content: int | None = None
        self._since: FloatArray | None = None
        self._travel = 0.0
        self._repeats = 0

    def see(self, content: int | None, tip: FloatArray | None) -> None:
        """Take an image.

        Args:
            content: a hash of its pixels; None cannot be judged.
            tip: (3,) measured when it arrived, base frame, m; None before the first joint state.
        """
        if content is None:
            return
        if content != self._content:
            self._content, self._since, self._travel, self._repeats = content, tip, 0.0, 0
            return
        self._repeats += 1
        if self._since is None or tip is None:
            self._since = tip if self._since is None else self._since
            return
        self._travel = max(self._travel, float(np.linalg.norm(tip - self._since)))

    def judge(self, situation: Situation) -> Verdict:
        """HOLD while the newest picture was already shown more than `still_image_travel` ago."""
        if self._travel <= self._limit:
            return PASS
        numbers = {"travel_m": self._travel, "limit_m": self._limit, "repeats": self._repeats}
        return Verdict(Level.HOLD, (Reason("CAMERA_FROZEN", numbers),))
