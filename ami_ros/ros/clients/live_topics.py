# SPDX-License-Identifier: Apache-2.0
"""Listens to a robot's topics for a while, and looks for other endpoints.

It takes nothing from the control nodes: it requests no resends (see RECORDED_STREAM), and so receives from
publishers of any quality of service. Whether our nodes would receive them follows from what they offer.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from rclpy.duration import Infinite
from rclpy.qos import LivelinessPolicy, QoSCompatibility, QoSProfile, qos_check_compatible
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image

from ami_ros.body.goals.kinds import goal_topics
from ami_ros.body.outputs import Output
from ami_ros.body.sensors import ImageSensor, Sensor
from ami_ros.configuration import Configuration
from ami_ros.doctor.live.heard import Endpoint, HeardOutput, HeardRobot, HeardTopic, Sample
from ami_ros.doctor.live.reading import Read, Reader, reader_of
from ami_ros.launching.environment import domain_of
from ami_ros.node_settings import NodeSettings
from ami_ros.ros.clients.client import Client
from ami_ros.ros.wire.commands import message_type
from ami_ros.ros.wire.message_fields import type_name
from ami_ros.ros.wire.message_limits import image_limit, vector_limit
from ami_ros.ros.wire.messages import stamp_to_ns
from ami_ros.ros.wire.qos import RECORDED_STREAM, STATE, camera_subscription
from ami_ros.ros.wire.receiver import NeverRun, RawHandler, hand_on, received_ns
from ami_ros.ros.wire.vectors import COMPRESSED, vector_type
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.system.discovery import wait_for_others

DISCOVERY_S = 4.0  # if an endpoint is missing: on a busy machine discovery takes two
QUIET_S = 0.5  # since the last discovery
MOST_DISCOVERY_S = 10.0  # however many endpoints come and go
MOST_CONNECTING_S = 4.0  # a discovered publisher's messages may not arrive yet
MOST_SIMILAR = 3
TAKE_S = 0.02
CLOCK = "/clock"


class _Ear(NamedTuple):
    """One subscribed sensor."""

    heard: HeardTopic
    kind: Any
    asked: QoSProfile
    limit: int
    reader: Reader
    numbers: dict[str, list[int]]  # publisher -> sequence numbers of its messages


class LiveTopics(Client):
    """A client in the ROS domain of this shell.

    Args:
        configuration: the robot whose topics to check.
        ros_arguments: as for Client.
    """

    def __init__(self, configuration: Configuration, ros_arguments: Sequence[str] = ()) -> None:
        super().__init__("doctor", lambda: None, ros_arguments)
        self._spec = configuration.spec
        self._common = load_settings(NodeSettings, config_path("node.yaml"))
        self._group, self._now_ns = NeverRun(), -1
        self._handlers: dict[Subscription[Any], RawHandler] = {}
        self._has_clock = False
        resolved = self._node.resolve_topic_name
        self._sensors = [resolved(sensor.topic) for sensor in self._spec.sensors.values()]
        self._outputs = {resolved(carried.output.topic): carried.output for carried in self._spec.outputs}
        ours = [
            "planner/proposed",
            *(goal.name for node in ("planner", "sim") for goal in goal_topics(self._spec, node).values()),
        ]
        self._ours = [self._node.resolve_topic_name(topic) for topic in ours]

    def hear(self, duration_s: float) -> HeardRobot:
        """Listen for this long once connected; return at once if there is none of the sensors."""
        self._discover()
        self._has_clock = self._node.count_publishers(CLOCK) > 0
        ears = {sensor.name: self._ear(sensor) for sensor in self._spec.sensors.values()}
        if any(ear.heard.right for ear in ears.values()):
            duration_s = self._listen(ears.values(), duration_s)
        else:
            duration_s = 0.0
        for ear in ears.values():
            ear.heard.ends = self._publishers(ear.heard.name, ear.asked)
            ear.heard.similar = self._similar(ear.heard, self._node.count_publishers)
            ear.heard.missed = sum(max(seen) - min(seen) + 1 - len(seen) for seen in ear.numbers.values())
        return HeardRobot(
            domain=str(domain_of(os.environ)),
            nodes=len(self._node.get_node_names()) - 1,
            duration_s=duration_s,
            sensors={name: ear.heard for name, ear in ears.items()},
            outputs=tuple(self._heard_output(*known) for known in self._outputs.items()),
            has_clock=self._has_clock,
        )

    def _heard_output(self, name: str, output: Output) -> HeardOutput:
        topic = self._topic(name, message_type(output.of), STATE)
        subscribers = self._node.get_subscriptions_info_by_topic(topic.name)
        topic.ends = tuple(_endpoints(subscribers, offered=STATE))
        topic.similar = self._similar(topic, self._node.count_subscribers)
        return HeardOutput(topic, self._publishers(topic.name, STATE))

    def _discover(self) -> None:
        """Wait until all endpoints are known, or no new ones appear."""
        node, sensors, outputs = self._node, self._sensors, tuple(self._outputs)

        def look() -> list[int]:
            heard = map(node.count_publishers, (CLOCK, *sensors))
            return [*heard, *map(node.count_subscribers, outputs)]

        def is_known(seen: list[int], quiet_s: float, waited_s: float) -> bool:
            is_whole = all(seen[1:])  # robots without a clock are whole
            return quiet_s > QUIET_S and (is_whole or waited_s > DISCOVERY_S)

        wait_for_others(look, is_known, MOST_DISCOVERY_S)

    def _ear(self, sensor: Sensor) -> _Ear:
        pixels, held = self._common.max_image_pixels, self._spec.simulation.held
        if isinstance(sensor, ImageSensor):
            common = self._common
            asked = camera_subscription(common.camera_reliability, common.camera_depth, self._has_clock)
            kind, limit, topic = Image, image_limit(pixels), self._node.resolve_topic_name(sensor.topic)
            compressed = self._topic(topic + COMPRESSED, CompressedImage, asked)
            heard = self._topic(topic, kind, asked)
            if compressed.right and not heard.right:
                kind, heard = CompressedImage, compressed
        else:
            kind, asked, limit = vector_type(sensor), STATE, vector_limit(sensor, held)
            heard = self._topic(self._node.resolve_topic_name(sensor.topic), kind, asked)
        return _Ear(heard, kind, asked, limit, reader_of(sensor, held, pixels), defaultdict(list))

    def _topic(self, name: str, kind: Any, qos: QoSProfile) -> HeardTopic:
        return HeardTopic(name, type_name(kind), ", ".join(_words(qos)), self._publishers(name, qos))

    def _publishers(self, name: str, asked: QoSProfile) -> tuple[Endpoint, ...]:
        return tuple(_endpoints(self._node.get_publishers_info_by_topic(name), asked=asked))

    def _similar(self, topic: HeardTopic, count: Callable[[str], int]) -> tuple[str, ...]:
        last = topic.name.rpartition("/")[2]
        names = [
            name
            for name, types in self._node.get_topic_names_and_types()
            if topic.type in types
            and name not in (*self._sensors, *self._outputs, *self._ours)
            and count(name)
        ]
        likeliest = sorted(names, key=lambda name: (not name.endswith(topic.name), last not in name, name))
        return tuple(likeliest[:MOST_SIMILAR])

    def _listen(self, ears: Any, least_s: float) -> float:
        """Listen for this long after every publisher has connected, and return for how long we listened."""
        if self._has_clock:
            self._subscribe(Clock, CLOCK, self._on_clock)
        for ear in ears:
            if ear.heard.right:
                self._subscribe(ear.kind, ear.heard.name, partial(self._on_message, ear))
        begun_s = time.monotonic()
        self._take(MOST_CONNECTING_S, lambda: all(heard.get_publisher_count() for heard in self._handlers))
        self._take(least_s)
        return round(time.monotonic() - begun_s, 1)

    def _take(self, longest_s: float, is_enough: Callable[[], bool] = lambda: False) -> None:
        deadline = time.monotonic() + longest_s
        while time.monotonic() < deadline and not is_enough():
            time.sleep(TAKE_S)
            hand_on(self._handlers)

    def _subscribe(self, kind: Any, topic: str, handler: RawHandler) -> None:
        subscription = self._node.create_subscription(
            kind, topic, lambda message: None, RECORDED_STREAM, raw=True, callback_group=self._group
        )
        self._handlers[subscription] = handler

    def _on_clock(self, data: bytes, info: Any) -> None:
        self._now_ns = stamp_to_ns(deserialize_message(data, Clock).clock)

    def _on_message(self, ear: _Ear, data: bytes, info: Any) -> None:
        arrival_ns = received_ns(info)
        now_ns = (None if self._now_ns < 0 else self._now_ns) if self._has_clock else arrival_ns
        if (number := info.get("publication_sequence_number")) is not None:
            ear.numbers[repr(info.get("publisher_gid"))].append(number)
        sent_ns = info.get("source_timestamp") or 0
        if len(data) > ear.limit:
            error = (
                f"got a message of {len(data)} bytes, expected at most {ear.limit}: our nodes drop it unread"
            )
            ear.heard.samples.append(Sample(arrival_ns, sent_ns, now_ns, None, None, None, error))
            return
        try:
            read = ear.reader.read(deserialize_message(data, ear.kind))
        except Exception as error:  # the deserialiser trusts the bytes: garbage raises a dozen kinds
            read = Read(None, None, None, f"cannot be unpacked as {ear.heard.type}: {error!r}")
        ear.heard.joints = read.joints
        ear.heard.samples.append(
            Sample(arrival_ns, sent_ns, now_ns, read.stamp_ns, read.content, read.value, read.error)
        )


def _endpoints(
    infos: Sequence[Any], asked: QoSProfile | None = None, offered: QoSProfile | None = None
) -> Iterator[Endpoint]:
    """Yield endpoints: publishers for what our nodes request, or subscribers for what they offer."""
    for info in infos:
        space = "" if info.node_namespace == "/" else info.node_namespace
        publisher = info.qos_profile if offered is None else _spelt_out(offered)
        subscriber = info.qos_profile if asked is None else _spelt_out(asked)
        fits = qos_check_compatible(publisher, subscriber)[0] != QoSCompatibility.ERROR
        yield Endpoint(f"{space}/{info.node_name}", info.topic_type, *_words(info.qos_profile), fits)


def _spelt_out(qos: QoSProfile) -> QoSProfile:
    """Return how one of our profiles appears on the graph, where unset values (zero) mean infinite."""
    return QoSProfile(
        depth=qos.depth,
        reliability=qos.reliability,
        durability=qos.durability,
        deadline=Infinite,
        lifespan=Infinite,
        liveliness=LivelinessPolicy.AUTOMATIC,
        liveliness_lease_duration=Infinite,
    )


def _words(qos: QoSProfile) -> tuple[str, str]:
    return qos.reliability.name.lower(), qos.durability.name.lower()
