# SPDX-License-Identifier: Apache-2.0
"""What PyBullet does for the stages of an arm and of a base: scenery, objects, contacts and pictures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.scenery import Box
from ami_ros.body.sensors import ImageSensor
from ami_ros.errors import EmbodimentError
from ami_ros.sim.camera.texture import draw_texture
from ami_ros.sim.camera.variation import Light, Variation
from ami_ros.sim.camera.viewpoint import Viewpoint
from ami_ros.sim.pybullet.bullet import Bullet
from ami_ros.sim.world.simulator_stage import SimulatorStage
from ami_ros.types import FloatArray, ImageArray


class BulletStage(SimulatorStage):
    """A stage in PyBullet; subclasses define the body and its sensors.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second.
        scenery: boxes around it.
    """

    def __init__(self, spec: RobotSpec, physics_hz: float, scenery: Mapping[str, Box]) -> None:
        super().__init__(spec, physics_hz)
        self._bullet = Bullet(physics_hz)
        self._scenery = tuple(
            self._bullet.add_box(box.half_size, box.centre, box.colour) for box in scenery.values()
        )
        self._bodies: dict[str, int] = {}  # objects and ghosts, as PyBullet knows them
        self._carriers: dict[str, tuple[int, int]] = {}  # camera -> body and link

    @property
    @abstractmethod
    def _robot(self) -> int:
        """The body, as PyBullet knows it."""

    def _carry_cameras(self) -> None:
        """Find the links of the body that carry cameras. Raises EmbodimentError."""
        links = self._bullet.link_indices(self._robot)
        for camera in self._spec.images:
            if not camera.link:
                continue
            if camera.link not in links:
                raise EmbodimentError(
                    f"sensor {camera.name}: link {camera.link!r} not found; it has {list(links)}"
                )
            self._carriers[camera.name] = (self._robot, links[camera.link])

    def _add_block(
        self, name: str, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> None:
        self._bodies[name] = self._bullet.add_block(half_size, mass, friction, rgba)

    def reshape_block(
        self, name: str, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> None:
        """Give an object other sides, mass, friction and colour, see `Stage.reshape_block`."""
        self._bullet.remove(self._bodies[name])
        self._add_block(name, half_size, mass, friction, rgba)

    def _add_ghost(self, name: str, shape: str, size: float, rgba: Sequence[float]) -> None:
        self._bodies[name] = self._bullet.add_ghost(shape, size, rgba)

    def place(self, name: str, pose: FloatArray) -> None:
        """Put an object or a ghost, at rest, at `pose` (4,): x, y, z in m and yaw in rad."""
        self._bullet.place(self._bodies[name], pose[:3].tolist(), float(pose[3]))

    def paint(self, name: str, rgba: Sequence[float]) -> None:
        """Set the colour of an object or a ghost."""
        self._bullet.paint(self._bodies[name], -1, rgba)

    def let_touch(self, touch: bool) -> None:
        """Whether body and objects collide; they do from the start."""
        for name in self._objects:
            self._bullet.let_touch(self._robot, self._bodies[name], touch)

    def touching(self) -> frozenset[str]:
        """Return the links of the body that touched something else in the last physics step."""
        links = self._bullet.link_names(self._robot)
        return frozenset(links[link] for link, _, _ in self._bullet.touches(self._robot))

    def _pose_of(self, name: str) -> FloatArray:
        return np.concatenate(self._bullet.pose(self._bodies[name]))

    def _put_back(self, name: str, pose: FloatArray) -> None:
        self._bullet.set_pose(self._bodies[name], pose[:3], pose[3:])

    @property
    def _loose(self) -> list[int]:
        """Movable bodies: contacts before a reset must not count after it."""
        return [self._bodies[name] for name in self._objects]

    def _forget_contacts(self) -> None:
        self._bullet.forget_contacts(self._loose)

    def _is_crowded(self) -> bool:
        return self._bullet.touch_now([self._bodies[name] for name in self._objects])

    def _contact_count(self, name: str) -> int:
        return len(self._bullet.touches(self._bodies[name]))

    def _step(self) -> None:
        self._bullet.step()

    def _link_pose(self, camera: ImageSensor) -> tuple[FloatArray, FloatArray]:
        return self._bullet.link_pose(*self._carriers[camera.name])

    def _repaint(self, variation: Variation) -> None:
        self._bullet.tint(variation.tints)  # before the patterns: painting uncovers
        self._bullet.cover(self._scenery, [draw_texture(texture) for texture in variation.textures])

    def _render(
        self, at: Viewpoint, light: Light, vertical_fov_deg: float, width: int, height: int
    ) -> ImageArray:
        return self._bullet.render(at, light, vertical_fov_deg, width, height)

    def close(self) -> None:
        """Free the physics client."""
        self._bullet.close()
