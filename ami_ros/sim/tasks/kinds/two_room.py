# SPDX-License-Identifier: Apache-2.0
"""Task two_room: reach the pictured pose in the other room; the wall between them has one door."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ami_ros.body.polygon import room
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.tasks.driving import DrivingThrough, RandomDriving
from ami_ros.sim.tasks.maps import CHANGED, MAPS, drawn
from ami_ros.sim.tasks.poses import PoseTolerance, base_in_area, pose_inside
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.tasks.yardstick import TOLERANCES
from ami_ros.sim.world.world import Poses, Stage
from ami_ros.types import FloatArray

DRAWS = 1000  # episodes to try until one needs a detour
WALLS = LOW, HIGH = ("low_wall", "high_wall")  # pieces of the wall, below and above the door along y


@dataclass(frozen=True)
class Settings:
    """Settings of a task of kind two_room."""

    episode_steps: int = setting("control steps per episode", ge=1, le=10_000)
    distance_tolerance: float = setting("distance that counts as an error of 1", gt=0.0, le=100.0, unit="m")
    angle_tolerance_deg: float = setting("turn that counts as an error of 1", gt=0.0, le=180.0, unit="deg")
    margin: float = setting(
        "between the base's circle, at start and goal, and any wall", ge=0.0, le=100.0, unit="m"
    )
    wall_thickness: float = setting("thickness of the wall", gt=0.0, le=10.0, unit="m")
    wall_height: float = setting("height of the wall", gt=0.0, le=10.0, unit="m")
    wall_colour: tuple[float, ...] = setting("red, green, blue, opacity", ge=0.0, le=1.0)
    door_width: float = setting("width of the door", gt=0.0, le=100.0, unit="m")
    door_lower: float = setting("lowest place of the door's middle, from the wall's middle", unit="m")
    door_upper: float = setting("highest place of the door's middle", unit="m")
    unseen_lower: float = setting("lowest place of doors that no training episode has", unit="m")
    unseen_upper: float = setting("highest place of those", unit="m")
    map: str = setting(
        "doors as in training, those that it never has, or two, one after the other", choices=MAPS
    )
    least_detour: float = setting(
        "least way through the door, as a multiple of the straight one", ge=1.0, le=10.0
    )
    scripted_share: float = setting("share of training episodes that drive to random places", ge=0.0, le=1.0)
    straight_share: float = setting("share of these that drive straight there, walls or not", ge=0.0, le=1.0)
    straight_steps: int = setting("control steps until they turn to the next place", ge=1, le=10_000)
    doorway_share: float = setting("share of training episodes that start at the door", ge=0.0, le=1.0)


class Task:
    """Seeded starts, goals and doors: each episode has another door; some doors are kept for a test.

    The wall is the line x = 0. Its pieces are objects of the world, long enough to reach the border.

    Args:
        spec: a base with an area.
        settings: of the task.

    Raises:
        ConfigError: they do not fit the body.
    """

    def __init__(self, spec: RobotSpec, settings: Settings) -> None:
        self._spec, self._settings = spec, settings
        self._base, self._area = base_in_area("two_room", spec)
        if not settings.door_width > 2.0 * self._base.radius or not settings.door_lower < settings.door_upper:
            raise ConfigError(
                f"two_room: got a door of {settings.door_width} m at {settings.door_lower} to "
                f"{settings.door_upper} m, expected one wider than {2.0 * self._base.radius} m, and a range"
            )
        if not settings.door_lower <= settings.unseen_lower < settings.unseen_upper <= settings.door_upper:
            raise ConfigError(
                f"two_room: got unseen doors at {settings.unseen_lower} to {settings.unseen_upper} m, "
                f"expected a range within that of all doors, {settings.door_lower} to {settings.door_upper} m"
            )
        self._reach = float(np.ptp(self._area[:, 1]))  # length of a piece: from any door to the border
        self._clear = self._base.radius + settings.margin
        self._tolerance = PoseTolerance(
            settings.distance_tolerance, math.radians(settings.angle_tolerance_deg)
        )
        self.goal_sensor, self.yardstick = "", TOLERANCES
        self.episode_steps, self.goal_is_posture = settings.episode_steps, False
        self.episode(0)  # report an area without room before anything starts

    def furnish(self, scene: Stage) -> None:
        """Put up the wall."""
        s = self._settings
        half = [0.5 * s.wall_thickness, 0.5 * self._reach, 0.5 * s.wall_height]
        for name in WALLS:
            scene.add_block(name, half, 0.0, 0.5, s.wall_colour)

    def _wall(self, door: float) -> Poses:
        """Return the poses of the wall's pieces."""
        away, height = 0.5 * (self._settings.door_width + self._reach), 0.5 * self._settings.wall_height
        return {
            LOW: np.array([0.0, door - away, height, 0.0]),
            HIGH: np.array([0.0, door + away, height, 0.0]),
        }

    def episode(self, seed: int) -> Episode:
        """Return the episode of `seed`: the same on every machine.

        Raises:
            ConfigError: no start and goal need a detour.
        """
        generator = np.random.default_rng(seed)
        for _ in range(DRAWS):
            door, side = self._door(generator), generator.choice([-1.0, 1.0])
            start, goal = self._pose(generator, side), self._pose(generator, -side)
            straight = float(np.hypot(*(goal - start)[:2]))
            middle = np.array([0.0, door])
            around = float(np.hypot(*(start[:2] - middle)) + np.hypot(*(goal[:2] - middle)))
            if around >= self._settings.least_detour * straight:
                later = (
                    self._wall(self._other_door(generator, door)) if self._settings.map == CHANGED else None
                )
                return Episode(start, goal, goal, self._wall(door), self._wall(door), later)
        raise ConfigError(
            f"least_detour: got {self._settings.least_detour}, which {DRAWS} draws did not give"
        )

    def _door(self, generator: np.random.Generator) -> float:
        """Return where the door's middle is, m."""
        s = self._settings
        return drawn(generator, s.map, (s.door_lower, s.door_upper), (s.unseen_lower, s.unseen_upper))

    def _other_door(self, generator: np.random.Generator, door: float) -> float:
        """Return the middle of a door that does not overlap this one, m."""
        for _ in range(DRAWS):
            other = self._door(generator)
            if abs(other - door) >= self._settings.door_width:
                return other
        raise ConfigError(
            f"two_room: got a door of {self._settings.door_width} m, expected room for another one; widen "
            "door_lower and door_upper"
        )

    def _pose(self, generator: np.random.Generator, side: float) -> FloatArray:
        """Return a pose (3,) in the room with x of this sign."""
        from_wall = self._clear + 0.5 * self._settings.wall_thickness
        pose = pose_inside(generator, self._area, self._clear, lambda at: bool(side * at[0] >= from_wall))
        if pose is not None:
            return pose
        raise ConfigError(
            f"two_room: {self._spec.name}: got no place {self._clear:.3g} m from wall and border, expected "
            "room for the base with its margin; widen base.keep_in, or lower the task's margin"
        )

    def error(self, scene: Stage, episode: Episode) -> float:
        """Return the true distance or turn from the goal, whichever is more, in tolerances."""
        return self._tolerance.error(scene.body()["pose"], episode.goal_position)

    def scatter(self, generator: np.random.Generator) -> Episode:
        """Start anywhere in either room or around the door, with any heading; the door is anywhere."""
        door = self._door(generator)
        if generator.random() < self._settings.doorway_share:
            start = self._pose_at_door(generator, door)
        else:
            start = self._pose(generator, generator.choice([-1.0, 1.0]))
        wall = self._wall(door)
        return Episode(start, start, start, wall, wall)

    def _pose_at_door(self, generator: np.random.Generator, door: float) -> FloatArray:
        """Return a pose (3,) in the door, or as near to it as the base is wide."""
        s, radius = self._settings, self._base.radius
        half = 0.5 * s.door_width
        for _ in range(DRAWS):
            across = generator.uniform(-half - radius, half + radius)
            from_wall = max(0.0, abs(across) - 0.5 * s.wall_thickness)
            # In the door the jambs leave less room along the wall.
            narrower = math.sqrt(radius**2 - from_wall**2) if from_wall < radius else -radius
            along = door + generator.uniform(-1.0, 1.0) * (half - narrower)
            place = np.array([across, along])
            if room(place[None], self._area)[0] >= radius:
                return np.array([*place, generator.uniform(-np.pi, np.pi)])
        raise ConfigError(f"two_room: got a door at {door} m, expected room for the base in it")

    def motion(self, episode: Episode, settings: CollectSettings, generator: np.random.Generator) -> Motion:
        """Drive about aimlessly, or to places in both rooms, one after another."""
        if generator.random() < self._settings.scripted_share:
            return self._tour(episode, generator)
        return RandomDriving(self._spec, self._base, settings, generator)

    def _tour(self, episode: Episode, generator: np.random.Generator) -> Motion:
        # A model that never sees contact with walls does not learn its effect.
        s, straight = self._settings, generator.random() < self._settings.straight_share
        at, stations = episode.start, []
        for _ in range(6):
            goal = self._pose(generator, generator.choice([-1.0, 1.0]))
            stations += [goal] if straight else self._way(at, goal, self._door_of(episode))
            at = goal
        steps = s.straight_steps if straight else None
        return DrivingThrough(self._spec, stations, s.distance_tolerance, generator, steps)

    def oracle(self, episode: Episode) -> Motion | None:
        """Drive to the goal with access to the truth."""
        stations = self._way(episode.start, episode.goal_position, self._door_of(episode))
        return DrivingThrough(self._spec, stations, self._settings.distance_tolerance)

    def _door_of(self, episode: Episode) -> float:
        return float(np.mean([pose[1] for pose in episode.start_objects.values()]))

    def _way(self, start: FloatArray, goal: FloatArray, door: float) -> list[FloatArray]:
        """Return the poses (3,) to go to: in front of the door and behind it, if it is between the two."""
        if start[0] * goal[0] > 0.0:
            return [goal]
        side, away = math.copysign(1.0, goal[0]), self._clear + 0.5 * self._settings.wall_thickness
        heading = 0.0 if side > 0.0 else math.pi
        return [np.array([-side * away, door, heading]), np.array([side * away, door, heading]), goal]
