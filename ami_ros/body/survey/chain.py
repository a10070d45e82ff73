# SPDX-License-Identifier: Apache-2.0
"""Which joints of a URDF are the arm's, where its tip may be, and which remain, such as a gripper's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pinocchio

from ami_ros.body.survey.first_of import first_of
from ami_ros.body.urdf_checks import COMMANDABLE, ends, numbers, root_link
from ami_ros.errors import KinematicsError
from ami_ros.types import FloatArray

GRIPPER_WORDS = ("gripper", "finger", "jaw", "knuckle", "thumb", "claw")
SHORT = 2  # joints in a row: next to another branch, one that is no longer is a finger
MOST_ARMS = 2  # branches at a fork: a fork with more is a hand
NONE = np.zeros(3)


@dataclass(frozen=True, eq=False)
class Chain:
    """The joints from the base to the tip.

    Attributes:
        joints: names (J,), from the base on.
        tip: link that moves and is judged.
        others: links that could also be the tip, the likeliest first.
        held: other joints that a controller could move: a gripper, another arm.
        outward: (3,) axis of the tip's frame that points away from the arm.
    """

    joints: tuple[str, ...]
    tip: str
    others: tuple[str, ...]
    held: tuple[str, ...]
    outward: FloatArray


@dataclass(frozen=True, eq=False)
class _Branch:
    """A joint, and the link that it carries."""

    joint: ElementTree.Element
    link: str

    @property
    def moves(self) -> bool:
        return self.joint.get("type") in COMMANDABLE

    @property
    def commanded(self) -> bool:
        return self.moves and self.joint.find("mimic") is None


_Tree = Mapping[str, list[_Branch]]


def find_chain(urdf: Path, root: ElementTree.Element, tip: str = "") -> Chain:
    """Return the chain with the most joints, without a gripper at its end; or the one to `tip`.

    Args:
        urdf: the file, for messages.
        root: result of `read_urdf`.
        tip: a link; empty: the likeliest.

    Raises:
        KinematicsError: no joint can be commanded, or there is no such tip.
    """
    tree: dict[str, list[_Branch]] = {str(link.get("name")): [] for link in root.findall("link")}
    for joint in root.findall("joint"):
        parent, child = ends(joint)
        tree[parent].append(_Branch(joint, child))
    base = root_link(root)
    above = {branch.link: (link, branch) for link, branches in tree.items() for branch in branches}
    last = _end_of_arm(tree, base)
    carried = _carried(tree, last)
    if tip and tip not in tree:
        raise KinematicsError(f"{urdf}: tip {tip!r} not found; expected a link, such as {list(carried)}")
    chosen = tip or next(iter(carried))
    way = _way(above, base, chosen)
    joints = tuple(str(branch.joint.get("name")) for branch in way if branch.commanded)
    leaves = [link for link, branches in tree.items() if not branches and link not in carried]
    others = [link for link in (*carried, *leaves) if link not in (chosen, base)]
    reached = [link for link in others if any(branch.commanded for branch in _way(above, base, link))]
    if not joints:
        names = f", or the tip by name, such as {first_of(reached)}" if reached else ""
        raise KinematicsError(
            f"{urdf}: no arm found: no joint between {base} and {chosen} can be commanded; expected a chain "
            f"of joints of type {', '.join(COMMANDABLE)}{names}"
        )
    moving = [str(b.joint.get("name")) for branches in tree.values() for b in branches if b.moves]
    place, turn = _rigid(way)
    return Chain(
        joints, chosen, tuple(reached), tuple(n for n in moving if n not in joints), _outward(place, turn)
    )


def _depths(tree: _Tree, base: str) -> dict[str, int]:
    """Return the largest number of joints in a row below each link."""
    links = [base]
    for link in links:  # it grows meanwhile: the children of a link come after it
        links += [branch.link for branch in tree[link]]
    depths: dict[str, int] = {}
    for link in reversed(links):
        depths[link] = max((branch.commanded + depths[branch.link] for branch in tree[link]), default=0)
    return depths


def _end_of_arm(tree: _Tree, base: str) -> str:
    """Return the link at which the longest chain ends, or its gripper begins."""
    link, passed, depths = base, 0, _depths(tree, base)
    while tree[link]:
        following = max(tree[link], key=lambda branch: branch.commanded + depths[branch.link])
        left = depths[link]
        moving = [b for b in tree[link] if b.moves or depths[b.link] > 0]
        # The last link of an arm is often also named gripper: then the joint behind it is one.
        ends_there = depths[following.link] == 0
        named = f"{following.joint.get('name')} {following.link if ends_there else ''}".lower()
        if left == 0 or (following.commanded and any(word in named for word in GRIPPER_WORDS)):
            break
        if (len(moving) > 1 and left <= SHORT) or (len(moving) > MOST_ARMS and passed > SHORT):
            break
        passed += following.commanded
        link = following.link
    return link


def _carried(tree: _Tree, last: str) -> Mapping[str, None]:
    """Return the links that could be the tip of an arm ending at `last`, the likeliest first.

    Those are the ends of frames fixed to it. The likeliest is the furthest out, and of two in one place the
    one whose z axis points outward.
    """
    fixed: dict[str, list[_Branch]] = {}  # link -> the way to it
    waiting: list[tuple[str, list[_Branch]]] = [(last, [])]
    while waiting:
        link, way = waiting.pop()
        fixed[link] = way
        waiting += [(branch.link, [*way, branch]) for branch in reversed(tree[link]) if not branch.moves]
    ends_ = [link for link in fixed if all(branch.moves for branch in tree[link])]

    def likely(link: str) -> tuple[float, float, int]:
        place, turn = _rigid(fixed[link])
        far = float(np.linalg.norm(place))
        along = float(turn[:, 2] @ place) / far if far > 1e-6 else 0.0
        return round(far, 3), round(along, 2), len(fixed[link])

    return dict.fromkeys(sorted(ends_, key=likely, reverse=True) + [link for link in fixed if tree[link]])


def _way(above: Mapping[str, tuple[str, _Branch]], base: str, tip: str) -> list[_Branch]:
    """Return the branches from the base to a link, by the parent of each."""
    way: list[_Branch] = []
    while tip != base:
        tip, branch = above[tip]
        way.insert(0, branch)
    return way


def _rigid(way: list[_Branch]) -> tuple[FloatArray, FloatArray]:
    """Return position (3,) and rotation (3, 3) of a link in the frame of the last moving link."""
    pose = pinocchio.SE3.Identity()
    for branch in way:
        if branch.moves:
            pose = pinocchio.SE3.Identity()
            continue
        origin = branch.joint.find("origin")
        if origin is not None:
            turn = pinocchio.rpy.rpyToMatrix(numbers(origin, "rpy", NONE))
            pose = pose * pinocchio.SE3(turn, numbers(origin, "xyz", NONE))
    return pose.translation.copy(), pose.rotation.copy()


def _outward(place: FloatArray, turn: FloatArray) -> FloatArray:
    """Return the axis (3,) of the tip's frame that points away from the last joint; z if they coincide."""
    if np.linalg.norm(place) < 0.01:
        return np.array([0.0, 0.0, 1.0])
    along = turn.T @ place
    axis = np.zeros(3)
    strongest = int(np.abs(along).argmax())
    axis[strongest] = np.sign(along[strongest])
    return axis
