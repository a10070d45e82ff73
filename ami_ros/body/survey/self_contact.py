# SPDX-License-Identifier: Apache-2.0
"""Whether an arm touches itself: its collision shapes, meshes as their convex hulls, pair by pair."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import coal
import numpy as np
import pinocchio

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.shapes.collision_spheres import length_of, mesh_hull, placed_shape
from ami_ros.body.urdf_checks import numbers
from ami_ros.body.urdf_model import UrdfModel
from ami_ros.errors import EmbodimentError, KinematicsError
from ami_ros.types import FloatArray

# Parts that touch in more than this share of random postures do so by design, and are ignored.
# Source: MoveIt Setup Assistant, "Generate Self-Collision Matrix", which leaves out the same pairs.
ALWAYS = 0.95


class SelfContact:
    """Finds which parts of an arm touch: a part is all that one joint carries, up to the next, or the base.

    Adjacent parts, and those that (nearly) always touch, are not checked.

    Args:
        spec: the robot.
        postures: (S, J) random ones, to find the parts that always touch.

    Raises:
        KinematicsError: the URDF does not fit, see `UrdfModel`, or a shape is malformed, or its mesh missing.
    """

    def __init__(self, spec: RobotSpec, postures: FloatArray) -> None:
        self._urdf = UrdfModel(spec)
        self._model = self._urdf.model
        self._data = self._model.createData()
        self._parts: dict[int, list[tuple[Any, Any]]] = {}  # joint -> its shapes, and where they are
        self._links: dict[int, str] = {}
        for link in self._urdf.urdf.findall("link"):
            frame = self._model.frames[self._urdf.frame_id(str(link.get("name")))]
            for shape, place in _shapes(link, spec.urdf):
                self._parts.setdefault(frame.parentJoint, []).append((shape, frame.placement * place))
                self._links.setdefault(frame.parentJoint, str(link.get("name")))
        self._pairs = [
            pair for pair in itertools.combinations(sorted(self._parts), 2) if self._is_apart(pair)
        ]
        counts = dict.fromkeys(self._pairs, 0)
        for posture in postures:
            for pair in self._touching(posture):
                counts[pair] += 1
        self._pairs = [pair for pair in self._pairs if counts[pair] <= ALWAYS * len(postures)]

    def _is_apart(self, pair: tuple[int, int]) -> bool:
        return int(self._model.parents[pair[1]]) != pair[0]

    def touching(self, joint_position: FloatArray) -> tuple[tuple[str, str], ...]:
        """Return a link of each of two parts, for the pairs that touch in a posture (J,)."""
        return tuple((self._links[one], self._links[other]) for one, other in self._touching(joint_position))

    def allow(self, joint_position: FloatArray) -> None:
        """Ignore pairs that touch in a posture (J,): their hulls are larger than they are."""
        allowed = set(self._touching(joint_position))
        self._pairs = [pair for pair in self._pairs if pair not in allowed]

    def lowest_of_base(self) -> float:
        """Return the height of the lowest point that no joint moves, base frame, m; 0 without a shape."""
        boxes = []
        for shape, place in self._parts.get(0, []):
            shape.computeLocalAABB()
            box = shape.aabb_local
            corners = np.array(list(itertools.product(*zip(box.min_, box.max_, strict=True))))
            boxes.append(float((corners @ place.rotation.T + place.translation)[:, 2].min()))
        return min(boxes, default=0.0)

    def _touching(self, joint_position: FloatArray) -> Iterator[tuple[int, int]]:
        pinocchio.forwardKinematics(self._model, self._data, self._urdf.configuration(joint_position))
        places = {
            joint: [(shape, _transform(self._data.oMi[joint] * place)) for shape, place in shapes]
            for joint, shapes in self._parts.items()
        }
        request = coal.CollisionRequest()
        for pair in self._pairs:
            for one, other in itertools.product(*(places[joint] for joint in pair)):
                if coal.collide(*one, *other, request, coal.CollisionResult()):
                    yield pair
                    break


def _transform(pose: Any) -> Any:
    return coal.Transform3s(pose.rotation, pose.translation)


def _shapes(link: ElementTree.Element, urdf: Path) -> Iterator[tuple[Any, Any]]:
    """Yield each collision shape of a link, and its place in the link's frame."""
    for collision in link.findall("collision"):
        try:
            shape, place, turn = placed_shape(collision)
            yield _shape(shape, urdf.parent), pinocchio.SE3(turn, place)
        except (EmbodimentError, ValueError) as error:
            raise KinematicsError(f"{urdf}: collision of link {link.get('name')}: {error}") from error


def _shape(shape: ElementTree.Element, folder: Path) -> Any:
    if shape.tag == "sphere":
        return coal.Sphere(length_of(shape, "radius"))
    if shape.tag == "box":
        return coal.Box(*numbers(shape, "size"))
    if shape.tag in ("cylinder", "capsule"):
        kind = coal.Cylinder if shape.tag == "cylinder" else coal.Capsule
        return kind(length_of(shape, "radius"), length_of(shape, "length"))
    points = coal.StdVec_Vec3s()
    points.extend(list(mesh_hull(shape, folder).vertices))
    return coal.Convex.convexHull(points, False, "")
