# SPDX-License-Identifier: Apache-2.0
"""The whole loop in one process: world -> planner -> gate -> world, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ami_ros.planning.protocols import Planner
from ami_ros.sim.loop.goals import goal_of
from ami_ros.sim.loop.map_change import MapChange
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.tasks.task import Task
from ami_ros.sim.tasks.yardstick import METRES, Yardstick
from ami_ros.types import FloatArray, Goal, ImageArray, Observation

Spoil = Callable[[Observation], Observation]


@dataclass(frozen=True, eq=False)
class EpisodeResult:
    """What happened in one episode of S control steps.

    Attributes:
        seed: of the episode.
        error: (S + 1,) true distance from the goal, in terms of `yardstick`, before the first and after
            every step.
        arrived_step: first step from which the planner reported "arrived" until the end; None if it did not.
        plan_ms: (S,) wall time per plan, ms.
        moments: `World.snapshot` before the first and after every step: name -> (S + 1, ...).
        goal_image: (H, W, 3) uint8 goal of the first camera; None where the goal is no picture.
        final_image: (H, W, 3) uint8 last image of the first camera; None without camera.
        levels: gate ticks by verdict level name.
        wall_s: duration of the episode on the wall clock.
        surprise: (S,) the planner's surprise, above 1 is rare; NaN where there is none yet. Empty if unknown.
        yardstick: how to express its error.
        expected: (S, T S, 3) uint8, what the planner expected to see after each of some action blocks on its
            way, side by side; None where nobody asked, or the model has no decoder.
        happened: the same, as the camera saw it then.
        times: (S + 1,) of the moments, s; empty if unknown.
        commanded: (S + 1, C) set points of a plant then; NaN before the first. Empty for other bodies.
        foreseen: value of a plant -> (N, 2) times, and what the planner expected then; see `Plan`.
        verdicts: second and level of each change of the gate's verdict.
    """

    seed: int
    error: FloatArray
    arrived_step: int | None
    plan_ms: FloatArray
    moments: Mapping[str, FloatArray]
    goal_image: ImageArray | None
    final_image: ImageArray | None
    levels: dict[str, int] = field(default_factory=dict)
    wall_s: float = 0.0
    surprise: FloatArray = field(default_factory=lambda: np.zeros(0))
    yardstick: Yardstick = METRES
    expected: ImageArray | None = None
    happened: ImageArray | None = None
    times: FloatArray = field(default_factory=lambda: np.zeros(0))
    commanded: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    foreseen: Mapping[str, FloatArray] = field(default_factory=dict)
    verdicts: Sequence[tuple[float, str]] = ()

    @property
    def joints(self) -> FloatArray:
        """Joint positions (S + 1, J) of an arm."""
        return self.moments["joints"]

    @property
    def poses(self) -> FloatArray:
        """Poses (S + 1, M, 7) of the task's objects: x, y, z in m, and a quaternion x, y, z, w."""
        poses = self.moments["objects"]
        return poses.reshape(len(poses), poses[0].size // 7, 7)


class ClosedLoop(StepLoop):
    """World, planner and gate joined without ROS; arguments as for StepLoop."""

    def run(
        self,
        planner: Planner,
        seed: int,
        task: Task,
        by_joints: bool = False,
        spoil: Spoil = lambda observation: observation,
    ) -> EpisodeResult:
        """Run one episode to its end; the planner gets no feedback on success.

        With `by_joints` the planner receives the goal's joint positions instead of its image. `spoil` changes
        each observation on its way to planner and gate, but not the goal image.
        """
        world, started = self._world, time.perf_counter()
        episode = task.episode(seed)
        world.reset(episode.start, episode.start_objects)
        self.restart()
        goal = goal_of(task, episode, world, f"seed {seed}")
        goal_image = goal.images[self._spec.camera.name] if goal.images else None
        if by_joints:
            goal = Goal(vectors={self._spec.joint_sensor: episode.goal}, label=goal.label)
        planner.restart()  # moved set points alone would continue the last episode
        planner.set_goal(goal)
        change = MapChange(episode, task.episode_steps)
        error, moments = [task.error(world, episode)], [world.snapshot()]
        plan_ms: list[float] = []
        surprise: list[float] = []
        arrived: int | None = None
        for step in range(task.episode_steps):
            observation = spoil(world.observe())
            before = time.perf_counter()
            plan = planner.plan(observation)
            plan_ms.append((time.perf_counter() - before) * 1e3)
            surprise.append(np.nan if plan.surprise is None else plan.surprise)
            self.hear(plan)
            arrived = (step if arrived is None else arrived) if plan.arrived else None
            self.act(plan.actions, observation)
            change.see(world, step + 1)
            error.append(task.error(world, episode))
            moments.append(world.snapshot())
        return EpisodeResult(
            seed=seed,
            error=np.array(error),
            arrived_step=arrived,
            plan_ms=np.array(plan_ms),
            moments={name: np.stack([moment[name] for moment in moments]) for name in moments[0]},
            goal_image=goal_image,
            final_image=world.image() if self._spec.images else None,
            levels=dict(self.levels),
            wall_s=time.perf_counter() - started,
            surprise=np.array(surprise),
            yardstick=task.yardstick,
        )
