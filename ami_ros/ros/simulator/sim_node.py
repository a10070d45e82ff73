# SPDX-License-Identifier: Apache-2.0
"""The simulated robot as a ROS node: its sensors, a controller, and services to start episodes."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from ami_ros.body.robot_spec import Carried
from ami_ros.configuration import Configuration
from ami_ros.errors import AmiError, ConfigError, EmbodimentError
from ami_ros.node_settings import NodeSettings
from ami_ros.ros.simulator.goal_outputs import GoalOutputs
from ami_ros.ros.simulator.sensor_outputs import SensorOutputs
from ami_ros.ros.wire.commands import from_message, message_type
from ami_ros.ros.wire.guard import ErrorLog, guarded
from ami_ros.ros.wire.messages import stamp_from_ns
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown, settings_from_parameters
from ami_ros.ros.wire.qos import JUDGED, LATCHED, LATCHED_HISTORY
from ami_ros.ros.wire.verdicts import judgement_from_ros
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.sim.faults.injection import FaultInjection
from ami_ros.sim.loop.controller import SimController
from ami_ros.sim.loop.episode import SimEpisode
from ami_ros.sim.loop.lateness import Lateness
from ami_ros.sim.settings import SimSettings
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.task import Task
from ami_ros.sim.world.open_world import open_world
from ami_ros.types import Command, FloatArray, Level

# No step of a lock-step episode may be at time zero, which ROS messages use for "not set".
START_NS = 1_000_000_000
TRUTH = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)


class SimNode(Node):
    """Its topics are those of `sim` in launching/arguments.py; `clocks` has the two clocks that drive it."""

    def __init__(self) -> None:
        super().__init__("sim")
        declare_settings(self, load_settings(NodeSettings, config_path("node.yaml")))
        declare_settings(self, load_settings(SimSettings, config_path("sim.yaml")))
        refuse_unknown(self)
        self.settings = settings_from_parameters(self, SimSettings)
        common = settings_from_parameters(self, NodeSettings)
        configuration = Configuration.of_node(common)
        self.spec, gate = configuration.spec, configuration.safety
        task = load_task(configuration.task, self.spec, self.settings.map)
        world = open_world(self.spec, self.settings.physics_hz)
        self.episode = SimEpisode(world, task)
        self.tick_ns = round(1e9 / gate.rate_hz)
        self.controller = SimController(
            self.spec,
            configuration.safety_node.stall_s,
            self.tick_ns / 1e9,
            gate.limits["zones"].workspace_margin,
        )
        self._injection = FaultInjection(world, self.spec, task)
        self.paused = self.settings.lock_step
        self._begins_ns = 0
        self.lateness = Lateness(self.tick_ns)
        self.timeouts = 0
        self.asks = False  # lock-step: whether the simulator waits for a command for the next tick
        self.command_stamp_ns = self.judged_stamp_ns = self.verdict_stamp_ns = -1
        self.errors = ErrorLog(self)
        self._create_topics(task)
        self._reset()

    def _create_topics(self, task: Task) -> None:
        self._clock_topic = (
            self.create_publisher(Clock, "/clock", LATCHED) if self.settings.lock_step else None
        )
        self.sensors = SensorOutputs(self, self.spec, self.episode.scene, self._injection)
        self._goal = GoalOutputs(self, self.spec, task.goal_sensor)
        self._truth = self.create_publisher(String, "~/truth", TRUTH)
        self._parts: dict[str, Command] = {}  # of the next command, by topic
        for carried in self.spec.outputs:
            output, on_command = carried.output, partial(self._on_command, carried)
            if output.rate_hz and 1e9 / output.rate_hz > 1.5 * self.tick_ns:
                raise EmbodimentError(
                    f"{self.spec.name}: output {output.topic}: rate_hz: got {output.rate_hz:g} Hz, "
                    "expected 0: the simulator executes one command of all channels at each tick of the gate"
                )
            self.create_subscription(
                message_type(output.of), output.topic, guarded(self.errors, on_command), JUDGED
            )
        on_verdict = guarded(self.errors, self._on_verdict)
        self.create_subscription(DiagnosticArray, "safety/verdict", on_verdict, LATCHED_HISTORY)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self.create_service(SetBool, "~/pause", self._on_pause)

    def now_ns(self) -> int:
        """Return the time for stamps: the simulated time in lock-step."""
        return self.episode.scene.time_ns if self.settings.lock_step else self.get_clock().now().nanoseconds

    def live(self, name: str) -> Any:
        """Return the current value of a parameter that may change."""
        return self.get_parameter(name).value

    def publish_clock(self, time_ns: int) -> None:
        """Publish the simulated time (lock-step only)."""
        if self._clock_topic is not None:
            self._clock_topic.publish(Clock(clock=stamp_from_ns(time_ns)))

    def inject(self, stamp_ns: int) -> None:
        """Switch to the faults in the parameters; report why a fault does not apply to this body."""
        try:
            self._injection.want(str(self.live("fault")), int(self.live("fault_seed")), stamp_ns)
        except ConfigError as error:
            self.errors.report("fault", error)

    def measured(self) -> FloatArray | None:
        """Return where the commanded channels are (C,); None if nothing measures them.

        Of a gripper, where they are commanded to be.
        """
        return self.episode.scene.body().get("channels")

    def follow(self, now_ns: int) -> Command:
        """Return the controller's command for the next tick."""
        return self.controller.follow(self.measured(), now_ns)

    def publish_truth(self, final: bool) -> None:
        """Publish the true state, for scoring only."""
        oracle = self.controller.oracle
        counts = {
            "unsafe_commands": oracle.unsafe,
            "unsafe_by_kind": oracle.counts,
            "moved_after_stop": oracle.moved_after_stop,
            "timeouts": self.timeouts,
            "command_timeout_ns": self.controller.timed_out_ns,
            "fault_ns": self._injection.since_ns,
            "channels": self._channels(),
        }
        self._truth.publish(String(data=self.episode.truth_json(self.now_ns(), final, **counts)))

    def finish_step(self) -> None:
        """Count a control step; after the episode's last one publish the final truth and pause."""
        self.episode.finish_step()
        limit = self.live("episode_steps")
        if limit and self.episode.step >= limit:
            self.publish_truth(final=True)
            self.pause(True)

    @property
    def stands(self) -> bool:
        """Whether the world stands still: paused, or in real time moved elsewhere a moment ago.

        No real robot jumps. The gate may act on readings from before the jump until they are too old, and a
        loaded machine may deliver newer ones late.
        """
        return self.paused or (not self.settings.lock_step and self.now_ns() < self._begins_ns)

    def pause(self, paused: bool) -> None:
        """Stop or continue. In real time earlier commands no longer count; lock-step first ends its step."""
        self.paused = paused
        if not self.settings.lock_step:
            self.controller.forget()

    def _reset(self) -> str:
        # A fault that was switched off since the last tick must not show on the goal image.
        self.inject(self.now_ns())
        how = float(self.live("perturb_scale")), bool(self.live("perturb_exactly"))
        looks = Perturbation(str(self.live("perturb")), *how)
        goal = self.episode.reset(int(self.live("seed")), looks)
        self.controller.forget()
        self.controller.oracle.start_again()
        self._parts.clear()
        oldest_s = max((sensor.max_age_s for sensor in self.spec.vectors_for("gate")), default=0.0)
        self._begins_ns = self.now_ns() + round(oldest_s * 1e9)
        self.timeouts = 0
        self.command_stamp_ns = self.judged_stamp_ns = self.verdict_stamp_ns = -1
        if self.settings.lock_step:
            self.episode.scene.time_ns = START_NS
        # Wall time, also in lock-step, where each episode has the same simulated times: it names the goal.
        goal_stamp_ns = time.time_ns()
        self._goal.publish(goal, goal_stamp_ns)
        lock_step = self.settings.lock_step
        return self.episode.start_json(
            goal_stamp_ns=goal_stamp_ns,
            stamp_ns=self.now_ns(),
            lock_step=lock_step,
            channels=self._channels(),
        )

    def _channels(self) -> list[float]:
        """Return the measured, else commanded, position of the commanded channels (C,)."""
        channels: list[float] = self.controller.now_at(self.measured()).tolist()
        return channels

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            response.message, response.success = self._reset(), True
            if self.settings.lock_step or self.live("episode_steps"):
                self.paused = True
        except AmiError as error:
            response.message, response.success = str(error), False
        return response

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self.pause(request.data)
        response.success, response.message = True, "paused" if request.data else "running"
        return response

    def _on_command(self, carried: Carried, message: Any) -> None:
        if self.stands and not self.settings.lock_step:
            return
        measured, now = self.measured(), self.now_ns()
        before = self.controller.now_at(measured)
        # In lock-step a message without a stamp answers the newest /clock, one tick ahead; an unrequested
        # one belongs to before a ~/reset.
        if self.settings.lock_step and not self.asks and not hasattr(message, "header"):
            return
        arrival = now + self.tick_ns if self.settings.lock_step else now
        try:
            columns = list(carried.columns)
            command = from_message(
                message, carried.output.of, carried.names, before[columns], self.tick_ns, arrival
            )
        except AmiError:
            self.controller.oracle.see_malformed()
            raise
        # Lock-step requests nothing beyond the next tick: this one belongs to before a ~/reset.
        if self.settings.lock_step and command.stamp_ns > now + self.tick_ns:
            return
        # In real time a loaded machine delivers late what was sent before the world continued.
        if not self.settings.lock_step and command.stamp_ns < self._begins_ns:
            return
        self._parts[carried.output.topic] = command
        if len(self._parts) < len(self.spec.outputs):
            return
        command = self._joined(before)
        pose = self.episode.scene.body().get("pose")
        late_s = 0.0 if self.settings.lock_step else self.lateness.at_s(now)
        self.controller.take(command, measured, now, pose, late_s)
        self.command_stamp_ns = command.stamp_ns

    def _joined(self, before: FloatArray) -> Command:
        """Return the command of all channels (C,), from the newest of each output."""
        position, velocity = before.copy(), np.zeros_like(before)
        for carried in self.spec.outputs:
            part, columns = self._parts[carried.output.topic], list(carried.columns)
            position[columns], velocity[columns] = part.position, part.velocity
        # That of a message with a header: without one, a part is stamped later, when it arrives.
        stamp_ns = min(part.stamp_ns for part in self._parts.values())
        self._parts.clear()
        return Command(position, velocity, stamp_ns)

    def _on_verdict(self, message: DiagnosticArray) -> None:
        judgement = judgement_from_ros(message)
        self.verdict_stamp_ns = judgement.stamp_ns
        if judgement.proposal_stamp_ns is not None:
            self.judged_stamp_ns = judgement.proposal_stamp_ns
        else:
            self.controller.oracle.see_stop(judgement.verdict.level is Level.STOP, judgement.stamp_ns)
