# SPDX-License-Identifier: Apache-2.0
"""The simulated arm: executes commands like a joint trajectory controller that knows its own dynamics."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulation import ArmSimulation
from ami_ros.errors import EmbodimentError
from ami_ros.sim.mujoco.physics import Physics
from ami_ros.types import Command, FloatArray

STIFFNESS = 2500.0  # 1/s^2, of every joint
DAMPING = 100.0  # 1/s: critical
HOLDING = 20.0  # N m or N, of joints beyond those of the robot


class Arm:
    """Implements `SimulatedArm` by computed torque, within the efforts of the robot.

    Source: Siciliano et al., "Robotics: Modelling, Planning and Control" (2009), section 8.5.2.

    Attributes:
        carried: the links that its last joint carries, including its own.

    Raises:
        EmbodimentError: a joint of the spec is not in the simulation's URDF, or it has no efforts.
    """

    def __init__(self, physics: Physics, spec: RobotSpec, simulation: ArmSimulation) -> None:
        self._physics = physics
        model = physics.model
        self._names = [model.joint(joint).name for joint in range(model.njnt)]
        wanted = (*spec.joint_names, *simulation.hold_joints)
        if missing := [name for name in wanted if name not in self._names]:
            raise EmbodimentError(f"simulation urdf: joints {missing} not found; it has {self._names}")
        if spec.limits.effort is None:
            raise EmbodimentError(f"{spec.name}: the simulator needs limits.effort; got null (not limited)")
        self._at, self._moves = model.jnt_qposadr.copy(), model.jnt_dofadr.copy()
        self._own = [self._names.index(name) for name in spec.joint_names]
        # Joints beyond those of the robot are held: where its YAML says, else at 0.
        self._kept = np.zeros(model.njnt)
        self._kept[[self._names.index(n) for n in simulation.hold_joints]] = simulation.hold_position
        self._effort = np.full(model.njnt, HOLDING)
        self._effort[self._own] = spec.limits.effort
        self._wanted, self._speed = self._kept.copy(), np.zeros(model.njnt)
        self.carried = self._behind(int(model.jnt_bodyid[self._own[-1]]))

    def _behind(self, body: int) -> frozenset[str]:
        model, behind = self._physics.model, {body}
        for link in range(model.nbody):
            if int(model.body_parentid[link]) in behind:  # a parent comes before its children
                behind.add(link)
        return frozenset(model.body(link).name for link in behind)

    @property
    def all_joints(self) -> Sequence[str]:
        """Names of the joints of its URDF that move, beyond those of the robot."""
        return self._names

    def reset(self, joint_position: FloatArray) -> None:
        """Put the arm at rest at `joint_position` (J,), and servo there."""
        self.obey(Command(joint_position, np.zeros_like(joint_position), 0))
        data = self._physics.data
        data.qpos[self._at], data.qvel[self._moves] = self._wanted, 0.0

    def obey(self, command: Command) -> None:
        """Servo toward the command until the next one."""
        self._wanted[self._own], self._speed[self._own] = command.position, command.velocity

    def drive(self) -> None:
        """Set the torques of one physics step, in which the dynamics at its start are known."""
        model, data = self._physics.model, self._physics.data
        inertia, moves = np.zeros((model.nv, model.nv)), self._moves
        mujoco.mj_fullM(model, inertia, data.qM)
        wanted = STIFFNESS * (self._wanted - data.qpos[self._at]) + DAMPING * (self._speed - data.qvel[moves])
        carrying = np.clip(data.qfrc_bias[moves] - data.qfrc_passive[moves], -self._effort, self._effort)
        servo = inertia[np.ix_(moves, moves)] @ wanted
        # Weaker, not clipped joint by joint, which would swing the arm to another side than wanted.
        left = self._effort - carrying * np.sign(servo)
        servo *= min(1.0, float((left / np.maximum(np.abs(servo), 1e-9)).min()))
        data.qfrc_applied[moves] = carrying + servo

    def joint_state(self, names: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return position (n,) and velocity (n,) of joints by name."""
        joints = [self._names.index(name) for name in names]
        data = self._physics.data
        return data.qpos[self._at[joints]].copy(), data.qvel[self._moves[joints]].copy()

    def touches(self) -> list[tuple[str, FloatArray, FloatArray]]:
        """Return link, place (3,) in m and force on it (3,) in N of each contact in the last physics step."""
        links = set(self._physics.links)
        return [(one, at, force) for one, _, at, force in self._physics.contacts() if one in links]
