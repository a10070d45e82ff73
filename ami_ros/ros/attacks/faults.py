# SPDX-License-Identifier: Apache-2.0
"""Runs one fault in a short episode, and records what the gate reports and the oracle counts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import SetParameters
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

from ami_ros.bench.faults import FaultRun, Told
from ami_ros.bench.under_way import UnderWay
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ProcessError
from ami_ros.ros.attacks.bad_planner import sent_ns
from ami_ros.ros.attacks.operator_faults import OperatorFaults
from ami_ros.ros.attacks.wire_faults import WireFaults
from ami_ros.ros.clients.client import START_TIMEOUT_S
from ami_ros.ros.clients.episodes import STALL_TIMEOUT_S, EpisodeClient
from ami_ros.ros.wire.message_limits import proposal_limit, within
from ami_ros.ros.wire.qos import STATE
from ami_ros.ros.wire.verdicts import Judgement, values_of
from ami_ros.safety.reasons import ReasonCode
from ami_ros.sim.faults.catalogue import SEPARATOR, STREAM, Catalogue, Fault, name_of
from ami_ros.sim.faults.kinds import (
    BOXES,
    COMMAND_TIMEOUT,
    ESTOP_FLOODED,
    OPERATOR,
    OVERSIZED_IMAGE,
    PLANNER_ERROR,
    PROCESS,
    PROPOSALS,
    RESTRICTED,
    SECOND_GATE,
    SIMULATED,
    WIRE,
)
from ami_ros.sim.tasks.task import Task
from ami_ros.types import FloatArray, Level

LONG_STEPS = 10_000  # never reached: it makes ~/reset pause the simulator
DISCOVERED_S = 10.0  # after which every node has discovered every other, on a busy machine
EFFECT_S = 5.0  # wall time that a fault may take until the simulator reports that it has begun
MOVING_S = 30.0  # wall time until the body moves, on a busy machine
LATER_S = 0.15  # s: the fault starts with a delay of up to this
AFTER_S = 0.3  # observation time after the gate named the fault
AFTER_STOP_S = 0.8
OF_OTHERS = (SECOND_GATE, "foreign_world")  # besides the faults of the part `wire`
PROPOSING = ("planner: loop", "explorer: loop")  # on /diagnostics
ESTOP_S = 2.0  # longest wait for the gate's STOP


class FaultClient(EpisodeClient):
    """An episode client that breaks things.

    Args:
        spec: the robot.
        task: as for EpisodeClient.
        check: as for EpisodeClient.
        signal: causes a fault of the part `process`, by name.
        ros_arguments: as for EpisodeClient.
        has_goals: whether the proposing node pursues goals; an explorer does not.
    """

    def __init__(
        self,
        spec: RobotSpec,
        task: Task,
        check: Callable[[], None],
        signal: Callable[[str], None],
        ros_arguments: Sequence[str] = (),
        has_goals: bool = True,
    ) -> None:
        super().__init__(spec, task, check, ros_arguments, sees=False)
        self._has_goals = has_goals
        self._signal, self._catalogue = signal, Catalogue(spec, has_model=has_goals)
        self._told: list[Told] = []
        self._truth: dict[str, Any] = {}
        self._alive: tuple[int | None, float] = (None, time.monotonic())
        self._lock_step = False
        self._spoiled_ns: int | None = None
        on_proposed = within(proposal_limit(spec), JointTrajectory, self._on_proposed)
        self._node.create_subscription(JointTrajectory, "planner/proposed", on_proposed, STATE, raw=True)
        self._planner_errors = 0
        self._node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, STATE)
        self._wire = WireFaults(self._node, spec, self._now_ns)
        self._operator = OperatorFaults(self._node, spec, self._spin)
        self._spoil: Any = self._node.create_client(SetParameters, "bad_planner/set_parameters")

    def inject(self, name: str, seed: int) -> FaultRun:
        """Start the episode of `seed`, inject the fault `name` in mid-motion, and watch.

        Raises:
            ConfigError: the fault does not apply to this body.
            ProcessError: a node died unexpectedly or did not answer, or the body did not move.
        """
        fault, parts = self._catalogue.combined(name, seed), self._catalogue.members(name, seed)
        self._begin(seed)
        self._wait_for_motion(seed)
        self._told, self._spoiled_ns = [], None
        start_ns = self._break(parts, seed)
        stopped = any(part.part == OPERATOR for part in parts)
        after_s = AFTER_STOP_S if stopped else AFTER_S
        window_ns = round((fault.within_s + AFTER_S) * 1e9)
        over_ns, since_ns = self._now_ns() + window_ns, self._since_ns(start_ns)
        # In lock-step the simulator may be far ahead of the truths that have arrived here.
        effect_s = time.monotonic() + EFFECT_S
        named = False
        # By the robot's messages, not by the wall clock: a killed process can keep the others from
        # sending for a second (docs/safety.md), and nothing would be watched in that second.
        while self._heard_ns < over_ns or (since_ns is None and time.monotonic() < effect_s):
            self._spin()
            self._look_alive()
            if since_ns is None and (since_ns := self._since_ns(start_ns)) is not None:
                over_ns = max(over_ns, since_ns + window_ns)
            if not named and since_ns and self._is_named(fault.named_by, start_ns):
                named, over_ns = True, self._now_ns() + round(after_s * 1e9)
        estop_ms = self._press_estop(parts)
        since_ns, truth = self._since_ns(start_ns), self._truth
        self._mend(parts)
        told = tuple(t for t in self._all_told() if t.stamp_ns >= (since_ns or start_ns or 0))
        return FaultRun(
            fault=fault,
            listed_as=name,
            seed=seed,
            since_ns=since_ns,
            told=tuple(sorted(told, key=lambda one: one.stamp_ns)),
            unsafe=dict(truth["unsafe_by_kind"]),
            unsafe_commands=int(truth["unsafe_commands"]),
            moved_after_stop=int(truth["moved_after_stop"]),
            estop_ms=estop_ms,
        )

    def _wait_for_goal(self, stamp_ns: int, goal_joints: FloatArray | None) -> None:
        if self._has_goals:
            super()._wait_for_goal(stamp_ns, goal_joints)
            return
        self._until(
            lambda: self._status is not None and bool(self._status.progress),
            START_TIMEOUT_S,
            lambda: f"the explorer is not ready; {self._last_words()}",
        )

    def _begin(self, seed: int) -> None:
        start = self._start_over(seed, LONG_STEPS)
        self._lock_step = bool(start["lock_step"])
        self._under_way, self._truth = UnderWay(self._spec, start), {}
        self._alive = (None, time.monotonic())
        self._call(self._pause, SetBool.Request(data=False), "sim/pause")

    def _wait_for_motion(self, seed: int) -> None:
        self._until(
            lambda: self._under_way(self._truth),
            MOVING_S,
            lambda: f"seed {seed}: the body does not move; newest status: {self._told[-1:]}",
        )
        later_s = float(np.random.default_rng([seed, STREAM, 2]).uniform(0.0, LATER_S))
        over_ns = self._now_ns() + round(later_s * 1e9)
        while self._now_ns() < over_ns:
            self._spin()
            self._look_alive()

    def _press_estop(self, parts: Sequence[Fault]) -> float | None:
        """Press the e-stop during the fault, and return when the gate reported STOP, ms; None in lock-step.

        Only for faults in which others send or show what they should not: they might delay it.
        """
        if self._lock_step or not any(part.part == WIRE or part.kind in OF_OTHERS for part in parts):
            return None
        pressed_ns, told = time.time_ns(), len(self._told)
        self._operator.press(True)

        def stopped() -> list[int]:
            return [one.stamp_ns for one in self._told[told:] if "ESTOP" in one.reasons]

        self._until(lambda: bool(stopped()), ESTOP_S, lambda: "the e-stop had no effect")
        reaction_ms = max(0.0, (min(stopped()) - pressed_ns) / 1e6)
        over_ns = self._now_ns() + round(AFTER_STOP_S * 1e9)
        while self._now_ns() < over_ns:
            self._spin()
        self._told = [one for one in self._told if "ESTOP" not in one.reasons]
        self._operator.press(False)
        return reaction_ms

    def _now_ns(self) -> int:
        """Return the robot's time: that of its newest truth in lock-step."""
        return self._heard_ns if self._lock_step else time.time_ns()

    @property
    def _heard_ns(self) -> int:
        """Time of the newest truth, the robot's; 0 before the first."""
        return int(self._truth.get("stamp_ns", 0))

    def _look_alive(self) -> None:
        """Raise ProcessError when the simulator has been silent for too long."""
        now, stamp = time.monotonic(), self._heard_ns
        if stamp != self._alive[0]:
            self._alive = (stamp, now)
        if now - self._alive[1] > STALL_TIMEOUT_S:
            raise ProcessError(f"the simulator was silent for {STALL_TIMEOUT_S:.0f} s")

    def _break(self, parts: Sequence[Fault], seed: int) -> int | None:
        """Inject the faults; return when, or None if another node reports it."""
        start_ns: int | None = None
        simulated = [part.name for part in parts if part.part in SIMULATED]
        if simulated:
            self._set(fault=SEPARATOR.join(simulated), fault_seed=seed)
        for part in parts:
            if part.kind == OVERSIZED_IMAGE:
                topic = self._spec.sensors[part.sensor].topic
                start_ns = self._let_shout(part.kind, topic, 1 + self._node.count_publishers(topic))
            elif part.part == WIRE:
                start_ns = self._wire.begin(part)
            elif part.part == PROPOSALS:
                self._set_on(self._spoil, "bad_planner", {"fault": part.kind})
            elif part.part == PROCESS:
                start_ns = self._now_ns()
                self._signal(part.kind)
                if part.kind == SECOND_GATE:
                    topic = self._spec.outputs[0].output.topic
                    start_ns = self._wait_for_publishers(topic, 2, ReasonCode.COMMAND_SHARED)
            elif part.part == OPERATOR:
                start_ns = self._let_operate(part.kind, seed)
        return start_ns

    def _let_operate(self, kind: str, seed: int) -> int:
        """Do what operators do, ending with a press; return when that was."""
        if kind == ESTOP_FLOODED:
            self._let_shout(kind, "estop", 3)
        elif kind == RESTRICTED:
            self._operator.restrict_again_and_again(seed)
        elif kind == BOXES:
            self._operator.ask_for_many_boxes()
        start_ns = self._now_ns()
        if kind == ESTOP_FLOODED:
            self._operator.press(True)
        else:
            self._call(self._estop, SetBool.Request(data=True), "safety/estop")
        return start_ns

    def _let_shout(self, kind: str, topic: str, publishers: int) -> int:
        """Start strangers, and wait until that many publish on a topic; return when, in the robot's time."""
        self._signal(kind)
        return self._wait_for_publishers(topic, publishers, ReasonCode.SENSOR_SHARED)

    def _wait_for_publishers(self, topic: str, publishers: int, told_as: ReasonCode) -> int:
        """Return when that many could publish, in the robot's time: when the first of our nodes noticed."""
        self._until(
            lambda: self._node.count_publishers(topic) >= publishers,
            MOVING_S,
            lambda: f"no {publishers} publishers on {topic}",
        )

        def told() -> list[int]:
            return [one.stamp_ns for one in self._told if told_as.name in one.reasons]

        # Simulated time may run faster than the gate discovers other nodes.
        over_s = time.monotonic() + (DISCOVERED_S if self._lock_step else 0.0)
        while not told() and time.monotonic() < over_s:
            self._spin()
        return min((self._now_ns(), *told()))

    def _mend(self, parts: Sequence[Fault]) -> None:
        self._set(fault="", fault_seed=0)
        self._wire.end()
        if any(part.part == PROPOSALS for part in parts):
            self._set_on(self._spoil, "bad_planner", {"fault": ""})
        pressed = any(part.part == OPERATOR for part in parts)
        if pressed:
            self._operator.press(False)
            self._operator.lift()
        if pressed and self._lock_step:  # a restart of time does not release it
            self._rearm()
        self._call(self._pause, SetBool.Request(data=True), "sim/pause")

    def _since_ns(self, start_ns: int | None) -> int | None:
        known = [ns for ns in (start_ns, self._spoiled_ns, self._truth.get("fault_ns")) if ns]
        return min(known, default=None)

    def _all_told(self) -> list[Told]:
        timeout_ns = self._truth.get("command_timeout_ns")
        silent = [] if timeout_ns is None else [_silence(int(timeout_ns))]
        return [*self._told, *silent]

    def _is_named(self, names: frozenset[str], start_ns: int | None) -> bool:
        since = self._since_ns(start_ns) or 0
        return any(told.reasons & names and told.stamp_ns >= since for told in self._all_told())

    def _on_truth(self, message: Any) -> None:
        super()._on_truth(message)
        self._truth = json.loads(message.data)

    def _on_judgement(self, judgement: Judgement) -> None:
        super()._on_judgement(judgement)
        verdict = judgement.verdict
        names = frozenset(name_of(reason) for reason in verdict.reasons)
        self._told.append(Told(judgement.stamp_ns, verdict.level, names))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        """Take what the planner rejected: it reports no verdicts."""
        if message.status and message.status[0].name in PROPOSING:
            errors = int(values_of(message)["errors"])
            before, self._planner_errors = self._planner_errors, errors
            if errors > before:
                self._told.append(Told(self._now_ns(), Level.LIMITED, frozenset({PLANNER_ERROR})))

    def _on_proposed(self, message: JointTrajectory) -> None:
        sent = sent_ns(message)
        if sent is not None and self._spoiled_ns is None:
            self._spoiled_ns = sent


def _silence(stamp_ns: int) -> Told:
    return Told(stamp_ns, Level.HOLD, frozenset({COMMAND_TIMEOUT}))
