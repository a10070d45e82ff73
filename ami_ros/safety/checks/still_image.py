# SPDX-License-Identifier: Apache-2.0
"""Hold when a camera shows the same picture again although the robot has moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ami_ros.body.link_shapes import LinkShapes
from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.events import Event, ImageSeen, RearmAsked
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.situation import Situation
from ami_ros.safety.watched_sensor import IMAGE, WatchedSensor
from ami_ros.settings.fields import setting
from ami_ros.types import PASS, FloatArray, Level, Verdict


@dataclass(frozen=True)
class Settings:
    """How far the tip may travel under one picture."""

    travel: float = setting(
        "a camera whose picture repeats while the tip moves further is frozen", gt=0.0, le=1.0, unit="m"
    )


class StillImage(Check):
    """Compares the content of images, not their stamps: a frozen driver stamps afresh.

    A scene at rest is not frozen: pictures may repeat as long as the tip stays where it was when the picture
    was new. It has moved only if it was commanded to *and* is measured to have: joint states alone may be
    wrong, and a robot that rests because of them would repeat its picture forever. A camera that sends
    nothing is stale, not frozen.

    Args:
        sensor: the camera.
        sensors: all sensors of the body.
        shapes: where the tip is.
        settings: how far it may travel.
    """

    def __init__(
        self,
        sensor: WatchedSensor,
        sensors: Sequence[WatchedSensor],
        shapes: LinkShapes,
        settings: Settings,
    ) -> None:
        self._sensor, self._label = sensor.name, sensor.label_among(sensors)
        self._shapes, self._limit = shapes, settings.travel
        self.forget()

    def forget(self) -> None:
        """Forget the picture, as after a reset or a re-arm."""
        self._content: int | None = None
        self._since: FloatArray | None = None
        self._travel = 0.0
        self._repeats = 0

    def see(self, event: Event, situation: Situation) -> None:
        """Take an image of this camera."""
        if isinstance(event, RearmAsked):
            self.forget()
        elif isinstance(event, ImageSeen) and event.sensor == self._sensor and event.content is not None:
            self._compare(event.content, self._tips(situation))

    def _tips(self, situation: Situation) -> FloatArray | None:
        """Return where the tip is commanded and where it is measured to be (2, 3), base frame, m.

        None before the first command.
        """
        measured, commanded = situation.measured, situation.commanded
        if measured is None or commanded is None:
            return None
        return np.stack([self._shapes.tip(commanded), self._shapes.tip(measured)])

    def _compare(self, content: int, tips: FloatArray | None) -> None:
        if content != self._content:
            self._content, self._since, self._travel, self._repeats = content, tips, 0.0, 0
            return
        self._repeats += 1
        if self._since is None or tips is None:
            self._since = tips if self._since is None else self._since
            return
        moved = float(np.linalg.norm(tips - self._since, axis=1).min())
        self._travel = max(self._travel, moved)

    def judge(self, situation: Situation) -> Verdict:
        """HOLD while the newest picture was already shown more than `travel` ago."""
        if self._travel <= self._limit:
            return PASS
        numbers = {"travel_m": self._travel, "limit_m": self._limit, "repeats": self._repeats}
        return ReasonCode.CAMERA_FROZEN.verdict(Level.HOLD, **numbers, **self._label)


def build(context: CheckContext, settings: Settings) -> list[Check]:
    """Return a check of each camera, for a body whose tip is known."""
    sensors, shapes = context.body.sensors, context.body.shapes
    if shapes is None or not context.body.is_measured:
        return []
    return [StillImage(s, sensors, shapes, settings) for s in sensors if s.kind == IMAGE]
