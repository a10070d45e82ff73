# SPDX-License-Identifier: Apache-2.0
"""The whole loop in one process: scene -> planner -> gate -> scene, step by step."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.protocols import Planner
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.settings import SafetySettings
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.tasks.task import Task
from ami_ros.sim.world.scene import Scene
from ami_ros.types import FloatArray, Goal, ImageArray, Plan


@dataclass(frozen=True, eq=False)
class EpisodeResult:
    """What happened in one episode of S control steps.

    Attributes:
        seed: of the episode.
        error: (S + 1,) true distance from the goal (of the tip, or of the task's object), m, before the
            first and after every step.
        arrived_step: first step from which the planner said "arrived" until the end; None if it did not.
        plan_ms: (S,) wall time per plan, ms.
        joints: (S + 1, J) joint positions.
        poses: (S + 1, M, 7) poses of the task's objects: x, y, z in m, and a quaternion x, y, z, w.
        goal_image: (H, W, 3) uint8 what the planner was shown.
        final_image: (H, W, 3) uint8 what the camera saw at the end.
        levels: gate ticks by verdict level name.
        wall_s: duration of the episode on the wall clock.
        surprise: (S,) the planner's surprise, above 1 is rare; NaN where it had none yet. Empty if not known.
    """

    seed: int
    error: FloatArray
    arrived_step: int | None
    plan_ms: FloatArray
    joints: FloatArray
    poses: FloatArray
    goal_image: ImageArray
    final_image: ImageArray
    levels: dict[str, int] = field(default_factory=dict)
    wall_s: float = 0.0
    surprise: FloatArray = field(default_factory=lambda: np.zeros(0))


class ClosedLoop(StepLoop):
    """Scene, planner and gate joined without ROS.

    Args:
        scene: the world.
        spec: the robot.
        safety: the gate's thresholds.
        gated: False follows proposals to the letter, to measure what the gate costs.
    """

    def __init__(self, scene: Scene, spec: RobotSpec, safety: SafetySettings, gated: bool = True) -> None:
        super().__init__(scene, spec, safety, gated)
        self._scene = scene

    def hear(self, plan: Plan) -> None:
        """Let the gate know how far the planner trusts its model."""
        report = ModelReport(plan.surprise, plan.surprise_at_rest, plan.disagreement)
        self._gate.see_planner(report, self._scene.time_ns)

    def run(self, planner: Planner, seed: int, task: Task, by_joints: bool = False) -> EpisodeResult:
        """Run one episode to its end; nobody tells the planner whether it succeeded.

        With `by_joints` the planner is told the goal's joint positions instead of being shown its image.
        """
        scene, started = self._scene, time.perf_counter()
        episode = task.episode(seed)
        scene.reset(episode.start, episode.start_objects)
        self.restart()
        goal_image = scene.image_at(episode.goal, episode.goal_objects)
        label = f"seed {seed}"
        planner.set_goal(
            Goal(vectors={self._spec.joint_sensor: episode.goal}, label=label)
            if by_joints
            else Goal(images={self._spec.camera.name: goal_image}, label=label)
        )
        error, joints, poses = [task.error(scene, episode)], [scene.joints()[0]], [scene.poses()]
        plan_ms: list[float] = []
        surprise: list[float] = []
        arrived: int | None = None
        for step in range(task.episode_steps):
            observation = scene.observe()
            before = time.perf_counter()
            plan = planner.plan(observation)
            plan_ms.append((time.perf_counter() - before) * 1e3)
            surprise.append(np.nan if plan.surprise is None else plan.surprise)
            self.hear(plan)
            arrived = (step if arrived is None else arrived) if plan.arrived else None
            self.act(plan.actions, observation)
            error.append(task.error(scene, episode))
            joints.append(scene.joints()[0])
            poses.append(scene.poses())
        return EpisodeResult(
            seed=seed,
            error=np.array(error),
            arrived_step=arrived,
            plan_ms=np.array(plan_ms),
            joints=np.stack(joints),
            poses=np.stack(poses),
            goal_image=goal_image,
            final_image=scene.image(),
            levels=dict(self.levels),
            wall_s=time.perf_counter() - started,
            surprise=np.array(surprise),
        )
