# SPDX-License-Identifier: Apache-2.0
"""The recorder over real DDS: everything arrives as it was sent, and a kill costs at most a second."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from ami_ros.data.bags.bag import Bag
from ami_ros.ros.wire.messages import stamp_from_ns, stamp_to_ns
from ami_ros.ros.wire.qos import STATE

SECOND_NS = 10**9
WAIT_S = 2.5  # some flushes


class Proposals:
    """Proposals at 50 Hz, each with a stamp of its own; remembers what was sent."""

    def __init__(self, probe) -> None:
        self.sent: list[int] = []
        self._publisher = probe.node.create_publisher(JointTrajectory, "planner/proposed", STATE)
        probe.node.create_timer(0.02, self._send)

    def _send(self) -> None:
        message = JointTrajectory(joint_names=["a"])
        self.sent.append(time.time_ns())
        message.header.stamp = stamp_from_ns(self.sent[-1])
        self._publisher.publish(message)


def stamps(folder: Path, topic: str, kind) -> list[int]:
    messages = [m.data for m in Bag(folder).messages() if m.topic == topic]
    return [stamp_to_ns(deserialize_message(data, kind).header.stamp) for data in messages]


def recorded(folder: Path) -> set[str]:
    return {m.topic for m in Bag(folder).messages()} if list(folder.glob("*.mcap")) else set()


def test_killed_it_has_lost_at_most_the_last_second(start, probe, robot, tmp_path):
    proposals, folder = Proposals(probe), tmp_path / "bag"
    recorder = start("recorder", out=str(folder))
    expected = {"/planner/proposed", "/joint_states", "/camera/image_raw"}
    probe.until(lambda: recorded(folder) >= expected, "a recording of what the robot says")
    probe.spin(WAIT_S)
    recorder.kill()
    killed_ns = time.time_ns()
    due = [stamp for stamp in proposals.sent if stamp < killed_ns - SECOND_NS]
    got = stamps(folder, "/planner/proposed", JointTrajectory)
    assert got == sorted(got) and len(got) > 50 * WAIT_S / 2
    assert [stamp for stamp in due if stamp >= got[0]] == [stamp for stamp in got if stamp in set(due)]
    assert stamps(folder, "/joint_states", JointState)[-1] > killed_ns - SECOND_NS

    again = start("recorder", out=str(folder))
    assert again.wait(30.0) == 2
    assert "holds a recording" in again.log_tail() and "Traceback" not in again.log_tail()
