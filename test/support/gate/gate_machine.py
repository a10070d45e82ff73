# SPDX-License-Identifier: Apache-2.0
"""The gate as a state machine: random messages, times, faults and operators, in any order, judged at every step."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from gate_arm import HOME, JERK, WORKSPACE, gate_arm
from gate_buttons import FLOOD, LATCHING, SILENT
from gate_channel_machines import BaseMachine, ProcessMachine
from gate_counts import COUNTS
from gate_plant import FAULTS, STEP_NS, Plant
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from robots import ACCELERATION, JOINTS, LOWER, UPPER, VELOCITY

from ami_ros.errors import ConfigError
from ami_ros.safety.restrictions import Restrictions
from ami_ros.types import Level, Trajectory

# How many ticks of the gate `make test` spends on it; `make fuzz` says more.
TICKS = int(os.environ.get("AMI_ROS_FUZZ_TICKS", "6000"))
BATCH = 8  # timelines between two looks at how far it got: the first of a batch are simple ones
SEED = int(os.environ.get("AMI_ROS_FUZZ_SEED", "0"))
STEPS_PER_EXAMPLE = 25
CLEAN_TICKS = 400

UNLIMITED: tuple[dict[str, None], ...] = (
    *({},) * 9,
    {"lower": None},
    {"upper": None},
    {"velocity": None},
    {"jerk": None},
    {"acceleration": None, "jerk": None},
)
WILD = [np.nan, np.inf, -np.inf, 1e308, -1e308, 1e12, 0.0, -0.0, *LOWER, *UPPER]

RATES = {"velocity": VELOCITY, "acceleration": ACCELERATION, "jerk": JERK}
# Of the robot's own limits, as small as anybody may ask for.
sizes = st.one_of(
    st.sampled_from([1.0, 0.5, 0.1, 0.05, 0.01, 0.002, 1e-3, 1e-4, 1e-9]), st.floats(0.001, 1.0)
)
rates = st.one_of(sizes.map(lambda size: [size] * JOINTS), st.lists(sizes, min_size=JOINTS, max_size=JOINTS))
corners = st.tuples(st.floats(0.3, 0.8), st.floats(-0.4, 0.4), st.floats(0.3, 1.0))
restrictions = st.fixed_dictionaries(
    {},
    optional={
        "speed_scale": st.sampled_from([0.0, 0.1, 0.5, 1.0]),
        "lower": st.floats(0.0, 0.4),
        "upper": st.floats(0.0, 0.4),
        **{name: rates for name in RATES},
        "smaller": st.floats(0.0, 0.15),
        "boxes": st.lists(corners, min_size=1, max_size=2),
    },
)
buttons = st.sampled_from(LATCHING + SILENT)
floods = st.sampled_from([0, 1, FLOOD])
shares = st.lists(st.floats(0.0, 1.0), min_size=JOINTS, max_size=JOINTS)
wild = st.one_of(st.floats(-4.0, 4.0), st.sampled_from(WILD))
offsets_ns = st.one_of(
    st.sampled_from([0, 0, 1, -1, -STEP_NS, 40_000_000, 60_000_000, -(10**9), 10**9, -(10**18)]),
    st.integers(-(2**62), 2**62),
)


def within(values: list[float]) -> Any:
    """Return joints (J,) at these shares of a range a little larger than the position limits."""
    lower, upper = np.array(LOWER) - 0.3, np.array(UPPER) + 0.3
    return lower + np.array(values) * (upper - lower)


class GateMachine(RuleBasedStateMachine):
    """Every rule lets the plant do something; after every rule nothing may be violated."""

    @initialize(
        changes=st.sampled_from(UNLIMITED),
        twin=st.sampled_from([False, False, False, False, True]),
        near_home=st.booleans(),
        start=shares,
    )
    def begin(self, changes: dict[str, None], twin: bool, near_home: bool, start: list[float]) -> None:
        self.plant = Plant(gate_arm(**changes), twin=twin)
        offset = 0.3 * (np.array(start) - 0.5)
        self.plant.position = np.array(HOME) + offset if near_home else within(start)
        self.plant.run(30)

    @rule(ticks=st.integers(1, 60))
    def run(self, ticks: int) -> None:
        self.plant.run(ticks)

    @rule(goal=shares, pace=st.sampled_from([0.05, 0.3, 0.9, 3.0]), ticks=st.integers(5, 80))
    def go(self, goal: list[float], pace: float, ticks: int) -> None:
        self.plant.aim, self.plant.pace = within(goal), pace
        self.plant.run(ticks)

    @rule(change=shares, ticks=st.integers(20, 80))
    def go_near(self, change: list[float], ticks: int) -> None:
        self.plant.aim, self.plant.pace = self.plant.position + np.array(change) - 0.5, 0.4
        self.plant.run(ticks)

    @rule(
        faults=st.sets(st.sampled_from(FAULTS), min_size=1, max_size=3),
        change=st.one_of(st.none(), shares),
        ticks=st.integers(1, 120),
    )
    def broken_for_a_while(self, faults: set[str], change: list[float] | None, ticks: int) -> None:
        if change is not None:
            self.plant.aim, self.plant.pace = self.plant.position + np.array(change) - 0.5, 0.4
            self.plant.run(10)
        self.plant.faults = set(faults)
        self.plant.run(ticks)
        self.plant.faults = set()
        self.plant.run(15)

    @rule(silent=st.sampled_from(["camera_silent", "joints_silent", "planner_dead"]))
    def silent_for_long(self, silent: str) -> None:
        self.plant.faults = {silent}
        self.plant.run(120)
        self.plant.faults = set()

    @rule(
        points=st.integers(0, 4).flatmap(lambda n: st.lists(shares, min_size=n, max_size=n)),
        values=st.lists(wild, min_size=1, max_size=6),
        starts_here=st.booleans(),
        offset_ns=offsets_ns,
    )
    def propose_anything(
        self, points: list[list[float]], values: list[float], starts_here: bool, offset_ns: int
    ) -> None:
        positions = np.array([within(p) for p in points]) if points else np.empty((0, JOINTS))
        flat = positions.reshape(-1)
        flat[: len(values)] = values[: len(flat)]
        if starts_here and len(positions):
            positions[0] = self.plant.position
        times = np.arange(len(positions), dtype=np.int64) * STEP_NS
        stamp = self.plant.now_ns + offset_ns
        self.plant.propose(Trajectory(self.plant.spec.joint_names, positions, times, stamp))
        self.plant.run(3)

    @rule(
        what=st.sampled_from(["names", "order", "width", "times", "count", "start"]),
        by=st.integers(-(2**63), 2**63 - 1),
    )
    def propose_malformed(self, what: str, by: int) -> None:
        good = self.plant.chunk()
        names, positions, times = good.joint_names, good.positions.copy(), good.time_from_start_ns.copy()
        if what == "names":
            names = ("joint_x", *names[1:])
        elif what == "order":
            names = names[::-1]
        elif what == "width":
            positions = positions[:, :-1]
        elif what == "times":
            times[-1] = min(by, int(times[-2]))
        elif what == "count":
            times = times[:-1]
        elif what == "start":
            positions[0, 2] += 0.5
        verdict = self.plant.propose(Trajectory(names, positions, times, good.stamp_ns))
        self.plant.expect(verdict.level is not Level.PASS, f"accepted a proposal with wrong {what}")
        self.plant.run(2)

    @rule(change=shares, ticks=st.integers(1, 160), lets_go=st.booleans())
    def push_the_arm(self, change: list[float], ticks: int, lets_go: bool) -> None:
        self.plant.position = self.plant.position + np.array(change) - 0.5
        if not lets_go:  # it stays where it was pushed to
            self.plant.faults = {"not_following"}
            self.plant.run(ticks)
            self.plant.faults = set()
        self.plant.run(5)

    @rule(pause_ns=st.integers(1, 3_000_000_000), ticks=st.integers(0, 3))
    def late(self, pause_ns: int, ticks: int) -> None:
        self.plant.pass_time(pause_ns)
        for _ in range(ticks):
            self.plant.tick()
        self.plant.run(2)

    @rule(by_ns=st.integers(-2_000_000_000, 2_000_000_000), twice=st.booleans())
    def clock_set(self, by_ns: int, twice: bool) -> None:
        self.plant.set_clock(by_ns)
        self.plant.run(3)
        if twice:
            self.plant.set_clock(-by_ns)
        self.plant.run(20)

    @rule(ticks=st.integers(0, 60))
    def restart(self, ticks: int) -> None:
        self.plant.restart_process()
        self.plant.run(ticks)

    @rule(ticks=st.integers(0, 60), offset=shares)
    def rearm_from_elsewhere(self, ticks: int, offset: list[float]) -> None:
        """The arm was moved by hand, or somebody says so, while the gate was stopped."""
        self.plant.estop(True)
        self.plant.run(40)
        self.plant.position = self.plant.position + 0.8 * (np.array(offset) - 0.5)
        self.plant.run(ticks)
        self.plant.estop(False)
        self.plant.panel.release_all()
        self.plant.run(1)
        self.plant.rearm()
        self.plant.run(40)

    @rule()
    def every_hold_ends(self) -> None:
        """Everything in order for some seconds: only a stop is left, or there is nothing left."""
        self.plant.faults.clear()
        self.plant.panel.repeat_all()
        self.plant.run(CLEAN_TICKS)
        verdict = self.plant.verdict
        self.plant.expect(self.plant.stopped or verdict.level < Level.HOLD, f"holds for ever: {verdict}")

    @rule(ticks=st.integers(0, 60))
    def press(self, ticks: int) -> None:
        self.plant.estop(True)
        self.plant.run(ticks)

    @rule(button=buttons, pressed=st.booleans(), other=buttons, flood=floods, ticks=st.integers(0, 40))
    def speak(self, button: str, pressed: bool, other: str, flood: int, ticks: int) -> None:
        """A button says something in the middle of what another one says again and again."""
        for name, word in ((other, False), (button, pressed), (other, False)):
            self.plant.panel.say(name, word, 1 if name == button else flood)
        self.plant.run(ticks)

    @rule(pressed=st.booleans(), ticks=st.integers(0, 40))
    def release_and_rearm(self, pressed: bool, ticks: int) -> None:
        if not pressed:
            self.plant.estop(False)
            self.plant.panel.release_all()
        self.plant.run(ticks)
        self.plant.rearm()
        self.plant.run(5)

    @rule()
    def old_proposal_after_rearm(self) -> None:
        old = self.plant.chunk()
        self.plant.run(2)
        if self.plant.rearm():
            verdict = self.plant.propose(old)
            self.plant.expect(verdict.level is not Level.PASS, "took a proposal from before the re-arm")

    @rule(ticks=st.integers(10, 60))
    def recover(self, ticks: int) -> None:
        self.plant.recover()
        self.plant.run(ticks)

    @rule(changes=restrictions, ticks=st.integers(0, 40))
    def restrict(self, changes: dict[str, Any], ticks: int) -> None:
        self._restrict(changes)
        self.plant.run(ticks)

    @rule(
        goal=shares,
        pace=st.sampled_from([0.3, 0.9, 3.0]),
        changes=st.lists(st.tuples(restrictions, st.integers(1, 30)), min_size=1, max_size=3),
        ends_with=st.sampled_from(["nothing", "press", "lift"]),
    )
    def restrict_in_motion(
        self, goal: list[float], pace: float, changes: list[tuple[dict[str, Any], int]], ends_with: str
    ) -> None:
        """In the middle of any motion, at any speed and acceleration, and again before that has taken effect."""
        self.plant.aim, self.plant.pace = self.plant.position + np.array(goal) - 0.5, pace
        for given, ticks in changes:
            self.plant.run(ticks)
            self._restrict(given)
        if ends_with == "press":
            self.plant.estop(True)
        self.plant.run(20)
        if ends_with == "lift":
            self.plant.restrict(Restrictions())
        self.plant.run(20)

    def _restrict(self, changes: dict[str, Any]) -> None:
        limits, given = self.plant.spec.limits, {}
        for name, value in changes.items():
            if name in ("lower", "upper"):
                own = {"lower": np.array(LOWER), "upper": np.array(UPPER)}[name]
                given[name] = own + value * (1.0 if name == "lower" else -1.0)
            elif name in RATES:
                given[name] = np.array(value) * np.array(RATES[name])
            elif name == "smaller":
                given["workspace"] = np.array(WORKSPACE) + np.array([[value], [-value]])
            elif name == "boxes":
                given["forbidden"] = np.array([[box, np.array(box) + 0.2] for box in value])
            else:
                given[name] = value
        given = {
            n: v
            for n, v in given.items()
            if n not in (*RATES, "lower", "upper") or getattr(limits, n) is not None
        }
        self.plant.restrict(Restrictions(**given), **given)

    @rule()
    def lift_restrictions(self) -> None:
        self.plant.restrict(Restrictions())
        self.plant.run(3)

    @rule(what=st.sampled_from(["scale", "NaN", "velocity", "upper", "workspace", "inverted"]))
    def restrict_wrongly(self, what: str) -> None:
        looser = {
            "scale": {"speed_scale": 1.5},
            "NaN": {"speed_scale": np.nan},
            "velocity": {"velocity": np.array(VELOCITY) * 1.1},
            "upper": {"upper": np.array(UPPER) + 0.1, "lower": np.array(LOWER)},
            "workspace": {"workspace": np.array(WORKSPACE) + np.array([[-0.1], [0.1]])},
            "inverted": {"forbidden": np.ones((1, 2, 3))},
        }[what]
        own = {n: getattr(self.plant.spec.limits, n, 0) for n in looser}
        if any(value is None for value in own.values()):
            return  # where the robot has no limit, any is tighter
        try:
            self.plant.gate.restrict(Restrictions(**looser))
        except ConfigError:
            self.plant.run(2)
        else:
            self.plant.expect(False, f"took a looser {what}")

    @invariant()
    def nothing_is_violated(self) -> None:
        if hasattr(self, "plant") and self.plant.violations:
            raise AssertionError("; ".join(self.plant.violations[:3]))


def profile(examples: int) -> settings:
    """Return hypothesis settings: no database, no deadline; `examples` timelines."""
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS_PER_EXAMPLE,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if "AMI_ROS_FUZZ_SHRINK" in os.environ else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


def search(
    ticks: int,
    first_seed: int,
    until: Callable[[], bool] = lambda: False,
    machines: Sequence[type[RuleBasedStateMachine]] = (GateMachine, BaseMachine, ProcessMachine),
) -> int:
    """Run timelines until gates have ticked `ticks` times. Raises at the first violation. Returns the ticks."""
    begun = COUNTS.ticks
    batch = 0
    while COUNTS.ticks - begun < ticks and not until():
        # A fresh class for each batch: hypothesis keeps the seed with it.
        kind = machines[batch % len(machines)]
        machine = seed(first_seed + batch)(type(kind.__name__, (kind,), {}))
        run_state_machine_as_test(machine, settings=profile(BATCH))
        batch += 1
    return COUNTS.ticks - begun
