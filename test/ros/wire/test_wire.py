# SPDX-License-Identifier: Apache-2.0
"""What strangers send on the gate's topics, over real DDS: second robots, second gates, garbage."""

from __future__ import annotations

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from std_srvs.srv import SetBool, Trigger

from ami_ros.ros.wire.messages import joints_to_ros, stamp_to_ns
from ami_ros.ros.wire.qos import STATE
from ami_ros.types import Level


def test_joint_states_of_two_robots_hold_and_allow_no_rearm(gate, probe, robot):
    gate.propose_until_moving()
    publisher = probe.publisher(JointState, "joint_states", STATE)
    names, still = robot.spec.joint_names, np.zeros(len(robot.spec.joint_names))

    def send() -> None:
        publisher.publish(joints_to_ros(names, robot.spec.home + 0.45, still, probe.now_ns()))

    task = probe.every(0.01, send)
    probe.until(lambda: "JOINTS_CONTRADICT" in gate.codes(), "a hold", 1.0)
    probe.wait(lambda: "SENSOR_SHARED" in gate.codes(), "the second publisher's name", ticking=True)
    assert gate.state().level >= Level.HOLD
    probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)
    answer = probe.call(Trigger, "safety/rearm")
    assert not answer.success and "JOINTS_CONTRADICT" in answer.message
    task.cancel()
    probe.node.destroy_publisher(publisher)
    probe.until(gate.moving, "motion after the stranger has gone")


def test_commands_are_continuous_across_a_rearm_with_the_robot_moved_by_hand(gate, probe, robot):
    gate.propose_until_moving()
    probe.call(SetBool, "safety/estop", data=True)
    probe.until(lambda: gate.state().level is Level.STOP and gate.velocity() == 0.0, "standstill")
    gate.followed = False
    left = robot.position.copy()
    for share in np.linspace(0.0, 1.0, 60):
        robot.position = left + 0.2 * share
        probe.spin(0.01)
    probe.spin(0.3)
    probe.call(SetBool, "safety/estop", data=False)
    gate.silence()
    probe.rearm()
    probe.until(lambda: abs(gate.commands[-1].points[0].positions[0] - left[0] - 0.2) < 1e-6, "commands")
    stamps = np.array([stamp_to_ns(m.header.stamp) for m in gate.commands]) / 1e9
    positions = np.array([m.points[0].positions for m in gate.commands])
    speed = np.abs(np.diff(positions, axis=0)) / np.diff(stamps)[:, None]
    assert (speed <= robot.spec.limits.velocity * 1.001 + 1e-6).all(), speed.max(axis=0)


def test_two_gates_hold_each_other_and_an_estop_reaches_both(gate, probe, start):
    gate.propose_until_moving()
    second = start("safety", {"__node": "second"}, use_sim_time=True)
    probe.wait(lambda: "COMMAND_SHARED" in gate.codes(), "a hold", ticking=True)
    assert gate.state().level >= Level.HOLD
    stopped = probe.listen(DiagnosticArray, "second/verdict", STATE)
    # Its commands are seen before it hears: it is still starting.
    probe.wait(lambda: probe.node.count_subscribers("estop_relay") >= 2, "a second gate that hears")
    probe.call(SetBool, "safety/estop", data=True)
    probe.wait(lambda: any("ESTOP" in m.status[0].message for m in stopped), "the other's stop", ticking=True)
    second.terminate()
    probe.call(SetBool, "safety/estop", data=False)
    probe.rearm()
    probe.wait(gate.moving, "motion of the one that is left", ticking=True)


def test_garbage_on_the_estop_topic_counts_as_a_press(gate, probe):
    button = probe.publisher(Bool, "estop", STATE)
    for size in (1, 5, 9, 1000):
        button.publish(b"\x00\x01\x00\x00"[:size] + b"\x01" * max(0, size - 4))
        probe.until(lambda: gate.state().level is Level.STOP, f"the stop by {size} bytes")
        assert not probe.call(Trigger, "safety/rearm").success
        button.publish(Bool(data=False))
        probe.rearm()
        probe.until(lambda: gate.state().level is not Level.STOP, "the end of the stop")
