# SPDX-License-Identifier: Apache-2.0
"""Short stories about the gate, each a hole that gates are known to have. Each raises AssertionError when it gapes.

Regression tests run them on the gate as it is, and test_mutations.py on gates with one check taken out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from gate_arm import JERK, gate_arm
from gate_base import LIES, BasePlant
from gate_buttons import FLOOD
from gate_gripper import THING, WIDEST, GripperPlant
from gate_plant import FAULTS, TICK_NS, Plant
from gate_process import ProcessPlant
from robots import ACCELERATION, LOWER, UPPER, VELOCITY

from ami_ros.errors import ConfigError
from ami_ros.safety.restrictions import Restrictions
from ami_ros.types import Level, Trajectory

LONG = 70  # ticks that any cause is noticed and any braking is done in
EXPECTED = {  # which reason names the fault, one of them at least
    "joints_silent": "JOINTS_STALE",
    "joints_late": "JOINTS_STALE",
    "joints_future": "JOINTS_FUTURE",
    "joints_nan": "JOINTS_STALE",
    "joints_short": "JOINTS_STALE",
    "camera_silent": "CAMERA_STALE",
    "camera_late": "CAMERA_STALE",
    "camera_future": "CAMERA_FUTURE",
    "camera_frozen": "CAMERA_FROZEN",
    "planner_dead": "PLANNER_SILENT",
    "planner_hung": "PROPOSAL_STALE",
    "planner_doubts": "SURPRISE_HIGH",
    "planner_unsure": "DISAGREEMENT_HIGH",
    "planner_strange": "SURPRISE_HIGH",
    "joints_contradict": "JOINTS_CONTRADICT",
}

LIE_EXPECTED = {
    "frozen": "SENSOR_FROZEN",
    "scaled": "POSE_UNEXPLAINED",
    "leapt": "POSE_CONTRADICT",
    "drifting": "POSE_UNEXPLAINED",
    "silent": "SENSOR_STALE",
    "nan": "SENSOR_MALFORMED",
    "late": "SENSOR_STALE",
    "future": "SENSOR_FUTURE",
}


def judged(plant: Plant) -> None:
    if plant.violations:
        raise AssertionError("; ".join(plant.violations[:3]))


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def moving() -> Plant:
    """Return a plant whose robot follows its planner at speed."""
    plant = Plant()
    plant.run(30)
    plant.aim = plant.position + np.array([0.5, 0.1, -0.4, 0.2])
    plant.run(21)  # one more than the planner's last proposal: the next one is newer
    expect(float(np.abs(plant.oracle.speed).max()) > 0.05, "does not move at all")
    return plant


def codes(plant: Plant) -> set[str]:
    return {reason.code for reason in plant.verdict.reasons}


def fault(name: str) -> Callable[[], None]:
    """Return the story: the fault holds a moving robot, is called by its name, and its end lets it go on."""

    def story() -> None:
        plant = moving()
        plant.faults, named = {name}, set()
        sign = 1.0
        for _ in range(3 * LONG):
            sign = -sign if plant.ticks % 40 == 0 else sign
            plant.aim = plant.position + sign * np.array([0.4, 0.1, -0.3, 0.2])
            plant.run(1)
            named |= codes(plant)
        judged(plant)
        expect(EXPECTED[name] in named, f"{name} was called {sorted(named)}")
        plant.faults = set()
        plant.run(3 * LONG)
        judged(plant)
        expect(plant.verdict.level < Level.HOLD, f"never went on: {plant.verdict}")

    return story


def bad_numbers(value: float) -> Callable[[], None]:
    """Return the story: one such number anywhere in a proposal."""

    def story() -> None:
        plant = moving()
        for at in ((0, 0), (2, 3), (-1, 1)):
            good = plant.chunk()
            positions = good.positions.copy()
            positions[at] = value
            verdict = plant.propose(
                Trajectory(good.joint_names, positions, good.time_from_start_ns, good.stamp_ns)
            )
            expect(verdict.level is Level.HOLD, f"took {value} at {at}")
            plant.run(5)
        judged(plant)

    return story


def future_proposal() -> None:
    plant = moving()
    verdict = plant.propose(plant.chunk(offset_ns=300_000_000))
    expect([r.code for r in verdict.reasons] == ["PROPOSAL_FUTURE"], f"said {verdict}")
    plant.run(20)
    judged(plant)


def stale_and_repeated_proposals() -> None:
    plant = moving()
    good = plant.chunk()
    expect(plant.propose(good).level is Level.PASS, "refused a good one")
    for offset_ns in (0, -TICK_NS, -(10**9)):
        expect(plant.propose(plant.chunk(offset_ns)).level is Level.HOLD, f"took one of {offset_ns} ns")
    judged(plant)
    fresh = Plant()
    fresh.send_joints()
    expect(fresh.propose(fresh.chunk(-(10**9))).level is Level.HOLD, "took a stale one")


def malformed_proposals() -> None:
    plant = moving()
    good = plant.chunk()
    names, points, times = good.joint_names, good.positions, good.time_from_start_ns
    for case in (
        (("other", *names[1:]), points, times),
        (names[::-1], points, times),
        (names, points[:, :-1], times),
        (names, points, times[::-1]),
        (names, points, times[:-1]),
        (names, points[:0], times[:0]),
        (names, points + 1.0, times),
    ):
        expect(plant.propose(Trajectory(*case, good.stamp_ns)).level is Level.HOLD, f"took {case}")
    judged(plant)


def resume_after_stop() -> None:
    """A stop stays; the release does not end it; old proposals are dead; nothing jumps."""
    plant = moving()
    old = plant.chunk()
    plant.estop(True)
    plant.run(LONG)
    expect(not plant.rearm(), "re-armed while pressed")
    plant.set_clock(-2_000_000_000)
    plant.run(LONG)
    expect(plant.verdict.level is Level.STOP, "left STOP")
    plant.estop(False)
    plant.run(LONG)
    expect(plant.verdict.level is Level.STOP, "left STOP by the release")
    plant.position = plant.position + 0.05  # somebody moved the arm
    plant.run(1)
    before = plant.chunk()
    expect(plant.rearm(), "refused to re-arm")
    for proposal in (old, before):
        expect(plant.propose(proposal).level is Level.HOLD, "took a proposal from before the re-arm")
    plant.run(LONG)
    expect(plant.verdict.level < Level.HOLD, "does not go on")
    judged(plant)


def rearm_with_old_joints() -> None:
    plant = moving()
    plant.estop(True)
    plant.faults = {"joints_silent"}
    plant.run(LONG)
    plant.estop(False)
    expect(not plant.rearm(), "re-armed with old joints")
    judged(plant)


def rearm_with_an_old_proposal() -> None:
    """What was proposed before the re-arm, and never looked at, moves nothing after it."""
    plant = moving()
    plant.estop(True)
    plant.run(LONG)
    plant.estop(False)
    plant.faults = {"planner_dead"}
    plant.run(5)
    before = plant.chunk()
    plant.run(1)
    expect(plant.rearm(), "refused to re-arm")
    expect(plant.propose(before).level is Level.HOLD, "took a proposal from before the re-arm")
    judged(plant)


def pushed_away_after_a_stop() -> None:
    """Somebody carries the arm away while it is stopped: commands begin there no sooner than it could have gone."""
    plant = moving()
    plant.estop(True)
    plant.run(LONG)
    plant.faults = {"not_following"}
    plant.position = plant.position + np.array([0.5, 0.3, 0.1, 0.1])
    plant.estop(False)
    plant.run(LONG)
    expect(plant.rearm(), "refused to re-arm")
    plant.faults = set()
    plant.run(3 * LONG)
    expect(plant.verdict.level < Level.HOLD, f"does not go on: {plant.verdict}")
    judged(plant)


def rearm_in_motion() -> None:
    plant = moving()
    plant.estop(True)
    plant.run(1)
    plant.estop(False)
    expect(not plant.rearm(), "re-armed in motion")
    judged(plant)


def robot_does_not_follow() -> None:
    """First a hold that gives way, then, as the planner goes on trying, a stop that needs a person."""
    plant = moving()
    plant.faults, named = {"not_following"}, set()
    plant.pace, plant.aim = 1.0, plant.aim + np.array([2.0, 0.4, -1.6, 0.8])
    plant.position = plant.position + np.array([0.4, 0.0, -0.3, 0.0])
    nearest = np.inf
    for _ in range(3 * LONG):
        plant.run(1)
        named |= codes(plant)
        if "TRACKING_ERROR" in named and plant.command is not None:
            nearest = min(nearest, float(np.abs(plant.command.position - plant.position).max()))
    expect({"TRACKING_ERROR", "TRACKING_LOST"} <= named, f"was called {sorted(named)}")
    expect(nearest < plant.settings.tracking_error, f"gives way to {nearest} rad only")
    expect(plant.verdict.level is Level.STOP, "goes on trying")
    plant.faults = set()
    plant.run(LONG)
    expect(plant.verdict.level is Level.STOP, "left STOP by itself")
    judged(plant)


def wall_at_full_speed() -> None:
    """A command that is fast already when the robot meets a wall must not get far ahead of it."""
    plant = moving()
    plant.aim, plant.pace = plant.position - np.array([0.0, 1.5, 0.0, 0.0]), 1.0
    fastest, named = 0.0, set()
    while (speed := float(np.abs(plant.oracle.speed).max())) > fastest or speed < 0.5:
        fastest = max(fastest, speed)
        plant.run(1)
    plant.faults = {"not_following"}
    for _ in range(LONG):
        plant.run(1)
        named |= codes(plant)
    expect("TRACKING_LEAD" in named, f"was called {sorted(named)}")
    judged(plant)


def joints_frozen(lasts: bool) -> Callable[[], None]:
    """Return the story: a hold that ends by itself when the joints stir again soon, else a stop."""

    def story() -> None:
        plant = moving()
        plant.faults, named = {"joints_frozen"}, set()
        plant.aim = plant.position + np.array([0.4, 0.1, -0.3, 0.2])
        for _ in range(3 * LONG if lasts else LONG):
            plant.run(1)
            named |= codes(plant)
        judged(plant)
        expect("JOINTS_FROZEN" in named, f"was called {sorted(named)}")
        plant.faults = set()
        plant.run(2 * LONG)
        expect((plant.verdict.level is Level.STOP) is lasts, f"in the end {plant.verdict}")
        expect(lasts or plant.verdict.level < Level.HOLD, f"never went on: {plant.verdict}")
        judged(plant)

    return story


def shifted_joints_at_rest() -> None:
    """The picture repeats because the arm rests; that somebody shifted its joint states makes no frozen camera."""
    plant = moving()
    plant.aim = plant.position.copy()
    plant.run(LONG)
    plant.faults = {"joints_shifted"}
    plant.run(LONG)
    plant.faults = set()
    plant.run(LONG)
    expect(plant.verdict.level < Level.HOLD, f"holds for ever: {plant.verdict}")
    judged(plant)


def strange_at_rest() -> None:
    """A robot that does not know what it sees does not move, not even for a moment, and not after any rest."""
    plant = Plant()
    plant.faults = {"planner_strange"}
    plant.aim = plant.position + np.array([0.5, 0.1, -0.4, 0.2])
    begun = plant.position.copy()
    plant.run(20 * LONG)
    expect(bool((plant.position == begun).all()), f"moved by {plant.position - begun}")
    expect(plant.verdict.level is Level.HOLD, f"in the end {plant.verdict}")
    plant.faults = set()
    plant.run(LONG)
    expect(plant.verdict.level < Level.HOLD, f"never went: {plant.verdict}")
    judged(plant)


def two_robots(do: Callable[[Plant], None]) -> Callable[[], None]:
    """Return the story: joint states of two robots; whatever the operator does, no command leaps."""

    def story() -> None:
        plant = moving()
        plant.faults = {"joints_contradict"}
        plant.run(5)
        expect("JOINTS_CONTRADICT" in codes(plant), f"said {plant.verdict}")
        do(plant)
        plant.run(2 * LONG)
        expect(plant.verdict.level >= Level.HOLD, f"goes on: {plant.verdict}")
        judged(plant)
        plant.recover()
        plant.run(4 * LONG)
        expect(plant.verdict.level < Level.HOLD, f"never went on: {plant.verdict}")
        judged(plant)

    return story


def _rearm(plant: Plant) -> None:
    plant.estop(True)
    plant.run(LONG)
    plant.estop(False)
    for _ in range(50):
        plant.run(1)
        expect(not plant.rearm(), "re-armed from joint states of two robots")


def _stall(plant: Plant) -> None:
    for _ in range(5):
        plant.pass_time(300_000_000)
        plant.run(7)


def _set_the_clock(plant: Plant) -> None:
    for by_ns in (-(10**9), 10**9):
        plant.set_clock(by_ns)
        plant.run(LONG)


def wild_planner() -> None:
    plant = moving()
    plant.faults = {"planner_wild"}
    plant.run(4 * LONG)
    judged(plant)


def limits() -> None:
    """Into every corner, without a workspace in the way."""
    everywhere = np.array([[-2.0, -2.0, -2.0], [2.0, 2.0, 2.0]])
    for aim in (np.array(LOWER) - 0.3, np.array(UPPER) + 0.3):
        plant = Plant(gate_arm(workspace=everywhere))
        plant.run(30)
        plant.aim, plant.pace = aim, 3.0
        plant.run(8 * LONG)
        judged(plant)


def workspace() -> None:
    for way in ([0.0, -0.7, 0.0, 0.0], [1.1, 0.0, 0.0, 0.0], [0.0, 0.6, 0.8, 0.0], [-1.4, 0.4, -0.9, 0.0]):
        plant = Plant()
        plant.run(30)
        plant.aim, plant.pace = plant.position + np.array(way), 1.0
        plant.run(2 * LONG)
        judged(plant)


def forbidden_box() -> None:
    """The elbow would sweep through it; the tip stays clear."""
    plant = Plant()
    plant.run(30)
    box = np.array([[[0.15, 0.2, 0.6], [0.3, 0.35, 0.85]]])
    plant.restrict(Restrictions(forbidden=box), forbidden=box)
    plant.aim, plant.pace = plant.position + np.array([1.1, 0.0, 0.0, 0.0]), 1.0
    plant.run(3 * LONG)
    judged(plant)
    expect("FORBIDDEN_BOX" in codes(plant), f"said {plant.verdict}")


def restrictions_bite() -> None:
    plant = moving()
    plant.restrict(Restrictions(speed_scale=0.1), speed_scale=0.1)
    plant.run(LONG)
    plant.restrict(Restrictions(speed_scale=0.0), speed_scale=0.0)
    plant.run(LONG)
    expect(float(np.abs(plant.oracle.speed).max()) == 0.0, "moves at speed scale 0")
    judged(plant)


def looser_restrictions() -> None:
    plant = moving()
    for looser in (
        Restrictions(speed_scale=1.5),
        Restrictions(speed_scale=float("nan")),
        Restrictions(velocity=1.1 * np.array(VELOCITY)),
        Restrictions(upper=np.array(UPPER) + 0.1),
        Restrictions(workspace=plant.spec.workspace + np.array([[-0.1], [0.1]])),
    ):
        try:
            plant.gate.restrict(looser)
        except ConfigError:
            plant.run(5)
            continue
        raise AssertionError(f"took {looser}")
    judged(plant)


def direction_is_kept() -> None:
    """A robot that is too slow for its plan goes the same way, slower: not another way."""
    plant = Plant()
    plant.run(30)
    way = np.array([0.3, -0.35, 0.35, 0.3])
    plant.aim, plant.pace = plant.position + way, 20.0
    plant.run(14)
    speed = plant.oracle.speed
    alike = float(speed @ way / np.linalg.norm(speed) / np.linalg.norm(way))
    expect(alike > 0.9999, f"goes another way: {speed} instead of {way}")
    judged(plant)


def at_full_acceleration() -> Plant:
    """Return a plant whose robot is in the middle of speeding up."""
    plant = Plant()
    plant.run(30)
    plant.aim, plant.pace = plant.position + np.array([0.6, 0.2, -0.5, 0.3]), 1.0
    speed = 0.0
    while not 0.1 < speed < 0.6:
        plant.run(1)
        speed = float(np.abs(plant.oracle.speed).max())
    return plant


def jerk_tightened(size: float) -> Callable[[], None]:
    """Return the story: an acceleration under way cannot be taken back under a smaller jerk; no limit is left."""

    def story() -> None:
        plant = at_full_acceleration()
        jerk = size * np.array(JERK)
        plant.restrict(Restrictions(jerk=jerk), jerk=jerk)
        plant.run(LONG)
        judged(plant)
        plant.estop(True)
        plant.run(LONG)
        judged(plant)
        expect(float(np.abs(plant.oracle.speed).max()) == 0.0, "moves after a STOP")

    return story


def restrictions_do_not_lengthen_a_stop() -> None:
    for size in (0.1, 0.01, 0.001):
        plant = at_full_acceleration()
        gentle = size * np.array(ACCELERATION)
        plant.restrict(Restrictions(acceleration=gentle), acceleration=gentle)
        plant.run(2)
        plant.estop(True)
        plant.run(LONG)
        judged(plant)
        plant.estop(False)
        expect(plant.rearm(), "refused to re-arm: it moves still")


def restrictions_many_times_a_second() -> None:
    """Each is tighter than the one before, and nothing of it has been reached when the next one comes."""
    plant = at_full_acceleration()
    for number in range(12):
        size = 0.7 ** (number + 1)
        given = {"acceleration": size * np.array(ACCELERATION), "jerk": size * np.array(JERK)}
        plant.restrict(Restrictions(**given), **given)
        plant.run(5)
    judged(plant)


def press_in_a_flood() -> None:
    plant = moving()
    plant.panel.say("pendant", True)
    for _ in range(3):
        plant.panel.say("wall", False, FLOOD)
    plant.run(2)
    expect(plant.verdict.level is Level.STOP, "a press was lost")
    judged(plant)


def words_again() -> None:
    """What a button said comes again by a slower way, behind its newer words."""
    plant = moving()
    plant.panel.say("pendant", True)
    plant.run(1)
    plant.panel.release_all()
    plant.run(LONG)
    judged(plant)


def late_gate() -> None:
    """A gate that starts while a button is pressed stops, whatever others say, and whether or not it is repeated."""
    for button in ("wall", "phone"):
        plant = moving()
        plant.panel.say(button, True)
        plant.panel.say("pendant", False)
        plant.run(LONG)
        plant.restart_process()
        plant.panel.say("pendant", False, FLOOD)
        plant.run(2 * LONG)
        expect(plant.verdict.level >= Level.HOLD, f"goes on although {button} is pressed")
        judged(plant)


def lying(lie: str) -> Callable[[], None]:
    """Return the story: a base at full speed toward the border of its area, and a pose that lies from then on."""

    def story() -> None:
        base = BasePlant(7, np.array([-1.0, -1.0, 0.0]))
        base.run(30)
        base.toward_border(0.0)
        base.run(90)
        expect(base.oracle.speed is not None and base.pose[0] > -1.0, "does not move at all")
        base.begin_lie(lie)
        named = set()
        for _ in range(20 * LONG):
            base.run(1)
            named |= {reason.code for reason in base.verdict.reasons}
        if base.violations:
            raise AssertionError("; ".join(base.violations[:3]))
        expect(LIE_EXPECTED[lie] in named, f"{lie} was called {sorted(named)}")

    return story


def sliding() -> None:
    """A base that slides toward the border, as along a wall, while it heads elsewhere."""
    base = BasePlant(8, np.array([-2.0, -1.0, 0.0]))
    base.run(30)
    base.slides = np.array([0.0, -0.6])
    base.toward_border(0.05)
    base.run(10 * LONG)
    if base.violations:
        raise AssertionError("; ".join(base.violations[:3]))


def restricted_base() -> None:
    """A base whose acceleration is tightened stops no later, and not outside."""
    base = BasePlant(9, np.array([-1.0, -1.0, 0.0]), limits=2)
    base.run(30)
    base.toward_border(0.0)
    base.run(120)
    given = {"velocity": 0.02 * base.oracle.own.velocity, "acceleration": 0.05 * base.oracle.own.acceleration}
    base.restrict(Restrictions(**given), **given)
    base.run(30)
    base.estop(True)
    base.run(4 * LONG)
    if base.violations:
        raise AssertionError("; ".join(base.violations[:3]))


def value_leaves_its_band() -> None:
    """A measured value outside its band leads set points to their rest, and a person must look if that lasts."""
    process = ProcessPlant(rests=True)
    process.run(30)
    process.goal = np.array([70.0, 0.8])
    process.run(2 * LONG)
    begun = np.abs(process.command.position - process.body.home)
    process.flaws = {"pressure climbs"}
    process.run(10 * LONG)
    near = np.abs(process.command.position - process.body.home)
    expect(bool((near < 0.7 * begun).all()), f"{near} from its rest: {process.verdict}")
    process.flaws = {"pressure high"}
    process.run(LONG)
    named = {reason.code for reason in process.verdict.reasons}
    expect(named >= {"ENVELOPE_LEFT"}, f"said {process.verdict}")
    process.run(10 * LONG)
    left = np.abs(process.command.position - process.body.home)
    expect(bool((left < 0.01 * begun).all()), f"{left} from its rest, {begun} before")
    expect(process.verdict.level is Level.STOP, f"in the end {process.verdict}")
    process.recover()
    process.run(10 * LONG)
    expect(process.verdict.level < Level.HOLD, f"never went on: {process.verdict}")
    if process.violations:
        raise AssertionError("; ".join(process.violations[:3]))


def gripping() -> GripperPlant:
    """Return a gripper that holds something."""
    plant = GripperPlant()
    plant.run(30)
    plant.goal = np.array([THING - 0.02])
    plant.run(3 * LONG)
    expect(plant.opening == THING, f"fingers at {plant.opening} m")
    expect(plant.verdict.level < Level.HOLD, f"a grip alone holds the robot: {plant.verdict}")
    return plant


def grip_slips() -> None:
    """What is held slips: the robot stands still for a moment, with its grip as it is, and goes on by itself."""
    plant = gripping()
    plant.goal, named = np.array([WIDEST]), set()
    for _ in range(LONG):
        plant.run(1)
        named |= {reason.code for reason in plant.verdict.reasons if reason.code.startswith("GRIP")}
    expect(named == set() and plant.opening > THING, f"an opening hand is called {named}")
    plant = gripping()
    grip = plant.command.position.copy()
    plant.flaws = {"slips"}
    for _ in range(LONG):
        plant.run(1)
        if {reason.code for reason in plant.verdict.reasons} & {"GRIP_LOST"}:
            named.add(plant.verdict.level)
            expect(bool(np.abs(plant.command.position - grip).max() < 1e-6), "does not keep its grip")
    expect(named == {Level.HOLD}, f"a slipped grip was called {named}")
    plant.run(3 * LONG)
    expect(plant.verdict.level < Level.HOLD, f"never went on: {plant.verdict}")
    plant.goal = np.array([WIDEST])
    plant.run(3 * LONG)
    expect(plant.opening > 0.9 * WIDEST, "never opened again")
    _judged_fingers(plant)


def gripper_jams() -> None:
    """Fingers that do not open hold the robot, until they follow again."""
    plant = gripping()
    plant.flaws, plant.goal = {"jams"}, np.array([WIDEST])
    plant.run(2 * LONG)
    codes_of = {reason.code for reason in plant.verdict.reasons}
    expect(codes_of >= {"GRIPPER_STUCK"} and plant.verdict.level is Level.HOLD, f"said {plant.verdict}")
    plant.mend()
    plant.run(3 * LONG)
    expect(
        plant.verdict.level < Level.HOLD and plant.opening > 0.9 * WIDEST, f"never went on: {plant.verdict}"
    )
    plant.flaws, plant.goal = {"jams"}, np.array([0.0])
    plant.run(2 * LONG)
    codes_of = {reason.code for reason in plant.verdict.reasons}
    expect(codes_of >= {"GRIPPER_STUCK"}, f"wide open, said {plant.verdict}")
    _judged_fingers(plant)


def grip_unmeasured() -> None:
    """A grip that nobody measures holds the robot, and a person must look if that lasts."""
    plant = gripping()
    plant.flaws = {"silent"}
    plant.run(LONG)
    expect(plant.verdict.level is Level.HOLD, f"said {plant.verdict}")
    plant.run(3 * LONG)
    codes_of = {reason.code for reason in plant.verdict.reasons}
    expect(codes_of >= {"GRIPPER_SILENT"} and plant.verdict.level is Level.STOP, f"said {plant.verdict}")
    expect(not plant.rearm(), "re-armed although nobody measures the fingers")
    expect(plant.opening == THING, "let go")
    plant.recover()
    plant.run(LONG)
    expect(plant.verdict.level < Level.HOLD, f"never went on: {plant.verdict}")
    expect(plant.opening == THING, "let go")
    _judged_fingers(plant)


def gate_restarts_with_a_grip() -> None:
    """A gate that starts while something is held, and knows nothing of the grip, keeps it."""
    plant = gripping()
    plant.planner_lives = False
    plant.restart_process()
    plant.run(LONG)
    expect(plant.command is not None, f"never commands: {plant.verdict}")
    expect(float(plant.command.position[0]) < THING - 1e-3, "does not press")
    expect(plant.opening == THING, "let go")
    _judged_fingers(plant)


def _judged_fingers(plant: GripperPlant) -> None:
    if plant.violations:
        raise AssertionError("; ".join(plant.violations[:3]))


HOLES: dict[str, Callable[[], None]] = {
    "NaN in a proposal": bad_numbers(np.nan),
    "Inf in a proposal": bad_numbers(np.inf),
    "minus Inf in a proposal": bad_numbers(-np.inf),
    "future stamps of a proposal": future_proposal,
    "stale and repeated proposals": stale_and_repeated_proposals,
    "malformed proposals": malformed_proposals,
    "resume after STOP": resume_after_stop,
    "re-arm with old joints": rearm_with_old_joints,
    "re-arm with an old proposal": rearm_with_an_old_proposal,
    "pushed away after a STOP": pushed_away_after_a_stop,
    "re-arm in motion": rearm_in_motion,
    "robot does not follow": robot_does_not_follow,
    "wall at full speed": wall_at_full_speed,
    "joints frozen for a moment": joints_frozen(lasts=False),
    "joints frozen for long": joints_frozen(lasts=True),
    "shifted joints at rest": shifted_joints_at_rest,
    "strange at rest": strange_at_rest,
    "two robots, re-arm": two_robots(_rearm),
    "two robots, restart": two_robots(lambda plant: plant.restart_process()),
    "two robots, stall": two_robots(_stall),
    "two robots, clock set": two_robots(_set_the_clock),
    "wild planner": wild_planner,
    "limits": limits,
    "workspace": workspace,
    "forbidden box": forbidden_box,
    "restrictions bite": restrictions_bite,
    "looser restrictions": looser_restrictions,
    "direction is kept": direction_is_kept,
    "value leaves its band": value_leaves_its_band,
    "grip slips": grip_slips,
    "gripper jams": gripper_jams,
    "grip unmeasured": grip_unmeasured,
    "gate restarts with a grip": gate_restarts_with_a_grip,
    **{f"jerk tightened to {size}": jerk_tightened(size) for size in (0.1, 0.01, 0.005, 0.002, 0.00002)},
    "restrictions do not lengthen a stop": restrictions_do_not_lengthen_a_stop,
    "restrictions many times a second": restrictions_many_times_a_second,
    "press in a flood": press_in_a_flood,
    "words again": words_again,
    "late gate": late_gate,
    **{f"pose {lie}": lying(lie) for lie in LIES},
    "sliding along the border": sliding,
    "a base with tightened limits": restricted_base,
    **{f"fault {name}": fault(name) for name in FAULTS if name in EXPECTED},
}
