# SPDX-License-Identifier: Apache-2.0
"""A base, a process and a gripper behind the gate, as state machines: anything, in any order, judged at every step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from bodies.driven_base import CHANNELS, FASTEST
from gate_base import LIES, BasePlant
from gate_buttons import FLOOD, LATCHING, SILENT
from gate_channels import ChannelPlant
from gate_gripper import FLAWS, THING, WIDEST, GripperPlant
from gate_process import FLAWED, ProcessPlant
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ami_ros.safety.restrictions import Restrictions
from ami_ros.types import Level, Trajectory

COUNT = 2  # channels of each, at most
CLEAN_TICKS = 500
WAY_TO_REST = 4  # times that: after the clock was set, a hold ends at the rest
KEPT = 1e-6  # m, by which a grip may change in a hold
WILD = [np.nan, np.inf, -np.inf, 1e308, -1e308, 0.0, -0.0]

share = st.floats(0.0, 1.0)
shares = st.lists(share, min_size=COUNT, max_size=COUNT)
wild = st.one_of(st.floats(-200.0, 200.0), st.sampled_from(WILD))
sizes = st.one_of(st.sampled_from([1.0, 0.5, 0.1, 0.05, 0.01, 0.002, 1e-3]), st.floats(0.001, 1.0))
rates = st.one_of(sizes.map(lambda size: [size] * COUNT), st.lists(sizes, min_size=COUNT, max_size=COUNT))
restrictions = st.fixed_dictionaries(
    {},
    optional={
        "speed_scale": st.sampled_from([0.0, 0.1, 0.5, 1.0]),
        "lower": st.floats(0.0, 0.45),
        "upper": st.floats(0.0, 0.45),
        "velocity": rates,
        "acceleration": rates,
        "jerk": rates,
    },
)
buttons = st.sampled_from(LATCHING + SILENT)


class ChannelMachine(RuleBasedStateMachine):
    """What can happen to any body; after every rule nothing may be violated."""

    plant: ChannelPlant

    def goal(self, at: list[float]) -> Any:
        """Return values of the channels at these shares of a range that is larger than theirs."""
        raise NotImplementedError

    @rule(ticks=st.integers(1, 80))
    def run(self, ticks: int) -> None:
        self.plant.run(ticks)

    @rule(at=shares, ticks=st.integers(5, 160))
    def go(self, at: list[float], ticks: int) -> None:
        self.plant.goal = self.goal(at)
        self.plant.run(ticks)

    @rule(points=st.lists(st.tuples(wild, wild), max_size=5), offset_ns=st.integers(-(10**9), 10**9))
    def propose_anything(self, points: list[tuple[float, float]], offset_ns: int) -> None:
        plant = self.plant
        positions = np.array(points, dtype=np.float64).reshape(-1, COUNT)[:, : len(plant.body.channels)]
        times = np.arange(len(positions), dtype=np.int64) * 10**8
        plant.propose(Trajectory(plant.body.channels, positions, times, plant.now_ns + offset_ns))
        plant.run(5)

    @rule(
        at=shares,
        changes=st.lists(st.tuples(restrictions, st.integers(0, 60)), min_size=1, max_size=3),
        ends_with=st.sampled_from(["nothing", "press", "lift"]),
    )
    def restrict_in_motion(
        self, at: list[float], changes: list[tuple[dict[str, Any], int]], ends_with: str
    ) -> None:
        """At any moment, of any kind and size, and again before that has taken effect."""
        self.plant.goal = self.goal(at)
        for given, ticks in changes:
            self.plant.run(ticks)
            self._restrict(given)
        if ends_with == "press":
            self.plant.estop(True)
        self.plant.run(30)
        if ends_with == "lift":
            self.plant.restrict(Restrictions())
        self.plant.run(30)

    def _restrict(self, changes: dict[str, Any]) -> None:
        own, given = self.plant.oracle.own, {}
        for name, value in changes.items():
            limit = getattr(own, name, None)
            if name in ("lower", "upper"):
                span = own.upper - own.lower
                given[name] = limit + value * span * (1.0 if name == "lower" else -1.0)
            elif limit is None:
                given[name] = value[: len(own.lower)] if isinstance(value, list) else value
            elif np.isfinite(limit).all():
                given[name] = np.array(value[: len(limit)]) * limit
        self.plant.restrict(Restrictions(**given), **given)

    @rule()
    def lift_restrictions(self) -> None:
        self.plant.restrict(Restrictions())
        self.plant.run(5)

    @rule(ticks=st.integers(0, 60))
    def press(self, ticks: int) -> None:
        self.plant.estop(True)
        self.plant.run(ticks)

    @rule(button=buttons, pressed=st.booleans(), other=buttons, flood=st.sampled_from([0, 1, FLOOD]))
    def speak(self, button: str, pressed: bool, other: str, flood: int) -> None:
        for name, word in ((other, False), (button, pressed), (other, False)):
            self.plant.panel.say(name, word, 1 if name == button else flood)
        self.plant.run(20)

    @rule(ticks=st.integers(0, 60))
    def release_and_rearm(self, ticks: int) -> None:
        self.plant.estop(False)
        self.plant.panel.release_all()
        self.plant.run(ticks)
        self.rearm()
        self.plant.run(5)

    def rearm(self) -> None:
        self.plant.rearm()

    @rule()
    def silent_planner(self) -> None:
        self.plant.planner_lives = False
        self.plant.run(120)
        self.plant.planner_lives = True

    @rule(pause_ns=st.integers(1, 2_000_000_000))
    def late(self, pause_ns: int) -> None:
        self.plant.pass_time(pause_ns)
        self.plant.run(3)

    @rule(by_ns=st.integers(-2_000_000_000, 2_000_000_000))
    def clock_set(self, by_ns: int) -> None:
        self.plant.set_clock(by_ns)
        self.plant.run(30)

    @rule(ticks=st.integers(0, 60))
    def restart(self, ticks: int) -> None:
        self.plant.restart_process()
        self.plant.run(ticks)

    @rule()
    def every_hold_ends(self) -> None:
        """Everything in order for some seconds: only a stop is left, or there is nothing left."""
        self.plant.mend()
        self.plant.panel.repeat_all()
        self.plant.run(CLEAN_TICKS * (1 if self.plant.body.safe is None else WAY_TO_REST))
        verdict = self.plant.verdict
        self.plant.expect(self.plant.stopped or verdict.level < Level.HOLD, f"holds for ever: {verdict}")

    @rule()
    def recover(self) -> None:
        self.plant.recover()
        self.plant.run(20)

    @invariant()
    def nothing_is_violated(self) -> None:
        if hasattr(self, "plant") and self.plant.violations:
            raise AssertionError("; ".join(self.plant.violations[:3]))


class BaseMachine(ChannelMachine):
    """A base whose pose lies, and that slips, slides, is blocked and pushed."""

    plant: BasePlant

    @initialize(
        seed=st.integers(0, 2**32 - 1),
        x=st.floats(-1.5, 1.5),
        yaw=st.floats(-math.pi, math.pi),
        limits=st.integers(0, 2),
        tracking_error=st.sampled_from([0.3, 1.5]),
    )
    def begin(self, seed: int, x: float, yaw: float, limits: int, tracking_error: float) -> None:
        self.plant = BasePlant(seed, np.array([x, -1.0, yaw]), limits, tracking_error)
        self.plant.run(30)

    def goal(self, at: list[float]) -> Any:
        # Straight on at full speed more often than not.
        vx = 1.3 * (2.0 * min(1.0, 1.5 * at[0]) - 1.0)
        return np.array([vx, 1.3 * (2.0 * at[1] - 1.0)]) * FASTEST

    @rule(
        lie=st.sampled_from(LIES),
        turn=st.floats(-0.3, 0.3),
        before=st.integers(0, 80),
        ticks=st.integers(1, 300),
    )
    def lie(self, lie: str, turn: float, before: int, ticks: int) -> None:
        self.plant.goal = np.array([1.0, turn]) * FASTEST
        self.plant.run(before)
        self.plant.begin_lie(lie)
        self.plant.run(ticks)
        self.plant.mend()
        self.plant.run(30)

    @rule(share=share, turn=st.floats(-1.0, 1.0), ticks=st.integers(1, 200))
    def blocked(self, share: float, turn: float, ticks: int) -> None:
        self.plant.goal = np.array([1.0, turn]) * FASTEST
        self.plant.blocked = share
        self.plant.run(ticks)
        self.plant.mend()

    @rule(angle=st.floats(-math.pi, math.pi), share=st.floats(0.0, 0.7), turn=st.floats(-1.0, 1.0))
    def slide(self, angle: float, share: float, turn: float) -> None:
        self.plant.goal = np.array([1.0, turn]) * FASTEST
        self.plant.slides = share * np.array([math.cos(angle), math.sin(angle)])
        self.plant.run(250)
        self.plant.mend()

    @rule(by=st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=3))
    def push(self, by: list[float]) -> None:
        self.plant.push(np.array(by))
        self.plant.run(80)

    def rearm(self) -> None:
        """Somebody has looked: a pose that lies would have been seen."""
        self.plant.mend()
        self.plant.run(10)
        self.plant.rearm()

    def restart(self, ticks: int) -> None:
        self.plant.mend()
        super().restart(ticks)


class ProcessMachine(ChannelMachine):
    """Two set points, with or without a rest, and sensors that break."""

    plant: ProcessPlant

    @initialize(rests=st.booleans())
    def begin(self, rests: bool) -> None:
        self.plant = ProcessPlant(rests)
        self.plant.run(30)

    def goal(self, at: list[float]) -> Any:
        return self.plant.goal_at(at)

    @rule(flaws=st.sets(st.sampled_from(FLAWED), min_size=1, max_size=3), ticks=st.integers(1, 250))
    def broken(self, flaws: set[str], ticks: int) -> None:
        self.plant.flaws = set(flaws)
        self.plant.run(ticks)
        self.plant.flaws = set()
        self.plant.run(20)


class GripperMachine(ChannelMachine):
    """Two fingers, and a thing between them: it slips, they jam, or nobody measures them."""

    plant: GripperPlant

    @initialize()
    def begin(self) -> None:
        self.plant = GripperPlant()
        self.plant.run(30)

    def goal(self, at: list[float]) -> Any:
        return np.array([1.4 * at[0] - 0.2]) * WIDEST

    @rule(tight=st.floats(0.0, THING), ticks=st.integers(50, 250))
    def grip(self, tight: float, ticks: int) -> None:
        self.plant.goal = np.array([tight])
        self.plant.run(ticks)

    @rule(flaws=st.sets(st.sampled_from(FLAWS), min_size=1), at=shares, ticks=st.integers(1, 300))
    def broken(self, flaws: set[str], at: list[float], ticks: int) -> None:
        self.plant.flaws, self.plant.goal = set(flaws), self.goal(at)
        self.plant.run(ticks)
        self.plant.flaws = set()
        self.plant.run(20)

    @rule(wide=st.booleans(), ticks=st.integers(100, 250))
    def jammed(self, wide: bool, ticks: int) -> None:
        self.plant.flaws, self.plant.goal = {"jams"}, np.array([WIDEST if wide else 0.0])
        self.plant.run(ticks)
        self.plant.mend()

    @rule(ticks=st.integers(20, 250), slips=st.booleans())
    def held_while_nobody_plans(self, ticks: int, slips: bool) -> None:
        """Whatever holds the robot: it opens nothing, and squeezes no harder than it did."""
        self.plant.planner_lives = False
        self.plant.run(100)  # at rest
        if self.plant.verdict.level >= Level.HOLD and self.plant.command is not None:
            grip = self.plant.command.position.copy()
            self.plant.flaws = {"slips"} if slips else set()
            self.plant.run(ticks)
            now = self.plant.command
            kept = now is not None and bool(np.abs(now.position - grip).max() < KEPT)
            self.plant.expect(kept or self.plant.verdict.level < Level.HOLD, f"held {grip}, then {now}")
        self.plant.mend()


assert len(CHANNELS) == COUNT
