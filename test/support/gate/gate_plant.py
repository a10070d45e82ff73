# SPDX-License-Identifier: Apache-2.0
"""A gate with all that is around it (robot, camera, planner), faults to break them with, and judges of the outcome."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from gate_arm import depth_in, gate_arm, outside_of
from gate_buttons import Panel
from gate_counts import COUNTS
from gate_duties import NEVER_NS, Duties
from gate_oracle import CommandOracle, Outside, bounds_of, restricted
from robots import AGE_S, CAMERA, JOINT_SENSOR

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import JointStateError
from ami_ros.safety.gate.gate import Gate
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.settings import GateNodeSettings, SafetySettings, load_safety_settings
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path
from ami_ros.types import Command, FloatArray, Level, Trajectory, Verdict

TICK_NS = 10_000_000
STEP_NS = 100_000_000
IMAGE_TICKS, PLAN_TICKS, CHUNK_STEPS = 3, 10, 5
START_NS = 7_000_000_000_000
DEAD_NS = 300_000_000  # from the death of a gate's process to the first tick of the next one

JOINT_FAULTS = (
    "joints_silent",
    "joints_late",
    "joints_future",
    "joints_nan",
    "joints_short",
    "joints_frozen",
    "joints_contradict",
    "joints_shifted",
    "not_following",
)
CAMERA_FAULTS = ("camera_silent", "camera_late", "camera_future", "camera_frozen")
PLANNER_FAULTS = (
    "planner_dead",
    "planner_hung",
    "planner_doubts",
    "planner_unsure",
    "planner_strange",
    "planner_wild",
    "planner_flood",
)
FAULTS = JOINT_FAULTS + CAMERA_FAULTS + PLANNER_FAULTS


def gate_settings(**changes: object) -> SafetySettings:
    """Return the shipped settings with numbers that differ from each other where that tells things apart."""
    return load_safety_settings({"speed_scale": 0.8, "tracking_error": 0.25, "start_error": 0.2, **changes})


class Outputs:
    """What left one gate since the last tick."""

    def __init__(self) -> None:
        self.forget()
        self.errors: list[str] = []
        self.restarts: list[str] = []

    def forget(self) -> None:
        self.last: Command | None = None
        self.verdict: Verdict | None = None

    def command(self, command: Command) -> None:
        self.last = command

    def tick(self, verdict: Verdict, command: Command | None, now_ns: int) -> None:
        self.verdict = verdict

    def proposal(self, verdict: Verdict, now_ns: int, stamp_ns: int) -> None:
        pass

    def restart(self, verdict: Verdict, now_ns: int) -> None:
        self.restarts.append(verdict.reasons[0].code)

    def error(self, where: str, error: Exception) -> None:
        self.errors.append(f"{where}: {error!r}")


class Plant:
    """Ticks the gate as its node would, and lets the judges see everything.

    `violations` holds the broken promises. A twin gate is spared every rejected proposal: if its commands differ,
    a rejected proposal has moved the robot.
    """

    def __init__(self, spec: RobotSpec | None = None, twin: bool = False, **changes: object) -> None:
        self.spec = gate_arm() if spec is None else spec
        self.settings = gate_settings(**changes)
        self.panel = Panel()
        self.start_process(twin)
        count, margin = len(self.spec.joint_names), self.settings.limits["zones"].workspace_margin
        self._zones: dict[bytes, Outside] = {}
        own = bounds_of(self.spec.limits, count, 1.0, self._outside(self.spec.workspace, margin, ()))
        self.oracle = CommandOracle(own, TICK_NS / 1e9, self.settings.tracking_error)
        self.now_ns, self.steady_ns, self.ticks = START_NS, START_NS // 3, 0
        self.position: FloatArray = np.array(self.spec.home)
        self.aim: FloatArray = np.array(self.spec.home)
        self.pace = 0.3  # share of the velocity limits that the planner uses
        self.faults: set[str] = set()
        self.command: Command | None = None
        self.verdict = Verdict(Level.HOLD)
        self.stopped = False
        self._violations: list[str] = []
        self.duties = Duties(self.settings, self.spec.limits.velocity)
        self._content, self._pictured = 0, np.full(len(self.spec.joint_names), np.nan)
        self._frozen: FloatArray | None = None
        self._is_new = True  # a process that has not commanded yet
        self._freshest_ns = NEVER_NS  # a proposal must be newer than this to move the robot
        self._moved_by: Trajectory | None = None
        self._hold_ticks = 1  # it begins in a hold, and at rest
        self.restrict(Restrictions())
        self.oracle.stop()

    @property
    def violations(self) -> list[str]:
        return self._violations + self.oracle.violations

    def start_process(self, twin: bool) -> None:
        """Start gates that know nothing of those before."""
        own = load_settings(GateNodeSettings, config_path("safety_node.yaml"))
        body = GateBody.of_robot(self.spec)
        self.outputs = [Outputs() for _ in range(1 + twin)]
        self.gates = [Gate(body, self.settings, own, out, simulated=False) for out in self.outputs]
        self.panel.connect(self.gates, lambda: self.now_ns)

    @property
    def gate(self) -> Gate:
        """The gate; a twin comes second."""
        return self.gates[0]

    # What the robot, its camera and its planner send.

    def send_joints(self, position: FloatArray | None = None, offset_ns: int = 0) -> None:
        """Deliver a joint state, by default the true one; a malformed one has to be refused."""
        position = self.position if position is None else np.asarray(position, dtype=np.float64)
        good = position.shape == (len(self.spec.joint_names),) and bool(np.isfinite(position).all())
        for gate in self.gates:
            refused = True
            with contextlib.suppress(JointStateError):
                gate.see_joints(position.copy(), self.now_ns + offset_ns, self.now_ns)
                refused = False
            self.expect(refused is not good, "joints {}: refused is {}", position, refused)
        if good:
            self.duties.see_joints(position, self.now_ns + offset_ns, self.now_ns)
            self.duties.joints = (self.now_ns + offset_ns, self.now_ns)

    def send_image(self, offset_ns: int = 0, frozen: bool = False) -> None:
        """Deliver an image; a frozen one has the pixels of the one before, and so has one of a robot at rest."""
        repeated = frozen or np.array_equal(self.position, self._pictured)
        if not repeated:
            self._content, self._pictured = self._content + 1, self.position.copy()
        for gate in self.gates:
            gate.see_image(CAMERA, self._content, self.now_ns + offset_ns, self.now_ns)
        self.duties.see_image(self.now_ns + offset_ns, self.now_ns, repeated)

    def send_report(
        self,
        surprise: float | None = 0.5,
        disagreement: float | None = 0.6,
        look: float | None = 0.4,
    ) -> None:
        """Deliver the planner's sign of life."""
        for gate in self.gates:
            gate.see_report(ModelReport(surprise, look, disagreement), self.now_ns, self.now_ns)
        self.duties.see_report(self.now_ns, surprise, disagreement, look)

    def propose(self, proposal: Trajectory) -> Verdict:
        """Submit a proposal."""
        verdict = self.gate.supervisor.submit(proposal, self.now_ns)
        if verdict.level is Level.PASS:
            self.duties.plan, self._moved_by = (proposal.stamp_ns,), proposal
            self.expect(proposal.stamp_ns > self._freshest_ns, f"accepted one of {proposal.stamp_ns}")
            self.expect(bool(np.isfinite(proposal.positions).all()), "accepted NaN or Inf")
            self._freshest_ns = max(self._freshest_ns, proposal.stamp_ns)
            for twin in self.gates[1:]:
                verdict_there = twin.supervisor.submit(proposal, self.now_ns)
                self.expect(verdict_there.level is Level.PASS, "the twin differs")
        else:
            self.expect(bool(verdict.reasons), "rejected without a reason")
        return verdict

    def chunk(self, offset_ns: int = 0) -> Trajectory:
        """Return what the planner proposes now: straight toward `aim`, at `pace`."""
        limit = self.spec.limits.velocity if self.spec.limits.velocity is not None else np.ones_like(self.aim)
        way, reach = self.aim - self.position, self.pace * limit * STEP_NS / 1e9
        steps = max(1.0, float(np.max(np.abs(way) / reach)))
        shares = np.minimum(np.arange(CHUNK_STEPS + 1) / steps, 1.0)
        points = self.position + shares[:, None] * way
        times = np.arange(CHUNK_STEPS + 1) * STEP_NS
        return Trajectory(self.spec.joint_names, points, times, self.now_ns + offset_ns)

    def wild(self) -> Trajectory:
        """Return a proposal that begins where the robot is and leaps away at many times its speed."""
        good = self.chunk()
        sign = np.where(np.arange(len(self.aim)) % 2, -1.0, 1.0) * (1 if self.ticks % 2 else -1)
        leap = np.linspace(0.0, 20.0, CHUNK_STEPS + 1)[:, None] * sign
        return Trajectory(good.joint_names, self.position + leap, good.time_from_start_ns, good.stamp_ns)

    # Time.

    def run(self, ticks: int) -> Verdict:
        """Let time pass with everything sending, but for what the faults break."""
        for _ in range(ticks):
            self.pass_time(TICK_NS)
            self.ticks += 1
            self._begin()
            self._feed()
            self._finish()
        return self.verdict

    def pass_time(self, time_ns: int) -> None:
        """Let time pass without a tick."""
        self.now_ns += time_ns
        self.steady_ns += time_ns

    def _feed(self) -> None:
        faults = self.faults
        self._frozen = self._frozen if "joints_frozen" in faults else None
        if "joints_nan" in faults:
            self.send_joints(np.where(np.arange(len(self.position)) == 1, np.nan, self.position))
        elif "joints_short" in faults:
            self.send_joints(self.position[:-1])
        elif "joints_frozen" in faults:
            self._frozen = self.position.copy() if self._frozen is None else self._frozen
            self.send_joints(self._frozen)
        elif "joints_contradict" in faults and self.ticks % 4 < 2:
            self.send_joints()
            self.send_joints(np.roll(self.position, 1) + 0.3)
        elif "joints_shifted" in faults:
            self.send_joints(self.position + 0.8 * self.settings.checks["place_trust"].joint_jump)
        elif "joints_silent" not in faults:
            late, ahead = "joints_late" in faults, "joints_future" in faults
            self.send_joints(offset_ns=-400_000_000 * late + 200_000_000 * ahead)
        if self.ticks % IMAGE_TICKS == 0 and "camera_silent" not in faults:
            late, ahead = "camera_late" in faults, "camera_future" in faults
            self.send_image(-700_000_000 * late + 200_000_000 * ahead, "camera_frozen" in faults)
        if "planner_flood" in faults:
            self.propose(self.chunk(-(self.ticks % 7)))
        if self.ticks % PLAN_TICKS == 0 and "planner_dead" not in faults:
            doubt, unsure = "planner_doubts" in faults, "planner_unsure" in faults
            surprise = float("nan") if doubt and self.ticks % 20 else 50.0 * doubt
            strange = "planner_strange" in faults
            self.send_report(9.0 if strange else surprise, 60.0 * unsure, 9.0 * strange)
            if "planner_hung" not in faults:
                self.propose(self.wild() if "planner_wild" in faults else self.chunk())

    def tick(self) -> None:
        """One tick of the gate, judged."""
        self._begin()
        self._finish()

    def _begin(self) -> None:
        for gate in self.gates:
            gate.begin_tick(self.now_ns, self.steady_ns)
        self._notice_restart()
        self._press(self.panel.deliver())
        self.expect(self.panel.is_known, "takes an old word of a button for its last")

    def _finish(self) -> None:
        must = self.duties.must_hold(self.now_ns, self.command is None or not self.command.velocity.any())
        must += ["buttons that have not spoken"] if self.panel.unheard else []
        gives_way = self.duties.may_give_way(self.now_ns)
        if self.duties.disturbed_ns == self.now_ns:
            self._moved_by = None  # planned before the cause was gone, whatever its stamp says
        for gate, out in zip(self.gates, self.outputs, strict=True):
            out.forget()
            gate.finish_tick(self.now_ns)
            gate.end_tick(self.steady_ns)
            self.expect(not out.errors, "{}", out.errors)
        self.command = self.outputs[0].last
        self.verdict = self.outputs[0].verdict or self.verdict
        COUNTS.see(self.command, self.verdict)
        for out in self.outputs[1:]:
            same = (out.last is None) is (self.command is None) and (
                out.last is None or np.array_equal(out.last.position, self.command.position)
            )
            self.expect(bool(same), "a rejected proposal has changed the motion")
        self._judge(must, gives_way)
        if self.command is not None and self._is_new:
            self._is_new = False
            self.oracle.excuse_leap_to(self.position)  # a new process cannot know that somebody moved the arm
        self.oracle.see(self.command, self.duties.measured)
        if self.command is not None:
            self.expect(
                self.duties.commanded is not None or not self.duties.unknown_place(self.now_ns),
                "began from joint states that contradict each other",
            )
            self.duties.commanded = np.array(self.command.position)
            if "not_following" not in self.faults:
                self.position = np.array(self.command.position)
            else:  # it still stirs: encoders that don't are another fault
                self.position = np.nextafter(self.position, np.inf)
        self._notice_restart()

    def _notice_restart(self) -> None:
        if self.outputs[0].restarts:
            COUNTS.restarts += 1
            for out in self.outputs:
                out.restarts.clear()
            self._forgotten()

    def _judge(self, must: list[str], may_give_way: bool) -> None:
        level = self.verdict.level
        self.expect(level >= Level.HOLD or not must, "{} although {}", level.name, must)
        self.expect(level is Level.PASS or bool(self.verdict.reasons), f"{level.name} without a reason")
        state = self.gate.supervisor.state
        told = {state, Level.LIMITED} if state is Level.PASS else {state}  # the gate may tell of itself
        self.expect(self.command is None or level in told, "state is {}, the verdict {}", state, level)
        if level is Level.STOP and not self.stopped:
            self.stopped = True  # by a check; the e-stop has said so already
            self.oracle.stop()
        self.expect(level is Level.STOP or not self.stopped, "left STOP by itself")
        if level >= Level.HOLD:
            if self._hold_ticks == 0:
                self._moved_by = None
            if level is Level.HOLD and may_give_way and self.duties.measured is not None:
                self.oracle.give_way(self.duties.measured)
            elif self._hold_ticks == 0 or self.oracle.gives_way:
                self.oracle.stop()
            self._hold_ticks += 1
        elif self._hold_ticks:
            self._hold_ticks = 0
            self.oracle.release()
            self.expect(self._moved_by is not None, "left HOLD without a proposal that came since")
        if level < Level.HOLD:
            stamp_ns = -(2**63) if self._moved_by is None else self._moved_by.stamp_ns
            self.expect(
                stamp_ns >= self.duties.disturbed_ns, "follows a proposal from before the end of the hold"
            )

    # The operator.

    @property
    def pressed(self) -> bool:
        """Whether any button is pressed."""
        return self.panel.pressed

    def estop(self, pressed: bool) -> None:
        """Press or release the e-stop by its service."""
        self._press(self.panel.call(pressed))

    def _press(self, pressed: bool) -> None:
        if pressed:
            self.stopped = True
            self.oracle.stop()
        for gate in self.gates:
            stopped = gate.supervisor.state is Level.STOP
            self.expect(stopped or not self.stopped, "a press was lost")

    def rearm(self) -> bool:
        """Ask to leave STOP, and judge the answer."""
        verdicts = [gate.rearm(self.now_ns) for gate in self.gates]
        granted = verdicts[0].level is Level.PASS
        if not granted:
            self.expect(bool(verdicts[0].reasons), "re-arm refused without a reason")
            return False
        COUNTS.rearmed += self.stopped
        self.expect(not self.duties.unknown_place(self.now_ns), "re-armed though nobody knows where it is")
        self.expect(not self.pressed, "re-armed although the e-stop is pressed")
        moving = float(np.abs(self.oracle.speed).max())
        self.expect(moving < 0.01, f"re-armed at {moving} rad/s")
        if self.stopped and self.duties.joints[0] is not None:
            age_s = (self.now_ns - self.duties.joints[0]) / 1e9
            self.expect(age_s <= AGE_S[JOINT_SENSOR], f"re-armed with joints of {age_s} s")
        self.stopped = False
        self.oracle.release()
        self.oracle.restart()
        self.duties.rearmed()
        self._freshest_ns = max(self._freshest_ns, self.now_ns)
        self._moved_by, self._hold_ticks, self.duties.plan = None, 1, (None,)
        self.oracle.stop()
        return True

    def recover(self) -> None:
        """Do what an operator does after a stop: everything in order, at rest, release, re-arm."""
        self.faults.clear()
        self.estop(False)
        self.panel.release_all()
        self.run(60)
        self.rearm()

    def restrict(self, restrictions: Restrictions, **given: Any) -> None:
        """Put tighter limits in force; `given` says the same to the oracle."""
        self._restrictions = restrictions
        for gate in self.gates:
            gate.restrict(restrictions)
        workspace = given.pop("workspace", self.spec.workspace)
        zones = self._outside(
            workspace, self.settings.limits["zones"].workspace_margin, given.pop("forbidden", ())
        )
        scale = given.pop("speed_scale", self.settings.speed_scale)
        self.oracle.tighten(restricted(self.oracle.own, scale, zones, **given))

    def _outside(self, workspace: FloatArray, margin: float, boxes: Sequence[FloatArray]) -> Outside:
        """Return how far a posture is outside of its zones: the same function for the same zones."""
        box = workspace + np.array([[-margin], [margin]])

        def outside(position: FloatArray) -> FloatArray:
            return np.array([outside_of(box, position), *(depth_in(other, position) for other in boxes)])

        return self._zones.setdefault(np.stack([box, *boxes]).tobytes(), outside)

    def set_clock(self, by_ns: int) -> None:
        """Set the system clock; the steady one goes on."""
        self.now_ns += by_ns

    def restart_process(self) -> None:
        """Kill the gate and start it again: it knows nothing of before, but what the buttons say again."""
        self.start_process(len(self.gates) > 1)
        for gate in self.gates:
            gate.restrict(self._restrictions)
        self.stopped = False
        self.oracle.release()
        self.pass_time(DEAD_NS)
        self._is_new = True
        self._forgotten()

    def _forgotten(self) -> None:
        """Expect a gate that has forgotten everything."""
        self.oracle.restart()
        self.command = None
        self.duties.forget()
        self._freshest_ns, self._moved_by, self._hold_ticks = NEVER_NS, None, 1
        self.oracle.stop()

    def expect(self, holds: bool, what: str, *numbers: object) -> None:
        if not holds:
            self._violations.append(f"tick {self.ticks}: {what.format(*numbers) if numbers else what}")
