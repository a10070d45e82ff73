# SPDX-License-Identifier: Apache-2.0
"""Publishers that latch and those that do not, each in a process of its own whose log is read."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import DurabilityPolicy
from rclpy.serialization import deserialize_message
from std_msgs.msg import String

from ami_ros.body.robot_spec import load_robot
from ami_ros.ros.wire.goal_status import status_from_ros
from ami_ros.ros.wire.latched_or_not import LOOK_S, hear

WAIT_S = 30.0
WARNING = "incompatible QoS"
# Latching, it sends at once, whether or not anybody listens; else when somebody does, and a second time later.
PUBLISH = """
import sys, time, rclpy
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import String
topic, latched, words = sys.argv[1], sys.argv[2] == "latched", sys.argv[3].split()
joints = [float(word) for word in sys.argv[4:]]
rclpy.init()
node = rclpy.create_node("publisher")
durability = DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
publisher = node.create_publisher(JointState if joints else String, topic, QoSProfile(depth=1 if latched else 10, durability=durability))
print("is there", flush=True)
for word in words:
    while not latched and not publisher.get_subscription_count():
        rclpy.spin_once(node, timeout_sec=0.05)
    if joints:
        publisher.publish(JointState(name=words, position=joints))
        break
    publisher.publish(String(data=word))
print("has sent", flush=True)
while True:
    rclpy.spin_once(node, timeout_sec=0.05)
"""


class Publisher:
    def __init__(self, log: Path, environment: dict[str, str], *arguments: str) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PUBLISH, *arguments], env=environment, stdout=output, stderr=output
            )

    def log(self) -> str:
        return self._log.read_text()

    def wait(self, says: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while says not in self.log():
            if time.monotonic() > deadline or self._process.poll() is not None:
                pytest.fail(f"publisher never said {says!r}: {self.log()}")
            time.sleep(0.02)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(WAIT_S)


@pytest.fixture
def publisher(environment, tmp_path) -> Iterator[Callable[..., Publisher]]:
    """Start a publisher of words, or of joints by name."""
    made: list[Publisher] = []

    def start(*arguments: str) -> Publisher:
        made.append(Publisher(tmp_path / f"publisher_{len(made)}.log", environment, *arguments))
        return made[-1]

    yield start
    for one in made:
        one.end()


@pytest.fixture
def heard(probe) -> Callable[[], list[str]]:
    """Begin to listen; returns the list that fills."""

    def listen() -> list[str]:
        words: list[str] = []
        ears = hear(
            probe.node,
            String,
            "words",
            lambda message: words.append(deserialize_message(message, String).data),
        )
        probe.node.create_timer(LOOK_S, ears.look)
        return words

    return listen


def durabilities(probe) -> set[DurabilityPolicy]:
    found = probe.node.get_subscriptions_info_by_topic("words")
    return {info.qos_profile.durability for info in found}


def test_what_was_latched_before_is_heard_once_and_what_comes_later_too(probe, publisher, heard):
    one = publisher("words", "latched", "before")
    one.wait("has sent")
    words = heard()
    probe.until(lambda: words, "what was latched")
    one.end()
    probe.until(lambda: durabilities(probe) == {DurabilityPolicy.VOLATILE}, "the end of latched hearing")
    two = publisher("words", "volatile", "later still")
    probe.until(lambda: "still" in words, "what did not latch")
    probe.spin(0.5)
    two.end()
    three = publisher("words", "latched", "last")
    probe.until(lambda: "last" in words, "what latched and came later")
    probe.spin(1.0)
    assert words == ["before", "later", "still", "last"]
    assert not any(WARNING in log for log in (one.log(), two.log(), three.log()))


def test_a_publisher_that_does_not_latch_and_was_there_first_has_nothing_to_complain_of(
    probe, publisher, heard, capfd
):
    one = publisher("words", "volatile", "first second")
    one.wait("is there")
    words = heard()
    probe.until(lambda: len(words) >= 2, "both words")
    probe.spin(1.0)
    assert words == ["first", "second"]
    assert WARNING not in one.log() + capfd.readouterr().err


def test_what_a_publisher_that_latches_sends_while_we_fetch_is_heard_once(probe, publisher, heard):
    words = heard()
    publisher("words", "latched", "one").wait("has sent")
    probe.until(lambda: words, "the word")
    probe.spin(1.0)
    assert words == ["one"]


@pytest.mark.parametrize("kind", ["latched", "volatile"])
def test_the_planner_hears_either_goal_and_nobody_complains(start, probe, publisher, straight_line, kind):
    spec = load_robot("panda")
    statuses = probe.listen(DiagnosticArray, "planner/goal_status")
    goal = spec.home + np.eye(7)[0] * 0.2
    sender = publisher("planner/goal_joints", kind, " ".join(spec.joint_names), *map(str, goal))
    sender.wait("has sent" if kind == "latched" else "is there")
    planner = start(straight_line, autostart=True)

    def pursued() -> bool:
        return any(status_from_ros(message).goal == "joints" for message in statuses)

    probe.until(pursued, "the goal")
    probe.spin(1.0)
    assert WARNING not in sender.log() + planner.log_path.read_text()
