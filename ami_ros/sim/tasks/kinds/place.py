# SPDX-License-Identifier: Apache-2.0
"""Task place: put a block down where the goal image shows it, and let go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.block_task import BlockSettings, BlockTask, Ground, Layout
from ami_ros.sim.tasks.blocks import read_tray
from ami_ros.sim.tasks.grasping import CLEAR
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.tasks.yardstick import Threshold, Yardstick
from ami_ros.sim.world.world import Stage
from ami_ros.types import FloatArray

PUT_DOWN_SHARE = 0.7  # of the scripted grasps end where goals are
PLACED = Yardstick("distance", "cm", 100.0, (Threshold(0.03, "", "3 cm, released"),))


@dataclass(frozen=True)
class Settings(BlockSettings):
    """Settings of a task of kind place."""

    goal_lower: tuple[float, ...] = setting("corner of the area of goals, x y, base frame", unit="m")
    goal_upper: tuple[float, ...] = setting("corner of the area of goals, x y, base frame", unit="m")
    minimum_travel: float = setting("least distance of the block from its goal", ge=0.0, le=1.0, unit="m")
    tray: dict = setting("where goals are; {}: the table")  # type: ignore[type-arg]

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("goal_lower", "goal_upper"):
            if len(getattr(self, name)) != 2:
                raise ConfigError(f"{name}: got {getattr(self, name)}, expected [x, y]")


class Task(BlockTask):
    """Seeded blocks and goals; the goal shows the block elsewhere, and the hand above it."""

    def __init__(self, spec: RobotSpec, settings: Settings) -> None:
        super().__init__("place", spec, settings, PLACED, read_tray(settings.tray, "place: tray"))
        self._settings = settings
        self._tray = Ground(np.array([settings.goal_lower, settings.goal_upper]), self.table.floor)
        goals = self._tray.area
        furthest = np.abs(np.array([goals, goals[::-1]]) - self._area).max(axis=(0, 1))
        if not settings.minimum_travel < 0.8 * float(np.linalg.norm(furthest)):
            raise ConfigError(
                f"minimum_travel: got {settings.minimum_travel} m, expected less than the way from blocks to "
                f"goals, at most {float(np.linalg.norm(furthest)):.3g} m"
            )

    def _goal(
        self, layout: Layout, generator: np.random.Generator
    ) -> tuple[FloatArray, FloatArray, dict[str, FloatArray]]:
        """Return the block at another place, and the hand open above it."""
        start = layout.poses[layout.name]
        others = {name: pose for name, pose in layout.poses.items() if name != layout.name}
        while True:
            place = generator.uniform(self._tray.area[0], self._tray.area[1])
            is_far = np.linalg.norm(place - start[:2]) >= self._settings.minimum_travel
            if is_far and self._has_room(self.blocks[layout.name], place, others):
                break
        pose = self.table.standing(layout.name, place, self.facing(place), self._tray.height)
        channels = self._stand(pose[:3] + np.array([0.0, 0.0, CLEAR]), self.grip.widest)
        return channels, pose[:3], {**layout.poses, layout.name: pose}

    def error(self, scene: Stage, episode: Episode) -> float:
        """Return the true distance of the block from where it stands at the goal, m."""
        name = self.moved(episode)
        far = float(np.linalg.norm(scene.objects()[name] - episode.goal_position))
        return self.released(scene, name, far)

    def _grounds(self) -> list[Ground]:
        return [*super()._grounds(), self._tray]

    def _random_goal(
        self, name: str, generator: np.random.Generator
    ) -> tuple[Callable[[Stage], FloatArray], bool]:
        """Put most blocks down where goals are."""
        if generator.random() < PUT_DOWN_SHARE:
            place = generator.uniform(self._tray.area[0], self._tray.area[1])
            there = self.table.standing(name, place, 0.0, self._tray.height)[:3]
            return lambda scene: there, True
        return super()._random_goal(name, generator)

    def oracle(self, episode: Episode) -> Motion:
        """Grasp, carry and let go with access to the truth."""
        return self._scripted(self.moved(episode), lambda scene: episode.goal_position, lets_go=True)
