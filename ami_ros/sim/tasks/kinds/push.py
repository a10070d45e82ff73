# SPDX-License-Identifier: Apache-2.0
"""Task push: push a block on the table to where the goal image shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ami_ros.body.arm import ToolSpec
from ami_ros.body.kinematics import Kinematics, first_reachable
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError, KinematicsError
from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.sim.tasks.pushing import BLOCK, Attracted, NoisyPushing, Pushing
from ami_ros.sim.tasks.random_motion import RandomMotion
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.tasks.yardstick import METRES
from ami_ros.sim.world.world import Poses, Stage
from ami_ros.types import FloatArray

GAP = 0.004  # m between rod and block in the goal image: the picture of a finished push


@dataclass(frozen=True)
class Settings:
    """Settings of a task of kind push."""

    episode_steps: int = setting("control steps per episode", ge=1, le=10_000)
    minimum_travel: float = setting("least distance of the block from its goal", ge=0.0, le=1.0, unit="m")
    maximum_travel: float = setting("largest distance of the block from its goal", ge=0.0, le=1.0, unit="m")
    block_half_size: tuple[float, ...] = setting("half the block's sides", gt=0.0, le=0.5, unit="m")
    block_mass: float = setting("mass of the block", gt=0.0, le=100.0, unit="kg")
    block_friction: float = setting("Coulomb friction of the block", gt=0.0, le=2.0)
    block_colour: tuple[float, ...] = setting("red, green, blue, opacity", ge=0.0, le=1.0)
    block_lower: tuple[float, ...] = setting(
        "corner of the area of starts and goals, x y, share of the workspace", ge=0.0, le=1.0
    )
    block_upper: tuple[float, ...] = setting(
        "corner of the area of starts and goals, x y, share of the workspace", ge=0.0, le=1.0
    )
    scripted_share: float = setting("share of training episodes with scripted pushes", ge=0.0, le=1.0)
    attracted_share: float = setting("share of training episodes drawn to the block", ge=0.0, le=1.0)

    def __post_init__(self) -> None:
        for name, count in (
            ("block_half_size", 3),
            ("block_colour", 4),
            ("block_lower", 2),
            ("block_upper", 2),
        ):
            if len(getattr(self, name)) != count:
                raise ConfigError(f"{name}: got {getattr(self, name)}, expected {count} numbers")
        if self.scripted_share + self.attracted_share > 1.0:
            raise ConfigError("scripted_share and attracted_share: expected a sum of at most 1")


def rod(kind: str, spec: RobotSpec) -> ToolSpec:
    """Return the tool that an arm moves along x and y. Raises ConfigError: no tool, or other channels."""
    if spec.tool is None or spec.actions.names != ("x", "y"):
        raise ConfigError(
            f"{kind}: {spec.name} has tool {spec.tool} and action channels {list(spec.actions.names)}, "
            f"expected a tool and [x, y]; load the robot with config/tasks/{kind}.yaml, which equips it"
        )
    return spec.tool


def area(spec: RobotSpec, settings: Settings) -> FloatArray:
    """Return lower and upper corner (2, 2) of the area of blocks and goals, base frame, m."""
    lower, upper = spec.workspace[:, :2]
    shares = np.array([settings.block_lower, settings.block_upper])
    # To the micrometre: shares written with few digits give the intended place.
    corners: FloatArray = np.round(lower + shares * (upper - lower), 6)
    return corners


class Task:
    """Seeded blocks and goals; the hand holds a rod, and the arm starts clear of the block."""

    def __init__(self, spec: RobotSpec, settings: Settings) -> None:
        tool = rod("push", spec)
        self._spec, self._settings = spec, settings
        self._area = area(spec, settings)
        room = np.linalg.norm(self._area[1] - self._area[0])
        if not settings.minimum_travel < settings.maximum_travel or settings.minimum_travel > 0.5 * room:
            raise ConfigError(
                f"travel: got {settings.minimum_travel} to {settings.maximum_travel} m, expected a range "
                f"that fits an area of {room:.3g} m from corner to corner"
            )
        self._kinematics = Kinematics(spec)
        self._height = float(spec.workspace[:, 2].mean())
        self._touch = settings.block_half_size[0] + tool.radius
        self._tool_radius = tool.radius
        self.goal_sensor, self.yardstick = "", METRES
        self.episode_steps, self.goal_is_posture = settings.episode_steps, False

    def furnish(self, scene: Stage) -> None:
        """Put the block on the table."""
        s = self._settings
        scene.add_block(BLOCK, s.block_half_size, s.block_mass, s.block_friction, s.block_colour)

    def episode(self, seed: int) -> Episode:
        """Return the episode of `seed`: the same on every machine.

        Raises:
            KinematicsError: 100 draws gave no start and goal that the robot can reach.
        """
        generator = np.random.default_rng(seed)
        return first_reachable(lambda: self._draw(generator))

    def _draw(self, generator: np.random.Generator) -> Episode:
        block = self.random_place(generator)
        goal = block
        while (
            not self._settings.minimum_travel <= np.linalg.norm(goal - block) <= self._settings.maximum_travel
        ):
            goal = self.random_place(generator)
        along = (goal - block) / np.linalg.norm(goal - block)
        # Clear of the block's corners at any turn.
        behind = goal - along * (self._touch * 1.2 + GAP)
        return Episode(
            start=self._stand(self._clear_of(block, generator)),
            goal=self._stand(behind),
            goal_position=np.array([*goal, self._settings.block_half_size[2]]),
            start_objects=self._pose(block, generator),
            goal_objects=self._pose(goal, generator),
        )

    def error(self, scene: Stage, episode: Episode) -> float:
        """Return the true distance of the block's centre from its goal along the table, m."""
        return float(np.linalg.norm(scene.objects()[BLOCK][:2] - episode.goal_position[:2]))

    def scatter(self, generator: np.random.Generator) -> Episode:
        """Put the block anywhere in its area, and the rod near it in half of the episodes."""
        while True:
            block = self.random_place(generator)
            near = generator.random() < 0.5
            tip = self._near(block, generator) if near else self._clear_of(block, generator)
            try:
                start = self._stand(tip)
            except KinematicsError:
                continue
            pose = self._pose(block, generator)
            return Episode(start, start, np.zeros(3), pose, pose)

    def motion(self, episode: Episode, settings: CollectSettings, generator: np.random.Generator) -> Motion:
        """Push with noise, lean toward the block, or move aimlessly; each episode draws again."""
        aimless = RandomMotion(self._spec, settings, generator)
        draw = generator.random()
        if draw < self._settings.scripted_share:
            return NoisyPushing(self._spec, self._pushing, self.random_place, aimless, generator)
        if draw < self._settings.scripted_share + self._settings.attracted_share:
            return Attracted(self._spec, aimless, generator)
        return aimless

    def oracle(self, episode: Episode) -> Motion:
        """Push with access to the truth."""
        return self._pushing(episode.goal_position[:2], self._spec.max_tip_speed)

    def _pushing(self, goal: FloatArray, speed: float) -> Pushing:
        return Pushing(self._spec, goal, self._settings.block_half_size[0], self._tool_radius, speed)

    def random_place(self, generator: np.random.Generator) -> FloatArray:
        """Return a place (2,) for the block, m."""
        place: FloatArray = generator.uniform(self._area[0], self._area[1])
        return place

    def _pose(self, place: FloatArray, generator: np.random.Generator) -> Poses:
        yaw = generator.uniform(-np.pi / 4, np.pi / 4)
        return {BLOCK: np.array([*place, self._settings.block_half_size[2], yaw])}

    def _clear_of(self, block: FloatArray, generator: np.random.Generator) -> FloatArray:
        while True:
            tip = self._spec.random_tip(generator)[:2]
            if np.linalg.norm(tip - block) > 2.0 * self._touch:
                return tip

    def _near(self, block: FloatArray, generator: np.random.Generator) -> FloatArray:
        angle, distance = generator.uniform(-np.pi, np.pi), generator.uniform(1.5, 3.0) * self._touch
        tip = block + distance * np.array([np.cos(angle), np.sin(angle)])
        return np.clip(tip, self._spec.workspace[0][:2], self._spec.workspace[1][:2])

    def _stand(self, tip: FloatArray) -> FloatArray:
        return self._kinematics.solve(np.array([*tip, self._height]))
