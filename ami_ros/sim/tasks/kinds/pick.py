# SPDX-License-Identifier: Apache-2.0
"""Task pick: lift a block off the table, as the goal image shows it, and keep it up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ConfigError
from ami_ros.settings.fields import setting
from ami_ros.sim.tasks.block_task import BlockSettings, BlockTask, Layout
from ami_ros.sim.tasks.task import Episode, Motion
from ami_ros.sim.tasks.yardstick import Threshold, Yardstick
from ami_ros.sim.world.world import Stage
from ami_ros.types import FloatArray

STRAIGHT_UP_SHARE = 0.5  # of the scripted grasps end above where the block stood, as goals are
SPARE_LIFT = 0.03  # m above what goals show, in training data
MISSING = Yardstick("missing height", "cm", 100.0, (Threshold(1e-3, "", "1 mm of the height"),))


@dataclass(frozen=True)
class Settings(BlockSettings):
    """Settings of a task of kind pick."""

    lift: float = setting("height above its place on the table that counts", gt=0.0, le=1.0, unit="m")
    shown_lift: float = setting("height in the goal image", gt=0.0, le=1.0, unit="m")
    stay_s: float = setting("how long it must have been up at the end", ge=0.0, le=60.0, unit="s")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shown_lift < self.lift:
            raise ConfigError(f"shown_lift: got {self.shown_lift} m, expected at least lift, {self.lift} m")


class Task(BlockTask):
    """Seeded blocks; the goal shows one of them in the hand, above its place."""

    def __init__(self, spec: RobotSpec, settings: Settings) -> None:
        super().__init__("pick", spec, settings, MISSING)
        self._settings = settings
        self._judged: Episode | None = None
        self._missing: list[tuple[int, float]] = []  # time, and the missing height then

    def _goal(
        self, layout: Layout, generator: np.random.Generator
    ) -> tuple[FloatArray, FloatArray, dict[str, FloatArray]]:
        """Return the block in the hand, straight above where it stood."""
        channels, poses = self.held(
            layout, layout.poses[layout.name][:3] + np.array([0.0, 0.0, self._settings.shown_lift])
        )
        return channels, poses[layout.name][:3], poses

    def error(self, scene: Stage, episode: Episode) -> float:
        """Return the height missing to `lift`, m: the most in the last `stay_s`."""
        name, now = self.moved(episode), scene.time_ns
        resting = float(episode.start_objects[name][2])
        missing = max(0.0, self._settings.lift - (float(scene.objects()[name][2]) - resting))
        if episode is not self._judged or (self._missing and now < self._missing[-1][0]):
            self._judged, self._missing = episode, [(now, self._settings.lift)]  # it has not been up yet
        since = now - round(self._settings.stay_s * 1e9)
        self._missing = [(at, one) for at, one in self._missing if at >= since] + [(now, missing)]
        return max(one for _, one in self._missing)

    def _random_goal(
        self, name: str, generator: np.random.Generator
    ) -> tuple[Callable[[Stage], FloatArray], bool]:
        """Lift most blocks from where they are."""
        if generator.random() >= STRAIGHT_UP_SHARE:
            return super()._random_goal(name, generator)
        settings, resting = self._settings, self.table.top + self.blocks[name].half_size[2]
        height = resting + generator.uniform(settings.lift, settings.shown_lift + SPARE_LIFT)
        return lambda scene: np.array([*scene.objects()[name][:2], height]), False

    def oracle(self, episode: Episode) -> Motion:
        """Grasp and lift with access to the truth."""
        return self._scripted(self.moved(episode), lambda scene: episode.goal_position, lets_go=False)
