# SPDX-License-Identifier: Apache-2.0
"""What an action means: where a proposal starts, where it leads, and how everything stays as it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from bodies import mobile_base, process_body, vector_sensor
from observed import observed
from robots import changed, panda_yaml

from ami_ros.body.actions import ActionSpec, Channel
from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.by_name import KNOWN, meaning_of, observed_vectors
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import EmbodimentError, ObservationError
from ami_ros.types import Observation, Reading

BLOCKS, STEPS, JOINTS = 4, 2, 7
PANDA = load_robot("panda")
IMAGE = np.zeros((16, 16, 3), np.uint8)
MOVED = ("panda_joint6", "panda_joint2")  # not in the order of the joints
AT = (5, 1)


def by_joints(meaning: str, unit: str, low: float, high: float):
    channels = tuple(Channel(name, unit, low, high) for name in MOVED)
    return changed(PANDA, actions=ActionSpec(meaning, 10.0, STEPS, channels))


def plant_seen(spec, stamp_ns: int, **values: tuple[float, ...]) -> Observation:
    given = {name: np.zeros(sensor.size) for name, sensor in spec.sensors.items()}
    given |= {name: np.array(value) for name, value in values.items()}
    return Observation({name: Reading(value, stamp_ns, stamp_ns) for name, value in given.items()})


def test_every_meaning_of_a_yaml_is_known():
    from ami_ros.body.actions import MEANINGS

    assert set(KNOWN) == set(MEANINGS)
    odd = changed(PANDA, actions=dataclasses.replace(PANDA.actions, meaning="telepathy"))
    with pytest.raises(EmbodimentError, match="got 'telepathy', expected one of .*'setpoint'"):
        meaning_of(odd)


def test_observed_is_what_proposals_start_at_whoever_else_uses_it(tmp_path):
    def names(path) -> list[str]:
        return [sensor.name for sensor in observed_vectors(load_robot(path))]

    def for_the_gate(*sensors):
        return lambda values: [values["sensors"][name].update(used_by=["gate"]) for name in sensors]

    def measured(values):
        values["sensors"]["set"] = vector_sensor("Float64MultiArray", "set", {"heater": "W", "valve": "%"})
        values["simulation"] = {"kind": "none"}
        for_the_gate("set", "flow")(values)

    assert names(panda_yaml(tmp_path, for_the_gate("joints"))) == ["joints"]
    assert names(mobile_base(tmp_path, for_the_gate("odometry"))) == []
    assert names(process_body(tmp_path, for_the_gate("flow"))) == ["temperatures", "pressure"]
    assert names(process_body(tmp_path, measured)) == ["temperatures", "pressure", "set"]


def test_a_cartesian_velocity_starts_where_the_robot_is_and_moves_the_tip_as_planned():
    kinematics, meaning = Kinematics(PANDA), meaning_of(PANDA)
    joints = kinematics.solve(PANDA.workspace.mean(axis=0))
    observation = observed(IMAGE, joints, 5, 17)
    actions = np.zeros((BLOCKS, STEPS, 3))
    actions[:, :, 1] = 0.2
    trajectory = meaning.proposal(actions, observation)
    assert trajectory.joint_names == PANDA.joint_names == PANDA.command_names
    assert trajectory.stamp_ns == 17
    assert trajectory.positions.shape == (9, 7)
    np.testing.assert_array_equal(trajectory.positions[0], joints)
    np.testing.assert_array_equal(meaning.start(observation), joints)
    np.testing.assert_array_equal(trajectory.time_from_start_ns, np.arange(9) * PANDA.step_ns)
    tips = np.array([kinematics.forward(point)[0] for point in trajectory.positions])
    np.testing.assert_allclose(np.diff(tips, axis=0), np.tile([0.0, 0.02, 0.0], (8, 1)), atol=3e-3)
    np.testing.assert_array_equal(meaning.hold(observation), np.zeros(3))


def test_joint_velocities_are_integrated_by_name_up_to_the_limits():
    spec = by_joints("joint_velocity", "rad/s", -2.0, 2.0)
    meaning, observation = meaning_of(spec), observed(IMAGE, PANDA.home, 5, 17)
    actions = np.tile([0.5, -0.25], (BLOCKS, STEPS, 1))
    trajectory = meaning.proposal(actions, observation)
    moved = trajectory.positions - PANDA.home
    np.testing.assert_allclose(moved[:, AT[0]], 0.05 * np.arange(9))
    np.testing.assert_allclose(moved[:, AT[1]], -0.025 * np.arange(9))
    assert not np.delete(moved, AT, axis=1).any()
    assert (trajectory.joint_names, trajectory.stamp_ns) == (PANDA.joint_names, 17)
    far = meaning.proposal(np.tile([2.0, 0.0], (20, STEPS, 1)), observation).positions
    assert far[-1, AT[0]] == PANDA.limits.upper[AT[0]]
    # What is beyond a limit does not jump back, it goes no further.
    beyond = PANDA.limits.upper + 0.01
    outside = meaning.proposal(np.full((1, 1, 2), 1.0), observed(IMAGE, beyond, 5)).positions
    np.testing.assert_array_equal(outside[1], beyond)
    np.testing.assert_array_equal(meaning.hold(observation), np.zeros(2))


def test_joint_positions_are_gone_to_and_the_other_joints_stay():
    spec = by_joints("joint_position", "rad", -0.5, 3.0)
    meaning, observation = meaning_of(spec), observed(IMAGE, PANDA.home, 5, 17)
    actions = np.linspace(0.0, 0.7, BLOCKS * STEPS * 2).reshape(BLOCKS, STEPS, 2)
    points = meaning.proposal(actions, observation).positions
    np.testing.assert_array_equal(points[0], PANDA.home)
    np.testing.assert_array_equal(points[1:, AT], actions.reshape(-1, 2))
    np.testing.assert_array_equal(
        np.delete(points, AT, axis=1), np.tile(np.delete(PANDA.home, AT), (len(points), 1))
    )
    np.testing.assert_array_equal(meaning.hold(observation), PANDA.home[list(AT)])
    held = meaning.proposal(meaning.hold(observation)[None, None], observation).positions
    np.testing.assert_array_equal(held[0], held[1])


@pytest.mark.parametrize("name", ["joint_velocity", "joint_position"])
def test_channels_that_are_no_joints_are_refused(name):
    spec = changed(PANDA, actions=ActionSpec(name, 10.0, 1, (Channel("elbow", "rad", -1.0, 1.0),)))
    with pytest.raises(EmbodimentError, match=r"channels: got \['elbow'\], expected joints .*'panda_joint1'"):
        meaning_of(spec)


def test_a_twist_goes_on_from_what_was_proposed_and_holds_with_zero(tmp_path):
    spec = load_robot(mobile_base(tmp_path))
    meaning, step = meaning_of(spec), spec.step_ns
    first = plant_seen(spec, 1000, odometry=(0.9, 0, 0, 0, 0, 0.9))
    actions = np.array([[[0.2, 0.4], [0.4, 0.0]]])
    trajectory = meaning.proposal(actions, first)
    assert (trajectory.joint_names, trajectory.stamp_ns) == (("vx", "wz"), 1000)
    np.testing.assert_array_equal(trajectory.positions, [[0, 0], [0.2, 0.4], [0.4, 0.0]])
    np.testing.assert_array_equal(trajectory.time_from_start_ns, [0, step, 2 * step])
    np.testing.assert_allclose(meaning.start(plant_seen(spec, 1000 + step // 2)), [0.1, 0.2])
    np.testing.assert_allclose(meaning.start(plant_seen(spec, 1000 + 9 * step)), [0.4, 0.0])
    np.testing.assert_array_equal(meaning.hold(plant_seen(spec, 1000 + step)), [0.0, 0.0])
    np.testing.assert_array_equal(meaning.start(plant_seen(spec, 10)), [0.0, 0.0])  # time began again
    meaning.forget()
    np.testing.assert_array_equal(meaning.start(plant_seen(spec, 1000 + step)), [0.0, 0.0])


def test_set_points_without_feedback_begin_at_rest_and_go_on_from_the_last_proposal(tmp_path):
    spec = load_robot(process_body(tmp_path))
    meaning, step = meaning_of(spec), spec.step_ns
    seen = plant_seen(spec, 0)
    np.testing.assert_array_equal(meaning.hold(seen), [20.0, 50.0])
    trajectory = meaning.proposal(np.array([[[120.0, 70.0]]]), seen)
    assert trajectory.joint_names == ("heater", "valve")
    np.testing.assert_array_equal(trajectory.positions, [[20.0, 50.0], [120.0, 70.0]])
    later = plant_seen(spec, step)
    np.testing.assert_allclose(meaning.hold(later), [120.0, 70.0])
    again = meaning.proposal(meaning.hold(later)[None, None], later)
    np.testing.assert_allclose(again.positions, [[120.0, 70.0]] * 2)
    meaning.forget()
    np.testing.assert_array_equal(meaning.start(later), spec.home)


def test_set_points_with_feedback_begin_where_they_are_measured(tmp_path):
    def measured(values) -> None:
        names = {"valve": "%", "mood": "1", "heater": "W"}
        values["sensors"]["positions"] = vector_sensor("Float64MultiArray", "positions", names)
        values["simulation"]["sensors"]["positions"] = dict.fromkeys(names)

    spec = load_robot(process_body(tmp_path, measured))
    meaning, seen = meaning_of(spec), plant_seen(spec, 3, positions=(33.0, 9.0, 111.0))
    np.testing.assert_array_equal(meaning.start(seen), [111.0, 33.0])
    assert meaning.proposal(np.zeros((1, 1, 2)), seen).stamp_ns == 3
    blind = Observation({"flow": Reading(np.zeros(1), 0, 0)})
    with pytest.raises(ObservationError, match="expected 'positions' as well"):
        meaning.start(blind)

    def other_unit(values) -> None:
        measured(values)
        values["sensors"]["positions"]["values"]["valve"] = "1"

    unlike = load_robot(process_body(tmp_path, other_unit))
    np.testing.assert_array_equal(meaning_of(unlike).start(plant_seen(unlike, 3)), unlike.home)


@pytest.mark.parametrize(
    ("spec", "actions", "tolerance"),
    [
        (PANDA, [[0.2, -0.1, 0.05], [0.0, 0.15, 0.1]], 0.002),
        (by_joints("joint_velocity", "rad/s", -2.0, 2.0), [[0.5, -0.25], [0.1, 0.2]], 1e-9),
        (by_joints("joint_position", "rad", -3.0, 4.0), [[2.1, -0.2], [2.0, 0.1]], 1e-9),
    ],
    ids=["cartesian_velocity", "joint_velocity", "joint_position"],
)
def test_between_undoes_a_proposal(spec, actions, tolerance):
    meaning = meaning_of(spec)
    joints = Kinematics(PANDA).solve(PANDA.workspace.mean(axis=0))
    points = meaning.proposal(np.array(actions)[:, None], observed(IMAGE, joints, 5)).positions
    back = [meaning.between(points[i], points[i + 1], spec.step_ns / 1e9) for i in range(len(actions))]
    np.testing.assert_allclose(back, actions, atol=tolerance)


def test_between_two_commands_of_a_base_or_a_plant_is_where_they_lead(tmp_path):
    for spec in map(load_robot, (mobile_base(tmp_path), process_body(tmp_path))):
        start, end = np.zeros(spec.action_size), np.linspace(0.1, 0.3, spec.action_size)
        np.testing.assert_array_equal(meaning_of(spec).between(start, end, 0.1), end)


@pytest.mark.parametrize("meaning", ["cartesian_velocity", "joint_velocity", "joint_position"])
def test_an_arm_that_sags_while_it_stands_still_is_held_where_it_stopped(meaning):
    spec = PANDA if meaning == "cartesian_velocity" else by_joints(meaning, "rad", -2.8, 3.7)
    it = meaning_of(spec)

    def proposed(joints, moves: float = 0.0):
        seen = observed(IMAGE, joints, 5)
        return it.proposal(np.tile(it.hold(seen) + moves, (BLOCKS, STEPS, 1)), seen).positions

    for sag in (0.0, 0.01, 0.04):
        np.testing.assert_array_equal(proposed(PANDA.home - sag), np.tile(PANDA.home, (9, 1)))
    moved = PANDA.home - 0.06
    np.testing.assert_array_equal(proposed(moved), np.tile(moved, (9, 1)), "somebody moved it")
    start = PANDA.home - 0.03
    on_purpose = proposed(start, moves=0.1)
    np.testing.assert_array_equal(on_purpose[0], start)
    assert np.abs(on_purpose[-1] - start).max() > 1e-3
    np.testing.assert_array_equal(proposed(start), np.tile(start, (9, 1)), "and it stays where it got")
    it.forget()
    np.testing.assert_array_equal(proposed(PANDA.home), np.tile(PANDA.home, (9, 1)), "after a reset")
