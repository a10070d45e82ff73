# SPDX-License-Identifier: Apache-2.0
"""What the gate knows about a body: channels and their limits, sensors and, if any, its place in space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ami_ros.body.base import Base
from ami_ros.body.gripper import Gripper
from ami_ros.body.limits import ChannelLimits
from ami_ros.body.link_shapes import LinkShapes
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import EmbodimentError
from ami_ros.safety.watched_sensor import JOINT_STATES, WatchedSensor, watched_sensors
from ami_ros.types import FloatArray

LIMITS = ("lower", "upper", "velocity", "acceleration", "jerk")


@dataclass(frozen=True, eq=False)
class GateBody:
    """A body of C channels.

    A body with a sensor of kind ``joints`` is measured: its stream of commands begins where it is. The stream
    of set points begins where `feedback` measures them, or without one at `home`.

    Attributes:
        name: for people.
        channels: (C,) names, in the order of every vector.
        limits: of every channel (C,); None is not limited.
        home: (C,).
        sensors: what the gate watches.
        shapes: where tip and links are; None where the body has no place in space: no zones then.
        workspace: (2, 3) lower and upper corner of the tip's box, base frame, m; None is anywhere.
        rest: (C,) values at which channels that are velocities stand still, as zeros of a base; None for any
            other channels.
        safe: (C,) values that a hold leads set points to, as of valves that must close; None keeps them.
        base: what drives about; None for a body that stays where it is.
        step_s: a control step, for which a proposal is made; 0 where that is not known.
        gripper: what grasps; None for a body without fingers.
        feedback: name of the watched sensor that measures set points, and their columns in its readings; ""
            where none does.

    Raises:
        EmbodimentError: sizes that differ, a name given twice, a home that is not finite, or is outside of
            the limits where commands begin there.
    """

    name: str
    channels: tuple[str, ...]
    limits: ChannelLimits
    home: FloatArray
    sensors: tuple[WatchedSensor, ...]
    shapes: LinkShapes | None = None
    workspace: FloatArray | None = None
    rest: FloatArray | None = None
    safe: FloatArray | None = None
    base: Base | None = None
    step_s: float = 0.0
    gripper: Gripper | None = None
    feedback: tuple[str, tuple[int, ...]] = ("", ())

    @classmethod
    def of_robot(cls, spec: RobotSpec, sensors: Sequence[WatchedSensor] | None = None) -> GateBody:
        """Return the body of a robot of one group; of several see `BodyGroups.of_robot`.

        Args:
            spec: the robot.
            sensors: what to watch instead of those that its YAML gives the gate.

        Raises:
            KinematicsError: the URDF is missing or does not fit: without it no zone can be watched.
            EmbodimentError: see above.
        """
        watched = watched_sensors(spec) if sensors is None else tuple(sensors)
        step_s = spec.step_ns / 1e9
        what = (spec.name, spec.command_names, spec.limits, spec.home, watched)
        if spec.arms:
            return cls(*what, LinkShapes(spec), spec.workspace, step_s=step_s)
        if spec.is_driven:
            return cls(*what, rest=spec.standstill, base=spec.base, step_s=step_s)
        name, columns = spec.feedback
        is_watched = name in [sensor.name for sensor in watched]
        feedback = (name, tuple(columns)) if is_watched else ("", ())
        return cls(*what, safe=spec.standstill, step_s=step_s, gripper=spec.gripper, feedback=feedback)

    def __post_init__(self) -> None:
        count = len(self.channels)
        if count == 0 or len(set(self.channels)) != count:
            self._refuse(f"channels: got {list(self.channels)}, expected distinct names")
        names = [sensor.name for sensor in self.sensors]
        if len(set(names)) != len(names):
            self._refuse(f"sensors: got {names}, expected each name once")
        if sum(sensor.kind == JOINT_STATES for sensor in self.sensors) > 1:
            self._refuse(f"sensors: got {names}, expected at most one of kind {JOINT_STATES}")
        given = {"home": self.home, **{name: getattr(self.limits, name) for name in LIMITS}}
        for name, values in given.items():
            # Of several channels some may be unlimited: their limit is infinite.
            bad = values is not None and (
                np.isnan(values).any() or (name == "home" and np.isinf(values).any())
            )
            if values is not None and (values.shape != (count,) or bad):
                self._refuse(f"{name}: got {values.tolist()}, expected {count} finite numbers")
        if self.shapes is None and self.workspace is not None:
            self._refuse(
                "workspace: got a box, expected none: the body has no arm whose tip could be checked"
            )
        if self.shapes is not None and self.shapes.reach.shape[1] != count:
            self._refuse(f"channels: got {count}, but the URDF moves {self.shapes.reach.shape[1]} joints")
        keeps_in = self.base is not None and self.base.keep_in is not None
        if self.base is not None and keeps_in and (self.rest is None or self.base.sensor not in names):
            self._refuse(f"base: got keep_in, expected rest, and {self.base.sensor!r} among sensors {names}")
        if self.gripper is not None and self.gripper.sensor not in names:
            self._refuse(f"gripper: got sensor {self.gripper.sensor!r}, expected one of the sensors {names}")
        lower, upper = self.limits.lower, self.limits.upper
        below = lower is not None and (self.home < lower).any()
        if not self.is_measured and (below or (upper is not None and (self.home > upper).any())):
            self._refuse(f"home: got {self.home.tolist()}, expected a position within the limits")

    def _refuse(self, why: str) -> None:
        raise EmbodimentError(f"{self.name}: {why}")

    @property
    def is_measured(self) -> bool:
        """Whether a sensor measures where the channels are."""
        return self.joint_sensor is not None

    @property
    def joint_sensor(self) -> WatchedSensor | None:
        """The sensor that measures where the channels are."""
        return next((sensor for sensor in self.sensors if sensor.kind == JOINT_STATES), None)

    @property
    def place_sensor(self) -> WatchedSensor | None:
        """The sensor that measures where the body is: that of its channels, or of a base's pose."""
        if self.joint_sensor is not None or self.base is None:
            return self.joint_sensor
        return next((sensor for sensor in self.sensors if sensor.name == self.base.sensor), None)

    def speed(self, position: FloatArray, velocity: FloatArray) -> float:
        """Return how fast the fastest channel moves the body: for a base its commanded velocity.

        Args:
            position: (C,) values of the channels.
            velocity: (C,) how they change, per second.
        """
        return float(np.abs(velocity if self.rest is None else position - self.rest).max())

    def set_points_in(self, sensor: str, values: FloatArray) -> FloatArray | None:
        """Return the set points (C,), or the opening of a gripper, that a sensor measures; else None.

        Args:
            sensor: its name.
            values: a reading of it.
        """
        if self.gripper is not None:
            return self.gripper.opening(values) if sensor == self.gripper.sensor else None
        name, columns = self.feedback
        if sensor != name or not np.isfinite(values[list(columns)]).all():
            return None
        return values[list(columns)]

    def begins_at(self, measured: FloatArray | None, last: FloatArray | None) -> FloatArray | None:
        """Return where a stream of commands begins (C,); None where that is not known yet.

        Args:
            measured: (C,) where the channels, fingers or set points are; None before the first reading.
            last: (C,) last command; None before the first command.
        """
        if self.rest is not None:
            return self.rest  # without commands the controller has let it come to rest
        if self.is_measured:
            return measured
        if self.gripper is not None and last is None:
            # They may hold something: commands begin with a grip.
            lower, upper = self.limits.lower, self.limits.upper
            if measured is None or lower is None:
                return None
            return np.minimum(self.gripper.pressing(measured, lower), np.inf if upper is None else upper)
        if self.gripper is None and self.feedback[0]:  # operators may have moved them meanwhile
            return None if measured is None else np.clip(measured, self.limits.lower, self.limits.upper)
        # The controller has kept the last set point; nothing has moved it since.
        return self.home if last is None else last
