# SPDX-License-Identifier: Apache-2.0
"""Watches a robot from outside: its observations and place, its planner's reports and its gate's verdicts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from ami_ros.body.goals.kinds import goal_topics
from ami_ros.body.goals.profile import ProfileGoal
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.commissioning.core.place import place_of
from ami_ros.commissioning.core.plant_place import COMMANDED
from ami_ros.commissioning.core.spread import TakenGoal
from ami_ros.errors import GoalError, ProcessError
from ami_ros.node_settings import NodeSettings, ProposingSettings
from ami_ros.planning.observation_pairing import ObservationPairing, Seen
from ami_ros.ros.clients.client import START_TIMEOUT_S, Client
from ami_ros.ros.clients.episodes import EVERY_MESSAGE
from ami_ros.ros.proposing.heard_commands import HeardCommands
from ami_ros.ros.proposing.observation import observation_of
from ami_ros.ros.proposing.sensor_inputs import SensorInputs
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus, status_from_ros
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.message_limits import MOST_TEXT, report_limit, within
from ami_ros.ros.wire.messages import image_to_ros, stamp_from_ns, stamp_to_ns
from ami_ros.ros.wire.qos import LATCHED, camera_subscription
from ami_ros.ros.wire.vectors import vector_from_ros
from ami_ros.ros.wire.verdicts import Judgement, judgement_from_ros
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.types import FloatArray, Level, Observation

SILENT_S = 30.0  # wall time without any observation
# The gate's verdicts from before this node joined give its present level.
VERDICTS = QoSProfile(
    depth=200, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
FOREVER_NS = 10**18
CONNECT_S = 1.5  # wall time that DDS takes to connect a node to all others; earlier messages are lost
IMAGES_KEPT = 20  # while we are busy


class WatchedRobot(Client):
    """A node that listens, and sends goals to a planner.

    Args:
        name: of the node.
        spec: the robot.
        check: as for Client.
        simulated: our simulator takes part, in lock-step: it stands still until a request to go.
        planner: name of the planning node.
        ros_arguments: as for Client.

    Attributes:
        place: measures where the robot is.
        now_ns: stamp of the newest observation; 0 before the first.
        level: the gate's present level.
        unsafe: commands outside the limits, counted by the simulated robot.
    """

    def __init__(
        self,
        name: str,
        spec: RobotSpec,
        check: Callable[[], None],
        simulated: bool,
        planner: str,
        ros_arguments: Sequence[str] = (),
    ) -> None:
        super().__init__(name, check, ros_arguments, simulated_time=simulated)
        self._spec, self._planner = spec, planner
        self.place = place_of(spec)
        self.now_ns, self.level, self.unsafe = 0, Level.HOLD, 0
        self._here: FloatArray | None = None
        self._status: GoalStatus | None = None
        self._heard_s = time.monotonic()
        self._listen(simulated)
        topics = goal_topics(spec, planner)
        self._cameras = [image.name for image in spec.images_for("model")]
        self._goals = {
            camera: self._node.create_publisher(Image, topics[camera].name, LATCHED)
            for camera in self._cameras
        }
        self._profiles: Any = (
            None
            if self._cameras
            else self._node.create_publisher(JointTrajectory, topics[ProfileGoal.name].name, LATCHED)
        )
        self._sim: Any = self._node.create_client(SetBool, "sim/pause") if simulated else None
        self._is_on = not simulated  # before it begins, a simulator rehearses at another time

    def _listen(self, simulated: bool) -> None:
        spec, node, errors = self._spec, self._node, ErrorLog(self._node)
        common = load_settings(NodeSettings, config_path("node.yaml"))
        gap_s = load_settings(ProposingSettings, config_path("proposing_node.yaml")).pair_gap_s
        images = spec.images_for("model")
        sensors = [spec.sensors[name] for name in self.place.sensors]
        vectors = [sensor for sensor in sensors if isinstance(sensor, VectorSensor)]
        optional = {image.name: round(image.max_age_s * 1e9) for image in images if not image.required}
        names = [image.name for image in images]
        # The newest of several sensors count, however old: while one is silent, the others show what happens.
        slack_ns = {sensor.name: 0 if names else FOREVER_NS for sensor in vectors}
        if self.place.hears_commands:
            slack_ns[COMMANDED] = FOREVER_NS
            self._commands = HeardCommands(node, errors, spec, self._on_command)
        self._pairing = ObservationPairing(names, slack_ns, spec.step_ns, round(gap_s * 1e9), optional)
        self._most_pixels = common.max_image_pixels
        camera = camera_subscription(common.camera_reliability, IMAGES_KEPT, simulated)
        inputs = SensorInputs(node, errors, spec, self._most_pixels)
        inputs.observe(images, vectors, camera, self._on_image, self._on_vector)
        on_status = within(report_limit(), DiagnosticArray, self._on_status)
        topic = f"{self._planner}/goal_status"
        node.create_subscription(DiagnosticArray, topic, on_status, EVERY_MESSAGE, raw=True)
        on_verdict = within(MOST_TEXT, DiagnosticArray, self._on_verdict)
        node.create_subscription(DiagnosticArray, "safety/verdict", on_verdict, VERDICTS, raw=True)
        if simulated:
            node.create_subscription(String, "sim/truth", self._on_truth, EVERY_MESSAGE)

    # Control of the robot

    def go(self) -> None:
        """Let simulated time go on; a real robot's always does."""
        self._heard_s = time.monotonic()
        if self._sim is not None:
            self._call(self._sim, SetBool.Request(data=False), "sim/pause")

    def rest(self) -> None:
        """Stop simulated time."""
        if self._sim is not None:
            self._call(self._sim, SetBool.Request(data=True), "sim/pause")

    def look(self) -> None:
        """Take what has arrived. Raises ProcessError: a node died, or the robot went silent."""
        self._spin()
        if time.monotonic() - self._heard_s > SILENT_S:
            outputs = self._spec.outputs if self.place.hears_commands else ()
            needed = ", ".join([*self.place.sensors, *(carried.output.topic for carried in outputs)])
            raise ProcessError(
                f"no observation arrived for {SILENT_S:.0f} s, expected messages of {needed}; "
                f"{self._last_words()}"
            )

    def wait_for_planner(self) -> None:
        """Wait until the planner is there, with its model. Raises ProcessError: not in time."""
        topic = f"{self._planner}/proposed"  # the topic exists from the planner's configuration on
        self._until(lambda: self._node.count_publishers(topic) > 0, START_TIMEOUT_S, self._last_words)
        connected_s = time.monotonic() + CONNECT_S
        self._until(lambda: time.monotonic() > connected_s, START_TIMEOUT_S, self._last_words)

    def show(self, goal: TakenGoal) -> int:
        """Send a goal to the planner, and return the stamp that names it."""
        stamp_ns = time.time_ns()
        for camera in self._cameras:
            message = image_to_ros(goal.images[camera], stamp_ns, self._spec.sensors[camera].name)
            self._goals[camera].publish(message)
        if self._profiles is not None:
            self._profiles.publish(_profile(self.place.shown(goal.place), stamp_ns))
        return stamp_ns

    def wait_for_goal(self, stamp_ns: int) -> None:
        """Wait until the planner has accepted a goal.

        Raises:
            ProcessError: not in time.
            GoalError: the planner refuses it.
        """

        def taken() -> bool:
            status = self._status
            if status is None or status.goal_stamp_ns < stamp_ns:
                return False
            if status.state is GoalState.ERROR:
                raise GoalError(f"the planner says: {status.reason}")
            return set(self._cameras) <= set(status.goal_sensors) and bool(status.goal_sensors)

        problem = "the planner did not take the goal"
        self._until(taken, START_TIMEOUT_S, lambda: f"{problem}; {self._last_words()}")

    def _last_words(self) -> str:
        status = self._status
        if status is None:
            return f"no {self._planner}/goal_status arrived"
        return f"{self._planner}: {status.state.value}: {status.reason}"

    # Messages

    def _on_image(self, sensor: ImageSensor, message: Any) -> None:
        self._see(sensor.name, message, stamp_to_ns(message.header.stamp))

    def _on_vector(self, sensor: VectorSensor, message: Any) -> None:
        values, stamp_ns = vector_from_ros(message, sensor, self._now_ns(), self._spec.simulation.held)
        self._see(sensor.name, values, stamp_ns)

    def _on_command(self) -> None:
        self._see(COMMANDED, None, self._now_ns())

    def _now_ns(self) -> int:
        return int(self._node.get_clock().now().nanoseconds)

    def _see(self, sensor: str, content: Any, stamp_ns: int) -> None:
        if not self._is_on:
            return
        self._pairing.see(sensor, Seen(content, stamp_ns, time.time_ns()))
        taken = self._pairing.take()
        if taken is None:
            return
        if COMMANDED in taken:
            if (commanded := self._commands.newest) is None:
                return
            taken = {**taken, COMMANDED: replace(taken[COMMANDED], content=commanded)}
        observation = observation_of(taken, self._most_pixels)
        self.now_ns, self._heard_s = observation.stamp_ns, time.monotonic()
        self._here = self.place.of(observation)
        self._on_observation(observation, self._here)

    def _on_observation(self, observation: Observation, here: FloatArray) -> None:
        """Take an observation, and where the robot is (P,)."""

    def _on_status(self, message: DiagnosticArray) -> None:
        self._status = status_from_ros(message)
        self._on_report(self._status)

    def _on_report(self, status: GoalStatus) -> None:
        """Take a report of the planner."""

    def _on_verdict(self, message: DiagnosticArray) -> None:
        judgement = judgement_from_ros(message)
        if judgement.proposal_stamp_ns is None:
            self._on_state(judgement)
            self.level = judgement.verdict.level

    def _on_state(self, judgement: Judgement) -> None:
        """Take the gate's new level; `level` is still the one before."""

    def _on_truth(self, message: String) -> None:
        self._is_on = True
        self.unsafe = int(json.loads(message.data)["unsafe_commands"])


def _profile(values: Mapping[str, float], stamp_ns: int) -> JointTrajectory:
    """Return a profile of one point: wanted values that do not change."""
    message = JointTrajectory(joint_names=list(values))
    message.header.stamp = stamp_from_ns(stamp_ns)
    message.points = [JointTrajectoryPoint(positions=list(values.values()))]
    return message


def pictures(observation: Observation, cameras: Sequence[str]) -> dict[str, Any]:
    """Return the pictures of an observation by camera; those that are missing are left out."""
    return {name: observation[name].value for name in cameras if name in observation.readings}
