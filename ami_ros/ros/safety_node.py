# SPDX-License-Identifier: Apache-2.0
"""The safety gate as a ROS node, in a process of its own: the last thing before the controller."""

from __future__ import annotations

import sys

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import Image, JointState
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from ami_ros.config import load_settings
from ami_ros.embodiment import load_robot
from ami_ros.errors import ProposalError
from ami_ros.ros.command_output import command_output
from ami_ros.ros.diagnostics import SEVERITY, Judgement, diagnostic, judgement_to_ros
from ami_ros.ros.gate_clock import GateClock
from ami_ros.ros.guard import ErrorLog, guarded, guarded_timer
from ami_ros.ros.heartbeat import stamp_of_serialised
from ami_ros.ros.messages import joints_from_ros, stamp_to_ns, trajectory_from_ros
from ami_ros.ros.node_main import node_main
from ami_ros.ros.parameters import declare_settings, refuse_unknown, settings_from_parameters
from ami_ros.ros.proposal_desk import ProposalDesk
from ami_ros.ros.qos import LATCHED_HISTORY, STATE, camera_subscription
from ami_ros.ros.settings import GateNodeSettings, NodeSettings
from ami_ros.safety.settings import SafetySettings, load_safety_settings
from ami_ros.safety.situation import Situation
from ami_ros.safety.supervisor import Supervisor
from ami_ros.share import config_path
from ami_ros.types import PASS, Level, Reason, Trajectory, Verdict


class Leaving:
    """A safety check that holds the robot once the process has been asked to end."""

    def __init__(self) -> None:
        self.asked = False

    def judge(self, situation: Situation) -> Verdict:
        """HOLD after `asked`."""
        return Verdict(Level.HOLD, (Reason("GATE_SHUTTING_DOWN"),)) if self.asked else PASS


class SafetyNode(Node):
    """Feeds the Supervisor, ticks it, and publishes what it allows and why."""

    def __init__(self) -> None:
        super().__init__("safety")
        declare_settings(self, load_settings(NodeSettings, config_path("node.yaml")))
        declare_settings(self, load_settings(GateNodeSettings, config_path("safety_node.yaml")))
        declare_settings(self, load_safety_settings())
        refuse_unknown(self)
        common = settings_from_parameters(self, NodeSettings)
        settings = settings_from_parameters(self, SafetySettings)
        self._spec = load_robot(common.robot, common.task)
        self._leaving = Leaving()
        self._supervisor = Supervisor(self._spec, settings, extra_checks=(self._leaving,))
        self._desk = ProposalDesk(self._supervisor, settings)
        self._errors = ErrorLog(self)
        self._verdict = Verdict(Level.HOLD, (Reason("STARTING"),))
        self._still, self._ticks = True, 0
        self._judged = {level: 0 for level in Level}
        interface = settings_from_parameters(self, GateNodeSettings).command_interface
        names, tick_ns = self._spec.joint_names, round(1e9 / settings.rate_hz)
        self._command = command_output(self, interface, names, tick_ns)
        self._verdicts = self.create_publisher(DiagnosticArray, "~/verdict", LATCHED_HISTORY)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", STATE)
        self._clock_source = GateClock(self, settings.rate_hz, self._tick, self._restart, self._errors)
        self._subscribe(common)

    def _subscribe(self, common: NodeSettings) -> None:
        camera = camera_subscription(
            common.camera_reliability, common.camera_depth, self._clock_source.simulated
        )
        for kind, topic, callback, qos, raw in (
            (JointState, "joint_states", self._on_joints, STATE, False),
            (JointTrajectory, "planner/proposed", self._on_proposal, STATE, False),
            # A heartbeat: only the header is read, the pixels stay serialised.
            (Image, "camera/image_raw", self._on_image, camera, True),
        ):
            self.create_subscription(kind, topic, guarded(self._errors, callback), qos, raw=raw)
        self.create_service(SetBool, "~/estop", self._on_estop)
        self.create_service(Trigger, "~/rearm", self._on_rearm)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1.0, guarded_timer(self._errors, self._publish_diagnostics), clock=steady)

    def _on_joints(self, message: JointState) -> None:
        position, _ = joints_from_ros(message, self._spec.joint_names, self._spec.simulation.hold_joints)
        now, stamp = self._clock_source.now_ns(), stamp_to_ns(message.header.stamp)
        self._supervisor.see_joints(position, stamp, now)
        self._desk.see_joints(stamp)
        self._judge_waiting(now)

    def _on_image(self, serialised: bytes) -> None:
        now = self._clock_source.now_ns()
        self._supervisor.see_image(stamp_of_serialised(serialised), now)
        self._desk.see_image()
        self._judge_waiting(now)

    def _on_proposal(self, message: JointTrajectory) -> None:
        now = self._clock_source.now_ns()
        try:
            proposal = trajectory_from_ros(message)
        except ProposalError as error:
            stamp = stamp_to_ns(message.header.stamp)
            malformed = Reason("PROPOSAL_MALFORMED", {"error": str(error)})
            self._publish_judgement(Judgement(Verdict(Level.HOLD, (malformed,)), now, stamp))
            return
        self._desk.put(proposal)
        self._judge_waiting(now)

    def _judge_waiting(self, now_ns: int) -> None:
        judged: tuple[Trajectory, Verdict] | None = self._desk.judge(now_ns)
        if judged is not None:
            proposal, verdict = judged
            self._publish_judgement(Judgement(verdict, now_ns, proposal.stamp_ns))

    def _tick(self, now_ns: int) -> None:
        self._judge_waiting(now_ns)
        command, verdict = self._supervisor.tick(now_ns)
        self._ticks += 1
        if command is not None:
            self._command(command)
            self._still = not command.velocity.any()
        if _kind(verdict) != _kind(self._verdict):
            self._publish_judgement(Judgement(verdict, now_ns))
        self._verdict = verdict

    def _restart(self, now_ns: int) -> None:
        self._supervisor.reset()
        self._desk.reset()
        self._still = True
        self._verdict = Verdict(Level.HOLD, (Reason("CLOCK_RESTARTED", {"now_ns": now_ns}),))
        self._verdicts.publish(judgement_to_ros(Judgement(self._verdict, now_ns), self._spec.name))

    def _publish_judgement(self, judgement: Judgement) -> None:
        if judgement.proposal_stamp_ns is not None:
            self._judged[judgement.verdict.level] += 1
        elif judgement.verdict.level >= Level.HOLD:
            self.get_logger().warning(
                "; ".join(map(str, judgement.verdict.reasons)), throttle_duration_sec=2.0
            )
        self._verdicts.publish(judgement_to_ros(judgement, self._spec.name))

    def _on_estop(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        verdict = self._supervisor.estop(request.data, self._clock_source.now_ns())
        response.success, response.message = True, _text(verdict)
        return response

    def _on_rearm(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        verdict = self._supervisor.rearm(self._clock_source.now_ns())
        response.success, response.message = verdict.level is Level.PASS, _text(verdict)
        return response

    def _publish_diagnostics(self) -> None:
        now, verdict = self.get_clock().now().nanoseconds, self._verdict
        values = {"level": verdict.level.name, "ticks": self._ticks, "errors": self._errors.count}
        values |= {f"proposals/{level.name}": count for level, count in self._judged.items()}
        values |= {"newest_error": self._errors.newest} if self._errors.newest else {}
        severity, text = SEVERITY[verdict.level], _text(verdict)
        self._diagnostics.publish(diagnostic("safety: gate", severity, text, values, now, self._spec.name))

    def begin_stop(self) -> None:
        """Decelerate to a hold; commands go on until the arm is at rest."""
        self._leaving.asked = True

    def at_rest(self) -> bool:
        """Whether the last command had no velocity."""
        return self._still


def _kind(verdict: Verdict) -> tuple[Level, frozenset[str]]:
    """Numbers change at every tick; a change of level or of causes is news."""
    return verdict.level, frozenset(reason.code for reason in verdict.reasons)


def _text(verdict: Verdict) -> str:
    return f"{verdict.level.name} {'; '.join(map(str, verdict.reasons))}".strip()


def main() -> int:
    """Run the gate."""
    return node_main("safety", SafetyNode)


if __name__ == "__main__":
    sys.exit(main())
