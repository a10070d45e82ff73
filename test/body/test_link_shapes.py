# SPDX-License-Identifier: Apache-2.0
"""Links that have nothing but a mesh: an arm whose shapes are STL files, and a zone that one of them would enter."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pinocchio
import pytest
from robots import joint, link, small_robot, urdf

from ami_ros.body.link_shapes import LinkShapes
from ami_ros.body.shapes.convex_hull import mesh_points
from ami_ros.body.shapes.hull_spheres import TOLERANCE
from ami_ros.errors import KinematicsError
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.limits.zones import ZoneLimit, Zones
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.stepping import Stepping
from ami_ros.safety.restrictions import Restrictions

BAR = (
    "v 0 0 0\nv 0 400 0\nv 0 0 30\nv 30 0 0\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n"  # 0.4 m to the left, in mm
)
MESH = '<mesh filename="bar.obj" scale="0.001 0.001 0.001"/>'


def arm(folder: Path, base: str = "", moved: str = MESH):
    (folder / "bar.obj").write_text(BAR)
    parts = [
        link("base", base),
        link("a", moved),
        link("tip"),
        joint("j1", "base", "a"),
        joint("j2", "a", "tip"),
    ]
    return small_robot(urdf(folder, *parts), "j1", "j2", home=np.zeros(2))


def test_a_zone_that_only_a_mesh_would_enter_is_seen(tmp_path):
    left = np.array([[-0.2, 0.3, 0.4], [0.2, 0.6, 0.6]])
    zones = Zones(LinkShapes(arm(tmp_path)), None, Restrictions(forbidden=left[None]), 0.0)
    excess = zones.excess(np.zeros((1, 2)))[0]
    assert excess.max() > 0.08
    _, numbers = zones.describe(int(excess.argmax()))
    assert numbers["link"] == "a"
    bare = Zones(LinkShapes(arm(tmp_path, moved="")), None, Restrictions(forbidden=left[None]), 0.0)
    assert bare.excess(np.zeros((1, 2))).max() <= 0.0


def test_the_gate_stops_a_mesh_before_a_zone(tmp_path):
    spec = arm(tmp_path)
    (tmp_path / "bar.obj").write_text(BAR.replace("0 400 0", "400 0 0").replace("v 30 0 0", "v 0 30 0"))
    below = np.array([[0.1, -0.5, 0.0], [0.6, 0.5, 0.3]])
    body, restrictions = GateBody.of_robot(spec), Restrictions(forbidden=below[None])
    zones = Zones(body.shapes, None, restrictions, 0.0)
    step = Stepping(MotionLimits.of(body, restrictions, 1.0), [ZoneLimit(zones)], 0.01)
    bar = mesh_points(tmp_path / "bar.obj", np.full(3, 0.001))
    state, codes = ChannelState.at_rest(spec.home), set()
    for _ in range(200):
        state, verdict = step.toward(state, np.array([1.0, 0.0]))
        codes |= {reason.code for reason in verdict.reasons}
        turn = pinocchio.rpy.rpyToMatrix(0.0, state.position[0], 0.0)
        assert outside_by(below, bar @ turn.T + [0.0, 0.0, 0.5]) > 0.0
    assert codes >= {"FORBIDDEN_BOX"}
    assert outside_by(below, bar @ turn.T + [0.0, 0.0, 0.5]) < 0.08


def outside_by(box, points) -> float:
    """Return how far the nearest of points (N, 3) is from a box (2, 3), m."""
    return float(np.maximum(np.maximum(box[0] - points, points - box[1]), 0.0).max(axis=1).min())


def test_what_no_joint_moves_is_not_even_read(tmp_path):
    shapes = LinkShapes(arm(tmp_path, base='<mesh filename="gone.stl"/>'))
    assert set(shapes.links) == {"a", "tip"}


def test_a_missing_mesh_names_urdf_and_link(tmp_path):
    with pytest.raises(
        KinematicsError, match=r"small.urdf: collision of link a: gone.stl: no such file; looked for"
    ):
        LinkShapes(arm(tmp_path, moved='<mesh filename="gone.stl"/>'))


def test_an_unusable_shape_names_urdf_and_link(tmp_path):
    with pytest.raises(
        KinematicsError, match=r"small.urdf: collision of link a: mesh .*bar.obj: got a size of 400 m"
    ):
        LinkShapes(arm(tmp_path, moved='<mesh filename="bar.obj"/>'))


@pytest.fixture(scope="module")
def kuka():
    data = pytest.importorskip("pybullet_data", reason="has the meshes")
    path = Path(data.getDataPath()) / "kuka_iiwa" / "model.urdf"
    names = [f"lbr_iiwa_joint_{number}" for number in range(1, 8)]
    return small_robot(path, *names, tip="lbr_iiwa_link_7", home=np.zeros(7))


def test_a_kuka_is_covered_by_few_spheres_that_hold_its_meshes(kuka):
    shapes = LinkShapes(kuka)
    count = Counter(shapes.links)
    assert set(count) == {f"lbr_iiwa_link_{number}" for number in range(1, 8)}
    assert len(shapes.radii) <= 80
    model = pinocchio.buildModelFromUrdf(str(kuka.urdf))
    data = model.createData()
    for posture in np.random.default_rng(0).uniform(-1.5, 1.5, (5, 7)):
        pinocchio.framesForwardKinematics(model, data, posture)
        centres = shapes.centres(posture[None])[0]
        for name in count:
            pose = data.oMf[model.getFrameId(name)]
            mesh = mesh_points(kuka.urdf.parent / "meshes" / f"{name[9:]}.stl", np.ones(3))
            points = mesh @ pose.rotation.T + pose.translation
            own = np.array([link == name for link in shapes.links])
            gaps = np.linalg.norm(points[:, None] - centres[own], axis=2) - shapes.radii[own]
            assert gaps.min(axis=1).max() <= 1e-9
            reach = (centres[own] + shapes.radii[own, None]).max(axis=0)
            assert (reach - points.max(axis=0)).max() <= TOLERANCE + 1e-6


def test_of_a_single_joint_it_knows_how_far_a_turn_moves_each_sphere(tmp_path):
    (tmp_path / "bar.obj").write_text(BAR.replace("0 400 0", "400 0 0"))
    turntable = urdf(tmp_path, link("base"), link("tip", MESH), joint("j1", "base", "tip"))
    shapes = LinkShapes(small_robot(turntable, "j1", home=np.zeros(1)))
    before, after = shapes.centres(np.array([[0.0], [1e-5]]))
    moved = np.linalg.norm(after - before, axis=1, keepdims=True) / 1e-5
    np.testing.assert_allclose(shapes.reach, moved, rtol=1e-4)
    assert shapes.reach.max() > 0.3
