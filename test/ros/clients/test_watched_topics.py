# SPDX-License-Identifier: Apache-2.0
"""Watching over real topics: what is latched arrives late, and too much is dropped and counted."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image, JointState

pytest.importorskip("rerun", reason="needs the extra 'watch'")

from ami_ros.body.robot_spec import load_robot
from ami_ros.ros.clients import watched_topics
from ami_ros.ros.clients.watched_topics import WatchedTopics
from ami_ros.ros.wire.messages import image_to_ros, joints_to_ros
from ami_ros.ros.wire.qos import LATCHED
from ami_ros.watching.screen import Screen
from ami_ros.watching.topics import Shows
from ami_ros.watching.watcher import Watcher

SPEC = load_robot("panda", "reach")
PICTURE = np.zeros((16, 16, 3), np.uint8)


class Noting(Watcher):
    """Notes what it has shown, and waits to be let go."""

    def __init__(self, tmp_path) -> None:
        screen = Screen(["camera"], live=True)
        screen.save(tmp_path / "seen.rrd")
        super().__init__(SPEC, screen, 2**20)
        self.seen: list[Shows] = []
        self.free = threading.Event()

    def see(self, topic, message, arrival_ns) -> None:
        self.free.wait(30.0)
        super().see(topic, message, arrival_ns)
        self.seen.append(topic.shows)


@pytest.fixture
def watching(environment, tmp_path):
    watcher = Noting(tmp_path)
    topics, ended = WatchedTopics(SPEC, watcher), threading.Event()
    thread = threading.Thread(target=topics.show, args=(ended.is_set,))
    thread.start()
    yield watcher, topics
    watcher.free.set()
    ended.set()
    thread.join()
    topics.close()


def test_a_goal_from_before_and_joints_from_now_are_shown(probe, watching):
    watcher, _ = watching
    watcher.free.set()
    goals = probe.node.create_publisher(Image, "planner/goal_image", LATCHED)
    goals.publish(image_to_ros(PICTURE, 7, ""))
    joints = probe.node.create_publisher(JointState, "joint_states", 10)

    def both():
        joints.publish(joints_to_ros(SPEC.joint_names, SPEC.home, 0.0 * SPEC.home, 8))
        return {Shows.GOAL, Shows.JOINTS} <= set(watcher.seen)

    probe.until(both, "a goal and joints")
    assert watcher.refused == 0


def picture_topic():
    return next(one for one in watched_topics.watched_topics(SPEC) if one.shows is Shows.PICTURE)


def test_what_comes_while_nobody_can_look_is_dropped_and_counted(watching, monkeypatch):
    _, topics = watching
    monkeypatch.setattr(watched_topics, "MOST_WAITING", 3)
    message = serialize_message(image_to_ros(PICTURE, 9, ""))
    for _ in range(10):
        topics._take(picture_topic(), Image, message, {"received_timestamp": 1})
    assert topics.dropped["camera/image_raw"] in (6, 7)  # three wait, and one may be looked at


def test_garbage_is_counted_and_the_next_message_is_shown(probe, watching):
    watcher, topics = watching
    message = serialize_message(image_to_ros(PICTURE, 9, ""))
    for data in (b"not a picture", message):
        topics._take(picture_topic(), Image, data, {"received_timestamp": 1})
    watcher.free.set()
    probe.until(lambda: watcher.seen == [Shows.PICTURE], "the good picture")
    assert watcher.refused == 1 and "camera/image_raw" in watcher.problem
