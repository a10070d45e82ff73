# SPDX-License-Identifier: Apache-2.0
"""Actions through the gate into a simulated world of any body, step by step."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import Sensor
from ami_ros.safety.body_groups import BodyGroups
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.sim.loop.ungated import Ungated
from ami_ros.sim.world.world import World
from ami_ros.types import Command, FloatArray, Level, Observation, Plan, Reading, Trajectory, Verdict

FRESH = 0.5  # share of the age at which a reading holds the robot: then the gate receives the next one


class StepLoop:
    """World and gate joined without ROS: the same core code that the nodes wrap.

    Args:
        world: the body and its surroundings.
        spec: the robot.
        safety: the gate's thresholds.
        gated: False follows proposals to the letter, to measure what the gate costs.

    Attributes:
        levels: gate ticks by verdict level name, since the last restart.
    """

    def __init__(self, world: World, spec: RobotSpec, safety: SafetySettings, gated: bool = True) -> None:
        self._world, self._spec = world, spec
        self._safety, self._body = safety, BodyGroups.of_robot(spec) if gated else None
        self._watched = set(spec.sensors)
        if self._body is not None:
            self._watched = {sensor.name for group in self._body.groups for sensor in group.sensors}
        # Separate, because a picture costs as much as a hundred readings of other sensors.
        self._fresh_images_ns = _fresh_ns(spec.images)
        self._fresh_vectors_ns = _fresh_ns(spec.vectors)
        self._arms = {group.joint_sensor: group for group in spec.arms}
        self._meaning = meaning_of(spec)
        self._tick_ns = round(1e9 / safety.rate_hz)
        self.restart()

    def restart(self) -> None:
        """Forget the gate's history, as after a reset of the robot."""
        self._gate = Ungated() if self._body is None else Supervisor(self._body, self._safety)
        self._meaning.forget()
        self.levels = {level.name: 0 for level in Level}

    def act(self, actions: FloatArray, observation: Observation) -> None:
        """Propose actions (T, K, A), in the channels' units, and let one control step pass."""
        self.step(self._meaning.proposal(actions, observation), observation)

    def step(self, proposal: Trajectory | None, observation: Observation) -> None:
        """Let one control step pass through the gate; without a proposal nobody plans."""
        self._see(observation)
        if proposal is not None:
            self._gate.submit(proposal, self._world.time_ns)
        images_ns = vectors_ns = self._world.time_ns
        for _ in range(self._spec.step_ns // self._tick_ns):
            now = self._world.time_ns
            # Sensors keep measuring during a long control step, as on a robot.
            if now - images_ns >= self._fresh_images_ns:
                self._see(self._world.observe())
                images_ns = vectors_ns = now
            elif now - vectors_ns >= self._fresh_vectors_ns:
                readings = {name: Reading(v, now, now) for name, v in self._world.vectors().items()}
                self._see(Observation(readings))
                vectors_ns = now
            command, verdict = self._gate.tick(now + self._tick_ns)
            self.levels[verdict.level.name] += 1
            self._ticked(command, verdict)
            self._world.advance(command, self._tick_ns)

    def hear(self, plan: Plan) -> None:
        """Report to the gate how far the planner trusts its model."""
        report = ModelReport(plan.surprise, plan.surprise_at_rest, plan.disagreement)
        self._gate.see_planner(report, self._world.time_ns)

    def _ticked(self, command: Command | None, verdict: Verdict) -> None:
        """Observe the gate's command before the world executes it."""

    def _see(self, observation: Observation) -> None:
        now = self._world.time_ns
        for name, reading in observation.readings.items():
            if name not in self._watched:
                continue
            if name in self._arms:
                joints = self._arms[name].position(observation)
                self._gate.see_joints(joints, reading.stamp_ns, now, name)
                continue
            content = zlib.crc32(reading.value.tobytes())
            if reading.is_image:
                self._gate.see_image(name, content, reading.stamp_ns, now)
            else:
                self._gate.see_vector(name, content, reading.stamp_ns, now, reading.value)


def _fresh_ns(sensors: Sequence[Sensor]) -> float:
    """Return after how long the gate receives another reading of sensors; infinite without any."""
    return min((FRESH * sensor.max_age_s * 1e9 for sensor in sensors), default=math.inf)
