# SPDX-License-Identifier: Apache-2.0
"""The simulated base: wheels that turn as commanded, and move it as far as they grip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import numpy as np

from ami_ros.body.drive_simulation import CHANNELS, DriveSimulation
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.scenery import Box
from ami_ros.errors import EmbodimentError
from ami_ros.sim.pybullet.bullet import Bullet
from ami_ros.sim.world.loadable_urdf import loadable_urdf
from ami_ros.types import Command, FloatArray

MASS = 0.1  # kg, of a plate or a box of sheet metal: light enough not to affect its carrier


def with_payload(urdf: str, boxes: Mapping[str, Box]) -> str:
    """Return the text of a URDF with boxes by name fixed to its first link, in that link's frame."""
    if not boxes:
        return urdf
    robot = ElementTree.fromstring(urdf)
    carried = {child.get("link") for child in robot.iterfind("joint/child")}
    root = next((name for link in robot.iterfind("link") if (name := link.get("name")) not in carried), "")
    added = "".join(_link(name, box, root or "") for name, box in boxes.items())
    return urdf.replace("</robot>", f"{added}</robot>")


def _link(name: str, box: Box, parent: str) -> str:
    xyz, size, rgba = (
        " ".join(str(float(v)) for v in values)
        for values in (box.centre, [2.0 * half for half in box.half_size], box.colour)
    )
    shape = f'<geometry><box size="{size}"/></geometry>'
    return f"""
  <link name={quoteattr(name)}>
    <inertial><mass value="{MASS}"/>
      <inertia ixx="1e-3" ixy="0" ixz="0" iyy="1e-3" iyz="0" izz="1e-3"/></inertial>
    <visual>{shape}<material name={quoteattr(f"{name}_colour")}><color rgba="{rgba}"/></material></visual>
    <collision>{shape}</collision>
  </link>
  <joint name={quoteattr(f"{name}_joint")} type="fixed">
    <parent link={quoteattr(parent)}/><child link={quoteattr(name)}/><origin xyz="{xyz}" rpy="0 0 0"/>
  </joint>
"""


SETTLING_S = 1.0  # until it stands still on its wheels
CLEARANCE = 0.002  # m above the ground, the height from which it is lowered
SUNK = 0.1  # m: a base below this has no ground under it


class WheeledBase:
    """A base with a differential drive, standing on the scenery.

    Its pose is that of its first link's frame. Postures are x, y, z (m), a quaternion x, y, z, w, and the
    angle of each wheel (7 + W,).

    Args:
        bullet: the physics, with a ground in it.
        spec: the robot.
        simulation: of the robot.
        physics_hz: simulation steps per second.
        detailed: slow, pretty meshes.

    Raises:
        EmbodimentError: a wheel is not in the URDF, or it has no ground to stand on.
    """

    def __init__(
        self, bullet: Bullet, spec: RobotSpec, simulation: DriveSimulation, physics_hz: float, detailed: bool
    ) -> None:
        self._bullet, self._drive = bullet, simulation.drive
        text = with_payload(loadable_urdf(simulation.urdf, detailed), simulation.payload)
        self._body = bullet.load_urdf(text, str(simulation.urdf), fixed=False)
        index = bullet.joint_indices(self._body)
        missing = [name for name in (*self._drive.left, *self._drive.right) if name not in index]
        if missing:
            raise EmbodimentError(
                f"{spec.name}: simulation: drive: joints {missing} not found in {simulation.urdf}; "
                f"it has {list(index)}"
            )
        self._left = [index[name] for name in self._drive.left]
        self._right = [index[name] for name in self._drive.right]
        self._wheels = [*self._left, *self._right]
        for wheel in self._wheels:
            bullet.set_friction(self._body, wheel, 0.0)  # `roll` does it instead
        self._channels = [spec.command_names.index(n) if n in spec.command_names else None for n in CHANNELS]
        self._centre = bullet.mass_centre(self._body)
        self._height, self._tilt = 0.0, np.array([0.0, 0.0, 0.0, 1.0])
        self._settle(spec, round(SETTLING_S * physics_hz))

    def _settle(self, spec: RobotSpec, steps: int) -> None:
        """Lower it to the ground, and keep its posture there."""
        position, turn = self._bullet.pose(self._body)
        above = position + np.array([0.0, 0.0, CLEARANCE - self._bullet.lowest(self._body)])
        self._bullet.set_pose(self._body, above, turn)
        self._spin(0.0, 0.0)
        for _ in range(steps):
            self._bullet.step()
        position, turn = self._bullet.pose(self._body)
        if not abs(position[2] - above[2]) < SUNK:
            raise EmbodimentError(
                f"{spec.name}: simulation: scenery: the base came to rest {above[2] - position[2]:.3g} m "
                "lower than its wheels, expected a box with its top at z = 0 for it to stand on"
            )
        self._height = float(position[2])
        self._tilt = _product(_about_z(-yaw_of(turn)), turn)

    @property
    def body(self) -> int:
        """The base, as the physics client knows it."""
        return self._body

    def reset(self, pose: FloatArray) -> None:
        """Put it at rest at x, y (m) and yaw (rad)."""
        x, y, yaw = (float(value) for value in pose)
        cos, sin = math.cos(yaw), math.sin(yaw)
        shift = np.array(
            [cos * self._centre[0] - sin * self._centre[1], sin * self._centre[0] + cos * self._centre[1]]
        )
        position = np.array([x + shift[0], y + shift[1], self._height])
        self.show(
            np.concatenate([position, _product(_about_z(yaw), self._tilt), np.zeros(len(self._wheels))])
        )

    def show(self, posture: FloatArray) -> None:
        """Put it at rest in a result of `posture`."""
        self._bullet.set_pose(self._body, posture[:3], posture[3:7])
        self._bullet.reset_joints(self._body, self._wheels, posture[7:])
        self._spin(0.0, 0.0)

    def posture(self) -> FloatArray:
        """Return its posture (7 + W,)."""
        return np.concatenate(
            [*self._bullet.pose(self._body), self._bullet.joint_state(self._body, self._wheels)[0]]
        )

    def obey(self, command: Command) -> None:
        """Turn the wheels for the commanded motion until the next command."""
        vx, wz = (0.0 if index is None else float(command.position[index]) for index in self._channels)
        self._spin(*self._drive.wheel_speeds(vx, wz))

    def roll(self) -> None:
        """Apply each tyre's force against its slip during the next physics step, within its grip.

        With Coulomb friction alone, four fixed wheels would turn about the axle with more load.
        Source: linear tyre with saturation; Rajamani, "Vehicle dynamics and control" (2012), section 2.3.
        """
        places, velocities = self._bullet.link_motion(self._body, self._wheels)
        speeds = self._bullet.joint_state(self._body, self._wheels)[1] * self._drive.wheel_radius
        yaw = yaw_of(self._bullet.pose(self._body)[1])
        ahead, aside = np.array([math.cos(yaw), math.sin(yaw)]), np.array([-math.sin(yaw), math.cos(yaw)])
        along = -self._drive.stiffness * (velocities[:, :2] @ ahead - speeds)
        across = -self._drive.stiffness_across * (velocities[:, :2] @ aside)
        share = np.minimum(1.0, self._drive.grip / np.maximum(np.hypot(along, across), 1e-9))
        forces = np.zeros_like(places)
        forces[:, :2] = share[:, None] * (along[:, None] * ahead + across[:, None] * aside)
        self._bullet.push(self._body, self._wheels, forces, places)

    def _spin(self, left: float, right: float) -> None:
        speeds = np.array([left] * len(self._left) + [right] * len(self._right))
        self._bullet.spin_joints(self._body, self._wheels, speeds, self._drive.effort)

    def pose(self) -> FloatArray:
        """Return the true x, y (m) and yaw (rad) (3,)."""
        position, turn = self._bullet.pose(self._body)
        yaw = yaw_of(turn)
        cos, sin = math.cos(yaw), math.sin(yaw)
        x = position[0] - cos * self._centre[0] + sin * self._centre[1]
        y = position[1] - sin * self._centre[0] - cos * self._centre[1]
        return np.array([x, y, yaw])

    def rolling(self) -> tuple[float, float]:
        """Return the motion vx (m/s), wz (rad/s) measured by the wheels, which do not see slip."""
        speeds = self._bullet.joint_state(self._body, self._wheels)[1]
        count = len(self._left)
        return self._drive.motion(float(speeds[:count].mean()), float(speeds[count:].mean()))


def yaw_of(turn: FloatArray) -> float:
    """Return the heading (rad) of a quaternion x, y, z, w, of any length."""
    x, y, z, w = (float(value) for value in turn)
    return math.atan2(2.0 * (w * z + x * y), w * w + x * x - y * y - z * z)


def _about_z(yaw: float) -> FloatArray:
    return np.array([0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw)])


def _product(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the quaternion (4,), x y z w, that turns by `other`, then by `one`.

    Source: Hamilton product.
    """
    vector = one[3] * other[:3] + other[3] * one[:3] + np.cross(one[:3], other[:3])
    return np.append(vector, one[3] * other[3] - one[:3] @ other[:3])
