# SPDX-License-Identifier: Apache-2.0
"""A recording through to the viewer's file, and what comes out of it again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from recorded import BEGIN_S, KIND

pytest.importorskip("rerun", reason="needs the extra 'watch'")

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.recordings.bags.bag_topic import BagTopic, types
from ami_ros.recordings.bags.bag_writer import BagWriter
from ami_ros.watching.recorded import RecordedTopics
from ami_ros.watching.screen import Screen
from ami_ros.watching.watcher import Watcher

SPEC = load_robot("panda", "reach")
IMAGE, DIAGNOSTICS = "sensor_msgs/msg/Image", "diagnostic_msgs/msg/DiagnosticArray"
SIDE = 8


def header(stamp_ns):
    sec, nanosec = divmod(stamp_ns, 10**9)
    return KIND["std_msgs/msg/Header"](KIND["builtin_interfaces/msg/Time"](sec, nanosec), "")


def picture(stamp_ns):
    data = np.zeros(SIDE * SIDE * 3, np.uint8)
    return IMAGE, KIND[IMAGE](header(stamp_ns), SIDE, SIDE, "rgb8", 0, SIDE * 3, data)


def report(stamp_ns, **values):
    pairs = [KIND["diagnostic_msgs/msg/KeyValue"](key, value) for key, value in values.items()]
    status = KIND["diagnostic_msgs/msg/DiagnosticStatus"](0, "", "", "", pairs)
    return DIAGNOSTICS, KIND[DIAGNOSTICS](header(stamp_ns), [status])


def written(folder, messages):
    writer = BagWriter(folder, 10**9, "none", {})
    for topic, (kind, message) in messages:
        stamp = stamp_of(message)
        writer.write(BagTopic(topic, kind, ()), stamp, stamp, bytes(types().serialize_cdr(message, kind)))
    writer.close()
    return folder


def stamp_of(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def shown(path, out):
    screen = Screen(["camera"], live=False)
    screen.save(out)
    watcher, counted = Watcher(SPEC, screen, 2**20), []
    RecordedTopics(SPEC, path).show(watcher, counted.append)
    screen.close()
    return watcher, sum(counted)


def test_pictures_numbers_and_words_are_on_one_line_of_time(tmp_path):
    begin_ns, reasons = int(BEGIN_S * 1e9), json.dumps([{"code": "CAMERA_STALE", "numbers": {"age_s": 0.5}}])
    status = {
        "state": "MOVING",
        "reason": "4.0 steps from the goal",
        "distance": "4.0",
        "surprise/pose": "0.5",
    }
    path = written(
        tmp_path / "bag",
        [
            ("/left/camera/image_raw", picture(begin_ns)),
            ("/left/planner/goal_status", report(begin_ns + 1, **status)),
            ("/left/safety/verdict", report(begin_ns + 2, level="HOLD", reasons=reasons)),
            ("/left/rosout", picture(begin_ns + 3)),
        ],
    )
    watcher, read = shown(path, tmp_path / "seen.rrd")
    assert (read, watcher.shown, watcher.refused) == (4, 3, 0)
    content = (tmp_path / "seen.rrd").read_bytes()
    assert b"camera/camera" in content and b"surprise/pose" in content and b"log/gate" in content


def test_a_bad_message_is_left_out_and_counted(tmp_path):
    bad = report(5, state="MOVING")  # no reason
    path = written(tmp_path / "bag", [("/planner/goal_status", bad), ("/camera/image_raw", picture(6))])
    watcher, _ = shown(path, tmp_path / "seen.rrd")
    assert (watcher.shown, watcher.refused) == (1, 1) and "planner/goal_status" in watcher.problem


def test_a_recording_of_something_else_is_refused_with_what_it_has(tmp_path):
    path = written(tmp_path / "bag", [("/elsewhere", picture(5))])
    with pytest.raises(ConfigError, match=r"/elsewhere .*expected some of planner/goal_status.*--robot"):
        RecordedTopics(SPEC, path)
