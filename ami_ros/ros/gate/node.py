# SPDX-License-Identifier: Apache-2.0
"""The safety gate as a ROS node, in a separate process: the last stage before the controller."""

from __future__ import annotations

import sys
import time

from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from std_srvs.srv import Trigger

from ami_ros.configuration import Configuration
from ami_ros.node_settings import NodeSettings, RestrictionSettings
from ami_ros.ros.gate.command_output import CommandOutputs
from ami_ros.ros.gate.estop_inputs import EstopInputs
from ami_ros.ros.gate.inputs import GateInputs
from ami_ros.ros.gate.loop import run_gate
from ami_ros.ros.gate.operator_state import NOTHING_SAID, OperatorState
from ami_ros.ros.gate.reports import VerdictReports, text_of
from ami_ros.ros.gate.restriction_parameters import GateParameters
from ami_ros.ros.gate.sensor_inputs import SensorInputs, sensor_topics
from ami_ros.ros.wire.guard import ErrorLog, guarded
from ami_ros.ros.wire.messages import stamp_to_ns
from ami_ros.ros.wire.node_main import node_main
from ami_ros.ros.wire.parameters import (
    declare_settings,
    more_sections,
    refuse_unknown,
    settings_from_parameters,
)
from ami_ros.ros.wire.publisher_watch import PublisherWatch
from ami_ros.ros.wire.qos import LATCHED_HISTORY, camera_subscription
from ami_ros.safety.body_groups import BodyGroups
from ami_ros.safety.gate.estop_buttons import EstopButtons
from ami_ros.safety.gate.gate import Gate
from ami_ros.safety.settings import GateNodeSettings, SafetySettings
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.system.realtime import raise_priority
from ami_ros.types import Command, Level, Verdict

PLANNER = ("planner/goal_status", "planner/proposed")


class SafetyNode(Node):
    """Carries messages to the `Gate`, and its output to the controller; `run_gate` is its loop.

    Args:
        said: operator state of the gate's previous node.

    Attributes:
        simulated: /clock makes the ticks.
        period_s: from tick to tick.
        errors: exceptions of callbacks.
        said: operator state at its end.
    """

    _inputs: GateInputs | None = None  # a node with a rejected configuration has none to end

    def __init__(self, said: OperatorState = NOTHING_SAID) -> None:
        super().__init__("safety", parameter_overrides=list(said.restrictions))
        self.said = said
        declare_settings(self, load_settings(NodeSettings, config_path("node.yaml")))
        declare_settings(self, load_settings(GateNodeSettings, config_path("safety_node.yaml")))
        declare_settings(self, load_settings(RestrictionSettings, config_path("restrictions.yaml")))
        common = settings_from_parameters(self, NodeSettings)
        configuration = Configuration.of_node(common)
        spec = configuration.spec
        # A check of another package may be named by parameters alone.
        thresholds = configuration.safety_with(more_sections(self, configuration.safety))
        declare_settings(self, thresholds)
        refuse_unknown(self)
        settings = settings_from_parameters(self, SafetySettings, thresholds)
        own = settings_from_parameters(self, GateNodeSettings)
        self.simulated = bool(self.get_parameter("use_sim_time").value)
        self.period_s = 1.0 / settings.rate_hz
        self.errors = ErrorLog(self)
        body = BodyGroups.of_robot(spec)
        gate = self._gate = Gate(body, settings, own, self, self.simulated, said.stopped)
        self._commands = CommandOutputs(self, spec.outputs, round(1e9 * self.period_s))
        self._reports = VerdictReports(self, spec.name, self.errors, self._figures)
        self._restrictions = GateParameters(self, body, gate.restrict, self.now_ns)
        inputs = GateInputs(self, spec, gate, self.now_ns, self.errors, polled=not self.simulated)
        self._inputs, self._poll = inputs, inputs.poll
        # First: a press counts before the messages that arrive with it.
        self._buttons = EstopButtons(self._press, gate.hold_for_buttons, said.pressed_by)
        estop = EstopInputs(self, inputs, self._buttons, self.errors)
        camera = camera_subscription(common.camera_reliability, common.camera_depth, self.simulated)
        heard = (*sensor_topics(spec), *PLANNER)
        # Before it receives any joint: what it knows of other publishers decides whether it may begin.
        self._watch = PublisherWatch(self, self._commands.topics, heard, gate.health, self.errors)
        estop.begin()  # by now the publishers from before are known
        pixels = common.max_image_pixels
        receiver = inputs.receiver("sensors")
        SensorInputs(inputs, receiver, spec, gate, self.now_ns, self.errors, camera, pixels)
        inputs.listen(receiver)
        self.create_service(Trigger, "~/rearm", self._on_rearm)
        if self.simulated:
            on_clock = guarded(self.errors, self._on_clock)
            self.create_subscription(Clock, "/clock", on_clock, LATCHED_HISTORY)
        refused = raise_priority(own.realtime_priority) if own.realtime_priority else ""
        if free := spec.limits.unlimited():
            self.get_logger().warning(
                f"{spec.name} has channels without limits of {', '.join(free)}: the gate cannot check them"
            )
        if refused:
            self.get_logger().info(f"runs at the default priority: {refused}")

    # Time

    def now_ns(self) -> int:
        """Return the time that arrivals are stamped with."""
        if self.simulated:
            return self._gate.simulated_now_ns
        return int(self.get_clock().now().nanoseconds)

    def _on_clock(self, message: Clock) -> None:
        self._gate.see_clock(stamp_to_ns(message.clock))

    def wall_tick(self, late_ns: int) -> None:
        """Take what has arrived, and tick, `late_ns` after the tick was due; never raises."""
        steady, now = time.monotonic_ns(), self.now_ns()
        self._gate.begin_tick(now, steady)
        self._poll()
        self._gate.finish_tick(now - late_ns)
        self._gate.end_tick(time.monotonic_ns())

    # Outputs

    def command(self, command: Command) -> None:
        """Send a command to the controller."""
        self._commands.publish(command)

    def tick(self, verdict: Verdict, command: Command | None, now_ns: int) -> None:
        """Report the verdict of a tick."""
        self._reports.tick(verdict, command, now_ns)

    def proposal(self, verdict: Verdict, now_ns: int, stamp_ns: int) -> None:
        """Report the verdict on a proposal."""
        self._reports.proposal(verdict, now_ns, stamp_ns)

    def restart(self, verdict: Verdict, now_ns: int) -> None:
        """Report that time starts again."""
        self._reports.restart(verdict, now_ns)

    def error(self, where: str, error: Exception) -> None:
        """Log an error inside the gate."""
        self.errors.report(where, error)

    def _figures(self) -> dict[str, object]:
        return {**self._gate.figures(), "cpu_s": time.process_time(), "steady_s": time.monotonic()}

    # Operator

    def _press(self, pressed: bool) -> Verdict:
        return self._gate.estop(pressed, self.now_ns())

    def _on_rearm(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        verdict = self._gate.rearm(self.now_ns())
        response.success, response.message = verdict.level is Level.PASS, text_of(verdict)
        return response

    # Shutdown

    def begin_stop(self) -> None:
        """Decelerate to a hold; commands go on until the arm is at rest."""
        self._gate.begin_stop()

    def at_rest(self) -> bool:
        """Whether the last command had no velocity."""
        return self._gate.at_rest()

    def destroy_node(self) -> None:
        """End the threads that take messages, then the node."""
        if self._inputs is not None:
            self._inputs.close()
            pressed_by = frozenset(self._buttons.pressed_by)
            latched = self._press(bool(pressed_by))
            stopped = latched if latched.level is Level.STOP else None
            self.said = OperatorState(stopped, pressed_by, self._restrictions.parameters())
        super().destroy_node()


def main() -> int:
    """Run the gate."""
    begun: list[SafetyNode] = []

    def factory() -> SafetyNode:
        begun[:] = [SafetyNode(begun[0].said if begun else NOTHING_SAID)]
        return begun[0]

    return node_main("safety", factory, loop=run_gate)


if __name__ == "__main__":
    sys.exit(main())
