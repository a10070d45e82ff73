# SPDX-License-Identifier: Apache-2.0
"""A check and a limit of another package: named by the settings alone, and they can only make motion safer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from bodies.driven_base import FASTEST, DrivenBase, base_body
from foreign_package import installed
from gate_timeline import SETTINGS, START_NS, GateTimeline
from robots import HOME, VELOCITY, made_up_robot

from ami_ros.errors import ConfigError
from ami_ros.safety.reasons import ForeignReason, number_of
from ami_ros.safety.sections import known
from ami_ros.safety.settings import SafetySettings, load_safety_settings
from ami_ros.safety.supervisor import Supervisor
from ami_ros.types import Level, Verdict

HIGHEST, CALM = HOME[0] + 0.04, 0.2 * VELOCITY[0]
THEIRS = {
    "their_cable": """
from dataclasses import dataclass

from ami_ros.safety.check import Check
from ami_ros.safety.reasons import ForeignReason
from ami_ros.settings.fields import setting
from ami_ros.types import PASS, Level

CABLE = ForeignReason("theirs/CABLE_TIGHT", 1042, "the first joint pulls at its cable")


@dataclass(frozen=True)
class Settings:
    highest: float = setting("of the first joint", ge=-9.0, le=9.0, unit="rad")


class Cable(Check):
    speed_share = 1.0

    def __init__(self, highest):
        self.highest = highest

    def judge(self, situation):
        if situation.measured is None or situation.measured[0] <= self.highest:
            return PASS
        return CABLE.verdict(Level.HOLD, position=float(situation.measured[0]))


def build(context, settings):
    return [Cable(settings.highest)] if context.body.is_measured else []
""",
    "their_calm": """
from dataclasses import dataclass

import numpy as np

from ami_ros.safety.limit import Limit
from ami_ros.safety.reasons import ForeignReason
from ami_ros.settings.fields import setting

HASTE = ForeignReason("theirs/HASTE", 1043, "a channel would move faster than people near it like")
asked = []


@dataclass(frozen=True)
class Settings:
    fastest: float = setting("of any channel", ge=0.0, le=9.0, unit="rad/s")


class Calm(Limit):
    def __init__(self, fastest):
        self.fastest = fastest

    def problem(self, step, slack_m=0.0):
        speed = float(np.abs(step.after.velocity).max())
        asked.append(speed)
        return HASTE.reason(speed=speed) if not speed <= self.fastest else None


def build(context, settings):
    return [Calm(settings.fastest)]
""",
    "their_wall": """
from ami_ros.safety.limit import Limit
from ami_ros.safety.reasons import ForeignReason
from ami_ros.types import Level

WALL = ForeignReason("theirs/WALL", 1044, "nothing may move while this is closed")
closed = []


class StepWall(Limit):
    def problem(self, step, slack_m=0.0):
        return WALL.reason() if closed else None


class WayWall(Limit):
    def way_problem(self, after, ways):
        return WALL.reason() if closed else None


class Pusher(Limit):
    def bend(self, state, wanted):
        return wanted + 50.0, WALL.verdict(Level.LIMITED)


kind = [StepWall]


def build(context, settings):
    return [kind[0]()]
""",
    "their_nothing": "",
    "their_mistake": "def build(context, settings):\n    return [42]\n",
}
POINTS = {
    "ami_ros.checks": {"cable": "their_cable", "mistake": "their_mistake", "nothing": "their_nothing"},
    "ami_ros.limits": {"calm": "their_calm", "wall": "their_wall"},
}


@pytest.fixture(autouse=True)
def theirs(tmp_path) -> Iterator[None]:
    with installed(tmp_path, "theirs", THEIRS, POINTS):
        yield


def settings_with(**sections: dict) -> SafetySettings:
    """Return the settings of the tests with sections of others, as a robot's YAML would add them."""
    more = load_safety_settings(sections)
    added = {
        folder: {
            name: getattr(more, folder)[name] for name in getattr(more, folder) if name not in known(folder)
        }
        for folder in sections
    }
    return replace(SETTINGS, **{folder: {**getattr(SETTINGS, folder), **added[folder]} for folder in added})


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def test_what_no_section_names_is_not_imported():
    GateTimeline(made_up_robot()).tick()
    assert not set(THEIRS) & set(sys.modules)


def test_a_foreign_check_holds_the_robot_for_its_own_reason_and_touches_nothing_else():
    gate = GateTimeline(made_up_robot(), settings_with(checks={"cable": {"highest": HIGHEST}}))
    gate.tick()
    gate.toward(np.array([0.1, 0.0, 0.0, 0.0]))
    assert gate.tick()[1].level < Level.HOLD
    gate.position[0] = HIGHEST
    assert "theirs/CABLE_TIGHT" not in codes(gate.tick()[1])
    gate.position[0] = higher = np.nextafter(HIGHEST, 9.0)
    _, verdict = gate.tick()
    assert verdict.level is Level.HOLD
    assert codes(verdict) == ["theirs/CABLE_TIGHT"]
    assert verdict.reasons[0].numbers == {"position": higher}
    assert number_of("theirs/CABLE_TIGHT") == 1042


@pytest.mark.parametrize("share", [float("nan"), -0.5, 2.0])
def test_what_is_no_share_of_the_speed_lets_nothing_move(share):
    gate = GateTimeline(made_up_robot(), settings_with(checks={"cable": {"highest": 9.0}}))
    sys.modules["their_cable"].Cable.speed_share = share
    gate.tick()
    gate.toward(np.array([0.4, 0.0, 0.0, 0.0]))
    for _ in range(10):
        gate.tick()
    np.testing.assert_array_equal(gate.commands[-1].velocity, 0.0)


def test_a_foreign_limit_bounds_motion_next_to_ours():
    gate = GateTimeline(made_up_robot(), settings_with(limits={"calm": {"fastest": CALM}}))
    gate.tick()
    said = set()
    for _ in range(5):
        gate.toward(np.array([0.9 * VELOCITY[0], 0.0, 0.0, 0.0]))
        for _ in range(10):
            said |= set(codes(gate.tick()[1]))
    speeds = np.abs([command.velocity for command in gate.commands])
    assert 0.5 * CALM < speeds.max() <= CALM
    assert "theirs/HASTE" in said
    assert gate.oracle.violations == []


@pytest.mark.parametrize(("kind", "silent"), [("StepWall", False), ("StepWall", True), ("WayWall", False)])
def test_a_limit_that_refuses_everything_brings_a_moving_base_to_rest(kind, silent):
    """Its values are velocities: the braking step of an arm would keep its speed."""
    load_safety_settings({"limits.wall": {}})
    wall = sys.modules["their_wall"]
    wall.kind[:] = [getattr(wall, kind)]
    base = DrivenBase((-1.5, -1.0, 0.0))
    base.gate = Supervisor(base_body(), settings_with(limits={"wall": {}}))
    base.tick()
    base.propose(*[(FASTEST[0], 0.0)] * 5)
    base.tick(40)
    assert base.command[0] > 0.5 * FASTEST[0]
    wall.closed.append(True)
    base.silent = silent  # then it is a hold, which asks no limit of this kind
    for _ in range(4):
        base.propose(*[(FASTEST[0], 0.0)] * 5)
        base.tick(20)
    assert np.abs(base.command).max() < 1e-3


def test_a_limit_that_bends_the_wrong_way_gets_no_further_than_the_channels_limits():
    load_safety_settings({"limits.wall": {}})
    wall = sys.modules["their_wall"]
    wall.kind[:] = [wall.Pusher]
    gate = GateTimeline(made_up_robot(), settings_with(limits={"wall": {}}))
    gate.tick()
    for _ in range(5):
        gate.toward(np.zeros(4))
        for _ in range(10):
            _, verdict = gate.tick()
    assert gate.oracle.violations == []
    assert "theirs/WALL" in codes(verdict)


def test_the_level_does_not_depend_on_the_order_of_the_checks():
    found = []
    for names in (known("checks"), known("checks")[::-1]):
        gate = Supervisor(
            GateTimeline(made_up_robot()).gate._body,
            replace(SETTINGS, checks={name: SETTINGS.checks[name] for name in names}),
        )
        gate.see_joints(np.array(HOME), START_NS, START_NS)
        verdict = gate.tick(START_NS)[1]
        found.append((verdict.level, sorted(codes(verdict))))
    assert found[0] == found[1] == (Level.HOLD, ["CAMERA_MISSING", "PROPOSAL_MISSING"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"checks": {"dobut": {"tries": 1}}}, r"got 'dobut', .* entry point of ami_ros.checks: \['cable', "),
        ({"checks": {"cable": {}}}, r"checks.cable: missing keys \['highest'\]"),
        ({"checks.cable": {"highest": 1.0, "lowest": 0.0}}, r"checks.cable: unknown keys \['lowest'\]"),
        ({"checks.nothing": {}}, "ami_ros.checks: nothing: .* expected a module with a function build"),
        ({"limits.cable": {"highest": 1.0}}, "limits: got 'cable'"),
        ({"checks": 3}, "checks: got 3, expected a mapping"),
        ({"surprise_limit": 1.0}, r"did you mean \['checks.doubt.surprise_limit'\]"),
        ({"doubt_patience_s": 1.0}, r"did you mean \['checks.doubt.patience_s'\]"),
        ({"still_image_travel": 1.0}, r"did you mean \['checks.still_image.travel'\]"),
        ({"planner_silence_s": 1.0}, r"did you mean \['checks.heartbeat.planner_silence_s'\]"),
        ({"joint_jump": 1.0}, r"did you mean \['checks.place_trust.joint_jump'\]"),
        ({"workspace_margin": 1.0}, r"did you mean \['limits.zones.workspace_margin'\]"),
    ],
)
def test_a_section_or_setting_that_does_not_exist_is_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        load_safety_settings(changes)


@pytest.mark.parametrize("folder", ["checks", "limits"])
def test_each_of_ours_has_its_section(folder):
    for name in known(folder):
        sections = {other: own for other, own in getattr(SETTINGS, folder).items() if other != name}
        with pytest.raises(ConfigError, match=rf"{folder}: missing sections \['{name}'\]"):
            replace(SETTINGS, **{folder: sections})


def test_what_another_package_builds_has_to_be_a_check():
    settings = settings_with(checks={"mistake": {}})
    with pytest.raises(ConfigError, match=r"checks.mistake: got 42, expected a Check from its build"):
        Supervisor(base_body(), settings)


def test_another_package_cannot_take_a_name_of_ours(tmp_path):
    with (
        installed(tmp_path / "thief", "thief", {}, {"ami_ros.checks": {"doubt": "thief"}}),
        pytest.raises(ConfigError, match="ami_ros.checks: got thief as doubt, expected a name that ami_ros"),
    ):
        load_safety_settings()


@pytest.mark.parametrize(
    ("name", "number", "message"),
    [
        ("ESTOP", 2000, "got 'ESTOP', expected package/NAME"),
        ("theirs/lower", 2000, "expected package/NAME"),
        ("theirs/NEW", 601, "got 601, expected 1000 to"),
        ("theirs/NEW", 1042, "expected a name and a number other than those of"),
        ("theirs/CABLE_TIGHT", 2000, "expected a name and a number other than those of"),
    ],
)
def test_a_foreign_reason_is_told_apart_from_all_others(name, number, message):
    ForeignReason("theirs/CABLE_TIGHT", 1042, "the first joint pulls at its cable")
    with pytest.raises(ConfigError, match=message):
        ForeignReason(name, number, "something else")
