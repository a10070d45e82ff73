# SPDX-License-Identifier: Apache-2.0
"""The simulated world of an arm, in any simulator: table, objects and cameras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.sim.world.arm_sensors import ArmSensors, SensedArm, SensedHand
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


class SimulatedHand(SensedHand, Protocol):
    """Servoed fingers of grippers, G channels in the order of the robot's.

    Attributes:
        commanded: (G,) where they servo to, in the channels' units.
        jammed: whether they stay where they are, whatever is commanded.
        strength: share of their force that they have.
    """

    commanded: FloatArray
    jammed: bool
    strength: float

    def reset(self, opening: FloatArray) -> None:
        """Put the fingers at rest at `opening` (G,), and servo there."""

    def obey(self, opening: FloatArray) -> None:
        """Servo toward `opening` (G,) until the next call."""


class ArmStage(SimulatorStage):
    """An arm on a table in front of cameras, perhaps with grippers; what the simulator does is abstract.

    Attributes:
        hand: the grippers; None without.
    """

    def _use(self, arm: SimulatedArm, hand: SimulatedHand | None = None) -> None:
        """Make these the body. Raises EmbodimentError: it lacks what a sensor of the robot measures."""
        self._arm, self.hand = arm, hand
        self._kinematics = Kinematics(self._spec)
        self._arm_sensors = ArmSensors(arm, self._spec, self._kinematics, hand)
        ((self._joints, _),) = self._spec.arm_columns

    @property
    def area(self) -> FloatArray:
        """The workspace, seen from above."""
        return self._spec.workspace[:, :2]

    @property
    def scale(self) -> float:
        """It is a table."""
        return 1.0

    def _place_body(self, start: FloatArray) -> None:
        """Put the body at rest at all its channels (C,), or at the joints (J,) with grippers at home."""
        whole = self._spec.home.copy()
        if len(start) == len(whole):
            whole = start
        else:
            whole[self._joints] = start
        joints, opening = self._divided(whole)
        self._arm.reset(joints)
        if self.hand is not None:
            self.hand.reset(opening)

    def _show_body(self, moment: Mapping[str, FloatArray]) -> None:
        self._arm.reset(moment["joints"])
        if self.hand is not None:
            self.hand.reset(moment["opening"])
            self.hand.obey(moment["opening_commanded"])

    def _obey(self, command: Command) -> None:
        if self.hand is None:
            self._arm.obey(command)
            return
        position, opening = self._divided(command.position)
        velocity, _ = self._divided(command.velocity)
        self._arm.obey(Command(position, velocity, command.stamp_ns))
        self.hand.obey(opening)

    def _divided(self, channels: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the joints (J,), and the rest (G,), of all commanded channels (C,)."""
        return channels[self._joints], np.delete(channels, self._joints)

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
        """Return the `joints` (J,), and all commanded `channels` (C,).

        Of a gripper, the command counts: what its fingers hold keeps them from reaching it.
        """
        joints = self.joints()[0]
        channels = self._spec.home.copy()
        if self.hand is not None:
            channels[np.delete(np.arange(len(channels)), self._joints)] = self.hand.commanded
        channels[self._joints] = joints
        return {"joints": joints, "channels": channels}

    def touching(self) -> frozenset[str]:
        """Return the links of the arm that touched something else in the last physics step."""
        return frozenset(link for link, _, _ in self._arm.touches())

    def truth(self) -> dict[str, FloatArray]:
        """Return where `tip` (3,) and `objects` (M, 3) are, m, and the `opening` (G,) of grippers."""
        return {"tip": self.tip(), "objects": self.places(), **self._openings("opening")}

    def snapshot(self) -> dict[str, FloatArray]:
        """Return tip, the poses of the objects, joints, grippers, and what touches walls."""
        shown = {"tip": self.tip(), "objects": self.poses(), "joints": self.joints()[0]}
        return shown | self._openings("opening", "opening_commanded") | self.contacts()

    def _openings(self, *names: str) -> dict[str, FloatArray]:
        """Return where grippers are, and where they are commanded to be (G,), by name; empty without one."""
        if self.hand is None:
            return {}
        both = {"opening": self.hand.opening(), "opening_commanded": self.hand.commanded.copy()}
        return {name: both[name] for name in names}

    def vectors(self) -> dict[str, FloatArray]:
        """Return what each vector sensor measures now, by name."""
        return self._arm_sensors.read()
