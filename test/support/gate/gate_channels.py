# SPDX-License-Identifier: Apache-2.0
"""A gate in front of a body whose channels nothing measures, with all that is around it, and a judge of the outcome.

What differs between a base and a plant is in gate_base.py and gate_process.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gate_buttons import Panel
from gate_counts import COUNTS
from gate_oracle import CommandOracle, bounds_of, restricted
from gate_plant import DEAD_NS, START_NS, STEP_NS, TICK_NS, Outputs, gate_settings

from ami_ros.safety.gate.gate import Gate
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.settings import GateNodeSettings
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.types import Command, FloatArray, Level, Trajectory, Verdict

PLAN_TICKS, CHUNK_STEPS = 10, 5


class ChannelPlant:
    """Ticks the gate as its node would; `violations` holds the broken promises.

    A kind of body says what its sensors send (`_feed`), what becomes of a command (`_obey`), when the gate has to
    hold (`_must_hold`), and where a stream of commands begins (`_begins_at`).
    """

    def __init__(self, body: GateBody, **changes: object) -> None:
        self.body, self.settings = body, gate_settings(**changes)
        count = len(body.channels)
        self.now_ns, self.steady_ns, self.ticks = START_NS, START_NS // 3, 0
        self.goal: FloatArray = np.array(body.home)
        self.panel = Panel()
        own = bounds_of(body.limits, count)
        self.oracle = CommandOracle(own, TICK_NS / 1e9, rest=body.rest)
        self.command: Command | None = None
        self.verdict = Verdict(Level.HOLD)
        self.stopped, self.planner_lives = False, True
        self._violations: list[str] = []
        self._restrictions = Restrictions()
        self._given: dict[str, Any] = {}
        self._hold_ticks = 1
        self.start_process()
        self.restrict(Restrictions())
        self.oracle.stop()

    @property
    def violations(self) -> list[str]:
        return self._violations + self.oracle.violations

    def start_process(self) -> None:
        """Start a gate that knows nothing of the one before."""
        own = load_settings(GateNodeSettings, config_path("safety_node.yaml"))
        self.outputs = Outputs()
        self.gate = Gate(self.body, self.settings, own, self.outputs, simulated=False)
        self.panel.connect([self.gate], lambda: self.now_ns)

    def _feed(self) -> None:
        """Let the sensors send."""

    def _obey(self, command: Command | None) -> None:
        """Let the body do what it is told for one tick; without a command its controller stops it."""

    def _must_hold(self) -> list[str]:
        """Return every reason to hold at this tick."""
        return []

    def _begins_at(self) -> FloatArray | None:
        """Return where commands that begin are expected (C,)."""
        return None

    # Time.

    def run(self, ticks: int) -> Verdict:
        """Let time pass with everything sending, but for what is broken."""
        for _ in range(ticks):
            self.pass_time(TICK_NS)
            self.ticks += 1
            self._begin()
            self._feed()
            if self.ticks % PLAN_TICKS == 0 and self.planner_lives:
                self.gate.see_report(ModelReport(0.5, 0.4, 0.6), self.now_ns, self.now_ns)
                self.propose(self.chunk())
            self._finish()
        return self.verdict

    def pass_time(self, time_ns: int) -> None:
        """Let time pass without a tick."""
        self.now_ns += time_ns
        self.steady_ns += time_ns

    def chunk(self) -> Trajectory:
        """Return what the planner proposes now: to be at its goal all the time."""
        times = np.arange(CHUNK_STEPS + 1) * STEP_NS
        return Trajectory(self.body.channels, np.tile(self.goal, (len(times), 1)), times, self.now_ns)

    def propose(self, proposal: Trajectory) -> Verdict:
        """Submit a proposal."""
        verdict = self.gate.supervisor.submit(proposal, self.now_ns)
        finite = bool(np.isfinite(proposal.positions).all())
        self.expect(finite or verdict.level is not Level.PASS, "accepted NaN or Inf")
        return verdict

    def _begin(self) -> None:
        self.gate.begin_tick(self.now_ns, self.steady_ns)
        self._notice_restart()
        self._press(self.panel.deliver())
        self.expect(self.panel.is_known, "takes an old word of a button for its last")

    def _finish(self) -> None:
        must = self._must_hold()
        must += ["buttons that have not spoken"] if self.panel.unheard else []
        self.outputs.forget()
        self.gate.finish_tick(self.now_ns)
        self.gate.end_tick(self.steady_ns)
        self.expect(not self.outputs.errors, "{}", self.outputs.errors)
        self.command = self.outputs.last
        self.verdict = self.outputs.verdict or self.verdict
        COUNTS.see(self.command, self.verdict)
        self._judge(must)
        self.oracle.see(self.command, self._begins_at())
        self._obey(self.command)
        self._notice_restart()

    def _judge(self, must: list[str]) -> None:
        level = self.verdict.level
        self.expect(level >= Level.HOLD or not must, "{} although {}", level.name, must)
        self.expect(level is Level.PASS or bool(self.verdict.reasons), f"{level.name} without a reason")
        self.expect(level is Level.STOP or not self.stopped, "left STOP by itself")
        if level is Level.STOP and not self.stopped:
            self.stopped = True
            self.oracle.stop()
        if level >= Level.HOLD:
            if self._hold_ticks == 0:
                self.oracle.stop()
            self._hold_ticks += 1
        elif self._hold_ticks:
            self._hold_ticks = 0
            self.oracle.release()

    def _notice_restart(self) -> None:
        if self.outputs.restarts:
            COUNTS.restarts += 1
            self.outputs.restarts.clear()
            self._forgotten()

    def _forgotten(self) -> None:
        """Expect a gate that has forgotten everything."""
        self.oracle.restart()
        self.command, self._hold_ticks = None, 1
        self.oracle.stop()

    # The operator.

    def estop(self, pressed: bool) -> None:
        """Press or release the e-stop by its service."""
        self._press(self.panel.call(pressed))

    def _press(self, pressed: bool) -> None:
        if pressed:
            self.stopped = True
            self.oracle.stop()
        stopped = self.gate.supervisor.state is Level.STOP
        self.expect(stopped or not self.stopped, "a press was lost")

    def rearm(self) -> bool:
        """Ask to leave STOP, and judge the answer."""
        verdict = self.gate.rearm(self.now_ns)
        if verdict.level is not Level.PASS:
            self.expect(bool(verdict.reasons), "re-arm refused without a reason")
            return False
        COUNTS.rearmed += self.stopped
        self.expect(not self.panel.pressed, "re-armed although the e-stop is pressed")
        self.stopped = False
        self.oracle.release()
        self._forgotten()
        return True

    def recover(self) -> None:
        """Do what an operator does after a stop: everything in order, at rest, release, re-arm."""
        self.mend()
        self.estop(False)
        self.panel.release_all()
        self.run(150)
        self.rearm()

    def mend(self) -> None:
        """Put everything that is broken in order."""
        self.planner_lives = True

    def restrict(self, restrictions: Restrictions, **given: Any) -> None:
        """Put tighter limits in force; `given` says the same to the oracle."""
        self._restrictions = restrictions
        self.gate.restrict(restrictions)
        scale = given.pop("speed_scale", self.settings.speed_scale)
        own = self.oracle.own
        if self.body.rest is None:
            self.oracle.tighten(restricted(own, scale, own.zones, **given))
            return
        # The values themselves are speeds: the scale is of these.
        ends: Mapping[str, FloatArray] = {
            name: self.body.rest + scale * (given.get(name, getattr(own, name)) - self.body.rest)
            for name in ("lower", "upper")
        }
        self.oracle.tighten(restricted(own, 1.0, own.zones, **{**given, **ends}))

    def set_clock(self, by_ns: int) -> None:
        """Set the system clock; the steady one goes on."""
        self.now_ns += by_ns

    def restart_process(self) -> None:
        """Kill the gate and start it again: it knows nothing of before, but what the buttons say again."""
        self.start_process()
        self.gate.restrict(self._restrictions)
        self.stopped = False
        self.oracle.release()
        for _ in range(DEAD_NS // TICK_NS):
            self.pass_time(TICK_NS)
            self._obey(None)
        self._forgotten()

    def expect(self, holds: bool, what: str, *numbers: object) -> None:
        if not holds:
            self._violations.append(f"tick {self.ticks}: {what.format(*numbers) if numbers else what}")
