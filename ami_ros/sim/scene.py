# SPDX-License-Identifier: Apache-2.0
"""The simulated world: arm, table and camera, stepped by gate ticks."""

from __future__ import annotations

from ami_ros.embodiment import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.kinematics import Kinematics
from ami_ros.sim.arm import Arm
from ami_ros.sim.bullet import Bullet
from ami_ros.types import Command, FloatArray, ImageArray, Observation

TABLE_HALF_SIZE = (0.6, 0.8, 0.05)  # m
TABLE_CENTRE = (0.4, 0.0, -0.051)  # m, top just below the arm's base plane
TABLE_COLOUR = (0.55, 0.42, 0.30, 1.0)
WALL_HALF_SIZE = (0.02, 6.0, 3.0)
WALL_CENTRE = (-1.2, 0.0, 0.5)
WALL_COLOUR = (0.62, 0.70, 0.72, 1.0)


class Scene:
    """A robot on a table in front of a fixed camera; deterministic for a given sequence of calls.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second.
        detailed: slow, pretty meshes, for videos.
    """

    def __init__(self, spec: RobotSpec, physics_hz: float, detailed: bool = False) -> None:
        self._spec = spec
        self._bullet = Bullet(physics_hz)
        self._bullet.add_box(TABLE_HALF_SIZE, TABLE_CENTRE, TABLE_COLOUR)
        self._bullet.add_box(WALL_HALF_SIZE, WALL_CENTRE, WALL_COLOUR)
        self._arm = Arm(self._bullet, spec, detailed)
        self._kinematics = Kinematics(spec)
        self._physics_step_ns = round(1e9 / physics_hz)
        self.time_ns = 0

    def reset(self, joint_position: FloatArray) -> None:
        """Put the arm at rest at `joint_position` (J,). Time goes on: it never runs backwards."""
        self._arm.reset(joint_position)

    def advance(self, command: Command | None, duration_ns: int) -> None:
        """Obey `command` (None keeps the last one) and let `duration_ns` pass."""
        if command is not None:
            self._arm.obey(command)
        steps = round(duration_ns / self._physics_step_ns)
        if abs(steps * self._physics_step_ns - duration_ns) > 1e-3 * duration_ns:
            raise ConfigError(
                f"physics_hz: one step is {self._physics_step_ns} ns, {duration_ns} ns is no whole number "
                "of them; expected a multiple of the command rate"
            )
        for _ in range(steps):
            self._bullet.step()
        self.time_ns += duration_ns

    def joints(self) -> tuple[FloatArray, FloatArray]:
        """Return joint position (J,) and velocity (J,)."""
        return self._arm.state()

    def tip(self) -> FloatArray:
        """Return the true tip position (3,) in m: for scoring only, never for planning."""
        return self._kinematics.forward(self._arm.state()[0])[0]

    def image(self, width: int | None = None, height: int | None = None) -> ImageArray:
        """Render the camera; sizes default to the robot's camera."""
        camera = self._spec.camera
        return self._bullet.render(
            camera.eye,
            camera.look_at,
            camera.vertical_fov_deg,
            width or camera.width,
            height or camera.height,
        )

    def image_at(self, joint_position: FloatArray) -> ImageArray:
        """Render the camera as if the arm stood at `joint_position`; the arm is put back afterwards."""
        before, _ = self._arm.state()
        self._arm.reset(joint_position)
        image = self.image()
        self._arm.reset(before)
        return image

    def observe(self) -> Observation:
        """Sense everything now; stamps and arrivals are the simulated time."""
        position, velocity = self._arm.state()
        now = self.time_ns
        return Observation(self.image(), position, velocity, now, now, now, now)

    def close(self) -> None:
        """Free the physics client."""
        self._bullet.close()
