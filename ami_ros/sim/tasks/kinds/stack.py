# SPDX-License-Identifier: Apache-2.0
"""Task stack: put a block on another one, as the goal image shows it, and let go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.block_task import BlockSettings, BlockTask, Layout
from ami_ros.sim.tasks.grasping import CLEAR
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.tasks.yardstick import Threshold, Yardstick
from ami_ros.sim.world.world import Stage
from ami_ros.types import FloatArray

ON_BASE_SHARE = 0.75  # of the scripted grasps end on the base
STACKED = Yardstick("distance", "cm", 100.0, (Threshold(0.025, "", "2.5 cm, released"),))


@dataclass(frozen=True)
class Settings(BlockSettings):
    """Settings of a task of kind stack."""

    base: str = setting("block that the others are put on")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.base not in self.blocks or len(self.blocks) < 2:
            raise ConfigError(
                f"base: got {self.base!r}, expected one of at least two blocks: {list(self.blocks)}"
            )


class Task(BlockTask):
    """Seeded blocks; the goal shows one of them on the base, and the hand above both."""

    def __init__(self, spec: RobotSpec, settings: Settings) -> None:
        super().__init__("stack", spec, settings, STACKED)
        self._base = settings.base

    def _graspable(self) -> list[str]:
        return [name for name in self.blocks if name != self._base]

    def _goal(
        self, layout: Layout, generator: np.random.Generator
    ) -> tuple[FloatArray, FloatArray, dict[str, FloatArray]]:
        """Return the block on the base, turned as that is, and the hand open above it."""
        base = layout.poses[self._base]
        pose = self.table.standing(
            layout.name, base[:2], float(base[3]), base[2] + self.blocks[self._base].half_size[2]
        )
        channels = self._stand(pose[:3] + np.array([0.0, 0.0, CLEAR]), self.grip.widest)
        return channels, pose[:3], {**layout.poses, layout.name: pose}

    def error(self, scene: Stage, episode: Episode) -> float:
        """Return the true distance of the block from the middle of the base's top, wherever that is, m."""
        name = self.moved(episode)
        far = float(np.linalg.norm(scene.objects()[name] - self._on_top(name)(scene)))
        return self.released(scene, name, far)

    def _on_top(self, name: str) -> Callable[[Stage], FloatArray]:
        """Return where a block is (3,), m, when it is on the base."""
        rise = self.blocks[self._base].half_size[2] + self.blocks[name].half_size[2]
        return lambda scene: scene.objects()[self._base] + np.array([0.0, 0.0, rise])

    def _random_goal(
        self, name: str, generator: np.random.Generator
    ) -> tuple[Callable[[Stage], FloatArray], bool]:
        """Carry most blocks to the base."""
        if generator.random() < ON_BASE_SHARE:
            return self._on_top(name), True
        return super()._random_goal(name, generator)

    def oracle(self, episode: Episode) -> Motion:
        """Grasp, carry and let go with access to the truth."""
        name = self.moved(episode)
        return self._scripted(name, self._on_top(name), lets_go=True)
