# SPDX-License-Identifier: Apache-2.0
"""From a robot's joints, in its own order, to pinocchio's model of its URDF."""

from __future__ import annotations

from collections.abc import Collection
from xml.etree import ElementTree

import numpy as np
import pinocchio

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.urdf_checks import check_commandable, number, read_urdf
from ami_ros.errors import KinematicsError, shown
from ami_ros.types import FloatArray


class UrdfModel:
    """Pinocchio's model of the joints that a robot moves; the others are locked.

    The robot's order of joints may differ from the model's. A joint that mimics one of the robot's follows
    it; in the model it is one more joint.

    Args:
        spec: the robot, J joints.

    Attributes:
        urdf: root of the URDF.
        model: of N joints, each with one position: N is J plus the following joints.
        follow: (N, J) how far each joint of the model turns with each of the robot's.
        tip: row of the frame of the tip.

    Raises:
        KinematicsError: the URDF is missing, unreadable or no tree, lacks a joint or the tip frame, or has a
            joint that cannot be commanded.
    """

    def __init__(self, spec: RobotSpec) -> None:
        spec = spec.arm_part
        self.urdf = read_urdf(spec.urdf)
        check_commandable(spec.urdf, self.urdf, spec.joint_names, spec.name)
        try:
            followed = _followed(self.urdf)
            own = {name: (name, 1.0, 0.0) for name in spec.joint_names}
            own |= {name: law for name, law in followed.items() if law[0] in spec.joint_names}
            model = pinocchio.buildModelFromXML(_skeleton(self.urdf, own))
            names = list(model.names)[1:]
            locked = [model.getJointId(name) for name in names if name not in own]
            if locked:
                model = pinocchio.buildReducedModel(model, locked, pinocchio.neutral(model))
        except (ValueError, RuntimeError) as error:
            raise KinematicsError(f"{spec.urdf}: not a readable URDF: {error}") from error
        self.model = model
        if not model.existFrame(spec.tip_frame):
            frames = [frame.name for frame in model.frames]
            raise KinematicsError(
                f"{spec.urdf}: tip frame {spec.tip_frame!r} not found; it has {shown(frames)}"
            )
        self.tip = self._tip(spec.tip_frame, np.array(spec.arm.tip_offset))
        if model.frames[self.tip].parentJoint == 0:
            raise KinematicsError(
                f"{spec.urdf}: tip frame {spec.tip_frame!r} is moved by none of {list(spec.joint_names)}"
            )
        laws = [own[name] for name in list(model.names)[1:]]
        self._leaders = np.array([spec.joint_names.index(leader) for leader, _, _ in laws])
        self._factors = np.array([factor for _, factor, _ in laws])
        self._offsets = np.array([offset for _, _, offset in laws])
        self.follow: FloatArray = np.zeros((len(laws), len(spec.joint_names)))
        self.follow[np.arange(len(laws)), self._leaders] = self._factors
        self._is_plain = len(laws) == len(spec.joint_names) and (self.follow == np.eye(len(laws))).all()

    def _tip(self, name: str, offset: FloatArray) -> int:
        """Return the row of the frame `name`, or of a new one that is `offset` (3,), m, away in it."""
        row = self.frame_id(name)
        if not offset.any():
            return row
        frame = self.model.frames[row]
        placement = frame.placement * pinocchio.SE3(np.eye(3), offset)
        tip = pinocchio.Frame(
            f"{name} offset", frame.parentJoint, row, placement, pinocchio.FrameType.OP_FRAME
        )
        added: int = self.model.addFrame(tip)
        return added

    def frame_id(self, name: str) -> int:
        """Return the row of a link's frame, else of a joint's: the two may share a name."""
        model, body = self.model, pinocchio.FrameType.BODY
        row: int = model.getFrameId(name, body) if model.existFrame(name, body) else model.getFrameId(name)
        return row

    def configuration(self, joint_position: FloatArray) -> FloatArray:
        """Return the model's joints (N,) for the robot's (J,)."""
        if self._is_plain:
            return joint_position
        values: FloatArray = joint_position[self._leaders] * self._factors + self._offsets
        return values

    def by_joint(self, jacobian: FloatArray) -> FloatArray:
        """Return (..., J) for the robot's joints from (..., N) for the model's."""
        if self._is_plain:
            return jacobian
        columns: FloatArray = jacobian @ self.follow
        return columns


def _followed(root: ElementTree.Element) -> dict[str, tuple[str, float, float]]:
    """Return mimic joint -> the joint that it finally follows, multiplier, offset."""
    laws: dict[str, tuple[str, float, float]] = {}
    for joint in root.findall("joint"):
        mimic = joint.find("mimic")
        if mimic is not None:
            factor, offset = number(mimic, "multiplier", 1.0), number(mimic, "offset", 0.0)
            laws[str(joint.get("name"))] = (mimic.get("joint", ""), factor, offset)
    for name in laws:
        seen = {name}
        leader, factor, offset = laws[name]
        while leader in laws:
            if leader in seen:
                raise ValueError(f"joints {sorted(seen)} mimic each other")
            seen.add(leader)
            leader, further, more = laws[leader]
            factor, offset = factor * further, offset + factor * more
        laws[name] = (leader, factor, offset)
    return laws


def _skeleton(root: ElementTree.Element, moved: Collection[str]) -> str:
    """Return the text of a URDF with only links and one-position joints.

    Pinocchio would take cosine and sine of a continuous joint for two positions, and refuse a joint without
    limits; limits are the robot's, not the model's. It cannot lock a joint that has the name of a link: such
    a joint is fixed here, unless it is among those `moved`.
    """
    bare = ElementTree.Element("robot", name=root.get("name", "robot"))
    links = [str(link.get("name")) for link in root.findall("link")]
    for link in links:
        ElementTree.SubElement(bare, "link", name=link)
    for joint in root.findall("joint"):
        name, kind = str(joint.get("name")), str(joint.get("type"))
        kind = "fixed" if name in links and name not in moved else kind
        kind = "revolute" if kind == "continuous" else kind
        one = ElementTree.SubElement(bare, "joint", name=name, type=kind)
        one.extend(part for part in joint if part.tag in ("parent", "child", "origin", "axis"))
        ElementTree.SubElement(one, "limit", lower="-1", upper="1", velocity="1", effort="1")
    return ElementTree.tostring(bare, encoding="unicode")
