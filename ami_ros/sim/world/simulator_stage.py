# SPDX-License-Identifier: Apache-2.0
"""What the stages of all simulators share: time, objects by name, and cameras that vary."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor
from ami_ros.errors import ConfigError
from ami_ros.sim.camera.sensor import Sensor
from ami_ros.sim.camera.variation import CLEAN, Light, Variation
from ami_ros.sim.camera.viewpoint import Viewpoint, viewpoint
from ami_ros.sim.world.world import NO_OBJECTS, Poses
from ami_ros.types import Command, FloatArray, ImageArray, Observation, Reading

T = TypeVar("T")


class SimulatorStage(ABC):
    """Implements `Stage` on what a simulator and a body define: the methods that are abstract here.

    Args:
        spec: the robot.
        physics_hz: simulation steps per second.

    Attributes:
        time_ns: simulated time.
    """

    def __init__(self, spec: RobotSpec, physics_hz: float) -> None:
        self._spec = spec
        self._variation = CLEAN
        self._exposed = {camera.name: Sensor(CLEAN, 0) for camera in spec.images}
        self._objects: list[str] = []
        self._walls: list[str] = []  # immovable objects
        self._ghosts: list[str] = []
        self._physics_step_ns = round(1e9 / physics_hz)
        self.time_ns = 0

    # The simulator

    @abstractmethod
    def _add_block(
        self, name: str, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> None:
        """Add a box at the origin; without mass it does not move."""

    @abstractmethod
    def reshape_block(
        self, name: str, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> None:
        """Give an object other sides, mass, friction and colour, see `Stage.reshape_block`."""

    @abstractmethod
    def _add_ghost(self, name: str, shape: str, size: float, rgba: Sequence[float]) -> None:
        """Add a visual-only object at the origin."""

    @abstractmethod
    def place(self, name: str, pose: FloatArray) -> None:
        """Put an object or a ghost, at rest, at `pose` (4,): x, y, z in m and yaw in rad."""

    @abstractmethod
    def paint(self, name: str, rgba: Sequence[float]) -> None:
        """Set the colour of an object or a ghost."""

    @abstractmethod
    def _pose_of(self, name: str) -> FloatArray:
        """Return the pose (7,) of an object: x, y, z in m, and a quaternion x, y, z, w."""

    @abstractmethod
    def _put_back(self, name: str, pose: FloatArray) -> None:
        """Put an object, at rest, at a result of `_pose_of`."""

    @abstractmethod
    def _forget_contacts(self) -> None:
        """Make the next steps independent of the contacts before a reset."""

    @abstractmethod
    def _is_crowded(self) -> bool:
        """Return whether an object touches or overlaps anything as it is placed now."""

    @abstractmethod
    def _contact_count(self, name: str) -> int:
        """Return the number of contacts of an object in the last physics step."""

    @abstractmethod
    def _step(self) -> None:
        """Advance physics by one step."""

    @abstractmethod
    def _link_pose(self, camera: ImageSensor) -> tuple[FloatArray, FloatArray]:
        """Return place (3,), m, and rotation (3, 3) of the link that carries a camera."""

    @abstractmethod
    def _repaint(self, variation: Variation) -> None:
        """Show all surfaces in these tints, and the scenery in these textures."""

    @abstractmethod
    def _render(
        self, at: Viewpoint, light: Light, vertical_fov_deg: float, width: int, height: int
    ) -> ImageArray:
        """Return an RGB image (height, width, 3) uint8 of a camera at `at`."""

    # The body

    @abstractmethod
    def _place_body(self, start: FloatArray) -> None:
        """Put the body at rest at `start`, as `reset` takes it."""

    @abstractmethod
    def _show_body(self, moment: Mapping[str, FloatArray]) -> None:
        """Put the body at rest in the pose of `snapshot`."""

    @abstractmethod
    def _obey(self, command: Command) -> None:
        """Let the body execute this command until the next one."""

    def _forget(self) -> None:  # noqa: B027 - most bodies remember nothing
        """Let the body's sensors forget the time before a reset."""

    def _stepped(self) -> None:  # noqa: B027
        """Notify the body's sensors that physics has advanced."""

    @abstractmethod
    def snapshot(self) -> dict[str, FloatArray]:
        """Return all that is needed to show this moment again, by name, including `objects`."""

    @abstractmethod
    def vectors(self) -> dict[str, FloatArray]:
        """Return what each vector sensor measures now, by name."""

    # Objects and time

    def add_block(
        self, name: str, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> None:
        """Add an object, see `Stage.add_block`."""
        self._check_free(name)
        self._add_block(name, half_size, mass, friction, rgba)
        self._objects.append(name)
        if not mass:
            self._walls.append(name)

    def add_ghost(self, name: str, shape: str, size: float, rgba: Sequence[float]) -> None:
        """Add something that is only visible, see `Stage.add_ghost`."""
        self._check_free(name)
        self._add_ghost(name, shape, size, rgba)
        self._ghosts.append(name)

    def _check_free(self, name: str) -> None:
        taken = [*self._objects, *self._ghosts]
        if name in taken:
            raise ConfigError(f"objects: got a second {name!r}, expected another name than those of {taken}")

    def reset(self, start: FloatArray, object_poses: Poses = NO_OBJECTS) -> None:
        """Put everything at rest, see `World.reset`. Time continues: it never runs backwards.

        Raises:
            ConfigError: not the poses of exactly the objects that are there.
        """
        self._forget_contacts()
        self._forget()
        self._place(start, object_poses)

    def _place(self, start: FloatArray, object_poses: Poses) -> None:
        self._place_body(start)
        self._place_objects(object_poses)

    def _place_objects(self, poses: Poses) -> None:
        if set(poses) != set(self._objects):
            raise ConfigError(f"object_poses: got {list(poses)}, expected one for each of {self._objects}")
        for name in self._objects:
            self.place(name, poses[name])

    def _show_objects(self, poses: FloatArray) -> None:
        """Put the objects at rest at poses (M, 7) from `poses`."""
        for name, pose in zip(self._objects, poses, strict=True):
            self._put_back(name, pose)

    def rearrange(self, object_poses: Poses) -> bool:
        """Move the objects, see `World.rearrange`."""
        before = self.poses()
        self._place_objects(object_poses)
        is_free = not self._is_crowded()
        if not is_free:
            self._show_objects(before)
        return is_free

    def advance(self, command: Command | None, duration_ns: int) -> None:
        """Execute `command` (None keeps the last one) and let `duration_ns` pass.

        Raises:
            ConfigError: the duration is not a multiple of the physics step.
        """
        if command is not None:
            self._obey(command)
        steps = round(duration_ns / self._physics_step_ns)
        if abs(steps * self._physics_step_ns - duration_ns) > 1e-3 * duration_ns:
            raise ConfigError(
                f"physics_hz: one step is {self._physics_step_ns} ns, {duration_ns} ns is not a multiple of "
                "it; expected a multiple of the command rate"
            )
        for _ in range(steps):
            self._step()
        self._stepped()
        self.time_ns += duration_ns

    def objects(self) -> dict[str, FloatArray]:
        """Return where each object is (3,), m, by name: for scoring and scripted motion only."""
        return {name: self._pose_of(name)[:3] for name in self._objects}

    def places(self) -> FloatArray:
        """Return `objects` as one array (M, 3), in the order in which they were added."""
        places = list(self.objects().values())
        return np.stack(places) if places else np.zeros((0, 3))

    def poses(self) -> FloatArray:
        """Return the objects' poses (M, 7): x, y, z in m, and a quaternion x, y, z, w."""
        poses = [self._pose_of(name) for name in self._objects]
        return np.stack(poses) if poses else np.zeros((0, 7))

    def contacts(self) -> dict[str, FloatArray]:
        """Return the number of contacts with walls (1,) as `contacts`; empty without walls."""
        if not self._walls:
            return {}
        return {"contacts": np.array([float(sum(self._contact_count(wall) for wall in self._walls))])}

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
            self._repaint(variation)

    def image(self, width: int | None = None, height: int | None = None, camera: str = "") -> ImageArray:
        """Take a picture; sizes default to the camera's, and the camera to the robot's first."""
        sensor = next((s for s in self._spec.images if s.name == camera), self._spec.camera)
        view = self._variation.view(self._spec.images.index(sensor))
        seen_from = viewpoint(sensor, view.camera)
        if sensor.link:
            seen_from = seen_from.carried(*self._link_pose(sensor))
        image = self._render(
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

    def image_at(self, start: FloatArray, object_poses: Poses = NO_OBJECTS) -> ImageArray:
        """Render the first camera as after `reset`; the world is restored, at rest, afterwards."""
        return self._at(start, object_poses, self.image)

    def images_at(self, start: FloatArray, object_poses: Poses = NO_OBJECTS) -> dict[str, ImageArray]:
        """Render each camera as `image_at` renders the first."""
        return self._at(start, object_poses, self.images)

    def _at(self, start: FloatArray, object_poses: Poses, seen: Callable[[], T]) -> T:
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
