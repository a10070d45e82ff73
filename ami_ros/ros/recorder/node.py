# SPDX-License-Identifier: Apache-2.0
"""The recorder's process: subscribes to all recorded topics of a robot, and passes messages on unchanged.

No executor runs its subscriptions: it would wake up for each message. The recorder takes messages every
`TAKE_S`, which costs a fraction; the middleware stores their arrival times.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

from ami_ros.configuration import Configuration
from ami_ros.errors import AmiError, ConfigError, printable_lines
from ami_ros.node_settings import NodeSettings, RecorderSettings
from ami_ros.recordings.bags.bag_topic import BagTopic
from ami_ros.recordings.bags.bag_writer import BagWriter
from ami_ros.recordings.bags.recording import Recording, RecordingStatus
from ami_ros.ros.recorder.topics import RecordedTopic, imported_topics, offered, recorded_topics
from ami_ros.ros.wire.guard import ErrorLog, guarded_timer
from ami_ros.ros.wire.health import Health, HealthReports
from ami_ros.ros.wire.latched_or_not import LOOK_S, Counts, LatchedOrNot
from ami_ros.ros.wire.node_main import EXIT_CONFIGURATION, node_main
from ami_ros.ros.wire.parameters import declare_settings, refuse_unknown, settings_from_parameters
from ami_ros.ros.wire.qos import RECORDED, RECORDED_STREAM
from ami_ros.ros.wire.receiver import NeverRun, RawHandler, hand_on, received_ns
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path

Names = Mapping[str, Sequence[str]]
Watch = Callable[[RecordingStatus, Names], object]
TAKE_S = 0.02
WATCH_S = 1.0
MB, GB = 10**6, 10**9


class RecorderNode(Node):
    """Records what `recorded_topics` lists.

    Args:
        recording: to continue after this process was suspended; None begins one.

    Attributes:
        recording: under way.
        names: role of an import -> its topics' names on the graph: see `imported_topics`.
    """

    def __init__(self, recording: Recording | None = None) -> None:
        super().__init__("recorder")
        declare_settings(self, load_settings(NodeSettings, config_path("node.yaml")))
        declare_settings(self, load_settings(RecorderSettings, config_path("recorder.yaml")))
        refuse_unknown(self)
        settings = settings_from_parameters(self, RecorderSettings)
        common = settings_from_parameters(self, NodeSettings)
        configuration = Configuration.of_node(common)
        if not settings.out:
            raise ConfigError("out: got nothing, expected the folder of the recording")
        self.recording = recording or _begin(settings, configuration)
        self.names: Names = {
            role: [self.resolve_topic_name(topic) for topic in topics]
            for role, topics in imported_topics(configuration.spec).items()
        }
        self._sim_time = bool(self.get_parameter("use_sim_time").value)
        self._topics: dict[str, BagTopic] = {}
        errors = ErrorLog(self)
        self._group = NeverRun()
        self._handlers: dict[Subscription[Any], RawHandler] = {}
        self._heard: list[LatchedOrNot] = []
        for topic in recorded_topics(configuration.spec, self._sim_time, settings.thoughts):
            if topic.streams:
                self._subscribe(topic, RECORDED_STREAM, partial(self._record, topic))
            else:
                self._heard.append(LatchedOrNot(self, partial(self._hear, topic), self._unsubscribe))
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(LOOK_S, guarded_timer(errors, self._look), clock=steady)
        self._health = HealthReports(self, "recorder: bag", configuration.spec.name, errors, self._report)

    def take(self) -> None:
        """Pass on the messages that have arrived, in order of arrival."""
        hand_on(self._handlers)

    def _look(self) -> None:
        for topic in self._heard:
            topic.look()

    def _subscribe(self, topic: RecordedTopic, qos: QoSProfile, handler: RawHandler) -> Subscription[Any]:
        subscription = self.create_subscription(
            topic.kind, topic.name, handler, qos, raw=True, callback_group=self._group
        )
        self._handlers[subscription] = handler
        return subscription

    def _hear(self, topic: RecordedTopic, qos: QoSProfile, counts: Counts) -> Subscription[Any]:
        def handle(message: bytes, info: Any) -> None:
            if counts(info):
                self._record(topic, message, info)

        return self._subscribe(topic, RECORDED if qos.durability == RECORDED.durability else qos, handle)

    def _unsubscribe(self, subscription: Subscription[Any]) -> None:
        del self._handlers[subscription]
        self.destroy_subscription(subscription)

    def _record(self, topic: RecordedTopic, message: bytes, info: Any) -> None:
        told = self._topics.get(topic.name)
        if told is None:
            name = self.resolve_topic_name(topic.name)
            profiles = [one.qos_profile for one in self.get_publishers_info_by_topic(name)]
            told = self._topics[topic.name] = BagTopic(name, topic.type_name, offered(profiles))
        arrival_ns = self.get_clock().now().nanoseconds if self._sim_time else received_ns(info)
        publish_ns = arrival_ns if self._sim_time else info["source_timestamp"] or arrival_ns
        self.recording.put(told, arrival_ns, publish_ns, message)

    def _report(self) -> Health:
        status = self.recording.status
        figures = {
            "messages": status.counts.total(),
            "dropped": status.dropped.total(),
            "megabytes": round(status.size / MB, 1),
            "waiting_megabytes": round(status.waiting / MB, 1),
            "files_removed": status.removed,
        }
        if status.dropped:
            lost = ", ".join(f"{count} of {name}" for name, count in status.dropped.most_common(3))
            return Health(DiagnosticStatus.WARN, f"the disk is too slow, dropped {lost}", figures)
        return Health(DiagnosticStatus.OK, "records", figures)


def _begin(settings: RecorderSettings, configuration: Configuration) -> Recording:
    about = {"robot": configuration.spec.name, "task": configuration.task_name}
    writer = BagWriter(Path(settings.out), round(settings.max_gb * GB), settings.compression, about)
    return Recording(writer, round(settings.queue_mb * MB), settings.flush_s)


def record(argv: Sequence[str] | None = None, watch: Watch = lambda status, names: None) -> int:
    """Record until SIGTERM or SIGINT; return the process' exit code.

    Args:
        argv: as for `node_main`.
        watch: receives the recording's status every second and at its end, and `RecorderNode.names`.
    """
    begun: list[tuple[Recording, Names]] = []

    def factory() -> RecorderNode:
        node = RecorderNode(begun[0][0] if begun else None)
        begun[:] = [(node.recording, node.names)]
        return node

    def loop(node: RecorderNode, executor: Any, stopped: Callable[[], bool]) -> None:
        due = time.monotonic() + WATCH_S
        while not stopped():
            executor.spin_once(timeout_sec=TAKE_S)
            node.take()
            if node.recording.failure is not None:
                return  # reported when the recording is closed
            if time.monotonic() >= due:
                due += WATCH_S
                watch(node.recording.status, node.names)

    code = node_main("recorder", factory, argv, loop)
    try:
        for recording, names in begun:
            watch(recording.close(), names)
    except AmiError as error:
        print(f"recorder: {printable_lines(str(error))}", file=sys.stderr, flush=True)
        return EXIT_CONFIGURATION
    return code


def main() -> int:
    """Run the recorder."""
    return record()


if __name__ == "__main__":
    sys.exit(main())
