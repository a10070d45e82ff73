# SPDX-License-Identifier: Apache-2.0
"""A convex body: the hull of points or of a mesh, and its two halves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import coal
import numpy as np
from numpy.typing import NDArray

from ami_ros.body.xml_file import parse_xml
from ami_ros.types import FloatArray

Indices: TypeAlias = NDArray[np.intp]

THIN = 1e-3  # m: thinner bodies are thickened to this, because a flat body has no hull
LARGEST = 20.0  # m: a link that is larger was drawn in mm or inches
CELLS = 50  # of a grid along a body whose hull is too fine: it grows by at most two of them
CORNERS = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3), axis=-1).reshape(-1, 3)  # of a cube
COLLADA = "{http://www.collada.org/2005/11/COLLADASchema}"


@dataclass(frozen=True, eq=False)
class ConvexBody:
    """The convex hull of some vertices.

    Attributes:
        vertices: (N, 3) m; some may be duplicates, or inside a face.
        edges: (E, 2) rows of vertices that an edge joins.
    """

    vertices: FloatArray
    edges: Indices

    def halves(self) -> tuple[ConvexBody, ConvexBody]:
        """Return what lies on either side of the plane across the middle of its longest principal axis."""
        _, _, axes = np.linalg.svd(self.vertices - self.vertices.mean(axis=0), full_matrices=False)
        along = self.vertices @ axes.T
        longest = int(np.ptp(along, axis=0).argmax())
        height = along[:, longest] - 0.5 * (along[:, longest].min() + along[:, longest].max())
        above = height > 0.0

        first, second = self.edges.T
        crossed = above[first] != above[second]
        first, second = first[crossed], second[crossed]
        share = height[first] / (height[first] - height[second])
        new = self.vertices[first] + share[:, None] * (self.vertices[second] - self.vertices[first])
        # The cut is a convex polygon: around its middle, its corners come in the order of their angles.
        across = (new - new.mean(axis=0)) @ np.delete(axes, longest, axis=0).T
        order = np.argsort(np.arctan2(across[:, 1], across[:, 0]))
        rim = np.stack([order, np.roll(order, -1)], axis=1)
        crossing = self.edges[crossed]
        return self._part(above, crossing, new, rim), self._part(~above, crossing, new, rim)

    def _part(self, kept: NDArray[np.bool_], crossing: Indices, new: FloatArray, rim: Indices) -> ConvexBody:
        row = np.cumsum(kept) - 1
        count = int(kept.sum())
        whole = row[self.edges[kept[self.edges].all(axis=1)]]
        ends = row[np.where(kept[crossing[:, 0]], crossing[:, 0], crossing[:, 1])]
        shortened = np.stack([ends, count + np.arange(len(new))], axis=1)
        return ConvexBody(
            np.concatenate([self.vertices[kept], new]), np.concatenate([whole, shortened, count + rim])
        )


@dataclass(frozen=True, eq=False)
class Hull(ConvexBody):
    """A whole convex hull, with its faces.

    Attributes:
        normals: (F, 3) unit vectors, outward.
        offsets: (F,) m; a point x is inside where ``normals @ x <= offsets``.
    """

    normals: FloatArray
    offsets: FloatArray


def hull_of(points: FloatArray) -> Hull:
    """Return the convex hull of points (N, 3) in m; a larger one for flat or too finely drawn points.

    Raises:
        ValueError: no points, or not finite, or further apart than any real link.
    """
    points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    # Checked first, because coal crashes on NaN and on identical points.
    if len(points) == 0:
        raise ValueError("got no point, expected a shape")
    if not np.isfinite(points).all():
        raise ValueError("got a point that is not finite, expected finite numbers")
    size = float(np.ptp(points, axis=0).max())
    if size > LARGEST:
        raise ValueError(
            f"got a size of {size:.3g} m, expected metres; for a mesh in mm, "
            'set <mesh> scale="0.001 0.001 0.001"'
        )
    if np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[-1] < THIN:
        points = (points + THIN * CORNERS[:, None]).reshape(-1, 3)
    try:
        convex = _triangulated(points)
    except RuntimeError:
        # A vertex has more than 255 neighbours, as in a finely drawn disc or cone.
        convex = _triangulated(_around(points, size / CELLS))
    vertices = np.array(convex.points())
    faces = np.array([[face[corner] for corner in range(3)] for face in _faces(convex)], dtype=np.intp)
    edges = np.unique(np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0)
    return Hull(vertices, edges, *_planes(vertices, faces))


def _triangulated(points: FloatArray) -> Any:
    given = coal.StdVec_Vec3s()
    given.extend(list(points))
    return coal.Convex.convexHull(given, True, "Qt")


def _around(points: FloatArray, cell: float) -> FloatArray:
    """Return points (M, 3) whose hull contains all of `points`: the corners of their cells.

    A convex body with its corners on a grid has few of them in one plane.
    """
    middles = np.unique(np.floor(points / cell), axis=0) + 0.5
    around: FloatArray = np.unique((middles + CORNERS[:, None]).reshape(-1, 3), axis=0) * cell
    return around


def _faces(convex: Any) -> list[Any]:
    return [convex.polygons(row) for row in range(convex.num_polygons)]


def _planes(vertices: FloatArray, faces: Indices) -> tuple[FloatArray, FloatArray]:
    """Return outward normals (F, 3) and offsets (F,), m, once for triangles in one plane."""
    first, second, third = vertices[faces].transpose(1, 0, 2)
    normals = np.cross(second - first, third - first)
    lengths = np.linalg.norm(normals, axis=1)
    flat = lengths > 1e-12
    normals = normals[flat] / lengths[flat, None]
    outward = ((first[flat] - vertices.mean(axis=0)) * normals).sum(axis=1) >= 0.0
    normals = np.where(outward[:, None], normals, -normals)
    _, different = np.unique(np.round(normals, 3), axis=0, return_index=True)
    return normals[different], (first[flat] * normals).sum(axis=1)[different]


def mesh_points(path: Path, scale: FloatArray) -> FloatArray:
    """Return the vertices (N, 3) of a mesh, times `scale` (3,), in m.

    Raises:
        ValueError: not a mesh, or an empty one.
    """
    try:
        # The fastest to build of coal's triangle trees, none of which is needed here.
        mesh = coal.MeshLoader(coal.BV_AABB).load(str(path), scale * _unit(path))
    except (RuntimeError, ValueError) as error:
        # The place of the error, then "Could not load resource <path>", the reason, and "Hint: ...".
        lines = str(error).split("message:")[-1].strip().splitlines()
        reason = lines[1] if len(lines) > 1 else lines[0]
        raise ValueError(f"not a readable mesh ({reason}); expected STL, OBJ or DAE with faces") from error
    return np.array(mesh.vertices())


def _unit(path: Path) -> float:
    """Return the metres of a Collada file's unit: coal ignores it, RViz and PyBullet use it."""
    if path.suffix.lower() != ".dae":
        return 1.0
    try:
        unit = parse_xml(path).find(f"{COLLADA}asset/{COLLADA}unit")
    except ValueError:
        return 1.0  # reported on loading
    return 1.0 if unit is None else float(unit.get("meter", "1"))
