# SPDX-License-Identifier: Apache-2.0
"""The safety gate as a ROS node, in a process of its own: the last thing before the controller."""

from __future__ import annotations

import sys
import time

from rclpy.node import Node
from rclpy.serialization import deserialize_message
from rosgraph_msgs.msg import Clock
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from ami_ros.config import load_settings
from ami_ros.embodiment import load_robot
from ami_ros.errors import ProposalError
from ami_ros.ros.command_output import command_output
from ami_ros.ros.estop_inputs import EstopInputs
from ami_ros.ros.gate_clock import SimulatedTicks, SystemClockWatch, TickStamps
from ami_ros.ros.gate_health import GateHealth
from ami_ros.ros.gate_inputs import GateInputs
from ami_ros.ros.gate_loop import run_gate
from ami_ros.ros.gate_parameters import GateParameters
from ami_ros.ros.guard import ErrorLog, guarded
from ami_ros.ros.heartbeat import stamp_of_serialised
from ami_ros.ros.messages import stamp_to_ns, trajectory_from_ros
from ami_ros.ros.node_main import node_main
from ami_ros.ros.parameters import declare_settings, refuse_unknown, settings_from_parameters
from ami_ros.ros.proposal_desk import ProposalDesk
from ami_ros.ros.proposal_flood import ProposalFlood
from ami_ros.ros.qos import LATCHED_HISTORY, camera_subscription
from ami_ros.ros.realtime import raise_priority
from ami_ros.ros.settings import GateNodeSettings, NodeSettings, RestrictionSettings
from ami_ros.ros.tick_watch import TickWatch
from ami_ros.ros.verdict_reports import VerdictReports, text_of
from ami_ros.safety.settings import SafetySettings, load_safety_settings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.share import config_path
from ami_ros.types import Level, Reason, Verdict

FEW = 3  # proposals per tick that are all judged; of more, the one from the newest observation
LATE_S = 1.0  # how long missed ticks are told of


class SafetyNode(Node):
    """Feeds the Supervisor, ticks it, and publishes what it allows and why; `run_gate` is its loop.

    Attributes:
        simulated: /clock makes the ticks.
        period_s: from tick to tick.
        errors: what callbacks raised.
    """

    def __init__(self) -> None:
        super().__init__("safety")
        declare_settings(self, load_settings(NodeSettings, config_path("node.yaml")))
        declare_settings(self, load_settings(GateNodeSettings, config_path("safety_node.yaml")))
        declare_settings(self, load_settings(RestrictionSettings, config_path("restrictions.yaml")))
        declare_settings(self, load_safety_settings())
        refuse_unknown(self)
        common = settings_from_parameters(self, NodeSettings)
        settings = settings_from_parameters(self, SafetySettings)
        own = settings_from_parameters(self, GateNodeSettings)
        spec = load_robot(common.robot, common.task)
        self.simulated = bool(self.get_parameter("use_sim_time").value)
        self.period_s = 1.0 / settings.rate_hz
        self.errors = ErrorLog(self)
        tick_ns = round(1e9 / settings.rate_hz)
        self._stall_ns = round(own.stall_s * 1e9)
        self._still, self._tick_failed, self._late_ns = True, False, 0
        self._received = self._superseded = 0
        self._health = GateHealth()
        self._supervisor = Supervisor(spec, settings, extra_checks=(self._health,))
        self._desk = ProposalDesk(self._supervisor, settings)
        self._flood = ProposalFlood(own.proposal_rate_hz)
        self._watch, self._clock_watch = TickWatch(tick_ns, own.watch_s), SystemClockWatch()
        self._ticks, self._stamps = SimulatedTicks(tick_ns), TickStamps(tick_ns)
        self._command = command_output(self, own.command_interface, spec.joint_names, tick_ns)
        self._reports = VerdictReports(self, spec.name, self.errors, self._figures)
        self._restrictions = GateParameters(self, spec, self._supervisor.restrict, self.now_ns)
        inputs = GateInputs(
            self, spec, self._supervisor, self._desk, self.now_ns, self.errors, polled=not self.simulated
        )
        self._inputs = inputs
        self._estop = EstopInputs(self, inputs, self._press)
        camera = camera_subscription(common.camera_reliability, common.camera_depth, self.simulated)
        inputs.listen(camera, self._on_proposals, lambda: self._judge_waiting(self.now_ns()))
        self.create_service(Trigger, "~/rearm", self._on_rearm)
        if self.simulated:
            on_clock = guarded(self.errors, self._on_clock)
            self.create_subscription(Clock, "/clock", on_clock, LATCHED_HISTORY)
        refused = raise_priority(own.realtime_priority) if own.realtime_priority else ""
        if refused:
            self.get_logger().info(f"runs at the system's own priority: {refused}")

    # Time

    def now_ns(self) -> int:
        """Return the time that arrivals are stamped with."""
        if self.simulated:
            return self._ticks.now_ns or 0
        return int(self.get_clock().now().nanoseconds)

    def _on_clock(self, message: Clock) -> None:
        due = self._ticks.see(stamp_to_ns(message.clock))
        if due.restart:
            self._restart(self.now_ns(), Reason("CLOCK_RESTARTED", {"now_ns": self.now_ns()}))
            return
        if due.jump_ns:
            self._health.complain(Level.HOLD, "CLOCK_JUMPED", by_s=due.jump_ns / 1e9)
        for now in due.ticks_ns:
            self._guarded_tick(now)

    def wall_tick(self, late_ns: int) -> None:
        """Take what has arrived, and tick, `late_ns` after the tick was due; never raises."""
        steady, now = time.monotonic_ns(), self.now_ns()
        interval = self._watch.begin(steady)
        if interval > self._stall_ns:
            # The controller has long stopped the arm, wherever our last command was.
            self._restart(now, Reason("GATE_STALLED", {"interval_s": interval / 1e9}))
        if self._watch.is_late(interval):
            self._late_ns = steady
            self._health.complain(Level.LIMITED, "GATE_LATE", interval_ms=round(interval / 1e6, 1))
        elif self._health.complains("GATE_LATE") and steady - self._late_ns > LATE_S * 1e9:
            self._health.settle("GATE_LATE")
        jump = self._clock_watch.jump_ns(now, steady)
        if jump:
            self._health.complain(Level.HOLD, "CLOCK_JUMPED", by_s=jump / 1e9)
        self._inputs.poll()
        self._guarded_tick(self._stamps.stamp(now - late_ns))
        self._watch.end(time.monotonic_ns())

    def _guarded_tick(self, now_ns: int) -> None:
        try:
            self._tick(now_ns)
        except Exception as error:
            self.errors.report("tick", error)
            self._tick_failed = True
            failed = Verdict(Level.HOLD, (Reason("GATE_ERROR", {"error": repr(error)}),))
            self._reports.tick(failed, None, now_ns)

    def _tick(self, now_ns: int) -> None:
        if self._tick_failed:  # without commands the controller has stopped the arm
            self._tick_failed = False
            self._forget()
        if self._health.complains("PROPOSAL_FLOOD") and not self._flood.see(0, now_ns):
            self._health.settle("PROPOSAL_FLOOD")
        self._judge_waiting(now_ns)
        command, verdict = self._supervisor.tick(now_ns)
        verdict |= self._health.warnings()
        if command is not None:
            self._command(command)
            self._still = not command.velocity.any()
        self._reports.tick(verdict, command, now_ns)
        if self._still and self._health.complains("CLOCK_JUMPED"):
            # Only now: to forget means to begin at rest, which a moving arm is not.
            self._health.settle("CLOCK_JUMPED")
            self._restart(now_ns, Reason("CLOCK_RESTARTED", {"now_ns": now_ns}))

    def _restart(self, now_ns: int, reason: Reason) -> None:
        self._forget()
        self._reports.restart(Verdict(Level.HOLD, (reason,)), now_ns)

    def _forget(self) -> None:
        self._supervisor.reset()
        self._desk.reset()
        self._still = True

    # Proposals

    def _on_proposals(self, messages: list[bytes]) -> None:
        now = self.now_ns()
        self._received += len(messages)
        if self._flood.see(len(messages), now):
            self._health.complain(Level.LIMITED, "PROPOSAL_FLOOD", received=self._received)
        if len(messages) > FEW:
            self._superseded += len(messages) - 1
            messages = [_newest(messages)]
        for data in messages:
            message = deserialize_message(data, JointTrajectory)
            try:
                self._desk.put(trajectory_from_ros(message))
            except ProposalError as error:
                malformed = Reason("PROPOSAL_MALFORMED", {"error": str(error)})
                stamp = stamp_to_ns(message.header.stamp)
                self._reports.proposal(Verdict(Level.HOLD, (malformed,)), now, stamp)
        self._judge_waiting(now)

    def _judge_waiting(self, now_ns: int) -> None:
        for proposal, verdict in self._desk.judge(now_ns):
            self._reports.proposal(verdict, now_ns, proposal.stamp_ns)

    # Operator

    def _press(self, pressed: bool) -> Verdict:
        return self._supervisor.estop(pressed, self.now_ns())

    def _on_rearm(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        verdict = self._supervisor.rearm(self.now_ns())
        response.success, response.message = verdict.level is Level.PASS, text_of(verdict)
        return response

    def _figures(self) -> dict[str, object]:
        figures: dict[str, object] = {"received_proposals": self._received}
        figures |= {"superseded_proposals": self._superseded, "cpu_s": time.process_time()}
        figures["steady_s"] = time.monotonic()
        return figures | self._watch.figures()

    # The end

    def begin_stop(self) -> None:
        """Decelerate to a hold; commands go on until the arm is at rest."""
        self._health.complain(Level.HOLD, "GATE_SHUTTING_DOWN")

    def at_rest(self) -> bool:
        """Whether the last command had no velocity."""
        return self._still


def _newest(messages: list[bytes]) -> bytes:
    """Return the message from the newest observation; of equals, the last."""
    return max(reversed(messages), key=stamp_of_serialised)


def main() -> int:
    """Run the gate."""
    return node_main("safety", SafetyNode, loop=run_gate)


if __name__ == "__main__":
    sys.exit(main())
