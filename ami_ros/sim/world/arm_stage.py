# SPDX-License-Identifier: Apache-2.0
"""The simulated world of an arm, in any simulator: table, objects and cameras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ami_ros.body.kinematics import Kinematics
from ami_ros.sim.world.arm_sensors import ArmSensors, SensedArm
from ami_ros.sim.world.simulator_stage import SimulatorStage
from ami_ros.types import Command, FloatArray

# For people and the model: the hand stands out from the arm, the arm from the table.
LINK_COLOURS = ((0.93, 0.93, 0.95, 1.0), (0.75, 0.78, 0.84, 1.0))
HAND_COLOUR = (0.15, 0.25, 0.55, 1.0)
TOOL_COLOUR = (0.10, 0.10, 0.12, 1.0)
FINGER_COLOUR = (0.95, 0.45, 0.10, 1.0)


class SimulatedArm(SensedArm, Protocol):
    """A position-servoed arm with the effort limits of its RobotSpec."""

    def reset(self, joint_position: FloatArray) -> None:
        """Put the arm at rest at `joint_position` (J,), and servo there."""

    def obey(self, command: Command) -> None:
        """Servo toward the command until the next one."""


class ArmStage(SimulatorStage):
    """An arm on a table in front of cameras; what the simulator does is still abstract."""

    def _use(self, arm: SimulatedArm) -> None:
        """Make this the arm. Raises EmbodimentError: it lacks what a sensor of the robot measures."""
        self._arm = arm
        self._kinematics = Kinematics(self._spec)
        self._arm_sensors = ArmSensors(arm, self._spec, self._kinematics)

    @property
    def area(self) -> FloatArray:
        """The workspace, seen from above."""
        return self._spec.workspace[:, :2]

    @property
    def scale(self) -> float:
        """It is a table."""
        return 1.0

    def _place_body(self, start: FloatArray) -> None:
        self._arm.reset(start)

    def _show_body(self, moment: Mapping[str, FloatArray]) -> None:
        self._arm.reset(moment["joints"])

    def _obey(self, command: Command) -> None:
        self._arm.obey(command)

    def _forget(self) -> None:
        self._arm_sensors.forget()

    def _stepped(self) -> None:
        self._arm_sensors.stepped()

    def joints(self) -> tuple[FloatArray, FloatArray]:
        """Return joint position (J,) and velocity (J,)."""
        return self._arm.joint_state(self._spec.joint_names)

    def tip(self) -> FloatArray:
        """Return the true tip position (3,) in m: for scoring only, never for planning."""
        return self._kinematics.forward(self.joints()[0])[0]

    def body(self) -> dict[str, FloatArray]:
        """Return the `joints` (J,), rad or m."""
        return {"joints": self.joints()[0]}

    def touching(self) -> frozenset[str]:
        """Return the links of the arm that touched something else in the last physics step."""
        return frozenset(link for link, _, _ in self._arm.touches())

    def truth(self) -> dict[str, FloatArray]:
        """Return where `tip` (3,) and `objects` (M, 3) are, m."""
        return {"tip": self.tip(), "objects": self.places()}

    def snapshot(self) -> dict[str, FloatArray]:
        """Return tip, the poses of the objects, joints, and what touches walls."""
        shown = {"tip": self.tip(), "objects": self.poses(), "joints": self.joints()[0]}
        return shown | self.contacts()

    def vectors(self) -> dict[str, FloatArray]:
        """Return what each vector sensor measures now, by name."""
        return self._arm_sensors.read()
