# SPDX-License-Identifier: Apache-2.0
"""The seam to the simulator: what every simulated world gives, and what one with cameras and objects adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from ami_ros.errors import EmbodimentError
from ami_ros.sim.camera.variation import Variation
from ami_ros.types import Command, FloatArray, ImageArray, Observation

Poses = Mapping[str, FloatArray]  # object -> x, y, z in m and yaw in rad (4,)
NO_OBJECTS: Poses = MappingProxyType({})


class World(Protocol):
    """A body and its surroundings, stepped by gate ticks; deterministic for a given sequence of calls.

    Attributes:
        time_ns: simulated time; it never runs backwards.
    """

    time_ns: int

    def reset(self, start: FloatArray, object_poses: Poses = NO_OBJECTS) -> None:
        """Put everything at rest.

        Args:
            start: joints of an arm (J,), the pose of a base (3,) as x, y in m and yaw in rad, or the
                commanded channels of a process (C,).
            object_poses: of each object of the task, by name.
        """

    def rearrange(self, object_poses: Poses) -> bool:
        """Move the objects, at rest, while the body continues; if one is in its way, all stay.

        Args:
            object_poses: as `reset` takes them.

        Returns:
            Whether there was room.
        """

    def vary(self, variation: Variation | None, seed: int = 0) -> None:
        """Change the look from now on (None: the usual one), with noise of this seed."""

    def advance(self, command: Command | None, duration_ns: int) -> None:
        """Execute `command` (None keeps the last one) and let `duration_ns` pass."""

    def image(self, width: int | None = None, height: int | None = None, camera: str = "") -> ImageArray:
        """Take a picture; sizes default to the camera's, and the camera to the body's first."""

    def vectors(self) -> dict[str, FloatArray]:
        """Return what each vector sensor measures now, by name."""

    def observe(self) -> Observation:
        """Sense everything now, with every sensor of the body."""

    def body(self) -> dict[str, FloatArray]:
        """Return where the body truly is, by name: for its own controller and for judges, not for planning.

        `joints` (J,) in rad or m of an arm, `pose` (3,) of a base as x, y in m and yaw in rad; a process is
        nowhere.
        """

    def touching(self) -> frozenset[str]:
        """Return the links of the body that touched something else in the last physics step."""

    def truth(self) -> dict[str, FloatArray]:
        """Return what only the simulator knows, by name: for scoring only.

        Where there are objects, `objects` (M, 3) are their places, in the order in which they were added.
        """

    def snapshot(self) -> dict[str, FloatArray]:
        """Return all that is needed to show this moment again, by name.

        Where there are objects, `objects` (M, 7) are their poses, in the order in which they were added: x,
        y, z in m, and a quaternion x, y, z, w.
        """

    def show(self, moment: Mapping[str, FloatArray]) -> None:
        """Put everything, at rest, in the state of `snapshot`."""

    def close(self) -> None:
        """Free the world. Safe to call twice."""


@runtime_checkable
class Stage(World, Protocol):
    """A world in front of cameras, with objects by name; every simulator gives one."""

    @property
    def area(self) -> FloatArray:
        """Lower and upper corner (2, 2) of where objects may stand, m."""

    @property
    def scale(self) -> float:
        """Size of objects there, relative to those on a table."""

    def add_block(
        self, name: str, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> None:
        """Add an object that can be pushed, or a wall if it has no mass; half sizes in m, mass in kg.

        Raises:
            ConfigError: the name is taken.
        """

    def reshape_block(
        self, name: str, half_size: Sequence[float], mass: float, friction: float, rgba: Sequence[float]
    ) -> None:
        """Give an object of `add_block` other sides, mass, friction and colour."""

    def add_ghost(self, name: str, shape: str, size: float, rgba: Sequence[float]) -> None:
        """Add something that is only visible: a sphere, cylinder, box or capsule, `size` m wide.

        Raises:
            ConfigError: the name is taken.
        """

    def objects(self) -> dict[str, FloatArray]:
        """Return where each object is (3,), m, by name: for scoring and scripted motion only."""

    def place(self, name: str, pose: FloatArray) -> None:
        """Put an object or a ghost, at rest, at `pose` (4,): x, y, z in m and yaw in rad."""

    def paint(self, name: str, rgba: Sequence[float]) -> None:
        """Set the colour of an object or a ghost."""

    def let_touch(self, touch: bool) -> None:
        """Whether body and objects collide; they do from the start."""

    def show_body(self, shown: bool) -> None:
        """Show the body, or hide it while it keeps its posture: for pictures only, it does not move then."""

    def images(self) -> dict[str, ImageArray]:
        """Take a picture with each camera."""

    def image_at(self, start: FloatArray, object_poses: Poses = NO_OBJECTS) -> ImageArray:
        """Render the first camera as after `reset`; the world is restored, at rest, afterwards."""

    def images_at(self, start: FloatArray, object_poses: Poses = NO_OBJECTS) -> dict[str, ImageArray]:
        """Render each camera as `image_at` renders the first."""


def as_stage(world: World) -> Stage:
    """Return a world as the stage that it is.

    Raises:
        EmbodimentError: it has neither cameras nor objects, as a process.
    """
    if not isinstance(world, Stage):
        raise EmbodimentError(
            f"world: got {type(world).__name__}, which has neither cameras nor objects, expected a stage"
        )
    return world
