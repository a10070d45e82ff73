# SPDX-License-Identifier: Apache-2.0
"""Hold when a sensor repeats its reading to the last bit for longer than it can."""

from __future__ import annotations

from collections.abc import Sequence

from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.events import Event, ImageSeen, JointsSeen, VectorSeen
from ami_ros.safety.sections import NoSettings
from ami_ros.safety.sensor_reasons import FROZEN_REASONS
from ami_ros.safety.situation import Situation
from ami_ros.safety.watched_sensor import JOINT_STATES, WatchedSensor
from ami_ros.types import PASS, Level, Verdict


class StillSensor(Check):
    """Compares the content of readings, not their stamps: a frozen driver stamps afresh.

    A live sensor has noise, whether or not anything moves. A sensor that sends nothing is stale, not frozen.

    Args:
        sensor: watched; judged only if it has a `freeze_s`.
        sensors: all sensors of the body.
    """

    def __init__(self, sensor: WatchedSensor, sensors: Sequence[WatchedSensor]) -> None:
        self._sensor, self._label = sensor, sensor.label_among(sensors)
        self._code = FROZEN_REASONS[sensor.kind]
        self.forget()

    def forget(self) -> None:
        """Forget the reading, as after a reset."""
        self._content: int | bytes | None = None
        self._since_ns = 0
        self._for_s = 0.0

    def see(self, event: Event, situation: Situation) -> None:
        """Take a reading of this sensor."""
        content: int | bytes | None
        if isinstance(event, JointsSeen) and self._sensor.kind == JOINT_STATES:
            content = event.position.tobytes()
        elif isinstance(event, ImageSeen | VectorSeen) and event.sensor == self._sensor.name:
            content = event.content
        else:
            return
        if content is None or content != self._content:
            self._content, self._since_ns = content, event.arrival_ns
        self._since_ns = min(self._since_ns, event.arrival_ns)
        self._for_s = (event.arrival_ns - self._since_ns) / 1e9

    def judge(self, situation: Situation) -> Verdict:
        """HOLD while the newest reading equals the one `freeze_s` before it."""
        limit_s = self._sensor.freeze_s
        if limit_s is None or self._for_s <= limit_s:
            return PASS
        return self._code.verdict(Level.HOLD, for_s=self._for_s, limit_s=limit_s, **self._label)


def build(context: CheckContext, settings: NoSettings) -> list[Check]:
    """Return a check of each sensor that may freeze."""
    sensors = context.body.sensors
    return [StillSensor(sensor, sensors) for sensor in sensors if sensor.freeze_s is not None]
