# SPDX-License-Identifier: Apache-2.0
"""Plays a recording to a planner and a gate, and collects what they publish."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.goals.kinds import goal_topics
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import ImageSensor
from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.bags.bag_topic import types
from ami_ros.recordings.importing.roles import COMPRESSED_IMAGE, Roles
from ami_ros.recordings.importing.timeline import BACK_NS
from ami_ros.recordings.message_values import stamp_of
from ami_ros.ros.clients.client import SPIN_S, START_TIMEOUT_S, Client
from ami_ros.ros.wire.goal_status import GoalStatus, status_from_ros
from ami_ros.ros.wire.goals import goal_type
from ami_ros.ros.wire.messages import image_to_ros, stamp_from_ns
from ami_ros.ros.wire.qos import LATCHED, STATE
from ami_ros.ros.wire.vectors import COMPRESSED, vector_type
from ami_ros.ros.wire.verdicts import Judgement, judgement_from_ros
from ami_ros.types import ImageArray

STATUS, VERDICT, PROPOSED = "planner/goal_status", "safety/verdict", "planner/proposed"
LAST_WORDS_S = 1.0
TICK_NS = 10_000_000
OTHER_CLOCK_NS = 5_000_000_000  # stamps this far from their arrival are simulated time
PAUSE_NS = 10_000_000_000  # longer pauses are skipped: time jumps


@dataclass
class Heard:
    """Output of planner and gate.

    Attributes:
        plans: reports of the planner, with a plan each.
        judged: verdicts of the gate, on proposals and on the state as a whole.
        proposals: number of proposals.
    """

    plans: list[GoalStatus] = field(default_factory=list)
    judged: list[Judgement] = field(default_factory=list)
    proposals: int = 0


class Replay(Client):
    """A node that stands in for the robot, and publishes the time.

    Args:
        spec: the robot.
        roles: topics of the recording by role.
        goals: topic of a recorded goal to play -> its subject: see `goal_topics`.
        check: called while waiting; raises ProcessError when a node has died.

    Attributes:
        heard: output so far.
    """

    def __init__(
        self, spec: RobotSpec, roles: Roles, goals: Mapping[str, str], check: Callable[[], None]
    ) -> None:
        super().__init__("replay", check)
        self._spec, self.heard = spec, Heard()
        self._clock = self._node.create_publisher(Clock, "/clock", LATCHED)
        self._now_ns: int | None = None
        self._due_s = 0.0
        self._sensors: dict[str, Any] = {}  # topic of the recording -> publisher
        self._wanted: dict[str, int] = {}  # the same -> listeners
        for name, found in roles.sensors.items():
            sensor = spec.sensors[name]
            self._wanted[found.name] = self._wanted.get(found.name, 0) + len(sensor.used_by)
            if found.name not in self._sensors:
                self._sensors[found.name] = self._publisher(name, found.type)
        self._goal_topics = goal_topics(spec, "planner")
        self._goals = {topic: self._goal_publisher(subject) for topic, subject in goals.items()}
        listen = self._node.create_subscription
        listen(DiagnosticArray, STATUS, self._on_status, 200)
        listen(DiagnosticArray, VERDICT, self._on_verdict, 200)
        listen(JointTrajectory, PROPOSED, self._on_proposal, 200)

    def show(self, pictures: Mapping[str, ImageArray]) -> None:
        """Send goal pictures of cameras to the planner."""
        stamp_ns = time.time_ns()
        for camera, picture in pictures.items():
            publisher = self._goal_publisher(camera)
            publisher.publish(image_to_ros(picture, stamp_ns, camera))
            self._goals[f"shown {camera}"] = publisher

    def wait_for_listeners(self) -> None:
        """Wait until planner, gate and this node are connected. Raises ProcessError: not in time."""
        self._until(
            lambda: not self._unheard(),
            START_TIMEOUT_S,
            lambda: f"connections are missing on {self._unheard()}",
        )

    def _unheard(self) -> list[str]:
        """Return the topics that lack a subscriber or a publisher."""
        node, here = self._node, {"/clock": self._clock, **self._sensors, **self._goals}
        wanted = {**self._wanted, "/clock": 2}
        deaf = [t for t, p in here.items() if p.get_subscription_count() < wanted.get(t, 1)]
        deaf += [t for t in (STATUS, VERDICT, PROPOSED) if not node.count_publishers(t)]
        # This node, and the gate.
        return deaf + [t for t in (STATUS, PROPOSED) if node.count_subscribers(t) < 2]

    def play(self, bag: Bag, speed: float, on_played: Callable[[int], object]) -> None:
        """Play a recording; messages that cannot be unpacked are left out and reported as its problems.

        Args:
            bag: the recording.
            speed: multiple of the recorded speed.
            on_played: receives 1 for each message read.

        Raises:
            ProcessError: a node died.
        """
        shift_ns: int | None = None  # from stamps to arrival times
        damaged: dict[str, list[str]] = {}  # topic -> why each of its messages was left out
        for message in bag.messages():
            on_played(1)
            publisher = self._sensors.get(message.topic) or self._goals.get(message.topic)
            if publisher is None:
                continue
            # For each message: a simulator's first messages, before it begins, may have other stamps.
            if message.topic in self._sensors:
                try:
                    unpacked = types().deserialize_cdr(message.data, message.type)
                except Exception as error:  # the deserialiser trusts the bytes: garbage raises a dozen kinds
                    damaged.setdefault(message.topic, []).append(f"as {message.type}: {error!r}")
                    continue
                late_ns = message.log_ns - stamp_of(unpacked, message.log_ns)
                shift_ns = late_ns if abs(late_ns) > OTHER_CLOCK_NS else 0
            if shift_ns is not None:
                self._advance(message.log_ns - shift_ns, speed)
            publisher.publish(message.data)
        for topic, reasons in damaged.items():
            bag.problems.append(f"{topic}: {len(reasons)} messages cannot be unpacked {reasons[0]}")
        deadline = time.monotonic() + LAST_WORDS_S
        while time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=SPIN_S)

    def _publisher(self, sensor: str, kind: str) -> Any:
        topic = self._spec.sensors[sensor].topic
        if kind == COMPRESSED_IMAGE:
            return self._node.create_publisher(CompressedImage, topic + COMPRESSED, STATE)
        described = self._spec.sensors[sensor]
        message = Image if isinstance(described, ImageSensor) else vector_type(described)
        return self._node.create_publisher(message, topic, STATE)

    def _goal_publisher(self, subject: str) -> Any:
        topic = self._goal_topics[subject]
        return self._node.create_publisher(goal_type(topic), topic.name, LATCHED)

    def _advance(self, time_ns: int, speed: float) -> None:
        """Advance time to `time_ns`, tick by tick; it jumps over a long pause, and backwards."""
        if self._now_ns is None or not -BACK_NS <= time_ns - self._now_ns < PAUSE_NS:
            self._now_ns, self._due_s = time_ns, time.monotonic()
            self._clock.publish(Clock(clock=stamp_from_ns(time_ns)))
            return
        while self._now_ns + TICK_NS <= time_ns:
            self._now_ns += TICK_NS
            self._due_s += TICK_NS / 1e9 / speed
            self._executor.spin_once(timeout_sec=0.0)
            while (left_s := self._due_s - time.monotonic()) > 0.0:
                self._executor.spin_once(timeout_sec=left_s)
            self._check()
            self._clock.publish(Clock(clock=stamp_from_ns(self._now_ns)))

    def _on_status(self, message: DiagnosticArray) -> None:
        status = status_from_ros(message)
        if status.plan_ms is not None:
            self.heard.plans.append(status)

    def _on_verdict(self, message: DiagnosticArray) -> None:
        self.heard.judged.append(judgement_from_ros(message))

    def _on_proposal(self, message: JointTrajectory) -> None:
        self.heard.proposals += 1
