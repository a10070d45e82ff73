# SPDX-License-Identifier: Apache-2.0
"""Spheres that cover one <collision> of a URDF: a primitive, or the convex hull of a mesh."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pinocchio

from ami_ros.body.resources import resource
from ami_ros.body.shapes.convex_hull import CORNERS, LARGEST, Hull, hull_of, mesh_points
from ami_ros.body.shapes.hull_spheres import hull_spheres
from ami_ros.body.urdf_checks import number, numbers
from ami_ros.settings.fields import SMALLEST
from ami_ros.types import FloatArray

NONE = np.zeros(3)
MOST_ALONG = 100  # spheres along one shape: a thinner shape gets larger spheres
SHAPES = "box, capsule, cylinder, mesh or sphere"


def collision_spheres(collision: ElementTree.Element, folder: Path) -> list[tuple[FloatArray, float]]:
    """Return spheres (centre (3,) in the link's frame, radius) that cover a <collision>, m.

    Args:
        collision: the element.
        folder: of the URDF; a mesh's name may be relative to it.

    Raises:
        ValueError: it is malformed, or its mesh cannot be used.
        EmbodimentError: its mesh is missing; names the places searched.
    """
    shape, place, turn = placed_shape(collision)
    if shape.tag == "sphere":
        return [(place, length_of(shape, "radius"))]
    if shape.tag in ("cylinder", "capsule"):
        half = turn @ np.array([0.0, 0.0, 0.5 * length_of(shape, "length")])
        return covering(place - half, place + half, length_of(shape, "radius"))
    hull = hull_of(CORNERS * numbers(shape, "size")) if shape.tag == "box" else mesh_hull(shape, folder)
    return [(place + turn @ centre, radius) for _, centre, radius in hull_spheres(hull)]


def placed_shape(collision: ElementTree.Element) -> tuple[ElementTree.Element, FloatArray, FloatArray]:
    """Return the shape of a <collision>, with its place (3,) in m and turn (3, 3) in the link's frame.

    Raises:
        ValueError: it is malformed, or of an unknown kind.
    """
    origin = collision.find("origin")
    place = NONE if origin is None else numbers(origin, "xyz", NONE)
    turn = pinocchio.rpy.rpyToMatrix(NONE if origin is None else numbers(origin, "rpy", NONE))
    shape = collision.find("geometry/*")
    kind = None if shape is None else shape.tag
    if shape is None or kind not in ("box", "capsule", "cylinder", "mesh", "sphere"):
        raise ValueError(f"got geometry {kind}, expected {SHAPES}")
    return shape, place, turn


def covering(start: FloatArray, end: FloatArray, radius: float) -> list[tuple[FloatArray, float]]:
    """Return spheres (centre (3,) in m, radius) that cover the capsule of `radius` around start to end.

    They are at most one radius apart, so they protrude by at most 12 % of it, unless it is very thin.
    """
    length = float(np.linalg.norm(end - start))
    gaps = max(1, math.ceil(min(length / radius, MOST_ALONG))) if length > 0.0 else 0
    if gaps == 0:
        return [(start, radius)]
    larger = math.hypot(radius, 0.5 * length / gaps)
    return [(start + (end - start) * (i / gaps), larger) for i in range(gaps + 1)]


def mesh_hull(mesh: ElementTree.Element, folder: Path) -> Hull:
    """Return the convex hull of a <mesh>, whose name may be relative to `folder`, in m.

    Raises:
        ValueError: it cannot be used.
        EmbodimentError: no such file; names the places searched.
    """
    path, scale = resource(mesh.get("filename", ""), folder), numbers(mesh, "scale", np.ones(3))
    try:
        return hull_of(mesh_points(path, scale))
    except ValueError as error:
        raise ValueError(f"mesh {path}: {error}") from error


def length_of(shape: ElementTree.Element, key: str) -> float:
    """Return a positive length of a shape, m. Raises ValueError for anything else."""
    value = number(shape, key)
    if not SMALLEST <= value <= LARGEST:
        raise ValueError(f"{shape.tag} {key}: got {value}, expected more than 0, {SMALLEST:g} to {LARGEST:g}")
    return value
