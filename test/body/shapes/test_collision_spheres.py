# SPDX-License-Identifier: Apache-2.0
"""From a <collision> to spheres: each shape, where it is, and each way to be malformed."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ami_ros.body.shapes.collision_spheres import collision_spheres, covering
from ami_ros.errors import EmbodimentError

TETRAHEDRON = "v 0 0 0\nv 20 0 0\nv 0 30 0\nv 0 0 50\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
CORNERS = np.array([[0.0, 0.0, 0.0], [0.2, 0.0, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, 0.5]])
PLACE = np.array([0.1, 0.2, 0.3])


def spheres_of(
    geometry: str, folder: Path = Path(), origin: str = '<origin xyz="0.1 0.2 0.3" rpy="0 0 1.5707963"/>'
):
    text = f"<collision>{origin}<geometry>{geometry}</geometry></collision>"
    return collision_spheres(ElementTree.fromstring(text), folder)


def turned(points: np.ndarray) -> np.ndarray:
    """Return points (N, 3) after the origin's quarter turn about z."""
    return points @ np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]) + PLACE


def are_held(spheres, points: np.ndarray) -> bool:
    gaps = [np.linalg.norm(points - centre, axis=1) - radius for centre, radius in spheres]
    return bool(np.min(gaps, axis=0).max() <= 1e-6)


def test_a_sphere_is_itself():
    ((centre, radius),) = spheres_of('<sphere radius="0.07"/>')
    np.testing.assert_array_equal(centre, PLACE)
    assert radius == 0.07


@pytest.mark.parametrize("shape", ["cylinder", "capsule"])
def test_a_cylinder_is_a_row(shape):
    spheres = spheres_of(f'<{shape} radius="0.05" length="0.4"/>')
    assert len(spheres) == 9
    np.testing.assert_allclose([centre[:2] for centre, _ in spheres], [PLACE[:2]] * 9)
    assert {radius for _, radius in spheres} == {np.hypot(0.05, 0.025)}


def test_a_box_is_covered_by_more_than_one_where_one_would_be_fat():
    spheres = spheres_of('<box size="0.1 0.2 0.5"/>')
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (2000, 3)) * [0.1, 0.2, 0.5]
    assert are_held(spheres, turned(points))
    assert max(radius for _, radius in spheres) < 0.5 * np.linalg.norm([0.1, 0.2, 0.5])
    assert len(spheres_of('<box size="0.02 0.02 0.04"/>')) == 1


def test_a_mesh_is_scaled_and_then_placed(tmp_path):
    (tmp_path / "part.obj").write_text(TETRAHEDRON)
    spheres = spheres_of('<mesh filename="part.obj" scale="0.01 0.01 0.01"/>', tmp_path)
    weights = np.random.default_rng(1).dirichlet(np.ones(4), 2000)
    assert are_held(spheres, turned(weights @ CORNERS))
    centres = np.array([centre for centre, _ in spheres])
    assert (centres >= turned(CORNERS).min(axis=0) - 1e-3).all()
    assert (centres <= turned(CORNERS).max(axis=0) + 1e-3).all()


@pytest.mark.parametrize("name", ["package://arm/meshes/part.obj", "file://{}/arm/meshes/part.obj"])
def test_a_mesh_is_found_as_ros_finds_it(tmp_path, name):
    folder = tmp_path / "arm" / "meshes"
    folder.mkdir(parents=True)
    (folder / "part.obj").write_text(TETRAHEDRON)
    geometry = f'<mesh filename="{name.format(tmp_path)}" scale="0.01 0.01 0.01"/>'
    assert are_held(spheres_of(geometry, tmp_path / "arm", origin=""), CORNERS)


def test_a_missing_mesh_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(EmbodimentError, match=f"gone.stl: no such file; looked for {tmp_path}"):
        spheres_of('<mesh filename="gone.stl"/>', tmp_path)


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        ("", "got geometry None, expected box, capsule, cylinder, mesh or sphere"),
        ('<cone radius="1"/>', "got geometry cone, expected box"),
        ("<sphere/>", "sphere radius: got None, expected a finite number"),
        ('<sphere radius="-1"/>', "sphere radius: got -1.0, expected more than 0"),
        ('<cylinder radius="0" length="1"/>', "cylinder radius: got 0.0, expected more than 0"),
        ('<cylinder radius="0.1" length="inf"/>', "cylinder length: got 'inf', expected a finite number"),
        ('<box size="1 2"/>', "box size: got '1 2', expected three finite numbers"),
        ('<box size="1 2 x"/>', "box size: got '1 2 x', expected three finite numbers"),
        (
            '<mesh filename="part.obj" scale="0.001"/>',
            "mesh scale: got '0.001', expected three finite numbers",
        ),
        ('<mesh filename="part.obj"/>', r"mesh .*part.obj: got a size of 50 m, expected metres"),
        ('<mesh filename="empty.stl"/>', r"mesh .*empty.stl: not a readable mesh"),
        ('<mesh filename="nan.obj"/>', r"mesh .*nan.obj: got a point that is not finite"),
    ],
)
def test_malformed(tmp_path, geometry, message):
    (tmp_path / "part.obj").write_text(TETRAHEDRON)
    (tmp_path / "nan.obj").write_text(TETRAHEDRON.replace("20", "nan"))
    (tmp_path / "empty.stl").write_text("")
    with pytest.raises(ValueError, match=message):
        spheres_of(geometry, tmp_path)


@pytest.mark.parametrize("origin", ['<origin xyz="0 0"/>', '<origin rpy="0 0 nan"/>'])
def test_a_malformed_origin(origin):
    with pytest.raises(ValueError, match="expected"):
        spheres_of('<sphere radius="1"/>', origin=origin)


def test_a_wire_is_covered_by_few_spheres():
    """By its own radius it would take thirty thousand of them."""
    spheres = covering(np.zeros(3), np.array([0.0, 0.0, 3.0]), 1e-4)
    assert len(spheres) == 101
    along = np.linspace(0.0, 3.0, 1000)
    gaps = np.abs(along[:, None] - np.array([centre[2] for centre, _ in spheres])).min(axis=1)
    assert (np.hypot(gaps, 1e-4) <= spheres[0][1] + 1e-12).all()


@pytest.mark.parametrize("length", ["1e9", "1e-12"])
def test_a_shape_of_no_size_of_a_robot_is_refused(length):
    with pytest.raises(ValueError, match="expected more than 0, 1e-09 to 20"):
        spheres_of(f'<cylinder radius="0.1" length="{length}"/>')
