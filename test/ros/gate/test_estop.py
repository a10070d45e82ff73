# SPDX-License-Identifier: Apache-2.0
"""Every press counts, over real DDS, whatever others send on the e-stop's topic, and when."""

from __future__ import annotations

import os
import signal
import time

import pytest
from gate_probe import Gate
from heard_verdicts import codes_of, listen_to_gate, newest_state
from std_msgs.msg import Bool

from ami_ros.ros.wire.qos import LATCHED, RECORDED_STREAM, STATE
from ami_ros.types import Level

FLOOD_HZ = 4000.0  # of each stranger
PRESSES = 6
STARVED_S = 0.3  # a busy machine can keep a process waiting for as long
HEARTBEAT_S = 3.0  # after which a writer sends again what the middleware lost, by default


def stopped(gate: Gate) -> bool:
    return gate.state().level is Level.STOP


@pytest.fixture
def flooded(start, probe, gate) -> Gate:
    """A gate that moves its robot while two strangers flood the e-stop's topic."""
    for number in range(2):
        start(
            "ami_ros.ros.attacks.stranger",
            {"__node": f"stranger_{number}"},
            rate_hz=FLOOD_HZ,
        )
    probe.until(lambda: probe.node.count_publishers("estop") == 2, "two strangers")
    gate.propose_on()
    probe.until(gate.moving, "motion")
    return gate


@pytest.mark.parametrize("qos", [STATE, RECORDED_STREAM, LATCHED], ids=["reliable", "best_effort", "latched"])
def test_no_press_is_lost_under_a_flood_of_others(flooded, probe, qos):
    button = probe.node.create_publisher(Bool, "estop", qos)
    probe.until(button.get_subscription_count, "the gate")
    for number in range(PRESSES):
        probe.spin(0.1 + 0.037 * number)  # at any time between two ticks of the gate
        button.publish(Bool(data=True))
        if number % 2:  # a press counts, however soon it is released
            button.publish(Bool(data=False))
        probe.until(lambda: stopped(flooded), "the stop", 2.0)
        probe.until(lambda: flooded.velocity() == 0.0, "standstill")
        button.publish(Bool(data=False))
        probe.rearm()
        probe.until(flooded.moving, "motion after re-arming")


def test_no_press_is_lost_while_a_flooded_gate_cannot_run(flooded, probe):
    def flood(rate_hz: float) -> None:
        for number in range(2):
            probe.set_parameter(f"stranger_{number}", "rate_hz", rate_hz)

    button = probe.node.create_publisher(Bool, "estop", STATE)
    probe.until(button.get_subscription_count, "the gate")
    for _ in range(3):
        flood(0.0)  # stopped in the middle of a message, it would hold a lock that all others need
        os.kill(flooded.process.pid, signal.SIGSTOP)
        flood(FLOOD_HZ)
        time.sleep(STARVED_S)
        button.publish(Bool(data=True))
        time.sleep(0.02)
        os.kill(flooded.process.pid, signal.SIGCONT)
        probe.until(lambda: "ESTOP" in flooded.codes(), "the stop", HEARTBEAT_S / 3)
        button.publish(Bool(data=False))
        probe.rearm()
        probe.until(lambda: "ESTOP" not in flooded.codes(), "re-arming")
        probe.until(flooded.moving, "motion after re-arming")


def test_a_gate_that_starts_late_hears_the_last_word_of_each_button(start, probe, robot):
    pressed, other = (probe.node.create_publisher(Bool, "estop", LATCHED) for _ in range(2))
    pressed.publish(Bool(data=True))
    for _ in range(20):  # more than any queue that they might share
        other.publish(Bool(data=False))
    gate = Gate(probe, robot)
    gate.process = start("safety")
    gate.follow()
    gate.propose_on()
    probe.until(lambda: gate.state() is not None and stopped(gate), "the stop")
    probe.spin(1.0)
    assert stopped(gate) and gate.velocity() == 0.0
    pressed.publish(Bool(data=False))
    probe.rearm()
    probe.until(gate.moving, "motion")


def test_a_gate_that_starts_holds_until_a_button_that_latches_nothing_has_spoken(start, probe, robot):
    button = probe.node.create_publisher(Bool, "estop", STATE)
    button.publish(Bool(data=True))  # before there is a gate, and so for nobody
    gate = Gate(probe, robot)
    gate.process = start("safety")
    gate.follow()
    gate.propose_on()
    probe.until(lambda: "ESTOP_UNHEARD" in gate.codes(), "the button that nobody has heard")
    probe.spin(1.0)
    assert gate.state().level is Level.HOLD and gate.velocity() == 0.0
    button.publish(Bool(data=False))
    probe.until(gate.moving, "motion")


def test_a_button_that_is_gone_is_not_waited_for(start, probe, robot):
    button = probe.node.create_publisher(Bool, "estop", STATE)
    judgements = listen_to_gate(probe)
    start("safety")

    def codes() -> set[str]:
        return codes_of(newest_state(judgements))

    probe.until(lambda: "ESTOP_UNHEARD" in codes(), "the button that nobody has heard")
    probe.node.destroy_publisher(button)
    probe.until(lambda: "ESTOP_UNHEARD" not in codes(), "the end of the wait")


def test_a_button_that_comes_later_is_not_waited_for(gate, probe):
    gate.propose_on()
    probe.until(gate.moving, "motion")
    probe.node.create_publisher(Bool, "estop", STATE)
    begun = time.monotonic()
    probe.until(lambda: time.monotonic() > begun + 1.0, "a second")
    assert "ESTOP_UNHEARD" not in gate.all_codes()
