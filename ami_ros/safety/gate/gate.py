# SPDX-License-Identifier: Apache-2.0
"""The whole gate without ROS: a node feeds it messages and times, and it outputs commands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ami_ros.safety.body_groups import BodyGroups
from ami_ros.safety.gate.clock import SimulatedTicks, SystemClockWatch, TickStamps
from ami_ros.safety.gate.desk import ProposalDesk
from ami_ros.safety.gate.flood import ProposalFlood
from ami_ros.safety.gate.health import GateHealth
from ami_ros.safety.gate.tick_watch import TickWatch
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.settings import GateNodeSettings, SafetySettings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.types import Command, FloatArray, Level, Reason, Trajectory, Verdict

LATE_S = 1.0  # how long missed ticks and dropped messages are reported


class GateOutputs(Protocol):
    """Receives the outputs of the gate."""

    def command(self, command: Command) -> None:
        """Take the command of a tick."""

    def tick(self, verdict: Verdict, command: Command | None, now_ns: int) -> None:
        """Take the verdict of a tick."""

    def proposal(self, verdict: Verdict, now_ns: int, stamp_ns: int) -> None:
        """Take the verdict on the proposal with that stamp."""

    def restart(self, verdict: Verdict, now_ns: int) -> None:
        """Note that time starts again."""

    def error(self, where: str, error: Exception) -> None:
        """Take an error inside the gate."""


class Gate:
    """Clocks, health and the proposals that wait, around the `Supervisor`.

    Ticks come from a steady clock (`begin_tick`, `end_tick`) or, simulated, from the messages of a clock
    (`see_clock`). No clock is read here: every time is an argument, in ns.

    Args:
        body: what is moved, and what senses it.
        settings: the gate's thresholds.
        own: the settings of the node.
        outputs: takes commands and verdicts.
        simulated: the clock is a simulator's. When it restarts, the robot restarts at once and elsewhere.
        stopped: the STOP that is latched from the beginning; None for none.

    Attributes:
        supervisor: decides.
        health: what is wrong with the gate itself.
        desk: where proposals wait.
    """

    def __init__(
        self,
        body: GateBody | BodyGroups,
        settings: SafetySettings,
        own: GateNodeSettings,
        outputs: GateOutputs,
        simulated: bool,
        stopped: Verdict | None = None,
    ) -> None:
        tick_ns = round(1e9 / settings.rate_hz)
        self._outputs = outputs
        self._stall_ns = round(own.stall_s * 1e9)
        self.health = GateHealth()
        self.supervisor = Supervisor(body, settings, (self.health,), proven=simulated, stopped=stopped)
        self.desk = ProposalDesk(self.supervisor, body, self.supervisor.settings)
        self._flood = ProposalFlood(own.proposal_rate_hz)
        self._watch, self._clock_watch = TickWatch(tick_ns, own.watch_s), SystemClockWatch()
        self._ticks, self._stamps = SimulatedTicks(tick_ns), TickStamps(tick_ns)
        self._tick_failed = False
        self._told_ns: dict[ReasonCode, int] = {}
        self._received = self._oversized = 0

    # Time

    @property
    def simulated_now_ns(self) -> int:
        """The newest time of the simulator's clock; 0 before the first."""
        return self._ticks.now_ns or 0

    def see_clock(self, clock_ns: int) -> None:
        """Handle a message of the simulator's clock: run the ticks that are due."""
        due = self._ticks.see(clock_ns)
        if due.restart:
            self._restart(clock_ns, ReasonCode.CLOCK_RESTARTED.reason(now_ns=clock_ns), elsewhere=True)
            return
        if due.jump_ns:
            self.health.complain(Level.HOLD, ReasonCode.CLOCK_JUMPED, by_s=due.jump_ns / 1e9)
        for now in due.ticks_ns:
            self._guarded_tick(now)

    def begin_tick(self, now_ns: int, steady_ns: int) -> None:
        """Begin a tick of the wall clock: judge how late it is, and whether the system clock was set."""
        interval = self._watch.begin(steady_ns)
        if interval > self._stall_ns:
            # The controller has long stopped the arm, wherever our last command was.
            self._restart(now_ns, ReasonCode.GATE_STALLED.reason(interval_s=interval / 1e9))
        if self._watch.is_late(interval):
            self._tell(ReasonCode.GATE_LATE, now_ns, interval_ms=round(interval / 1e6, 1))
        jump = self._clock_watch.jump_ns(now_ns, steady_ns)
        if jump:
            self.health.complain(Level.HOLD, ReasonCode.CLOCK_JUMPED, by_s=jump / 1e9)

    def finish_tick(self, due_ns: int) -> None:
        """Command and report, after the messages were handled; never raises.

        `due_ns` is when this tick was due, by the system clock.
        """
        self._guarded_tick(self._stamps.stamp(due_ns))

    def end_tick(self, steady_ns: int) -> None:
        """Note when all was done."""
        self._watch.end(steady_ns)

    def _guarded_tick(self, now_ns: int) -> None:
        try:
            self._tick(now_ns)
        except Exception as error:
            self._outputs.error("tick", error)
            self._tick_failed = True
            failed = ReasonCode.GATE_ERROR.verdict(Level.HOLD, error=repr(error))
            self._outputs.tick(failed, None, now_ns)

    def _tick(self, now_ns: int) -> None:
        if self._tick_failed:  # without commands the controller has stopped the arm
            self._tick_failed = False
            self._forget()
        if self.health.complains(ReasonCode.PROPOSAL_FLOOD) and not self._flood.see(0, now_ns):
            self.health.settle(ReasonCode.PROPOSAL_FLOOD)
        self._settle_old(now_ns)
        self.judge_waiting(now_ns)
        command, verdict = self.supervisor.tick(now_ns)
        verdict |= self.health.warnings()
        if command is not None:
            self._outputs.command(command)
        self._outputs.tick(verdict, command, now_ns)
        if self.at_rest() and self.health.complains(ReasonCode.CLOCK_JUMPED):
            # Only now: after a reset the stream begins at rest, and a moving arm is not at rest.
            self.health.settle(ReasonCode.CLOCK_JUMPED)
            self._restart(now_ns, ReasonCode.CLOCK_RESTARTED.reason(now_ns=now_ns))

    def _restart(self, now_ns: int, reason: Reason, elsewhere: bool = False) -> None:
        self._forget(elsewhere)
        self._outputs.restart(Verdict(Level.HOLD, (reason,)), now_ns)

    def _forget(self, elsewhere: bool = False) -> None:
        self.supervisor.reset(elsewhere)
        self.desk.reset()

    # Things to report for a while

    def _tell(self, code: ReasonCode, now_ns: int, **numbers: float | int | str) -> None:
        self._told_ns[code] = now_ns
        self.health.complain(Level.LIMITED, code, **numbers)

    def _settle_old(self, now_ns: int) -> None:
        for code, told_ns in list(self._told_ns.items()):
            if not abs(now_ns - told_ns) <= LATE_S * 1e9:
                del self._told_ns[code]
                self.health.settle(code)

    def see_oversized(self, topic: str, size: int, limit: int, now_ns: int) -> None:
        """Note a message that was dropped unread, because it is larger than the robot can need."""
        self._oversized += 1
        self._tell(
            ReasonCode.MESSAGE_OVERSIZED,
            now_ns,
            topic=topic,
            bytes=size,
            limit=limit,
            dropped=self._oversized,
        )

    # What is sensed and planned

    def see_joints(self, position: FloatArray, stamp_ns: int, now_ns: int, sensor: str = "") -> None:
        """Take a joint state (J,); pass every one, oldest first; see `Supervisor`. Raises JointStateError."""
        self.supervisor.see_joints(position, stamp_ns, now_ns, sensor)
        self.desk.see_joints(stamp_ns, sensor)

    def see_image(self, sensor: str, content: int | None, stamp_ns: int, now_ns: int) -> None:
        """Take an image; `content` is a hash of its pixels, None if not known. Raises ConfigError."""
        self.supervisor.see_image(sensor, content, stamp_ns, now_ns)
        self.desk.see(sensor)

    def see_vector(
        self, sensor: str, content: int | None, stamp_ns: int, now_ns: int, values: FloatArray | None = None
    ) -> None:
        """Take a reading; `content` is a hash of its numbers, None if not known. Raises ConfigError."""
        self.supervisor.see_vector(sensor, content, stamp_ns, now_ns, values)
        self.desk.see(sensor)

    def see_refused(self, sensor: str, why: str, now_ns: int) -> None:
        """Note an unusable reading of a vector sensor. Raises ConfigError."""
        self.supervisor.see_refused(sensor, why, now_ns)

    def see_report(self, report: ModelReport, about_ns: int, now_ns: int) -> None:
        """Take a report of the planner.

        Args:
            report: how far it trusts its model.
            about_ns: stamp of the proposal that it is about; 0 for a sign of life alone.
            now_ns: arrival.
        """
        if about_ns or report != ModelReport():
            self.supervisor.see_planner(report, now_ns)
        else:
            self.supervisor.see_planner_alive(now_ns)
        self.desk.see_report(about_ns)

    def see_proposals(self, count: int, now_ns: int) -> None:
        """Note that `count` proposals have arrived, whether or not each is put on the desk."""
        self._received += count
        if self._flood.see(count, now_ns):
            self.health.complain(Level.LIMITED, ReasonCode.PROPOSAL_FLOOD, received=self._received)

    def put(self, proposals: Sequence[Trajectory], now_ns: int) -> None:
        """Put proposals on the desk, and judge those whose time has come."""
        for proposal in proposals:
            self.desk.put(proposal)
        self.judge_waiting(now_ns)

    def refuse(self, why: str, stamp_ns: int, now_ns: int) -> None:
        """Report a message that was no proposal."""
        malformed = ReasonCode.PROPOSAL_MALFORMED.verdict(Level.HOLD, error=why)
        self._outputs.proposal(malformed, now_ns, stamp_ns)

    def judge_waiting(self, now_ns: int) -> None:
        """Judge the proposals on the desk whose time has come."""
        for proposal, verdict in self.desk.judge(now_ns):
            self._outputs.proposal(verdict, now_ns, proposal.stamp_ns)

    # The operator

    def hold_for_buttons(self, unheard: Collection[str]) -> None:
        """Hold while buttons of the e-stop, named by their nodes, have not reported their state."""
        if unheard:
            named = " ".join(sorted(unheard))
            self.health.complain(Level.HOLD, ReasonCode.ESTOP_UNHEARD, count=len(unheard), nodes=named)
        else:
            self.health.settle(ReasonCode.ESTOP_UNHEARD)

    def estop(self, pressed: bool, now_ns: int) -> Verdict:
        """Press or release the e-stop."""
        return self.supervisor.estop(pressed, now_ns)

    def rearm(self, now_ns: int) -> Verdict:
        """Leave STOP if its cause is gone."""
        return self.supervisor.rearm(now_ns)

    def restrict(self, restrictions: Restrictions) -> None:
        """Put tighter limits in force. Raises ConfigError."""
        self.supervisor.restrict(restrictions)

    def begin_stop(self) -> None:
        """Decelerate to a hold; commands go on until the arm is at rest."""
        self.health.complain(Level.HOLD, ReasonCode.GATE_SHUTTING_DOWN)

    def at_rest(self) -> bool:
        """Whether the last command moved nothing, or there is none."""
        return self.supervisor.at_rest

    def figures(self) -> dict[str, float | int]:
        """Return counts of messages and the figures of the ticks."""
        counts: dict[str, float | int] = {"received_proposals": self._received}
        return counts | {"oversized_messages": self._oversized} | self._watch.figures()
