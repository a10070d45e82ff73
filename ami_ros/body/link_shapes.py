# SPDX-License-Identifier: Apache-2.0
"""The volume of a robot's links, as spheres: what must not touch a forbidden box."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pinocchio

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.shapes.collision_spheres import collision_spheres, covering
from ami_ros.body.urdf_model import UrdfModel
from ami_ros.errors import EmbodimentError, KinematicsError
from ami_ros.types import FloatArray


class LinkShapes:
    """Spheres that cover every <collision> of the URDF, the tip and the held tool.

    A cylinder counts as the capsule around it, a mesh as its convex hull. Fixed parts are left out.

    Args:
        spec: the robot.

    Attributes:
        radii: (P,) m; the first sphere is the tip, a point.
        links: (P,) name of the link that each belongs to.
        reach: (P, J) how far each can move while one joint turns by a radian, m; infinite if not known.

    Raises:
        KinematicsError: the URDF does not fit, see `UrdfModel`, or a shape is malformed, or its mesh missing.
    """

    def __init__(self, spec: RobotSpec) -> None:
        spec = spec.arm_part
        self._urdf = UrdfModel(spec)
        self._model = self._urdf.model
        self._data = self._model.createData()
        self._tip = self._urdf.tip
        spheres = [(spec.tip_frame, np.array(spec.arm.tip_offset), 0.0)]
        if spec.tool is not None:
            along = np.array([0.0, 0.0, spec.tool.length])
            spheres += [(spec.tip_frame, *s) for s in covering(np.zeros(3), along, spec.tool.radius)]
        spheres += [sphere for link in self._moved_links() for sphere in _link_spheres(link, spec.urdf)]
        frames = [self._model.frames[self._urdf.frame_id(link)] for link, _, _ in spheres]
        self._parents = np.array([frame.parentJoint for frame in frames])
        self._local = np.stack(
            [frame.placement.act(centre) for frame, (_, centre, _) in zip(frames, spheres, strict=True)]
        )
        self._joints = sorted(set(self._parents.tolist()))
        self._rows = np.array([self._joints.index(parent) for parent in self._parents])
        self.links = tuple(link for link, _, _ in spheres)
        self.reach: FloatArray = self._reach()
        self.radii: FloatArray = np.array([radius for _, _, radius in spheres])

    def _moved_links(self) -> Iterator[ElementTree.Element]:
        for link in self._urdf.urdf.findall("link"):
            if self._model.frames[self._urdf.frame_id(str(link.get("name")))].parentJoint > 0:
                yield link

    def tip(self, joint_position: FloatArray) -> FloatArray:
        """Return where the tip is (3,), base frame, m."""
        pinocchio.forwardKinematics(self._model, self._data, self._urdf.configuration(joint_position))
        place: FloatArray = pinocchio.updateFramePlacement(
            self._model, self._data, self._tip
        ).translation.copy()
        return place

    def centres(self, joint_positions: FloatArray) -> FloatArray:
        """Return where the spheres are for postures (S, J), as (S, P, 3), base frame, m."""
        rotations, translations = [], []
        for position in joint_positions:
            pinocchio.forwardKinematics(self._model, self._data, self._urdf.configuration(position))
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
        """Return how far at most (P, J), in m, each joint moves a sphere while it turns by a radian."""
        model, data, follow = self._model, self._data, np.abs(self._urdf.follow)
        if not all(joint.shortname().startswith("JointModelR") for joint in list(model.joints)[1:]):
            # A prismatic joint extends the others' reach.
            return np.full((len(self._local), follow.shape[1]), np.inf)
        reach = np.zeros((len(self._local), model.njoints - 1))
        pinocchio.computeJointJacobians(model, data, pinocchio.neutral(model))
        for row, (parent, local) in enumerate(zip(self._parents, self._local, strict=True)):
            jacobian = pinocchio.getJointJacobian(model, data, int(parent), pinocchio.LOCAL)
            axis = jacobian.reshape(6, -1)[3:, parent - 1]  # for a single joint it is a vector
            reach[row, parent - 1] = np.linalg.norm(np.cross(axis, local))
            lever, joint = float(np.linalg.norm(local)), int(parent)
            while model.parents[joint] > 0:
                lever += float(np.linalg.norm(model.jointPlacements[joint].translation))
                joint = model.parents[joint]
                reach[row, joint - 1] = lever
        return reach @ follow


def _link_spheres(link: ElementTree.Element, urdf: Path) -> Iterator[tuple[str, FloatArray, float]]:
    """Yield the link's name, and centre (3,) in its frame and radius of each sphere, m."""
    # By hand: pinocchio's buildGeomFromUrdf skips a malformed shape, and reports that only on stderr.
    name = str(link.get("name"))
    for collision in link.findall("collision"):
        try:
            yield from ((name, *sphere) for sphere in collision_spheres(collision, urdf.parent))
        except (EmbodimentError, ValueError) as error:
            raise KinematicsError(f"{urdf}: collision of link {name}: {error}") from error
