# SPDX-License-Identifier: Apache-2.0
"""Runs episodes on the sim node through its topics and services, and scores them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import SetParameters
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import GoalError, ProcessError
from ami_ros.report.film import Film
from ami_ros.report.gate_statistics import GateCounts
from ami_ros.ros.clients.client import ANSWER_TIMEOUT_S, START_TIMEOUT_S, Client
from ami_ros.ros.clients.episode_record import EpisodeRecorder
from ami_ros.ros.proposing.heard_commands import HeardCommands
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus, status_from_ros
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.message_limits import report_limit, within
from ami_ros.ros.wire.messages import image_from_ros, joints_to_ros, stamp_to_ns
from ami_ros.ros.wire.qos import LATCHED, STATE
from ami_ros.ros.wire.verdicts import Judgement, judgement_from_ros
from ami_ros.safety.reasons import ReasonCode
from ami_ros.sim.loop.closed_loop import EpisodeResult
from ami_ros.sim.tasks.task import Task
from ami_ros.types import FloatArray, Level

EVERY_MESSAGE = QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE)
STALL_TIMEOUT_S = 30.0  # longest silence of the simulator within an episode
START = "start_"  # prefix of names in the reply to sim/reset
LAST_WORDS_S = 1.0  # how long to wait for reports still under way at the end of the episode


class EpisodeClient(Client):
    """A node that starts episodes and listens; the planner never receives what it knows.

    Args:
        spec: the robot.
        task: defines goals and their errors.
        check: called while waiting; raises ProcessError when a node has died.
        ros_arguments: remappings and such, from ``--ros-args`` on.
        sees: subscribe to the camera, for the pictures of a report.
        films: also ask the planner what it expects to see.

    Attributes:
        faults: unsafe commands and timeouts in all episodes, counted by the simulator.
        gate: what the gate did, per episode.
    """

    def __init__(
        self,
        spec: RobotSpec,
        task: Task,
        check: Callable[[], None],
        ros_arguments: Sequence[str] = (),
        sees: bool = True,
        films: bool = False,
    ) -> None:
        super().__init__("episodes", check, ros_arguments)
        self._spec, self._task = spec, task
        # If no sensor measures where the body is, no reading can be too old.
        place = spec.place_sensor
        self._place_age_s = spec.sensors[place].max_age_s if place else 0.0
        self._pictured = () if task.goal_sensor else tuple(image.name for image in spec.images)
        self.faults: dict[str, int] = {}
        self.gate: list[GateCounts] = []
        self._status: GoalStatus | None = None
        self._gate_says: set[str] = set()
        self._gate_level = Level.PASS
        self._goal: Image | None = None
        self._recorder: EpisodeRecorder | None = None
        listen, node = self._node.create_subscription, self._node
        listen(String, "sim/truth", self._on_truth, EVERY_MESSAGE)
        if self._pictured:
            listen(Image, "sim/goal_image", self._on_goal, LATCHED)
        if spec.images and sees:
            listen(Image, spec.camera.topic, self._on_image, EVERY_MESSAGE)
        self._films = films and bool(self._pictured)
        if self._films:
            listen(Image, "planner/imagination", self._on_imagination, STATE)
        on_status = within(report_limit(), DiagnosticArray, self._on_status)
        listen(DiagnosticArray, "planner/goal_status", on_status, EVERY_MESSAGE, raw=True)
        listen(DiagnosticArray, "safety/verdict", self._on_verdict, EVERY_MESSAGE)
        self._goal_joints = node.create_publisher(JointState, "planner/goal_joints", STATE)
        is_plant = set(spec.meanings) == {"setpoint"}
        self._commands = HeardCommands(node, ErrorLog(node), spec) if is_plant else None
        self._parameters: Any = node.create_client(SetParameters, "sim/set_parameters")
        self._reset: Any = node.create_client(Trigger, "sim/reset")
        self._pause: Any = node.create_client(SetBool, "sim/pause")
        self._estop: Any = node.create_client(SetBool, "safety/estop")
        self._arm: Any = node.create_client(Trigger, "safety/rearm")

    def run(self, seed: int, steps: int, goal_joints: FloatArray | None = None) -> EpisodeResult:
        """Run one episode to its end.

        Args:
            seed: of the episode.
            steps: control steps.
            goal_joints: (J,) sent to the planner; None if it gets the simulator's goal image.

        Raises:
            ProcessError: a node died or did not answer in time.
            GoalError: the planner refuses the goal.
        """
        start = self._start_over(seed, steps, goal_joints)
        shown = [name.removeprefix(START) for name in start if name.startswith(START)]
        recorder = self._recorder = EpisodeRecorder(
            seed,
            steps,
            self._spec.step_ns,
            self._spec.step_ns * self._spec.action_block,
            int(start["goal_stamp_ns"]),
            shown,
            self._task.yardstick,
            sees=bool(self._spec.images),
            film=Film(self._spec.action_block * self._spec.step_ns) if self._films else None,
        )
        started = time.perf_counter()
        self._call(self._pause, SetBool.Request(data=False), "sim/pause")
        self._wait_for_end(recorder)
        wall_s = time.perf_counter() - started
        deadline = time.monotonic() + LAST_WORDS_S
        while not recorder.complete() and time.monotonic() < deadline:
            self._spin()
        self._recorder = None
        for name, count in recorder.faults.items():
            self.faults[name] = self.faults.get(name, 0) + count
        self.gate.append(recorder.gate_counts())
        return recorder.result(None if self._goal is None else image_from_ros(self._goal), wall_s)

    def _start_over(self, seed: int, steps: int, goal_joints: FloatArray | None = None) -> dict[str, Any]:
        """Reset the simulator, arm the gate and wait for the goal; return the simulator's reply."""
        self._set(seed=seed, episode_steps=steps)
        start: dict[str, Any] = json.loads(self._call(self._reset, Trigger.Request(), "sim/reset").message)
        # With simulated time the gate sees the clock restart, and needs no call unless it has stopped.
        moved, reset_s = not start["lock_step"], time.monotonic()
        if moved:
            self._call(self._estop, SetBool.Request(data=True), "safety/estop")
        self._wait_for_goal(int(start["goal_stamp_ns"]), goal_joints)
        if moved:
            # Until readings from before the reset count as old, the gate might continue from there.
            self._until(
                lambda: time.monotonic() - reset_s > self._place_age_s, START_TIMEOUT_S, self._last_words
            )
        if moved or self._gate_level is Level.STOP:
            self._rearm()
        return start

    def _wait_for_goal(self, stamp_ns: int, goal_joints: FloatArray | None) -> None:
        asked = -ANSWER_TIMEOUT_S

        def taken() -> bool:
            nonlocal asked
            if (
                goal_joints is not None and time.monotonic() - asked > 1.0
            ):  # not latched: the gate may not have subscribed yet
                asked = time.monotonic()
                still = goal_joints * 0.0
                self._goal_joints.publish(joints_to_ros(self._spec.joint_names, goal_joints, still, stamp_ns))
            goal, status = self._goal, self._status
            if status is None or status.goal_stamp_ns < stamp_ns:
                return False
            if status.state is GoalState.ERROR:
                raise GoalError(f"the planner says: {status.reason}")
            whole = goal_joints is not None or set(self._pictured) <= set(status.goal_sensors)
            seen = not self._pictured or (goal is not None and stamp_to_ns(goal.header.stamp) == stamp_ns)
            return whole and seen

        def problem() -> str:
            status = self._status
            got = "none" if status is None else f"{list(status.goal_sensors)} stamped {status.goal_stamp_ns}"
            here = "none" if self._goal is None else str(stamp_to_ns(self._goal.header.stamp))
            return (
                f"the planner did not take the goal: got {got}, expected {list(self._pictured)} stamped "
                f"{stamp_ns}; newest goal image here: {here}; {self._last_words()}"
            )

        self._until(taken, START_TIMEOUT_S, problem)

    def _rearm(self) -> None:
        """Release the e-stop, and let the gate restart from where the robot is."""
        self._call(self._estop, SetBool.Request(data=False), "safety/estop")
        answer = Trigger.Response(success=False)

        def armed() -> bool:
            nonlocal answer
            answer = self._answer(self._arm, Trigger.Request(), "safety/rearm")
            return bool(answer.success)

        self._until(armed, ANSWER_TIMEOUT_S, lambda: f"safety/rearm: {answer.message}")
        # Commands begin only when a motion within the limits explains the robot's present position.
        self._until(
            lambda: ReasonCode.COMMANDS_WAIT.name not in self._gate_says, ANSWER_TIMEOUT_S, self._last_words
        )

    def _wait_for_end(self, recorder: EpisodeRecorder) -> None:
        seen, since = -1, time.monotonic()
        while not recorder.final:
            self._spin()
            if recorder.messages != seen:
                seen, since = recorder.messages, time.monotonic()
            if time.monotonic() - since > STALL_TIMEOUT_S:
                raise ProcessError(
                    f"the simulator was silent for {STALL_TIMEOUT_S:.0f} s; {self._last_words()}"
                )

    def _last_words(self) -> str:
        status = self._status
        return (
            "no planner/goal_status arrived"
            if status is None
            else f"planner: {status.state.value}: {status.reason}"
        )

    def _set(self, **values: int | str) -> None:
        self._set_on(self._parameters, "sim", values)

    def _on_truth(self, message: String) -> None:
        if self._recorder is not None:
            commanded = None if self._commands is None else self._commands.newest
            self._recorder.see_truth(json.loads(message.data), commanded)

    def _on_goal(self, message: Image) -> None:
        self._goal = message

    def _on_image(self, message: Image) -> None:
        if self._recorder is not None:
            self._recorder.see_image(image_from_ros(message), stamp_to_ns(message.header.stamp))

    def _on_imagination(self, message: Image) -> None:
        if self._recorder is not None:
            self._recorder.see_imagination(image_from_ros(message), stamp_to_ns(message.header.stamp))

    def _on_status(self, message: DiagnosticArray) -> None:
        self._status = status_from_ros(message)
        if self._recorder is not None:
            self._recorder.see_status(self._status)

    def _on_verdict(self, message: DiagnosticArray) -> None:
        self._on_judgement(judgement_from_ros(message))

    def _on_judgement(self, judgement: Judgement) -> None:
        if judgement.proposal_stamp_ns is None:
            self._gate_says = {reason.code for reason in judgement.verdict.reasons}
            self._gate_level = judgement.verdict.level
        if self._recorder is not None:
            self._recorder.see_verdict(judgement)
