# SPDX-License-Identifier: Apache-2.0
"""Listens to what people watch. It requests no resends, so that no publisher works for it."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.ros.clients.client import Client
from ami_ros.ros.wire.latched_or_not import LOOK_S, Counts, LatchedOrNot
from ami_ros.ros.wire.message_fields import message_class
from ami_ros.ros.wire.qos import RECORDED_STREAM
from ami_ros.ros.wire.receiver import NeverRun, RawHandler, hand_on, received_ns
from ami_ros.system.priority import step_back
from ami_ros.watching.topics import Shows, WatchedTopic, watched_topics
from ami_ros.watching.watcher import Watcher

TAKE_S = 0.02
BUSY_S = 0.1  # longest time for showing messages before newer ones are taken
MOST_WAITING = 200  # messages; beyond, the oldest are dropped


class _Message(NamedTuple):
    topic: WatchedTopic
    kind: Any
    data: bytes
    arrival_ns: int


class WatchedTopics(Client):
    """A client in the ROS domain of this shell.

    Args:
        spec: the robot.
        watcher: shows its messages.
        ros_arguments: as for Client.

    Attributes:
        dropped: messages by topic that were too many to be shown.
    """

    def __init__(self, spec: RobotSpec, watcher: Watcher, ros_arguments: Sequence[str] = ()) -> None:
        super().__init__("watch", lambda: None, ros_arguments)
        self._watcher, self._group = watcher, NeverRun()
        self._handlers: dict[Subscription[Any], RawHandler] = {}
        self._waiting: deque[_Message] = deque()
        self._joints: dict[str, _Message] = {}  # by topic; no eye needs them as often as the gate does
        self._latched: list[LatchedOrNot] = []
        self.dropped: Counter[str] = Counter()
        for topic in watched_topics(spec):
            package, _, name = topic.type.split("/")
            kind = message_class(package, name)
            if topic.latched:
                subscribe = partial(self._hear, topic, kind)
                self._latched.append(LatchedOrNot(self._node, subscribe, self._unsubscribe))
            else:
                self._subscribe(kind, topic, RECORDED_STREAM, partial(self._take, topic, kind))

    def show(self, stopped: Callable[[], bool]) -> None:
        """Show messages until `stopped`, at the least urgent priority."""
        step_back()
        looked_s = time.monotonic()
        while not stopped():
            time.sleep(TAKE_S)
            if time.monotonic() - looked_s > LOOK_S:
                looked_s = time.monotonic()
                for topic in self._latched:
                    topic.look()
            hand_on(self._handlers)
            self._waiting.extend(self._joints.values())
            self._joints.clear()
            until_s = time.monotonic() + BUSY_S
            while self._waiting and time.monotonic() < until_s:
                message = self._waiting.popleft()
                try:
                    unpacked = deserialize_message(message.data, message.kind)
                except Exception as error:  # the deserialiser trusts the bytes: garbage raises a dozen kinds
                    self._watcher.refuse(message.topic, error)
                    continue
                self._watcher.see(message.topic, unpacked, message.arrival_ns)

    def _subscribe(
        self, kind: Any, topic: WatchedTopic, qos: QoSProfile, handler: RawHandler
    ) -> Subscription[Any]:
        subscription = self._node.create_subscription(
            kind, topic.name, lambda message: None, qos, raw=True, callback_group=self._group
        )
        self._handlers[subscription] = handler
        return subscription

    def _hear(self, topic: WatchedTopic, kind: Any, qos: QoSProfile, counts: Counts) -> Subscription[Any]:
        def handle(data: bytes, info: Any) -> None:
            if counts(info):
                self._take(topic, kind, data, info)

        return self._subscribe(kind, topic, qos, handle)

    def _unsubscribe(self, subscription: Subscription[Any]) -> None:
        del self._handlers[subscription]
        self._node.destroy_subscription(subscription)

    def _take(self, topic: WatchedTopic, kind: Any, data: bytes, info: Any) -> None:
        message = _Message(topic, kind, data, received_ns(info))
        if topic.shows is Shows.JOINTS:
            self._joints[topic.name] = message
            return
        if len(self._waiting) >= MOST_WAITING:
            self.dropped[self._waiting.popleft().topic.name] += 1
        self._waiting.append(message)
