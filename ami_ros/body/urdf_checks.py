# SPDX-License-Identifier: Apache-2.0
"""Checks of a URDF before anything is computed from it: a tree with finite numbers.

By hand, because pinocchio takes a loop for a tree, and reports what it refuses only on stderr.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ami_ros.body.xml_file import parse_xml
from ami_ros.errors import KinematicsError, shown
from ami_ros.types import FloatArray

MOST_LINKS, MOST_SHAPES = 500, 500  # five times the largest robots
FARTHEST = 1e6  # m, or rad
TYPES = ("revolute", "continuous", "prismatic", "fixed", "floating", "planar")
COMMANDABLE = ("revolute", "continuous", "prismatic")


def read_urdf(path: Path) -> ElementTree.Element:
    """Return the root of a URDF whose links and joints are a tree.

    Raises:
        KinematicsError: missing, unreadable, not a tree, or a joint is malformed; names what is wrong.
    """
    try:
        root = parse_urdf(path)
    except ValueError as error:
        raise KinematicsError(f"{path}: not a readable URDF: {error}") from error
    links = [str(link.get("name")) for link in root.findall("link")]
    joints = root.findall("joint")
    if not links:
        raise KinematicsError(f"{path}: got no <link> in <{root.tag}>, expected a URDF")
    _refuse_twice(path, "link", links)
    _refuse_twice(path, "joint", (str(joint.get("name")) for joint in joints))
    known = set(links)
    for joint in joints:
        _check_joint(path, joint, known)
    _check_tree(path, links, [ends(joint) for joint in joints])
    return root


def parse_urdf(path: Path) -> ElementTree.Element:
    """Return the root of a URDF, not yet checked.

    Raises:
        ValueError: it cannot be read, or is larger than any robot's.
    """
    root = parse_xml(path)
    for tag, most in (("link", MOST_LINKS), ("joint", MOST_LINKS), ("link/collision", MOST_SHAPES)):
        if (count := len(root.findall(tag))) > most:
            raise ValueError(f"got {count} <{tag}>, expected at most {most}")
    for element in (*root.findall("link"), *root.findall("joint")):
        if not element.get("name"):  # pinocchio crashes on one
            raise ValueError(f"got a <{element.tag}> without a name, expected one")
    return root


def root_link(root: ElementTree.Element) -> str:
    """Return the link of a URDF without parent: the base frame."""
    children = {ends(joint)[1] for joint in root.findall("joint")}
    return next(name for link in root.findall("link") if (name := str(link.get("name"))) not in children)


def check_commandable(path: Path, root: ElementTree.Element, names: Sequence[str], robot: str) -> None:
    """Check that a controller can move each of the joints of `robot` by itself.

    Raises:
        KinematicsError: a joint is missing, mimics another one, or is of a type without a single position.
    """
    joints = {str(joint.get("name")): joint for joint in root.findall("joint")}
    moving = [name for name, joint in joints.items() if joint.get("type") != "fixed"]
    missing = [name for name in names if name not in joints]
    if missing:
        raise KinematicsError(f"{path}: joints {shown(missing)} of {robot} not found; it has {shown(moving)}")
    for name in names:
        kind, mimic = joints[name].get("type"), joints[name].find("mimic")
        if kind not in COMMANDABLE:
            raise KinematicsError(
                f"{path}: joint {name} is {kind}, expected {', '.join(COMMANDABLE)}; leave it out of the "
                "joint sensor's values: it keeps its position"
            )
        if mimic is not None:
            raise KinematicsError(
                f"{path}: joint {name} mimics {mimic.get('joint')}, so it cannot be commanded; leave it out "
                "of the joint sensor's values: it follows by itself"
            )


def ends(joint: ElementTree.Element) -> tuple[str, str]:
    """Return the names of a joint's parent and child link; empty where it has none."""
    parent, child = joint.find("parent"), joint.find("child")
    return (
        "" if parent is None else parent.get("link", ""),
        "" if child is None else child.get("link", ""),
    )


def numbers(element: ElementTree.Element, key: str, otherwise: FloatArray | None = None) -> FloatArray:
    """Return the three numbers (3,) of an attribute; `otherwise` where it is left out.

    Raises:
        ValueError: they are not three finite numbers, or too large for a robot.
    """
    text = element.get(key)
    if text is None and otherwise is not None:
        return otherwise
    values = [_number(part) for part in (text or "").split()]
    if len(values) != 3 or not all(abs(value) <= FARTHEST for value in values):
        expected = f"three finite numbers, at most {FARTHEST:g}"
        raise ValueError(f"{element.tag} {key}: got {shown(text)}, expected {expected}")
    return np.array(values)


def number(element: ElementTree.Element, key: str, otherwise: float | None = None) -> float:
    """Return the number of an attribute; `otherwise` where it is left out.

    Raises:
        ValueError: it is not a finite number.
    """
    text = element.get(key)
    if text is None and otherwise is not None:
        return otherwise
    value = _number(text or "")
    if not math.isfinite(value):
        raise ValueError(f"{element.tag} {key}: got {shown(text)}, expected a finite number")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _refuse_twice(path: Path, what: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise KinematicsError(f"{path}: {what}s {shown(twice)} occur more than once; expected each name once")


def _check_joint(path: Path, joint: ElementTree.Element, links: Set[str]) -> None:
    name, kind = joint.get("name"), joint.get("type")
    if kind not in TYPES:
        raise KinematicsError(f"{path}: joint {name}: type: got {shown(kind)}, expected one of {list(TYPES)}")
    for end, link in zip(("parent", "child"), ends(joint), strict=True):
        if link not in links:
            raise KinematicsError(
                f"{path}: joint {name}: {end}: got link {shown(link)}, expected one of {shown(sorted(links))}"
            )
    try:
        for origin in joint.findall("origin"):
            numbers(origin, "xyz", np.zeros(3))
            numbers(origin, "rpy", np.zeros(3))
        for axis in joint.findall("axis"):
            if kind in COMMANDABLE and not numbers(axis, "xyz").any():
                raise ValueError("axis xyz: got zeros, expected a direction")
    except ValueError as error:
        raise KinematicsError(f"{path}: joint {name}: {error}") from error


def _check_tree(path: Path, links: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    parents: dict[str, list[str]] = {}
    for parent, child in pairs:
        parents.setdefault(child, []).append(parent)
    for child, several in parents.items():
        if len(several) > 1:
            raise KinematicsError(
                f"{path}: link {child} has several parents, {shown(several)}: a loop, expected a tree; "
                "leave out one of these joints without a motor"
            )
    roots = [link for link in links if link not in parents]
    if len(roots) > 1:
        raise KinematicsError(
            f"{path}: links {shown(roots)} have no parent, expected one root: connect them by fixed joints, "
            "or leave the others out"
        )
    fine = set(roots)
    for link in links:
        chain: set[str] = set()
        while link not in fine:
            if link in chain:
                names = shown(sorted(chain))
                raise KinematicsError(f"{path}: links {names} form a loop, expected a tree")
            chain.add(link)
            link = parents[link][0]
        fine |= chain
