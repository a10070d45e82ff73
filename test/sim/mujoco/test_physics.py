# SPDX-License-Identifier: Apache-2.0
"""An arm in MuJoCo beyond what all stages do: contact forces, limited torques, meshes, and mistakes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import trimesh
from robots import changed
from simulators import in_simulator

from ami_ros.body.robot_spec import load_robot
from ami_ros.body.scenery import Box
from ami_ros.body.simulation import ArmSimulation
from ami_ros.errors import EmbodimentError
from ami_ros.sim.world.open_world import open_world
from ami_ros.types import Command

PHYSICS_HZ, TICK_NS, STEPS = 200.0, 10_000_000, 300
MASS, GRAVITY = 0.4, 9.81
TABLE = Box((0.5, 0.5, 0.05), (0.0, 0.0, -0.05), (0.5, 0.5, 0.5, 1.0))
SPEC = in_simulator("mujoco", load_robot("panda"))

import mujoco  # noqa: E402, the line above skips where it is not installed

from ami_ros.sim.mujoco.physics import Physics  # noqa: E402


def urdf(mesh: Path) -> str:
    """Return a pendulum whose bob is a mesh, shown and touched."""
    shape = f'<geometry><mesh filename="{mesh}"/></geometry>'
    return (
        '<robot name="pendulum"><link name="base"/>'
        '<link name="bob"><inertial><mass value="1"/><inertia ixx="0.1" iyy="0.1" izz="0.1" ixy="0" ixz="0" '
        f'iyz="0"/></inertial><visual>{shape}</visual><collision>{shape}</collision></link>'
        '<joint name="swing" type="continuous"><parent link="base"/><child link="bob"/>'
        '<origin xyz="0 0 1"/><axis xyz="0 1 0"/></joint></robot>'
    )


@pytest.fixture
def physics(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    mesh = tmp_path / "bob.dae"  # which MuJoCo does not read
    trimesh.creation.box((0.2, 0.2, 0.2)).export(mesh)
    made = Physics(urdf(mesh), "pendulum", PHYSICS_HZ, [TABLE])
    yield made
    made.close()


def test_the_table_carries_the_weight_of_what_lies_on_it(physics):
    physics.add("block", "box", [0.05, 0.05, 0.05], [1.0] * 4, mass=MASS, friction=0.5, touchable=True)
    physics.place("block", [0.3, 0.0, 0.05], [1.0, 0.0, 0.0, 0.0])
    for _ in range(STEPS):
        mujoco.mj_step(physics.model, physics.data)
    touches = [touch for touch in physics.contacts() if touch[0] == "block"]
    np.testing.assert_allclose(sum(force for *_, force in touches), [0.0, 0.0, MASS * GRAVITY], atol=0.02)
    assert {other for _, other, *_ in touches} == {"world"}
    back = [force for one, *_, force in physics.contacts() if one == "world"]
    np.testing.assert_allclose(sum(back), [0.0, 0.0, -MASS * GRAVITY], atol=0.02)


def test_a_block_that_was_reshaped_has_its_new_height_weight_and_colour(physics):
    physics.add("block", "box", [0.05, 0.05, 0.05], [1.0] * 4, mass=1.0, friction=0.5, touchable=True)
    physics.place("block", [0.3, 0.0, 0.05], [1.0, 0.0, 0.0, 0.0])
    mujoco.mj_step(physics.model, physics.data)
    physics.reshape("block", [0.03, 0.03, 0.02], [0.1, 0.2, 0.3, 1.0], mass=MASS, friction=0.8)
    physics.place("block", [0.3, 0.0, 0.02], [1.0, 0.0, 0.0, 0.0])
    for _ in range(STEPS):
        mujoco.mj_step(physics.model, physics.data)
    assert physics.pose("block")[0][2] == pytest.approx(0.02, abs=2e-3)
    touches = [touch for touch in physics.contacts() if touch[0] == "block"]
    np.testing.assert_allclose(sum(force for *_, force in touches), [0.0, 0.0, MASS * GRAVITY], atol=0.02)
    np.testing.assert_allclose(physics.model.geom("object:block").rgba, [0.1, 0.2, 0.3, 1.0], atol=1e-6)
    assert physics.model.geom("object:block").friction[0] == pytest.approx(0.8)


def test_what_is_added_later_changes_nothing_of_what_was_there(physics):
    physics.add("first", "box", [0.05] * 3, [1.0] * 4, mass=MASS, friction=0.5, touchable=True)
    physics.place("first", [0.3, 0.1, 0.2], [1.0, 0.0, 0.0, 0.0])
    physics.data.qpos[0] = 0.7
    physics.add("second", "sphere", [0.05], [1.0] * 4)
    physics.place("second", [0.0, 0.4, 0.2], [1.0, 0.0, 0.0, 0.0])
    assert physics.data.qpos[0] == 0.7
    for name, place in (("first", [0.3, 0.1, 0.2]), ("second", [0.0, 0.4, 0.2])):
        np.testing.assert_array_equal(physics.pose(name)[0], place)


def test_an_arm_with_weak_motors_hangs():
    weak = dataclasses.replace(SPEC.limits, effort=np.full(7, 0.5))
    world = open_world(changed(SPEC, limits=weak), PHYSICS_HZ)
    world.reset(SPEC.home)
    for _ in range(30):
        world.advance(Command(SPEC.home, np.zeros(7), 0), TICK_NS)
    assert np.abs(world.body()["joints"] - SPEC.home).max() > 0.2
    world.close()


@pytest.mark.parametrize(
    ("simulation", "message"),
    [
        (
            {"hold_joints": ("panda_thumb",), "hold_position": (0.0,)},
            r"joints \['panda_thumb'\] not found; it",
        ),
        ({"urdf": "twice.urdf"}, "MuJoCo cannot load it"),
    ],
    ids=["unknown joint", "a link twice"],
)
def test_a_robot_that_cannot_be_simulated(tmp_path, simulation, message):
    (tmp_path / "twice.urdf").write_text('<robot name="twice"><link name="one"/><link name="one"/></robot>')
    own = SPEC.simulation
    assert isinstance(own, ArmSimulation)
    folder = tmp_path if "urdf" in simulation else own.folder
    with pytest.raises(EmbodimentError, match=message):
        open_world(
            changed(SPEC, simulation=dataclasses.replace(own, folder=folder, **simulation)), PHYSICS_HZ
        )


def test_an_arm_without_efforts():
    with pytest.raises(EmbodimentError, match="needs limits.effort"):
        open_world(changed(SPEC, limits=dataclasses.replace(SPEC.limits, effort=None)), PHYSICS_HZ)
