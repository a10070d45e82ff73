# SPDX-License-Identifier: Apache-2.0
"""Faults on purpose, one at a time, while the robot moves slowly: does the gate catch them?"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from rcl_interfaces.srv import SetParameters
from std_srvs.srv import SetBool, Trigger

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.commissioning.core.settings import CommissionSettings
from ami_ros.commissioning.core.spread import TakenGoal
from ami_ros.commissioning.core.standing import Look, moved_since, still_since
from ami_ros.commissioning.core.trials import FaultTrial
from ami_ros.ros.clients.client import ASK_AGAIN_S
from ami_ros.ros.commissioning.pursuit import PursuitClient
from ami_ros.ros.wire.verdicts import Judgement
from ami_ros.sim.faults.catalogue import Catalogue, Fault, name_of
from ami_ros.types import FloatArray, Level, Observation

PLANNER, ESTOP = "planner_hung", "estop"  # besides one of a sensor
MOVED = 10.0  # times `still_way`: the robot is in motion
MOVING_S = 30.0  # of the robot's time, until it is in motion
BY_HAND_S = 30.0  # in which an operator has to cover the camera, or stop the readings of a sensor
LOOKS = 1000  # kept: more than arrive while a fault is watched
WATCHED_S = 0.5  # for how long to watch after the robot came to rest


class FaultTrials(PursuitClient):
    """Causes faults, and mends them.

    Args:
        spec: the robot.
        check: as for Client.
        simulated: as for WatchedRobot.
        wanted: how soon the robot must be at rest.
        goals: to move to meanwhile.
        freeze: suspends the planner's process, or resumes it.
        ros_arguments: as for Client.
    """

    def __init__(
        self,
        spec: RobotSpec,
        check: Callable[[], None],
        simulated: bool,
        wanted: CommissionSettings,
        goals: Sequence[TakenGoal],
        freeze: Callable[[bool], None],
        ros_arguments: Sequence[str] = (),
    ) -> None:
        super().__init__(spec, check, simulated, wanted, goals, ros_arguments)
        self._freeze, self._catalogue = freeze, Catalogue(spec)
        self._states: list[Judgement] = []
        self._way: list[Look] = []
        self._asked_s = -math.inf  # wall time, for a re-arm
        self._faults: Any = (
            self._node.create_client(SetParameters, "sim/set_parameters") if simulated else None
        )
        self._estop: Any = self._node.create_client(SetBool, "safety/estop")
        self._arm: Any = self._node.create_client(Trigger, "safety/rearm")

    @property
    def names(self) -> tuple[str, ...]:
        """Faults to cause, in order: the first one needs a hand on a real robot."""
        return self.place.sensor_fault, PLANNER, ESTOP

    def bring_about(self, name: str, tell: Callable[[str], None]) -> FaultTrial:
        """Cause a fault on the way to a goal, watch, mend it, and watch again.

        Args:
            name: one of `names`.
            tell: shows an operator what to do now.

        Raises:
            ProcessError: a node died, or the robot went silent.
        """
        if name in self._catalogue.left_out:
            return FaultTrial(name, name, left_out=self._catalogue.left_out[name])
        fault = self._catalogue.faults[name]
        self.begin(self.farthest())
        if not self._gets_under_way():
            self.rest()
            return FaultTrial(name, fault.effect, left_out=f"the robot did not move: {self._last_words()}")
        by_hand = name == self.place.sensor_fault and self._faults is None
        within_s = BY_HAND_S if by_hand else fault.within_s
        begun_ns, unsafe = self._break(fault, tell), self.unsafe
        named = self._watch_until(lambda: self._naming(fault, begun_ns), within_s)
        held_ns = named.stamp_ns if named is not None else self.now_ns
        self._watch_until(lambda: self._still_ns(held_ns), self._wanted.still_s)
        still_ns = self._still_ns(held_ns)
        self._watch_until(lambda: None, WATCHED_S)
        codes = [] if named is None else [reason.code for reason in named.verdict.reasons]
        expected = sorted({code.partition("@")[0] for code in fault.named_by})
        moved = None if still_ns is None else moved_since(self._way, still_ns, self.place.stir)
        recovered_s = self._mend(fault, tell)
        self.rest()
        return FaultTrial(
            fault=name,
            what=fault.effect,
            expected=tuple(expected),
            within_s=within_s,
            named=tuple(code for code in codes if code in expected),
            level="" if named is None else named.verdict.level.name,
            named_s=None if named is None or by_hand else max(0.0, (named.stamp_ns - begun_ns) / 1e9),
            still_s=None if still_ns is None else max(0.0, (still_ns - held_ns) / 1e9),
            moved_after=moved,
            recovered_s=recovered_s,
            unsafe=self.unsafe - unsafe,
        )

    # Actions

    def _break(self, fault: Fault, tell: Callable[[str], None]) -> int:
        """Cause the fault, and return when, in the robot's time."""
        begun_ns = self.now_ns
        self._states.clear()
        if fault.name == ESTOP:
            self._call(self._estop, SetBool.Request(data=True), "safety/estop")
        elif fault.name == PLANNER:
            self._freeze(True)
        elif self._faults is None:
            tell(self.place.by_hand[0])
        else:
            self._set_fault(fault.name)
        return begun_ns

    def _mend(self, fault: Fault, tell: Callable[[str], None]) -> float | None:
        """Undo it, and return how long until the gate let the robot move again; None: it did not."""
        if fault.name == ESTOP:
            self._call(self._estop, SetBool.Request(data=False), "safety/estop")
        elif fault.name == PLANNER:
            self._freeze(False)
        elif self._faults is None:
            tell(self.place.by_hand[1])
        else:
            self._set_fault("")
        mended_ns = self.now_ns
        freed = self._watch_until(self._free, self._wanted.recover_s)
        return None if freed is None else (self.now_ns - mended_ns) / 1e9

    def _free(self) -> bool | None:
        """Return True once the gate lets the robot move; re-arm it after a latched stop."""
        if self.level is Level.STOP and time.monotonic() - self._asked_s > ASK_AGAIN_S:
            self._asked_s = time.monotonic()
            self._arm.call_async(Trigger.Request())
        return True if self.level < Level.HOLD else None

    def _set_fault(self, name: str) -> None:
        self._set_on(self._faults, "sim", {"fault": name})

    # Observations

    def _gets_under_way(self) -> bool:
        start, enough = self.here(), MOVED * self._wanted.still_way
        moves = self._watch_until(lambda: self.place.stir(start, self.here()) > enough or None, MOVING_S)
        return moves is not None

    def _watch_until(self, condition: Callable[[], Any], limit_s: float) -> Any:
        """Look until `condition` returns something other than None, and return that; None: not in time."""
        over_ns = self.now_ns + round(limit_s * 1e9)
        while (found := condition()) is None and self.now_ns < over_ns:
            self.look()
        return found

    def _naming(self, fault: Fault, begun_ns: int) -> Judgement | None:
        """Return the first verdict that holds or stops the robot for this fault."""
        for judgement in self._states:
            names = {name_of(reason) for reason in judgement.verdict.reasons}
            held = judgement.verdict.level >= Level.HOLD and judgement.stamp_ns >= begun_ns
            if held and names & fault.named_by:
                return judgement
        return None

    def _still_ns(self, since_ns: int) -> int | None:
        return still_since(self._way, since_ns, self.place.stir, self._wanted.still_way)

    def _on_observation(self, observation: Observation, here: FloatArray) -> None:
        super()._on_observation(observation, here)
        self._way.append(Look(observation.stamp_ns, here))
        del self._way[:-LOOKS]

    def _on_state(self, judgement: Judgement) -> None:
        super()._on_state(judgement)
        self._states.append(judgement)
