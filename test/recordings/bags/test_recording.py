# SPDX-License-Identifier: Apache-2.0
"""A recording under way: nothing waits for the disk, and what is dropped is counted."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.bags.bag_topic import BagTopic
from ami_ros.recordings.bags.bag_writer import BagWriter
from ami_ros.recordings.bags.recording import Recording

TOPIC = BagTopic("/words", "std_msgs/msg/String")
DATA, ROOM = bytes(1000), 5


class SlowDisk(BagWriter):
    """Writes when it is let."""

    def __init__(self, folder) -> None:
        super().__init__(folder, 10**9, "none", {})
        self.reached, self.go_on = threading.Event(), threading.Event()

    def write(self, *message) -> None:
        self.reached.set()
        self.go_on.wait()
        super().write(*message)


def test_a_slow_disk_costs_messages_that_are_counted_and_no_time(tmp_path):
    writer = SlowDisk(tmp_path / "bag")
    recording = Recording(writer, ROOM * len(DATA), 0.05)
    recording.put(TOPIC, 0, 0, DATA)
    assert writer.reached.wait(10.0)
    for index in range(1, 3 * ROOM):
        recording.put(TOPIC, index, index, DATA)
    writer.go_on.set()
    status = recording.close()
    assert status.counts == {"/words": ROOM} and status.dropped == {"/words": 2 * ROOM}
    assert [m.log_ns for m in Bag(tmp_path / "bag").messages()] == list(range(ROOM))


def test_what_nobody_foresaw_ends_it_with_that(tmp_path):
    recording = Recording(BagWriter(tmp_path / "bag", 10**9, "none", {}), 10**6, 0.05)
    recording.put(BagTopic("/odd", "no_msgs/msg/Such"), 0, 0, DATA)
    with pytest.raises(Exception, match="no_msgs/msg/Such"):
        recording.close()
