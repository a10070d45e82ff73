# SPDX-License-Identifier: Apache-2.0
"""Which image and which joint state make one observation. Never reads a clock.

The rule: an image is ready when a joint state at least as new has arrived, and is paired with the newest
joint state there is, because the plan starts where the robot *is*. Images closer together than the planning
period are skipped, by their stamps, so the rule is the same in real and in simulated time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ami_ros.types import FloatArray

EARLY_SHARE = 0.1  # of the period: an image that much early is on time, for cameras jitter


@dataclass(frozen=True, eq=False)
class SeenImage:
    """An image as it arrived; `message` is decoded only if it is planned from."""

    message: Any
    stamp_ns: int
    arrival_ns: int


@dataclass(frozen=True, eq=False)
class SeenJoints:
    """A joint state as it arrived: position (J,) and velocity (J,)."""

    position: FloatArray
    velocity: FloatArray
    stamp_ns: int
    arrival_ns: int


class ObservationPairing:
    """Keeps the newest image and joint state and tells when to plan from them.

    Args:
        period_ns: planning period.
        gap_ns: joint states may be this much newer than the image.

    Attributes:
        restarts: how often time was seen to start anew (a stamp older than the one before it).
    """

    def __init__(self, period_ns: int, gap_ns: int) -> None:
        self._spacing_ns = round(period_ns * (1.0 - EARLY_SHARE))
        self._gap_ns = gap_ns
        self.restarts = 0
        self.forget()

    def forget(self) -> None:
        """Drop everything seen."""
        self._image: SeenImage | None = None
        self._joints: SeenJoints | None = None
        self._taken_ns: int | None = None

    def plan_again(self) -> None:
        """Allow a plan from the next pair whatever its stamp, as for a new goal."""
        self._taken_ns = None

    def see_image(self, image: SeenImage) -> None:
        """Take an image."""
        self._notice_restart(self._image, image)
        self._image = image

    def see_joints(self, joints: SeenJoints) -> None:
        """Take a joint state."""
        self._notice_restart(self._joints, joints)
        self._joints = joints

    def take(self) -> tuple[SeenImage, SeenJoints] | None:
        """Return the pair to plan from now, once; None when there is none."""
        image, joints = self._image, self._joints
        if image is None or joints is None or joints.stamp_ns < image.stamp_ns:
            return None
        if joints.stamp_ns - image.stamp_ns > self._gap_ns:
            return None
        if self._taken_ns is not None and image.stamp_ns - self._taken_ns < self._spacing_ns:
            return None
        self._taken_ns = image.stamp_ns
        return image, joints

    def waiting_for(self, now_ns: int) -> str:
        """Say what is missing for the next plan, for people."""
        image, joints = self._image, self._joints
        missing = [what for what, seen in (("an image", image), ("joint states", joints)) if seen is None]
        if image is None or joints is None:
            return f"no observation yet: waiting for {' and '.join(missing)}"
        lag_ns = joints.stamp_ns - image.stamp_ns
        if lag_ns < 0:
            return f"joint states are {-lag_ns / 1e9:.3f} s older than the image; waiting for newer ones"
        if lag_ns > self._gap_ns:
            limit = f"expected at most {self._gap_ns / 1e9:.3f} s (pair_gap_s)"
            return f"the image is {lag_ns / 1e9:.3f} s older than the joint states, {limit}"
        return f"waiting for a new image; the last one came {(now_ns - image.arrival_ns) / 1e9:.2f} s ago"

    def _notice_restart(self, before: SeenImage | SeenJoints | None, new: SeenImage | SeenJoints) -> None:
        if before is not None and new.stamp_ns < before.stamp_ns:
            self.forget()
            self.restarts += 1
