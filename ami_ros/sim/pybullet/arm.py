# SPDX-License-Identifier: Apache-2.0
"""The simulated arm: executes commands like a joint trajectory controller."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulation import ArmSimulation
from ami_ros.errors import EmbodimentError
from ami_ros.sim.pybullet.bullet import Bullet
from ami_ros.sim.pybullet.hand import Hand
from ami_ros.sim.world.arm_stage import FINGER_COLOUR, HAND_COLOUR, LINK_COLOURS, TOOL_COLOUR
from ami_ros.sim.world.loadable_urdf import loadable_urdf
from ami_ros.sim.world.tool import TOOL_LINK, with_tool
from ami_ros.types import Command, FloatArray

# Of a body that has more, PyBullet does not return any state. Source: MAX_DEGREE_OF_FREEDOM of its
# examples/SharedMemory/SharedMemoryPublic.h, 128; tried with 127 and 128.
MOST_JOINTS = 127


class Arm:
    """Implements `SimulatedArm`.

    Attributes:
        carried: the links that its last joint carries, including its own.
        hand: its fingers; None without gripper.

    Raises:
        EmbodimentError: a joint of the spec is not in the simulation's URDF, or it has too many.
    """

    def __init__(self, bullet: Bullet, spec: RobotSpec, detailed: bool) -> None:
        self._bullet = bullet
        simulation = spec.simulation
        if not isinstance(simulation, ArmSimulation):
            raise EmbodimentError(f"{spec.name}: simulation: got kind: {simulation.kind}, expected bullet")
        tool, parent = spec.tool, simulation.tool_parent
        urdf = simulation.urdf_path(spec.urdf)
        text = loadable_urdf(urdf, detailed)
        if tool is not None:
            text = with_tool(text, parent, tool)
        self._body = bullet.load_urdf(text, str(urdf), fixed=True)
        index = bullet.joint_indices(self._body)
        fingers = simulation.fingers
        moved = fingers.names if fingers is not None else ()
        wanted = (*spec.joint_names, *simulation.hold_joints, *moved)
        if len(index) > MOST_JOINTS:
            raise EmbodimentError(
                f"simulation urdf {urdf}: got {len(index)} joints, the fixed ones included, expected at most "
                f"{MOST_JOINTS}, PyBullet's limit; leave out links that the arm does not need"
            )
        missing = [name for name in wanted if name not in index]
        if missing:
            raise EmbodimentError(f"simulation urdf: joints {missing} not found; it has {list(index)}")
        self._index = index
        self._links = bullet.link_names(self._body)
        self._joints = [index[name] for name in spec.joint_names]
        self._held = [index[name] for name in simulation.hold_joints]
        self._held_position = np.array(simulation.hold_position, dtype=np.float64)
        effort = spec.arm.limits.effort
        if effort is None:
            raise EmbodimentError(f"{spec.name}: the simulator needs limits.effort; got null (not limited)")
        self._effort = np.concatenate([effort, np.full(len(self._held), 20.0)])
        self.hand = None if fingers is None else Hand(bullet, self._body, index, fingers)
        self.carried = self._links_behind(self._joints[-1])
        if not detailed:
            self._paint(index)

    def _paint(self, index: dict[str, int]) -> None:
        for order, link in enumerate(range(-1, len(index))):
            self._bullet.paint(self._body, link, LINK_COLOURS[order % 2])
        fingers = self._held if self.hand is None else self.hand.links
        if fingers:
            self._bullet.paint(self._body, fingers[0] - 1, HAND_COLOUR)
        for link in fingers:
            self._bullet.paint(self._body, link, FINGER_COLOUR)
        tool = index.get(f"{TOOL_LINK}_joint")
        if tool is not None:
            self._bullet.paint(self._body, tool, TOOL_COLOUR)

    @property
    def body(self) -> int:
        """The arm, as the physics client knows it."""
        return self._body

    @property
    def all_joints(self) -> Sequence[str]:
        """Names of the joints of its URDF, beyond those of the robot."""
        return list(self._index)

    def _links_behind(self, joint: int) -> frozenset[str]:
        """Return the links that a joint carries, including its own, which has the same index."""
        behind = {joint}
        for link, parent in enumerate(self._bullet.parents(self._body)):
            if parent in behind:  # a parent comes before its children
                behind.add(link)
        return frozenset(self._links[link] for link in behind)

    def reset(self, joint_position: FloatArray) -> None:
        """Put the arm at rest at `joint_position` (J,)."""
        self._bullet.reset_joints(self._body, self._joints, joint_position)
        self._bullet.reset_joints(self._body, self._held, self._held_position)
        self.obey(Command(joint_position, np.zeros_like(joint_position), 0))

    def obey(self, command: Command) -> None:
        """Servo toward the command until the next one."""
        position = np.concatenate([command.position, self._held_position])
        velocity = np.concatenate([command.velocity, np.zeros(len(self._held))])
        self._bullet.drive_joints(self._body, self._joints + self._held, position, velocity, self._effort)

    def joint_state(self, names: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return position (n,) and velocity (n,) of joints by name."""
        return self._bullet.joint_state(self._body, [self._index[name] for name in names])

    def touches(self) -> list[tuple[str, FloatArray, FloatArray]]:
        """Return link, place (3,) in m and force on it (3,) in N of each contact in the last physics step."""
        touches = self._bullet.touches(self._body)
        return [(self._links[link], place, force) for link, place, force in touches]
