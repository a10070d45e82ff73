# SPDX-License-Identifier: Apache-2.0
"""Spheres that cover one <collision> of a URDF: a primitive, or the convex hull of a mesh."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pinocchio

from ami_ros.body.resources import resource
from ami_ros.body.shapes.convex_hull import Hull, hull_of, mesh_points
from ami_ros.body.shapes.hull_spheres import hull_spheres
from ami_ros.body.urdf_checks import number, numbers
from ami_ros.types import FloatArray

CORNERS = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3), axis=-1).reshape(-1, 3)
NONE = np.zeros(3)
SHAPES = "box, capsule, cylinder, mesh or sphere"


def collision_spheres(collision: ElementTree.Element, folder: Path) -> list[tuple[FloatArray, float]]:
    """Return spheres (centre (3,) in the link's frame, radius) that cover a <collision>, m.

    Args:
        collision: the element.
        folder: of the URDF, which a mesh's name may be relative to.

    Raises:
        ValueError: it is malformed, or its mesh cannot be used.
        EmbodimentError: its mesh is missing; says where it was looked for.
    """
    origin = collision.find("origin")
    place = NONE if origin is None else numbers(origin, "xyz", NONE)
    turn = pinocchio.rpy.rpyToMatrix(NONE if origin is None else numbers(origin, "rpy", NONE))
    shape = collision.find("geometry/*")
    kind = None if shape is None else shape.tag
    if shape is None or kind not in ("box", "capsule", "cylinder", "mesh", "sphere"):
        raise ValueError(f"got geometry {kind}, expected {SHAPES}")
    if kind == "sphere":
        return [(place, _length(shape, "radius"))]
    if kind in ("cylinder", "capsule"):
        half = turn @ np.array([0.0, 0.0, 0.5 * _length(shape, "length")])
        return covering(place - half, place + half, _length(shape, "radius"))
    hull = hull_of(CORNERS * numbers(shape, "size")) if kind == "box" else _mesh_hull(shape, folder)
    return [(place + turn @ centre, radius) for _, centre, radius in hull_spheres(hull)]


def covering(start: FloatArray, end: FloatArray, radius: float) -> list[tuple[FloatArray, float]]:
    """Return spheres (centre (3,) in m, radius) that cover the capsule of `radius` around start to end.

    They are at most one radius apart, so that they stick out by 12 % of it at most.
    """
    length = float(np.linalg.norm(end - start))
    gaps = max(1, math.ceil(length / radius)) if length > 0.0 else 0
    if gaps == 0:
        return [(start, radius)]
    larger = math.hypot(radius, 0.5 * length / gaps)
    return [(start + (end - start) * (i / gaps), larger) for i in range(gaps + 1)]


def _mesh_hull(mesh: ElementTree.Element, folder: Path) -> Hull:
    path, scale = resource(mesh.get("filename", ""), folder), numbers(mesh, "scale", np.ones(3))
    try:
        return hull_of(mesh_points(path, scale))
    except ValueError as error:
        raise ValueError(f"mesh {path}: {error}") from error


def _length(shape: ElementTree.Element, key: str) -> float:
    value = number(shape, key)
    if value <= 0.0:
        raise ValueError(f"{shape.tag} {key}: got {value}, expected more than 0")
    return value
