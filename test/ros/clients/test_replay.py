# SPDX-License-Identifier: Apache-2.0
"""A recording is played as it is, but for what cannot be unpacked."""

from __future__ import annotations

import pytest

pytest.importorskip("mcap", reason="needs the extra 'record'")
from recorded import JOINT_STATE, Script, joint_robot

from ami_ros.recordings.bags.bag import Bag
from ami_ros.recordings.bags.bag_message import FoundTopic
from ami_ros.recordings.bags.bag_topic import BagTopic
from ami_ros.recordings.bags.bag_writer import BagWriter
from ami_ros.recordings.importing.roles import Roles
from ami_ros.ros.clients.replay import Replay


def test_a_damaged_message_is_left_out_and_told(environment, tmp_path):
    script = Script()
    script.joints(0.3)
    writer = BagWriter(tmp_path / "bag", 10**9, "none", {})
    for index, (topic, kind, log_ns, data) in enumerate(script.messages()):
        data = data[:9] if index in (0, 12) else data
        writer.write(BagTopic(topic, kind), log_ns, log_ns, data)
    writer.close()
    roles = Roles({"joints": FoundTopic("/joint_states", JOINT_STATE, 30)}, {})
    replay, bag, played = Replay(joint_robot(), roles, {}, lambda: None), Bag(tmp_path / "bag"), []
    try:
        replay.play(bag, 1.0, played.append)
    finally:
        replay.close()
    assert sum(played) == 30
    (problem,) = bag.problems
    assert problem.startswith(f"/joint_states: 2 messages cannot be unpacked as {JOINT_STATE}: ")
