# SPDX-License-Identifier: Apache-2.0
"""The volume of a robot's links, as spheres: what must not touch a forbidden box."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pinocchio

from ami_ros.body.kinematics import robot_model
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import KinematicsError
from ami_ros.types import FloatArray


class LinkShapes:
    """Spheres that cover every <collision> cylinder, sphere and box of the URDF, the tip and the held tool.

    A cylinder is taken as the capsule around it. Meshes are not read: give a link primitives. What no joint
    moves is left out.

    Args:
        spec: the robot.

    Attributes:
        radii: (P,) m; the first sphere is the tip, a point.
        links: (P,) name of the link that each belongs to.
        reach: (P, J) how far each can move while one joint turns by a radian, m; infinite if not known.

    Raises:
        KinematicsError: the URDF is missing or unreadable, or a shape is malformed.
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._model = robot_model(spec)
        self._data = self._model.createData()
        self._tip = self._model.getFrameId(spec.tip_frame)
        spheres = [(spec.tip_frame, np.zeros(3), 0.0)]
        if spec.tool is not None:
            along = np.array([0.0, 0.0, spec.tool.length])
            spheres += [(spec.tip_frame, *s) for s in covering(np.zeros(3), along, spec.tool.radius)]
        spheres += list(_urdf_spheres(spec.urdf))
        spheres = [s for s in spheres if self._model.frames[self._model.getFrameId(s[0])].parentJoint > 0]
        frames = [self._model.frames[self._model.getFrameId(link)] for link, _, _ in spheres]
        self._parents = np.array([frame.parentJoint for frame in frames])
        self._local = np.stack(
            [frame.placement.act(centre) for frame, (_, centre, _) in zip(frames, spheres, strict=True)]
        )
        self._joints = sorted(set(self._parents.tolist()))
        self._rows = np.array([self._joints.index(parent) for parent in self._parents])
        self.links = tuple(link for link, _, _ in spheres)
        self.reach: FloatArray = self._reach()
        self.radii: FloatArray = np.array([radius for _, _, radius in spheres])

    def tip(self, joint_position: FloatArray) -> FloatArray:
        """Return where the tip is (3,), base frame, m."""
        pinocchio.forwardKinematics(self._model, self._data, joint_position)
        place: FloatArray = pinocchio.updateFramePlacement(
            self._model, self._data, self._tip
        ).translation.copy()
        return place

    def centres(self, joint_positions: FloatArray) -> FloatArray:
        """Return where the spheres are for postures (S, J), as (S, P, 3), base frame, m."""
        rotations, translations = [], []
        for position in joint_positions:
            pinocchio.forwardKinematics(self._model, self._data, position)
            for joint in self._joints:
                pose = self._data.oMi[joint]
                rotations.append(pose.rotation.copy())  # they are views: the next posture overwrites them
                translations.append(pose.translation.copy())
        shape = (len(joint_positions), len(self._joints))
        turns = np.array(rotations).reshape(*shape, 3, 3)[:, self._rows]
        places = np.array(translations).reshape(*shape, 3)[:, self._rows]
        centres: FloatArray = np.matmul(turns, self._local[:, :, None])[..., 0] + places
        return centres

    def _reach(self) -> FloatArray:
        """Return the most (P, J), in m, that each joint moves a sphere by while it turns by a radian."""
        model, data = self._model, self._data
        reach = np.zeros((len(self._local), model.njoints - 1))
        if not all(joint.shortname().startswith("JointModelR") for joint in list(model.joints)[1:]):
            return np.full_like(reach, np.inf)  # a joint that slides makes the others' reach longer
        pinocchio.computeJointJacobians(model, data, pinocchio.neutral(model))
        for row, (parent, local) in enumerate(zip(self._parents, self._local, strict=True)):
            column = pinocchio.getJointJacobian(model, data, int(parent), pinocchio.LOCAL)
            axis = column[3:, parent - 1]
            reach[row, parent - 1] = np.linalg.norm(np.cross(axis, local))
            lever, joint = float(np.linalg.norm(local)), int(parent)
            while model.parents[joint] > 0:
                lever += float(np.linalg.norm(model.jointPlacements[joint].translation))
                joint = model.parents[joint]
                reach[row, joint - 1] = lever
        return reach


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


def _urdf_spheres(path: Path) -> Iterator[tuple[str, FloatArray, float]]:
    """Yield link name, centre (3,) in the link's frame and radius, m."""
    # By hand: pinocchio's buildGeomFromUrdf leaves out a shape that is malformed, where nothing but a line on
    # stderr tells of it, and refuses a URDF with a mesh that it cannot find.
    for link in ElementTree.parse(path).getroot().iter("link"):
        for collision in link.iter("collision"):
            name = str(link.get("name"))
            try:
                yield from ((name, *sphere) for sphere in _shape_spheres(collision))
            except (TypeError, ValueError) as error:
                raise KinematicsError(f"{path}: collision of link {name}: {error}") from error


def _shape_spheres(collision: ElementTree.Element) -> list[tuple[FloatArray, float]]:
    origin = collision.find("origin")
    numbers = {
        key: np.array([float(v) for v in ("0 0 0" if origin is None else origin.get(key, "0 0 0")).split()])
        for key in ("xyz", "rpy")
    }
    place, turn = numbers["xyz"], pinocchio.rpy.rpyToMatrix(numbers["rpy"])
    for shape in collision.iterfind("geometry/*"):
        if shape.tag == "sphere":
            return [(place, float(shape.get("radius", "")))]
        if shape.tag == "cylinder":
            half = turn @ np.array([0.0, 0.0, 0.5 * float(shape.get("length", ""))])
            return covering(place - half, place + half, float(shape.get("radius", "")))
        if shape.tag == "box":
            size = np.array([float(v) for v in shape.get("size", "").split()])
            return [(place, 0.5 * float(np.linalg.norm(size)))]
    return []
