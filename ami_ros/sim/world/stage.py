# SPDX-License-Identifier: Apache-2.0
"""The common part of all worlds in PyBullet: scenery, objects, cameras that vary, and time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.scenery import Box
from ami_ros.errors import ConfigError, EmbodimentError
from ami_ros.sim.camera.sensor import Sensor
from ami_ros.sim.camera.texture import draw_texture
from ami_ros.sim.camera.variation import CLEAN, Variation
from ami_ros.sim.camera.viewpoint import viewpoint
from ami_ros.sim.world.bullet import Bullet
from ami_ros.sim.world.world import NO_POSES
from ami_ros.types import Command, FloatArray, ImageArray, Observation, Reading

T = TypeVar("T")


class Stage(ABC):
    """A body in front of fixed cameras; implements `World`. Subclasses define the body and its sensors.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second.
        scenery: boxes around it.
    """

    def __init__(self, spec: RobotSpec, physics_hz: float, scenery: Mapping[str, Box]) -> None:
        self._spec = spec
        self._bullet = Bullet(physics_hz)
        self._scenery = tuple(
            self._bullet.add_box(box.half_size, box.centre, box.colour) for box in scenery.values()
        )
        self._variation = CLEAN
        self._exposed = {camera.name: Sensor(CLEAN, 0) for camera in spec.images}
        self._carriers: dict[str, tuple[int, int]] = {}  # camera -> body and link
        self._objects: list[int] = []
        self._walls: list[int] = []  # immovable objects
        self._physics_step_ns = round(1e9 / physics_hz)
        self.time_ns = 0

    # The body

    @property
    @abstractmethod
    def area(self) -> FloatArray:
        """Lower and upper corner (2, 2) of where objects may stand, m."""

    @property
    @abstractmethod
    def scale(self) -> float:
        """Size of objects there, relative to those on a table."""

    @abstractmethod
    def _place_body(self, start: FloatArray) -> None:
        """Put the body at rest at `start`, as `reset` takes it."""

    @abstractmethod
    def _show_body(self, moment: Mapping[str, FloatArray]) -> None:
        """Put the body at rest in the pose of `snapshot`."""

    def _carry_cameras(self, body: int) -> None:
        """Find the links of the body that carry cameras. Raises EmbodimentError."""
        links = self._bullet.link_indices(body)
        for camera in self._spec.images:
            if not camera.link:
                continue
            if camera.link not in links:
                raise EmbodimentError(
                    f"sensor {camera.name}: link {camera.link!r} not found; it has {list(links)}"
                )
            self._carriers[camera.name] = (body, links[camera.link])

    @abstractmethod
    def _obey(self, command: Command) -> None:
        """Let the body execute this command until the next one."""

    def _forget(self) -> None:  # noqa: B027 - most bodies remember nothing
        """Let the body's sensors forget the time before a reset."""

    def _before_step(self) -> None:  # noqa: B027
        """Apply forces outside the physics engine."""

    def _stepped(self) -> None:  # noqa: B027
        """Notify the body's sensors that physics has advanced."""

    @abstractmethod
    def truth(self) -> dict[str, FloatArray]:
        """Return what only the simulator knows, by name: for scoring only, never for planning."""

    @abstractmethod
    def snapshot(self) -> dict[str, FloatArray]:
        """Return all that is needed to show this moment again, by name, including `objects`."""

    @abstractmethod
    def vectors(self) -> dict[str, FloatArray]:
        """Return what each vector sensor measures now, by name."""

    # Objects and time

    def add_block(
        self, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> None:
        """Add an object that can be pushed, or a wall if it has no mass; the order of addition is kept."""
        self._objects.append(self._bullet.add_block(half_size, mass, friction, rgba))
        if not mass:
            self._walls.append(self._objects[-1])

    @property
    def bullet(self) -> Bullet:
        """The physics behind it: for code that breaks the rules of this world on purpose."""
        return self._bullet

    @property
    def object_bodies(self) -> tuple[int, ...]:
        """The task's objects, as `bullet` knows them."""
        return tuple(self._objects)

    def reset(self, start: FloatArray, object_poses: FloatArray = NO_POSES) -> None:
        """Put everything at rest. Time continues: it never runs backwards.

        Args:
            start: (J,) joint positions of an arm, or the pose (3,) of a base: x, y in m and yaw in rad.
            object_poses: (M, 4) x, y, z in m and yaw in rad of each object.
        """
        self._bullet.forget_contacts(self._loose)
        self._forget()
        self._place(start, object_poses)

    @property
    def _loose(self) -> list[int]:
        """Movable bodies: contacts before a reset must not count after it."""
        return self._objects

    def _place(self, start: FloatArray, object_poses: FloatArray) -> None:
        self._place_body(start)
        self._place_objects(object_poses)

    def _place_objects(self, poses: FloatArray) -> None:
        """Put the objects at rest at poses (M, 4)."""
        for body, pose in zip(self._objects, poses, strict=True):
            self._bullet.place(body, pose[:3].tolist(), float(pose[3]))

    def _show_objects(self, poses: FloatArray) -> None:
        """Put the objects at rest at poses (M, 7) from `poses`."""
        for body, pose in zip(self._objects, poses, strict=True):
            self._bullet.set_pose(body, pose[:3], pose[3:])

    def rearrange(self, object_poses: FloatArray) -> bool:
        """Move the objects, see `World.rearrange`."""
        before = self.poses()
        self._place_objects(object_poses)
        is_free = not self._bullet.touch_now(self._objects)
        if not is_free:
            self._show_objects(before)
        return is_free

    def advance(self, command: Command | None, duration_ns: int) -> None:
        """Execute `command` (None keeps the last one) and let `duration_ns` pass."""
        if command is not None:
            self._obey(command)
        steps = round(duration_ns / self._physics_step_ns)
        if abs(steps * self._physics_step_ns - duration_ns) > 1e-3 * duration_ns:
            raise ConfigError(
                f"physics_hz: one step is {self._physics_step_ns} ns, {duration_ns} ns is not a multiple of "
                "it; expected a multiple of the command rate"
            )
        for _ in range(steps):
            self._before_step()
            self._bullet.step()
        self._stepped()
        self.time_ns += duration_ns

    def objects(self) -> FloatArray:
        """Return where the objects are (M, 3) in m: for scoring and scripted motion only."""
        positions = [self._bullet.pose(body)[0] for body in self._objects]
        return np.stack(positions) if positions else np.zeros((0, 3))

    def poses(self) -> FloatArray:
        """Return the objects' poses (M, 7): x, y, z in m, and a quaternion x, y, z, w."""
        poses = [np.concatenate(self._bullet.pose(body)) for body in self._objects]
        return np.stack(poses) if poses else np.zeros((0, 7))

    def contacts(self) -> dict[str, FloatArray]:
        """Return the number of contacts with walls (1,) as `contacts`; empty without walls."""
        if not self._walls:
            return {}
        return {"contacts": np.array([float(sum(len(self._bullet.touches(wall)) for wall in self._walls))])}

    def show(self, moment: Mapping[str, FloatArray]) -> None:
        """Put everything, at rest, in the state of `snapshot`."""
        self._show_body(moment)
        self._show_objects(moment["objects"].reshape(-1, 7))

    # Cameras

    def vary(self, variation: Variation | None, seed: int = 0) -> None:
        """Show this world in another light and through other cameras, until the next call.

        Args:
            variation: None restores the clean look, to the bit.
            seed: of the sensors' noise.
        """
        variation = variation or CLEAN
        before, self._variation = self._variation, variation
        # Each camera has its own noise; the first one's does not depend on the others.
        self._exposed = {
            camera.name: Sensor(variation.view(index), [seed, index] if index else seed)
            for index, camera in enumerate(self._spec.images)
        }
        if (variation.tints, variation.textures) != (before.tints, before.textures):
            self._bullet.tint(variation.tints)  # before the patterns: painting uncovers
            self._bullet.cover(self._scenery, [draw_texture(texture) for texture in variation.textures])

    def image(self, width: int | None = None, height: int | None = None, camera: str = "") -> ImageArray:
        """Take a picture; sizes default to the camera's, and the camera to the robot's first."""
        sensor = next((s for s in self._spec.images if s.name == camera), self._spec.camera)
        view = self._variation.view(self._spec.images.index(sensor))
        seen_from = viewpoint(sensor, view.camera)
        if sensor.name in self._carriers:
            seen_from = seen_from.carried(*self._bullet.link_pose(*self._carriers[sensor.name]))
        image = self._bullet.render(
            seen_from,
            self._variation.light,
            sensor.vertical_fov_deg,
            width or sensor.width,
            height or sensor.height,
        )
        return self._exposed[sensor.name].expose(image)

    def images(self) -> dict[str, ImageArray]:
        """Take a picture with each camera."""
        return {sensor.name: self.image(camera=sensor.name) for sensor in self._spec.images}

    def image_at(self, start: FloatArray, object_poses: FloatArray = NO_POSES) -> ImageArray:
        """Render the first camera as after `reset`; the world is restored, at rest, afterwards."""
        return self._at(start, object_poses, self.image)

    def images_at(self, start: FloatArray, object_poses: FloatArray = NO_POSES) -> dict[str, ImageArray]:
        """Render each camera as `image_at` renders the first."""
        return self._at(start, object_poses, self.images)

    def _at(self, start: FloatArray, object_poses: FloatArray, seen: Callable[[], T]) -> T:
        before = self.snapshot()
        self._place(start, object_poses)
        result = seen()
        self.show(before)
        return result

    def observe(self) -> Observation:
        """Sense everything now, with every sensor of the body; stamps and arrivals are the simulated time."""
        now = self.time_ns
        values: dict[str, NDArray[Any]] = {**self.images(), **self.vectors()}
        return Observation({name: Reading(values[name], now, now) for name in self._spec.sensors})

    def close(self) -> None:
        """Free the physics client."""
        self._bullet.close()
