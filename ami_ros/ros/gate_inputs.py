# SPDX-License-Identifier: Apache-2.0
"""What the gate hears: joints, camera, proposals and the planner's reports, however many come."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image, JointState
from trajectory_msgs.msg import JointTrajectory

from ami_ros.embodiment import RobotSpec
from ami_ros.errors import ObservationError
from ami_ros.ros.diagnostics import values_of
from ami_ros.ros.guard import ErrorLog, guarded
from ami_ros.ros.heartbeat import content_of_compressed, content_of_serialised, stamp_of_serialised
from ami_ros.ros.messages import joints_from_ros, stamp_to_ns
from ami_ros.ros.polling import Polled, take_all
from ami_ros.ros.proposal_desk import ProposalDesk
from ami_ros.ros.qos import PROPOSALS, STATE
from ami_ros.safety.supervisor import Supervisor

MOST = 50  # messages per topic and tick, so that a flood ends
REPORTS = 3  # the newest ones: a report about nothing proposed may follow one about a proposal
Handler = Callable[[list[bytes]], None]


class GateInputs:
    """Subscriptions, and what becomes of their messages.

    Messages stay serialised until it is clear that they count: of joints, images and reports the newest.

    Args:
        node: owns the subscriptions.
        spec: the robot.
        supervisor: sees what arrives.
        desk: learns what has been seen.
        now_ns: returns the time of arrival.
        errors: takes what is malformed.
        polled: empty the queues in `poll`; else handle each message as it comes.
    """

    def __init__(
        self,
        node: Node,
        spec: RobotSpec,
        supervisor: Supervisor,
        desk: ProposalDesk,
        now_ns: Callable[[], int],
        errors: ErrorLog,
        polled: bool,
    ) -> None:
        self._node, self._spec, self._supervisor, self._desk = node, spec, supervisor, desk
        self._now_ns, self._errors = now_ns, errors
        self._group = Polled() if polled else None
        self._polled: list[tuple[Any, Handler]] = []
        self._raw_came = False

    def listen(self, camera: QoSProfile, on_proposals: Handler, on_seen: Callable[[], None]) -> None:
        """Create the subscriptions.

        Args:
            camera: quality of service of images.
            on_proposals: gets proposals, serialised.
            on_seen: called after joints, an image or a report, for which a proposal may have waited.
        """
        self._on_seen = on_seen
        self.subscribe(JointState, "joint_states", self._on_joints, STATE)
        self.subscribe(Image, "camera/image_raw", self._on_images, camera)
        self.subscribe(CompressedImage, "camera/image_raw/compressed", self._on_compressed, camera)
        self.subscribe(DiagnosticArray, "planner/goal_status", self._on_reports, STATE)
        self.subscribe(JointTrajectory, "planner/proposed", on_proposals, PROPOSALS)

    def subscribe(self, kind: Any, topic: str, handler: Handler, qos: QoSProfile) -> None:
        """Let `handler` have the serialised messages of a topic, oldest first."""
        safe: Handler = guarded(self._errors, handler)
        if self._group is None:
            self._node.create_subscription(kind, topic, partial(_one, safe), qos, raw=True)
            return
        subscription = self._node.create_subscription(
            kind, topic, partial(_one, safe), qos, raw=True, callback_group=self._group
        )
        self._polled.append((subscription, safe))

    def poll(self) -> None:
        """Handle what has arrived; never raises."""
        for subscription, handler in self._polled:
            try:
                messages = take_all(subscription, MOST)
            except Exception as error:  # of the middleware
                self._errors.report("poll", error)
                continue
            if messages:
                handler(messages)

    def _on_joints(self, messages: list[bytes]) -> None:
        message = deserialize_message(messages[-1], JointState)
        position, _ = joints_from_ros(message, self._spec.joint_names, self._spec.simulation.hold_joints)
        stamp = stamp_to_ns(message.header.stamp)
        self._supervisor.see_joints(position, stamp, self._now_ns())
        self._desk.see_joints(stamp)
        self._on_seen()

    def _on_images(self, messages: list[bytes]) -> None:
        self._raw_came = True
        self._see_image(messages[-1], content_of_serialised)

    def _on_compressed(self, messages: list[bytes]) -> None:
        # Of a camera that sends both, one is enough; in turn, they would never look frozen.
        if not self._raw_came:
            self._see_image(messages[-1], content_of_compressed)

    def _see_image(self, newest: bytes, content_of: Callable[[bytes], int | None]) -> None:
        stamp, content = stamp_of_serialised(newest), content_of(newest)
        self._supervisor.see_image(stamp, self._now_ns(), content)
        self._desk.see_image()
        self._on_seen()

    def _on_reports(self, messages: list[bytes]) -> None:
        for serialised in messages[-REPORTS:]:
            message = deserialize_message(serialised, DiagnosticArray)
            values = values_of(message)
            if "state" not in values:
                raise ObservationError(f"goal status: got keys {sorted(values)}, expected state among them")
            stamp, about = stamp_to_ns(message.header.stamp), _number("proposal_stamp_ns", values)
            surprise, disagreement = (_number(name, values) for name in ("surprise", "disagreement"))
            if about or surprise is not None or disagreement is not None:
                self._supervisor.see_planner(stamp, self._now_ns(), surprise, disagreement)
            else:
                self._supervisor.see_planner_alive(self._now_ns())
            if about:
                self._desk.see_report(int(values["proposal_stamp_ns"]))
        self._on_seen()


def _one(handler: Handler, message: bytes) -> None:
    handler([message])


def _number(name: str, values: dict[str, str]) -> float | None:
    """Return a number of a report; None when it has none. NaN stays NaN: judging it is the gate's job."""
    if name not in values:
        return None
    try:
        return float(values[name])
    except ValueError as error:
        raise ObservationError(f"goal status: {name}: got {values[name]!r}, expected a number") from error
