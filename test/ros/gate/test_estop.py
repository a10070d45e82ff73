# SPDX-License-Identifier: Apache-2.0
"""The e-stop's buttons, over real DDS: whose word counts, and for how long; under floods, see test_real_time.py."""

from __future__ import annotations

from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool, Trigger

from ami_ros.ros.wire.qos import LATCHED, RECORDED_STREAM, STATE
from ami_ros.types import Level


def stopped(gate) -> bool:
    return gate.state().level is Level.STOP


def test_the_topic_latches_and_a_second_button_releases_no_other(gate, probe):
    pressed = probe.listen(Bool, "safety/estop_pressed", LATCHED)
    gate.propose_until_moving()
    button = probe.publisher(Bool, "estop", LATCHED)
    probe.idle(0.5)  # the gate looks every 0.2 s who is there
    probe.spin(0.5)
    assert "ESTOP_UNHEARD" not in gate.all_codes(), "a button that comes later is not waited for"
    button.publish(Bool(data=True))
    probe.until(lambda: stopped(gate), "the stop")
    probe.wait(lambda: pressed and pressed[-1].data, "the latched topic")
    answer = probe.call(SetBool, "safety/estop", data=False)
    assert "still pressed by topic" in answer.message
    probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)
    assert not probe.call(Trigger, "safety/rearm").success
    button.publish(Bool(data=False))
    probe.wait(lambda: not pressed[-1].data, "the release")
    probe.rearm()
    probe.until(gate.moving, "motion after re-arming")


def test_a_gate_that_starts_late_hears_the_last_word_of_each_button(start_gate, probe, robot):
    pressed, other = (probe.node.create_publisher(Bool, "estop", LATCHED) for _ in range(2))
    pressed.publish(Bool(data=True))
    for _ in range(20):  # more than any queue that they might share
        other.publish(Bool(data=False))
    gate = start_gate(robot)
    gate.begin()
    gate.propose_on()
    probe.wait(lambda: gate.state() is not None and stopped(gate), "the stop", ticking=True)
    probe.spin(1.0)
    assert stopped(gate) and not any(any(m.points[0].velocities) for m in gate.commands)
    pressed.publish(Bool(data=False))
    probe.rearm()
    probe.until(gate.moving, "motion")


def test_a_gate_that_starts_holds_until_each_button_that_latches_nothing_has_spoken_or_is_gone(
    start_gate, probe, robot
):
    speaks, goes = (probe.node.create_publisher(Bool, "estop", STATE) for _ in range(2))
    speaks.publish(Bool(data=True))  # before there is a gate, and so for nobody
    gate = start_gate(robot)
    gate.begin()
    gate.propose_on()

    def unheard() -> int:
        reasons = gate.state().reasons
        return next((int(r.numbers["count"]) for r in reasons if r.code == "ESTOP_UNHEARD"), 0)

    probe.until(lambda: gate.state() and unheard() == 2, "two buttons that nobody has heard")
    speaks.publish(Bool(data=False))
    probe.spin(2.0)
    assert gate.state().level is Level.HOLD and unheard(), "the other one may have been pressed"
    assert not any(any(m.points[0].velocities) for m in gate.commands)
    probe.node.destroy_publisher(goes)
    probe.wait(lambda: not unheard(), "the end of the wait", ticking=True)
    probe.until(gate.moving, "motion")


def test_a_button_that_waits_for_no_answer_is_heard(gate, probe):
    gate.propose_until_moving()
    button = probe.publisher(Bool, "estop", RECORDED_STREAM)  # as one on a microcontroller

    def is_stopped() -> bool:
        button.publish(Bool(data=True))
        return stopped(gate)

    probe.wait(is_stopped, "the stop", ticking=True)
    probe.until(lambda: gate.velocity() == 0.0, "standstill", 1.0)


def test_a_button_releases_no_other_on_the_same_topic_unless_that_is_gone(gate, probe):
    first, second = (probe.publisher(Bool, "estop", STATE) for _ in range(2))
    first.publish(Bool(data=True))
    probe.until(lambda: stopped(gate), "the stop")
    for _ in range(5):
        second.publish(Bool(data=False))
        probe.spin(0.1)
    assert not probe.call(Trigger, "safety/rearm").success
    first.publish(Bool(data=False))
    probe.rearm()
    probe.until(lambda: not stopped(gate), "the end of the stop")
    first.publish(Bool(data=True))
    probe.until(lambda: stopped(gate), "the stop")
    probe.node.destroy_publisher(first)
    probe.wait(lambda: probe.node.count_publishers("estop") == 1, "one button")
    assert not probe.call(Trigger, "safety/rearm").success

    def released() -> bool:  # as soon as the gate has noticed that the first one is gone
        second.publish(Bool(data=False))
        return probe.call(Trigger, "safety/rearm").success

    probe.wait(released, "a re-arm", ticking=True)


def test_each_press_stops_the_other_gates_although_one_is_pressed_already(gate, probe):
    relayed = probe.listen(String, "estop_relay", STATE)
    button = probe.publisher(Bool, "estop", LATCHED)
    button.publish(Bool(data=True))
    probe.wait(lambda: len(relayed) == 1, "the first press")
    assert probe.call(SetBool, "safety/estop", data=True).success
    probe.wait(lambda: len(relayed) == 2, "the second press")
