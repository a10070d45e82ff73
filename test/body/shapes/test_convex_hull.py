# SPDX-License-Identifier: Apache-2.0
"""Hulls of points and of mesh files, their halves, and everything that is no mesh."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.body.shapes.convex_hull import CELLS, Hull, hull_of, mesh_points

SIZE = np.array([0.2, 0.3, 0.5])
TETRAHEDRON = "v 0 0 0\nv 0.2 0 0\nv 0 0.3 0\nv 0 0 0.5\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
ONES = np.ones(3)
COLLADA = """<?xml version="1.0"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset>{unit}<up_axis>Y_UP</up_axis></asset>
<library_geometries><geometry id="g"><mesh>
<source id="p"><float_array id="a" count="9">0 0 0 200 0 0 0 300 500</float_array><technique_common>
<accessor source="#a" count="3" stride="3"><param name="X" type="float"/><param name="Y" type="float"/>
<param name="Z" type="float"/></accessor></technique_common></source>
<vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
<triangles count="1"><input semantic="VERTEX" source="#v" offset="0"/><p>0 1 2</p></triangles>
</mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene id="s"><node id="n"><instance_geometry url="#g"/></node></visual_scene>
</library_visual_scenes><scene><instance_visual_scene url="#s"/></scene></COLLADA>
"""


def box_points(count: int = 40) -> np.ndarray:
    """Return the corners of a box of SIZE and points inside of it."""
    corners = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3), axis=-1).reshape(-1, 3)
    inside = np.random.default_rng(0).uniform(-0.5, 0.5, (count, 3))
    return np.concatenate([inside, corners]) * SIZE


def depth(hull: Hull, points: np.ndarray) -> np.ndarray:
    return (hull.offsets - points @ hull.normals.T).min(axis=1)


def test_the_hull_of_a_box_is_the_box():
    hull = hull_of(box_points())
    assert len(hull.vertices) == 8
    assert len(hull.normals) == 6
    assert sorted(hull.offsets) == pytest.approx(sorted([*SIZE / 2, *SIZE / 2]))
    assert (depth(hull, box_points()) >= -1e-12).all()


def test_two_halves_hold_all_of_it_and_nothing_twice():
    hull = hull_of(box_points())
    first, second = hull.halves()
    middles = sorted(half.vertices[:, 2].max() for half in (first, second))
    assert middles == pytest.approx([0.0, SIZE[2] / 2])
    for half in (first, second):
        assert np.ptp(half.vertices, axis=0) == pytest.approx([*SIZE[:2], SIZE[2] / 2])
        assert (depth(hull, half.vertices) >= -1e-12).all()


def test_parts_of_parts_fill_the_volume():
    hull = hull_of(np.random.default_rng(1).normal(size=(60, 3)) * [0.1, 0.2, 0.4])
    parts = [hull]
    for _ in range(3):
        parts = [half for part in parts for half in part.halves()]
    volumes = [hull_of(part.vertices) for part in parts]
    points = np.random.default_rng(2).uniform(hull.vertices.min(axis=0), hull.vertices.max(axis=0), (3000, 3))
    points = points[depth(hull, points) > 1e-6]
    assert len(points) > 300
    held = np.max([depth(part, points) for part in volumes], axis=0)
    assert (held >= -1e-9).all()


@pytest.mark.parametrize(
    "points",
    [[[0.1, 0.2, 0.3]] * 5, [[0, 0, 0], [0.3, 0, 0]], [[0, 0, 0], [0.3, 0, 0], [0, 0.3, 0], [0.3, 0.3, 0]]],
)
def test_what_is_flat_is_made_a_millimetre_thick(points):
    hull = hull_of(np.array(points))
    assert depth(hull, np.array(points, dtype=float)) == pytest.approx(0.5e-3)


@pytest.mark.parametrize("tip", [0.0, 0.3], ids=["disc", "cone"])
def test_a_hull_that_is_too_fine_for_its_library_becomes_a_little_larger(tip):
    angles = np.linspace(0.0, 2.0 * np.pi, 600, endpoint=False)
    rim = 0.1 * np.stack([np.cos(angles), np.sin(angles), np.zeros(600)], axis=1)
    points = np.concatenate([rim, rim + [0.0, 0.0, 0.05] if tip == 0.0 else [[0.0, 0.0, tip]]])
    hull = hull_of(points)
    assert len(hull.vertices) < 600
    assert (points @ hull.normals.T <= hull.offsets + 1e-9).all(), "nothing sticks out"
    largest = np.ptp(points, axis=0).max()
    assert (np.ptp(hull.vertices, axis=0) <= np.ptp(points, axis=0) + 2.0 * largest / CELLS + 1e-9).all()


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.zeros((0, 3)), "got no point, expected a shape"),
        (np.array([[0, 0, np.nan], [1, 0, 0], [0, 1, 0], [0, 0, 1]]), "not finite"),
        (box_points() * 1000, r'size of 500 m, expected metres.*scale="0.001 0.001 0.001"'),
    ],
)
def test_what_has_no_hull(points, message):
    with pytest.raises(ValueError, match=message):
        hull_of(points)


def test_a_mesh_is_read_and_scaled(tmp_path):
    path = tmp_path / "part.obj"
    path.write_text(TETRAHEDRON)
    np.testing.assert_allclose(mesh_points(path, np.array([1.0, 2.0, -3.0])).max(axis=0), [0.2, 0.6, 0.0])
    np.testing.assert_allclose(mesh_points(path, np.array([1.0, 2.0, -3.0])).min(axis=0), [0.0, 0.0, -1.5])


def test_collada_counts_in_its_own_unit_and_keeps_its_axes(tmp_path):
    path = tmp_path / "part.dae"
    for unit, factor in (('<unit name="millimeter" meter="0.001"/>', 1e-3), ("", 1.0)):
        path.write_text(COLLADA.format(unit=unit))
        np.testing.assert_allclose(mesh_points(path, ONES).max(axis=0), np.array([200, 300, 500]) * factor)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.stl", b""),
        ("none.stl", b"solid a\nendsolid a\n"),
        ("cut.stl", b"\0" * 80 + (1000).to_bytes(4, "little") + b"\0" * 100),
        ("words.obj", b"hello world\n"),
        ("points.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\n"),
        ("cut.dae", b"<COLLADA"),
        ("unit.dae", COLLADA.format(unit='<unit meter="inch"/>').encode()),
        ("part.step", b"ISO-10303-21;"),
    ],
)
def test_what_is_no_mesh_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="not a readable mesh") as caught:
        mesh_points(tmp_path / name, ONES)
    assert "expected STL, OBJ or DAE" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "function" not in str(caught.value)
