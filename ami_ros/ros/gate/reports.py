# SPDX-License-Identifier: Apache-2.0
"""The gate's reports: ~/verdict, the log, and /diagnostics once a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.health import Health, HealthReports
from ami_ros.ros.wire.qos import LATCHED_HISTORY
from ami_ros.ros.wire.verdicts import SEVERITY, Judgement, judgement_to_ros
from ami_ros.safety.reasons import ReasonCode, number_of
from ami_ros.types import Command, Level, Verdict

Kind = tuple[Level, frozenset[tuple[str, str | None]]]
FREE: Kind = (Level.PASS, frozenset())
QUIET_NS = 2_000_000_000  # a cause of rejection is logged again after an absence longer than this


class VerdictReports:
    """Publishes every verdict on a proposal, and every change of the verdict on the gate as a whole.

    Args:
        node: owns publishers and timer.
        robot: its name.
        errors: log of the errors so far.
        figures: returns further values for /diagnostics.

    Attributes:
        state: the newest verdict on the gate as a whole.
    """

    def __init__(
        self, node: Node, robot: str, errors: ErrorLog, figures: Callable[[], Mapping[str, object]]
    ) -> None:
        self._node, self._robot, self._figures = node, robot, figures
        self.state = ReasonCode.STARTING.verdict(Level.HOLD)
        self._logged: Kind = FREE
        self._rejected_ns: dict[Kind, int] = {}
        self._judged = {level: 0 for level in Level}
        self._verdicts = node.create_publisher(DiagnosticArray, "~/verdict", LATCHED_HISTORY)
        self._health = HealthReports(node, "safety: gate", robot, errors, self._how_it_is)

    def proposal(self, verdict: Verdict, now_ns: int, stamp_ns: int) -> None:
        """Publish the verdict on a proposal."""
        self._judged[verdict.level] += 1
        if verdict.level >= Level.HOLD and now_ns - self._rejected_ns.get(_kind(verdict), 0) > QUIET_NS:
            self._node.get_logger().warning(f"proposal: {text_of(verdict)}")
        self._rejected_ns = {k: v for k, v in self._rejected_ns.items() if now_ns - v <= QUIET_NS}
        if verdict.level >= Level.HOLD:
            self._rejected_ns[_kind(verdict)] = now_ns
        self._publish(Judgement(verdict, now_ns, stamp_ns))

    def tick(self, verdict: Verdict, command: Command | None, now_ns: int) -> None:
        """Take the verdict of a tick; publish a change of level, cause or sensor, but not one of a number."""
        changed = _kind(verdict) != _kind(self.state)
        self.state = verdict
        if changed:
            self._log(verdict)
            self._publish(Judgement(verdict, now_ns, command=command))

    def restart(self, verdict: Verdict, now_ns: int) -> None:
        """Publish that time starts again, also twice in a row: a simulator waits for it."""
        self.state = verdict
        self._log(verdict)
        self._publish(Judgement(verdict, now_ns))

    def _publish(self, judgement: Judgement) -> None:
        self._verdicts.publish(judgement_to_ros(judgement, self._robot))

    def _log(self, verdict: Verdict) -> None:
        """Log a change. PASS and LIMITED alternate while the robot moves, so the log treats them as one."""
        kind = _kind(verdict) if verdict.level >= Level.HOLD else FREE
        if kind == self._logged:
            return
        self._logged = kind
        # Literals: rclpy remembers per place in the code which severity it logged with.
        text, logger = f"state: {text_of(verdict)}", self._node.get_logger()
        if verdict.level is Level.STOP:
            logger.error(text)
        elif verdict.level is Level.HOLD:
            logger.warning(text)
        else:
            logger.info(text)

    def _how_it_is(self) -> Health:
        verdict = self.state
        values: dict[str, object] = {"level": verdict.level.name}
        values["codes"] = " ".join(str(number_of(reason.code)) for reason in verdict.reasons)
        values |= {f"proposals/{level.name}": count for level, count in self._judged.items()}
        values |= self._figures()
        return Health(SEVERITY[verdict.level], text_of(verdict), values)


def text_of(verdict: Verdict) -> str:
    """Return level, and reasons with their numbers, in one line."""
    reasons = (f"[{number_of(reason.code)}] {reason}" for reason in verdict.reasons)
    return f"{verdict.level.name} {'; '.join(reasons)}".strip()


def _kind(verdict: Verdict) -> Kind:
    return verdict.level, frozenset((reason.code, reason.sensor) for reason in verdict.reasons)
