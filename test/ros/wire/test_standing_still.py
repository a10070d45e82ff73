# SPDX-License-Identifier: Apache-2.0
"""A node that its peers gave up while it was stopped starts over, and is heard again."""

from __future__ import annotations

import os
import signal
import time
import xml.etree.ElementTree as ElementTree

from rcl_interfaces.srv import GetParameters

from ami_ros.ros.wire.node_main import GIVEN_UP_S
from ami_ros.settings.share import config_path


def seconds(name: str) -> float:
    tree = ElementTree.parse(config_path("dds") / "large_data_shm.xml")
    found = [entry for entry in tree.iter() if entry.tag.endswith(f"}}{name}")]
    return float(found[0][0].text)


def test_the_limit_is_what_the_profile_makes_of_it():
    # The last announcement may be as old as their period when the process stops.
    assert seconds("leaseDuration") - seconds("leaseAnnouncement") == GIVEN_UP_S


def test_a_stopped_node_starts_over_and_answers(start, probe, straight_line, tmp_path):
    node = start(straight_line)
    asked = {"kind": GetParameters, "name": "/planner/get_parameters", "names": ["robot"]}
    assert probe.call(**asked).values[0].string_value
    os.kill(node.pid, signal.SIGSTOP)
    time.sleep(GIVEN_UP_S + 2.0)
    os.kill(node.pid, signal.SIGCONT)
    log = next(tmp_path.glob("*.log"))
    probe.until(lambda: "it starts over" in log.read_text(), "that it starts over")
    assert probe.call(**asked).values[0].string_value
    probe.until(lambda: probe.present("planner") == 1, "the end of the one before")
    node.check()
    assert "Traceback" not in log.read_text()
