# SPDX-License-Identifier: Apache-2.0
"""The section `gripper` of a group, its fingers in simulation, and where its commands begin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ami_ros.body.groups import GripperGroup
from ami_ros.body.meanings.by_name import meaning_of, observed_vectors
from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.errors import AmiError
from ami_ros.settings.share import config_path
from ami_ros.types import Observation, Reading

STAMP_NS, STEP_NS = 7_000_000_000, 100_000_000
HELD, PRESS = 0.05, 0.01  # m
SPEC = load_robot("panda_hand")


def written(folder: Path, change: Callable[[dict[str, Any]], object]) -> RobotSpec:
    """Load panda_hand with something changed in its YAML."""
    values = yaml.safe_load(config_path("robots", "panda_hand.yaml").read_text())
    values["groups"]["arm"]["arm"]["urdf"] = str(config_path("robots", "panda.urdf"))
    change(values)
    path = folder / "hand.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    return load_robot(path)


def seen(opening: float, after_ns: int = 0) -> Observation:
    stamp = STAMP_NS + after_ns
    readings = {"joints": np.concatenate([SPEC.arm.home, np.zeros(7)]), "fingers": np.array([opening])}
    return Observation({name: Reading(values, stamp, stamp) for name, values in readings.items()})


def test_a_group_knows_its_gripper():
    _, group = SPEC.groups
    assert isinstance(group, GripperGroup) and SPEC.gripper is group.gripper
    assert (group.gripper.force, group.gripper.press) == (30.0, PRESS)
    assert group.start_sensor(SPEC.sensors) == "" and group.begin_sensor == "fingers"
    assert group.own_sensors == ("fingers",)
    assert load_robot("panda").gripper is None
    assert "fingers" in {sensor.name for sensor in observed_vectors(SPEC)}


def test_proposals_begin_with_a_grip_and_go_on_from_the_last_command():
    """At the measured opening they would let go of what is held."""
    meaning, still = meaning_of(SPEC), np.zeros(3)
    first = meaning.proposal(np.array([[[*still, 0.03]]]), seen(HELD)).positions[:, -1]
    np.testing.assert_allclose(first, [HELD - PRESS, 0.03])
    later = meaning.proposal(np.array([[[*still, 0.03]]]), seen(HELD, STEP_NS)).positions[:, -1]
    np.testing.assert_allclose(later, [0.03, 0.03])
    meaning.forget()
    np.testing.assert_allclose(meaning.hold(seen(HELD))[-1], HELD - PRESS)


@pytest.mark.parametrize(("opening", "begins"), [(0.004, 0.0), (0.2, 0.08)], ids=["closed", "beyond"])
def test_the_first_command_is_within_the_range(opening, begins):
    assert SPEC.groups[1].begins(seen(opening)) == pytest.approx([begins])


def test_an_unmeasured_gripper_begins_at_its_rest():
    joints_alone = Observation({"joints": seen(HELD)["joints"]})
    assert SPEC.groups[1].begins(joints_alone) == pytest.approx([0.08])


def gripper(values: dict[str, Any]) -> dict[str, Any]:
    return values["groups"]["gripper"]


def fingers(values: dict[str, Any]) -> dict[str, Any]:
    return values["simulation"]["fingers"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda v: gripper(v)["gripper"].update(sensor="joints"),
            "sensor: got 'joints', expected a sensor that",
        ),
        (lambda v: v["sensors"]["fingers"].update(used_by=["model"]), "used_by the gate .*: one of \\[\\]"),
        (lambda v: v["sensors"]["fingers"]["values"].update(opening="mm"), "values {'opening': 'm'}"),
        (
            lambda v: gripper(v)["channels"]["opening"].pop("velocity"),
            "without velocity, expected the largest",
        ),
        (lambda v: gripper(v).update(stands_still="rest"), "expected keep: a gripper keeps its grip"),
        (lambda v: gripper(v)["gripper"].update(force=0.0), "force"),
        (lambda v: gripper(v)["gripper"].pop("press"), "press"),
        (lambda v: v["simulation"].pop("fingers"), "fingers: .*"),
        (
            lambda v: fingers(v)["channels"].update(other={"panda_finger_joint1": 1.0}),
            "expected the channels of",
        ),
        (lambda v: fingers(v)["channels"].update(opening={}), "expected joints, each with its position"),
        (lambda v: fingers(v)["channels"]["opening"].update(panda_finger_joint1=0.0), "other than 0"),
        (lambda v: fingers(v).update(fixed=[0.1]), "fixed: got .*expected \\[x, y, z\\]"),
        (lambda v: gripper(v)["gripper"].update(width_per_unit=-1.0), "width_per_unit"),
        (lambda v: v["simulation"].update(kind="mujoco"), "kind: got mujoco, expected bullet or none"),
        (
            lambda v: v["groups"]["arm"].update(gripper=gripper(v)["gripper"]),
            "got cartesian_velocity, expected setpoint for a gripper",
        ),
    ],
)
def test_grippers_that_make_no_sense_are_refused(tmp_path, change, says):
    with pytest.raises(AmiError, match=says):
        written(tmp_path, change)


def test_fingers_without_a_gripper_are_refused(tmp_path):
    values = yaml.safe_load(config_path("robots", "panda.yaml").read_text())
    values["arm"]["urdf"] = str(config_path("robots", "panda.urdf"))
    values["simulation"]["fingers"] = {"friction": 1.0, "channels": {"x": {"panda_finger_joint1": 1.0}}}
    path = tmp_path / "arm.yaml"
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(AmiError, match="expected the channels of grippers: \\[\\]"):
        load_robot(path)


def test_a_joint_that_the_simulation_lacks_is_named(tmp_path):
    pytest.importorskip("pybullet", reason="the simulator is not installed")
    from ami_ros.sim.world.open_world import open_world

    spec = written(tmp_path, lambda v: fingers(v)["channels"].update(opening={"thumb": 1.0}))
    with pytest.raises(AmiError, match=r"joints \['thumb'\] not found"):
        open_world(spec, 200.0)
