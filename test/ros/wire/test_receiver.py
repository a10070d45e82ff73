# SPDX-License-Identifier: Apache-2.0
"""When a message came, also where the middleware does not say."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")

from ami_ros.ros.wire.receiver import received_ns


@pytest.mark.parametrize("silent", [{}, {"received_timestamp": 0, "source_timestamp": 7}])
def test_what_has_no_time_of_arrival_came_now(silent):
    assert received_ns({"received_timestamp": 5}) == 5
    before_ns = time.time_ns()
    assert before_ns <= received_ns(silent) <= time.time_ns()
