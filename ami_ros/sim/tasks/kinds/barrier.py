# SPDX-License-Identifier: Apache-2.0
"""Task barrier: move the tip to where the picture shows it; a wall blocks the straight way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ami_ros.body.kinematics import Kinematics, first_reachable
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError, KinematicsError
from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.tasks.kinds.push import rod
from ami_ros.sim.tasks.maps import CHANGED, MAPS, drawn
from ami_ros.sim.tasks.random_motion import RandomMotion
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.tasks.touring import Touring
from ami_ros.sim.tasks.trap import Trap
from ami_ros.sim.tasks.yardstick import METRES
from ami_ros.sim.world.world import Poses, Stage
from ami_ros.types import FloatArray

DRAWS = 1000  # places to try
WALLS = BACK, LEFT, RIGHT = ("back", "left", "right")  # of the trap, in its order


@dataclass(frozen=True)
class Settings:
    """Settings of a task of kind barrier."""

    episode_steps: int = setting("control steps per episode", ge=1, le=10_000)
    depth: float = setting("inner depth of the trap", gt=0.0, le=10.0, unit="m")
    width: float = setting("inner width of the trap", gt=0.0, le=10.0, unit="m")
    thickness: float = setting("thickness of its walls", gt=0.0, le=1.0, unit="m")
    height: float = setting("height of its walls", gt=0.0, le=10.0, unit="m")
    colour: tuple[float, ...] = setting("red, green, blue, opacity", ge=0.0, le=1.0)
    clearance: float = setting("between the tool and any wall, at starts and goals", ge=0.0, le=1.0, unit="m")
    shift: float = setting("largest offset of the trap from the workspace's middle", ge=0.0, unit="m")
    unseen_lower_deg: float = setting("turns of the trap that no training episode has, from here", unit="deg")
    unseen_upper_deg: float = setting("to here", unit="deg")
    map: str = setting(
        "turns as in training, those that it never has, or two, one after the other", choices=MAPS
    )
    scripted_share: float = setting("share of training episodes that go around the walls", ge=0.0, le=1.0)


class Task:
    """Seeded traps, starts inside them and goals behind their backs.

    Args:
        spec: an arm with a tool, moving along x and y.
        settings: of the task.

    Raises:
        ConfigError: they do not fit the body.
    """

    def __init__(self, spec: RobotSpec, settings: Settings) -> None:
        self._spec, self._settings = spec, settings
        self._clear = rod("barrier", spec).radius + settings.clearance
        self._trap = Trap(settings.depth, settings.width, settings.thickness)
        if min(settings.depth, settings.width) < 3.0 * self._clear:
            raise ConfigError(
                f"barrier: got {settings.depth} x {settings.width} m inside, expected at least three times "
                f"{self._clear:.3g} m, the tool's radius and its clearance"
            )
        if not -180.0 <= settings.unseen_lower_deg < settings.unseen_upper_deg <= 180.0:
            raise ConfigError(
                f"barrier: got unseen turns from {settings.unseen_lower_deg} to {settings.unseen_upper_deg} "
                "degrees, expected a range within -180 to 180"
            )
        self._lower, self._upper = spec.workspace[:, :2]
        self._kinematics, self._height = Kinematics(spec), float(spec.workspace[:, 2].mean())
        self.goal_sensor, self.yardstick = "", METRES
        self.episode_steps, self.goal_is_posture = settings.episode_steps, True

    def furnish(self, scene: Stage) -> None:
        """Put up the walls."""
        height = 0.5 * self._settings.height
        for name, half in zip(WALLS, self._trap.half_sizes, strict=True):
            scene.add_block(name, [*half, height], 0.0, 0.5, self._settings.colour)

    def episode(self, seed: int) -> Episode:
        """Return the episode of `seed`: the same on every machine.

        Raises:
            KinematicsError: 100 draws gave no start and goal that the robot can reach.
        """
        generator = np.random.default_rng(seed)
        return first_reachable(lambda: self._draw(generator))

    def _draw(self, generator: np.random.Generator) -> Episode:
        place = self._place(generator)
        back, half = 0.5 * self._settings.depth, 0.5 * self._settings.width - self._clear
        start = np.array([-back + self._clear * generator.uniform(1.0, 2.0), generator.uniform(-half, half)])
        beyond = self._settings.thickness + self._clear * generator.uniform(1.2, 2.5)
        goal = np.array([-back - beyond, generator.uniform(-half, half)])
        walls = self._walls(place)
        ends = [self._stand(_outward(one, place)) for one in (start, goal)]
        later = self._elsewhere(generator, _outward(goal, place)) if self._settings.map == CHANGED else None
        return Episode(ends[0], ends[1], self._kinematics.forward(ends[1])[0], walls, walls, later)

    def _elsewhere(self, generator: np.random.Generator, goal: FloatArray) -> Poses:
        """Return other poses of the walls, with none at the goal (2,), base frame."""
        for _ in range(DRAWS):
            place = self._place(generator)
            if self._trap.clearance(_inward(goal, place)[None])[0] >= self._clear:
                return self._walls(place)
        raise ConfigError(f"barrier: {DRAWS} draws found no other place for the trap; make it smaller")

    def error(self, scene: Stage, episode: Episode) -> float:
        """Return the true distance of the tip from the goal, m."""
        return float(np.linalg.norm(scene.truth()["tip"] - episode.goal_position))

    def scatter(self, generator: np.random.Generator) -> Episode:
        """Start anywhere, inside the trap in half of the episodes."""
        while True:
            place = self._place(generator)
            inside = generator.random() < 0.5
            try:
                start = self._stand(self._anywhere(generator, place, inside))
            except KinematicsError:
                continue
            walls = self._walls(place)
            return Episode(start, start, np.zeros(3), walls, walls)

    def motion(self, episode: Episode, settings: CollectSettings, generator: np.random.Generator) -> Motion:
        """Go around the walls from place to place, with noise, or move aimlessly."""
        aimless = RandomMotion(self._spec, settings, generator)
        if generator.random() >= self._settings.scripted_share:
            return aimless
        place = _place_of(episode.start_objects)

        def stations(tip: FloatArray) -> list[FloatArray]:
            return self._way(tip, self._anywhere(generator, place, generator.random() < 0.5), place)

        return Touring(self._spec, stations, aimless, generator)

    def oracle(self, episode: Episode) -> Motion:
        """Go around the walls with the truth in sight."""
        place = _place_of(episode.start_objects)
        return Touring(self._spec, lambda tip: self._way(tip, episode.goal_position[:2], place))

    def _way(self, start: FloatArray, goal: FloatArray, place: FloatArray) -> list[FloatArray]:
        """Return the places (2,) to pass, base frame."""
        ends = [_inward(one, place) for one in (start, goal)]
        return [_outward(one, place) for one in self._trap.way(ends[0], ends[1], self._clear)]

    def _place(self, generator: np.random.Generator) -> FloatArray:
        """Return where the trap stands: x, y in m and yaw in rad (3,)."""
        s = self._settings
        middle = 0.5 * (self._lower + self._upper) + generator.uniform(-s.shift, s.shift, 2)
        turn = drawn(generator, s.map, (-180.0, 180.0), (s.unseen_lower_deg, s.unseen_upper_deg))
        return np.array([*middle, math.radians(turn)])

    def _walls(self, place: FloatArray) -> Poses:
        """Return the poses of the walls."""
        height = 0.5 * self._settings.height
        return {
            name: np.array([*_outward(middle, place), height, place[2]])
            for name, middle in zip(WALLS, self._trap.middles, strict=True)
        }

    def _anywhere(self, generator: np.random.Generator, place: FloatArray, inside: bool) -> FloatArray:
        """Return a free place (2,) for the tip, base frame; inside the trap, or anywhere."""
        for _ in range(DRAWS):
            if inside:
                half = 0.5 * np.array([self._settings.depth, self._settings.width])
                at = _outward(generator.uniform(-half, half), place)
            else:
                at = generator.uniform(self._lower, self._upper)
            within = bool((at > self._lower).all() and (at < self._upper).all())
            if within and self._trap.clearance(_inward(at, place)[None])[0] >= self._clear:
                return np.asarray(at)
        raise ConfigError(f"barrier: {DRAWS} draws found no place for the tip; make the trap smaller")

    def _stand(self, tip: FloatArray) -> FloatArray:
        if (tip < self._lower).any() or (tip > self._upper).any():
            raise KinematicsError(f"barrier: {tip} is outside the workspace")
        return self._kinematics.solve(np.array([*tip, self._height]))


def _turn(yaw: float) -> FloatArray:
    return np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])


def _outward(at: FloatArray, place: FloatArray) -> FloatArray:
    """From the trap's frame to the base frame."""
    turned: FloatArray = place[:2] + _turn(place[2]) @ at
    return turned


def _inward(at: FloatArray, place: FloatArray) -> FloatArray:
    """From the base frame to the trap's frame."""
    turned: FloatArray = (at - place[:2]) @ _turn(place[2])
    return turned


def _place_of(walls: Poses) -> FloatArray:
    """Return where the trap stands (3,), from the poses of its walls."""
    # Its middle is between the sides.
    return np.array([*np.mean([walls[LEFT][:2], walls[RIGHT][:2]], axis=0), walls[BACK][3]])
