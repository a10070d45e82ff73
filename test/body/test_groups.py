# SPDX-License-Identifier: Apache-2.0
"""Groups of a robot's YAML: what is asked of them, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from bodies import GROUPED, grouped_robot

from ami_ros.body.meanings.by_name import meaning_of, observed_vectors
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import EmbodimentError
from ami_ros.types import Observation, Reading

STAMP_NS, STEPS, JOINTS = 5_000_000_000, 3, 7


@pytest.mark.parametrize("name", GROUPED)
def test_channels_limits_and_home_of_all_groups_stand_side_by_side(tmp_path, name):
    spec = load_robot(grouped_robot(tmp_path, name))
    names = [channel for group in spec.groups for channel in group.names]
    assert list(spec.command_names) == names and spec.actions.size == sum(g.actions.size for g in spec.groups)
    assert len(spec.home) == len(spec.limits.velocity) == len(names)
    carried = {column: carrier.output.topic for carrier in spec.outputs for column in carrier.columns}
    assert sorted(carried) == list(range(len(names))) and len(set(carried.values())) == 2
    assert [part.groups for part in spec.parts] == [(group,) for group in spec.groups]


def test_each_group_stands_still_in_its_own_way(tmp_path):
    plant = load_robot(grouped_robot(tmp_path, "two_valves"))
    np.testing.assert_array_equal(plant.at_standstill(np.array([63.0, 71.0])), [63.0, 20.0])
    mover = load_robot(grouped_robot(tmp_path, "base_with_arm"))
    moving = np.linspace(0.1, 0.9, JOINTS + 2)
    np.testing.assert_array_equal(mover.at_standstill(moving), [*moving[:JOINTS], 0.0, 0.0])


def test_an_action_means_in_each_group_what_it_means_alone(tmp_path):
    spec = load_robot(grouped_robot(tmp_path, "arm_with_gripper"))
    arm, gripper = spec.parts
    assert [sensor.name for sensor in observed_vectors(spec)] == ["joints"]
    state = np.concatenate([arm.home + 0.01, np.zeros(JOINTS)])
    seen = Observation({"joints": Reading(state, STAMP_NS - 7, STAMP_NS)})
    actions = np.tile([0.2, -0.1, 0.05], (STEPS, 1, 1))
    whole = meaning_of(spec).proposal(actions, seen)
    of_arm = meaning_of(arm).proposal(actions[..., :2], seen)
    of_gripper = meaning_of(gripper).proposal(actions[..., 2:], seen)
    assert whole.joint_names == spec.command_names and whole.stamp_ns == of_arm.stamp_ns == STAMP_NS - 7
    np.testing.assert_array_equal(whole.positions[:, :JOINTS], of_arm.positions)
    np.testing.assert_array_equal(whole.positions[:, JOINTS:], of_gripper.positions)
    together = meaning_of(spec)
    together.note(actions, seen)
    later = Observation({"joints": Reading(state, STAMP_NS + 10**9, STAMP_NS + 10**9)})
    np.testing.assert_allclose(together.start(later)[JOINTS:], [0.05], err_msg="the grip that was proposed")
    np.testing.assert_allclose(together.hold(later), [0.0, 0.0, 0.05], err_msg="keeps its grip")
    start, end = np.append(arm.home, 0.08), np.append(arm.home, 0.02)
    np.testing.assert_allclose(together.between(start, end, 0.1), [0.0, 0.0, 0.02])
    together.forget()
    np.testing.assert_allclose(together.start(later)[JOINTS:], [0.08])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda v: v["groups"]["gripper"].update(output="hand"),
            r"gripper.output: got 'hand', expected one of",
        ),
        (
            lambda v: v["outputs"].update(spare={"interface": "twist", "topic": "t"}),
            r"outputs: got \['spare'\]",
        ),
        (lambda v: v["outputs"]["gripper"].update(topic=v["outputs"]["arm"]["topic"]), "topics .* each once"),
        (
            lambda v: v["outputs"]["gripper"].update(interface="twist"),
            "gripper.interface: got twist, which cannot",
        ),
        (
            lambda v: v["groups"]["arm"].update(arm={}),
            "groups.arm.meaning: got joint_velocity, expected an arm",
        ),
        (
            lambda v: v["groups"]["arm"].update(stands_still="rest"),
            "stands_still: got rest for joint_velocity",
        ),
        (lambda v: v["groups"].update(other=dict(v["groups"]["gripper"])), r"got \['grip'\] twice"),
        (lambda v: v.update(outputs={}), "got 2 groups and 0 outputs"),
        (lambda v: v.update(groups={}), "got 0 groups and 2 outputs"),
        (lambda v: v["groups"].update(gripper=[]), r"groups.gripper: got \[\], expected a mapping"),
        (lambda v: v.update(output=v["outputs"]["arm"]), r"got \['output'\] besides groups"),
        (lambda v: v["groups"]["arm"]["arm"].update(home=[0.0]), "groups.arm.arm: home"),
        (
            lambda v: v["simulation"].update(kind="process"),
            "kind: got process, expected none .*simulators know one arm, and groups with a section gripper",
        ),
    ],
)
def test_groups_that_contradict_each_other_are_refused(tmp_path, change, says):
    path = grouped_robot(tmp_path, "arm_with_gripper")
    values = yaml.safe_load(path.read_text())
    change(values)
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    with pytest.raises(EmbodimentError, match=says):
        load_robot(path)


def test_what_is_asked_of_a_robot_of_one_group_is_refused_of_several(tmp_path):
    spec = load_robot(grouped_robot(tmp_path, "two_valves"))
    with pytest.raises(
        EmbodimentError, match=r"got groups \['inlet', 'drain'\], expected a robot of one group"
    ):
        spec.with_interface("float_array")
    with pytest.raises(EmbodimentError, match="got outputs .*drain/set_point.*, expected a robot with one"):
        _ = spec.output
    with pytest.raises(EmbodimentError, match="got a body without arm"):
        _ = spec.arm
