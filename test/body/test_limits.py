# SPDX-License-Identifier: Apache-2.0
"""Where limits come from: the URDF, the robot's YAML, and what neither of them says."""

from __future__ import annotations

import numpy as np
import pytest
from robots import LIMIT, chain, joint, link, panda_yaml, urdf

from ami_ros.body.limits import ChannelLimits, limits_of_urdf
from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.errors import EmbodimentError
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.limits.zones import ZoneLimit, Zones
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.stepping import Stepping
from ami_ros.safety.restrictions import Restrictions

J1, J2, J3 = "j1", "j2", "j3"
INF = np.inf


def robot(folder, path, limits, joints=(J1, J2, J3)) -> RobotSpec:
    """Load a robot of these joints, with that URDF and that section `limits`."""

    def change(values):
        values["sensors"]["joints"]["values"] = dict.fromkeys(joints, "rad")
        values["arm"].update(urdf=str(path), limits=limits, home=[0.1] * len(joints), tip_frame="tip")

    return load_robot(panda_yaml(folder, change))


def test_limits_are_the_urdfs(tmp_path):
    limits = robot(tmp_path, chain(tmp_path), {}).limits
    assert limits.lower.tolist() == [-1.5] * 3
    assert limits.upper.tolist() == [1.25] * 3
    assert limits.velocity.tolist() == [2.0] * 3
    assert limits.effort.tolist() == [50.0] * 3
    assert limits.acceleration is None


@pytest.mark.parametrize(
    ("inside", "names"),
    [
        ("", ["lower", "upper", "velocity"]),
        ('<limit lower="0" upper="0" velocity="2" effort="1"/>', ["lower", "upper"]),
        ('<limit velocity="2" effort="1"/>', ["lower", "upper"]),
        ('<limit lower="-1" upper="1" velocity="0" effort="1"/>', ["velocity"]),
        ('<limit lower="-1" upper="1" effort="1"/>', ["velocity"]),
    ],
    ids=["no limit", "zero range", "no range", "zero velocity", "no velocity"],
)
def test_a_limit_that_is_missing_or_zero_has_to_be_given(tmp_path, inside, names):
    path = chain(tmp_path, j2=inside)
    with pytest.raises(EmbodimentError) as caught:
        robot(tmp_path, path, {})
    lacking = {name: ["j2"] for name in names}
    assert f"arm: limits: {path} has none, or zero: {lacking}; expected {names} here" in str(caught.value)
    given = {"lower": [-1.0, -0.5, -1.0], "upper": [1.0, 0.5, 1.0], "velocity": [1.0, 0.5, 1.0]}
    limits = robot(tmp_path, path, given).limits
    assert (limits.lower[1], limits.upper[1], limits.velocity[1]) == (-0.5, 0.5, 0.5)
    assert robot(tmp_path, path, dict.fromkeys(given)).limits.velocity is None


def test_a_side_that_is_left_out_is_zero_as_in_urdf(tmp_path):
    limits = robot(tmp_path, chain(tmp_path, j1='<limit upper="1.25" velocity="2" effort="1"/>'), {}).limits
    assert limits.lower.tolist() == [0.0, -1.5, -1.5]


def test_an_effort_of_zero_is_none(tmp_path):
    path = chain(tmp_path, j1='<limit lower="-1" upper="1" velocity="2" effort="0"/>')
    assert robot(tmp_path, path, {}).limits.effort is None


def test_a_limit_that_is_no_number_is_not_passed_over(tmp_path):
    path = chain(tmp_path, j1='<limit lower="-1" upper="1,5" velocity="2" effort="1"/>')
    with pytest.raises(
        EmbodimentError, match="small.urdf: joint j1: limit upper: got '1,5', expected a finite"
    ):
        robot(tmp_path, path, {})


def test_the_joints_of_a_transmission_have_no_limits_and_change_none(tmp_path):
    path = chain(tmp_path)
    extra = '<transmission name="t"><joint name="j1"/></transmission></robot>'
    path.write_text(path.read_text().replace("</robot>", extra))
    assert limits_of_urdf(path, [J1]).values["lower"] == [-1.5]


def test_what_cannot_be_read_says_nothing(tmp_path):
    (tmp_path / "broken.urdf").write_text("<robot")
    for path, names in (
        (tmp_path / "broken.urdf", [J1]),
        (tmp_path / "gone", [J1]),
        (chain(tmp_path), ["j9"]),
    ):
        assert limits_of_urdf(path, names).values == {}


def endless_arm(folder, limit='<limit velocity="2" effort="1" lower="0" upper="0"/>', first=LIMIT):
    """Write an arm whose second joint turns for ever."""
    joints = [
        joint(J1, "base", "a", "continuous" if first == limit else "revolute", first),
        joint(J2, "a", "tip", "continuous", limit),
    ]
    return urdf(folder, link("base"), link("a"), link("tip"), *joints)


def test_a_joint_that_turns_for_ever_has_no_position_limits(tmp_path):
    limits = robot(tmp_path, endless_arm(tmp_path), {}, (J1, J2)).limits
    assert limits.lower.tolist() == [-1.5, -INF]
    assert limits.upper.tolist() == [1.25, INF]
    assert limits.unlimited() == ["lower", "upper", "acceleration", "jerk"]
    tighter = robot(
        tmp_path, endless_arm(tmp_path), {"lower": [-1.0, -9.0], "upper": [1.0, 9.0]}, (J1, J2)
    ).limits
    assert (tighter.lower.tolist(), tighter.upper.tolist()) == ([-1.0, -9.0], [1.0, 9.0])
    only = '<limit velocity="2" effort="1"/>'
    limits = robot(tmp_path, endless_arm(tmp_path, only, only), {}, (J1, J2)).limits
    assert limits.lower is None and limits.upper is None


def test_one_joint_may_have_no_limit_where_others_have(tmp_path):
    path = chain(tmp_path, j2="")
    given = {"lower": [-1.0, None, -1.0], "upper": [1.0, None, 1.0], "velocity": [1.0, 0.5, None]}
    with pytest.raises(EmbodimentError, match=r"limits.velocity: got \[None\] for index \[2\], looser than"):
        robot(tmp_path, path, given)
    given["velocity"] = [1.0, None, 2.0]
    limits = robot(tmp_path, path, given).limits
    assert limits.lower.tolist() == [-1.0, -INF, -1.0]
    assert limits.upper.tolist() == [1.0, INF, 1.0]
    assert limits.velocity.tolist() == [1.0, INF, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        limits.lower[0] = 0.0


def test_an_effort_without_limit_among_others_is_refused():
    values = dict.fromkeys(("lower", "upper", "velocity", "acceleration", "jerk"))
    with pytest.raises(
        EmbodimentError, match=r"limits.effort: got \[1.0, None\], expected 2 numbers or null"
    ):
        ChannelLimits.from_mapping({**values, "effort": [1.0, None]}, 2, "test")


def test_the_gate_lets_an_endless_joint_turn_and_stops_the_other(tmp_path):
    spec = robot(tmp_path, endless_arm(tmp_path), {"acceleration": [5.0, 5.0]}, (J1, J2))
    body = GateBody.of_robot(spec)
    zones = Zones(body.shapes, None, Restrictions(), 0.0)
    step = Stepping(MotionLimits.of(body, Restrictions(), 1.0), [ZoneLimit(zones)], 0.01)
    state = ChannelState.at_rest(spec.home)
    for _ in range(500):
        state, _ = step.toward(state, np.array([2.0, 2.0]))
    assert state.position[0] == pytest.approx(1.25, abs=1e-2)
    assert state.position[0] <= 1.25 + 1e-9
    assert state.velocity[1] == pytest.approx(2.0)
    assert state.position[1] > 2 * np.pi


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("acceleration", 1e-12, "limits.acceleration: got .*expected positive numbers, >= 1e-09"),
        ("velocity", 1e300, "limits.velocity: got .*at most 1e.12"),
        ("velocity", 10**400, "limits.velocity: got .*at most 1e.12"),
        (
            "acceleration",
            1e-8,
            r"limits: index 1: velocity: got 1, which at 1e-08 per second is reached after",
        ),
        ("jerk", 1e-6, "limits: index 1: acceleration: got 2, which at 1e-06 per second"),
    ],
)
def test_limits_that_nothing_can_be_computed_with_are_refused(name, value, message):
    values = {"lower": [-1.0, -1.0], "upper": [1.0, 1.0], "velocity": [1.0, 1.0], "acceleration": [2.0, 2.0]}
    values |= {"jerk": [50.0, 50.0], "effort": None}
    ChannelLimits.from_mapping(values, 2, "here")
    values[name] = [values[name][0], value]
    with pytest.raises(EmbodimentError, match=message):
        ChannelLimits.from_mapping(values, 2, "here")


def test_what_is_not_limited_is_reached_at_any_time():
    values = {"lower": None, "upper": None, "velocity": [None, 1.0], "acceleration": [1e-6, None]}
    ChannelLimits.from_mapping({**values, "jerk": None, "effort": None}, 2, "here")
