# SPDX-License-Identifier: Apache-2.0
"""The whole loop in one process: scene -> planner -> gate -> scene, step by step."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, field

import numpy as np

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.planning.chunk import to_trajectory
from ami_ros.protocols import Planner
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.sim.loop.ungated import Ungated
from ami_ros.sim.tasks.task import Task
from ami_ros.sim.world.scene import Scene
from ami_ros.types import FloatArray, Goal, ImageArray, Level, Observation, Plan, Trajectory


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


class ClosedLoop:
    """Scene, planner and gate joined without ROS: the same core code that the nodes wrap.

    Args:
        scene: the world.
        spec: the robot.
        safety: the gate's thresholds.
        gated: False follows proposals to the letter, to measure what the gate costs.
    """

    def __init__(self, scene: Scene, spec: RobotSpec, safety: SafetySettings, gated: bool = True) -> None:
        self._scene = scene
        self._spec = spec
        self._safety, self._body = safety, GateBody.of_robot(spec) if gated else None
        self._kinematics = Kinematics(spec)
        self._tick_ns = round(1e9 / safety.rate_hz)
        self.levels: dict[str, int] = {}
        self.restart()

    def restart(self) -> None:
        """Forget the gate's history, as after a reset of the robot."""
        self._gate = Ungated() if self._body is None else Supervisor(self._body, self._safety)
        self.levels = {level.name: 0 for level in Level}

    def step(self, proposal: Trajectory, observation: Observation) -> None:
        """Let one control step pass through the gate."""
        now = self._scene.time_ns
        for name, reading in observation.readings.items():
            if name == self._spec.joint_sensor:
                self._gate.see_joints(self._spec.joint_position(observation), reading.stamp_ns, now)
                continue
            see = self._gate.see_image if reading.is_image else self._gate.see_vector
            see(name, zlib.crc32(reading.value.tobytes()), reading.stamp_ns, now)
        self._gate.submit(proposal, now)
        for _ in range(self._spec.step_ns // self._tick_ns):
            command, verdict = self._gate.tick(self._scene.time_ns + self._tick_ns)
            self.levels[verdict.level.name] += 1
            self._scene.advance(command, self._tick_ns)

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
            self.step(to_trajectory(plan.actions, observation, self._spec, self._kinematics), observation)
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
