# SPDX-License-Identifier: Apache-2.0
"""Commands in the form of every interface: what is sent is what the simulated controller hears."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed")
from geometry_msgs.msg import Twist
from std_msgs.msg import Float64MultiArray

from ami_ros.body.outputs import INTERFACES, TWIST
from ami_ros.errors import JointStateError
from ami_ros.ros.wire.commands import from_message, message_type, to_message
from ami_ros.types import Command

TICK_NS, STAMP_NS, NOW_NS = 20_000_000, 1_020_000_000, 1_030_000_000
NAMES = ("vx", "vy", "wz")  # of a twist, and as good as any for the others
BEFORE = np.array([0.1, 0.2, 0.3])
COMMAND = Command(np.array([0.11, -0.22, 0.33]), np.array([0.5, -0.75, 1.25]), STAMP_NS)
STAMPED = {"trajectory", "twist_stamped"}


@pytest.mark.parametrize("name", list(INTERFACES))
def test_a_command_arrives(name):
    interface = INTERFACES[name]
    message = to_message(COMMAND, interface, NAMES, TICK_NS)
    assert isinstance(message, message_type(interface))
    heard = from_message(message, interface, NAMES, BEFORE, TICK_NS, NOW_NS)
    assert heard.stamp_ns == (STAMP_NS if name in STAMPED else NOW_NS)
    if interface.vector == "velocity":
        np.testing.assert_array_equal(heard.velocity, COMMAND.velocity)
        np.testing.assert_allclose(heard.position, BEFORE + COMMAND.velocity * 0.02, atol=1e-12)
    else:
        np.testing.assert_array_equal(heard.position, COMMAND.position)


@pytest.mark.parametrize("name", list(INTERFACES))
@pytest.mark.parametrize("bad", [math.nan, -math.inf])
def test_numbers_that_are_not_finite(name, bad):
    interface = INTERFACES[name]
    broken = Command(np.array([0.1, bad, 0.2]), np.array([bad, 0.0, 0.0]), STAMP_NS)
    with pytest.raises(JointStateError, match="non-finite"):
        from_message(to_message(broken, interface, NAMES, TICK_NS), interface, NAMES, BEFORE, TICK_NS, NOW_NS)


def test_another_number_of_values():
    message = Float64MultiArray(data=[0.0, 1.0])
    with pytest.raises(JointStateError, match="expected a vector of 3 numbers"):
        from_message(message, INTERFACES["float_array"], NAMES, BEFORE, TICK_NS, NOW_NS)


def test_a_twist_along_what_the_body_cannot_do():
    message = Twist()
    message.linear.z = 0.5
    with pytest.raises(JointStateError, match=r"got \{'vz': 0.5\}, expected 0: the body has only"):
        from_message(message, INTERFACES["twist"], NAMES, BEFORE, TICK_NS, NOW_NS)
    assert set(TWIST) > set(NAMES)
