# SPDX-License-Identifier: Apache-2.0
"""What a URDF and some sampling reveal about an arm: enough to describe it, and to try it in simulation."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ami_ros.body.actions import AXES, ActionSpec, Channel
from ami_ros.body.arm import Arm
from ami_ros.body.groups import ArmGroup
from ami_ros.body.kinematics import Kinematics
from ami_ros.body.limits import ChannelLimits, UrdfLimits, limits_of_urdf
from ami_ros.body.link_shapes import LinkShapes
from ami_ros.body.outputs import INTERFACES, Output
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import USERS, VectorSensor
from ami_ros.body.simulation import NoSimulation
from ami_ros.body.survey.chain import Chain, find_chain
from ami_ros.body.survey.home import Home, HomeSearch, random_postures
from ami_ros.body.survey.reachable import reachable_box
from ami_ros.body.survey.self_contact import SelfContact
from ami_ros.body.urdf_checks import read_urdf
from ami_ros.errors import KinematicsError
from ami_ros.types import FloatArray

FROM = np.array([1.0, 0.75, 0.5])  # the way from the scene to the camera: in front, to the left, from above
MARGIN = 0.95  # of the half field of view


def camera_view(points: FloatArray, fov_deg: float) -> tuple[FloatArray, FloatArray]:
    """Return eye and look_at (3,), m, of a square view along FROM in which all points (N, 3) just fit.

    Source: pinhole projection; Hartley and Zisserman, "Multiple View Geometry" (2004), section 6.1.

    Args:
        points: base frame, m.
        fov_deg: vertical field of view.
    """
    back = FROM / np.linalg.norm(FROM)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(back, right), back])
    wide = MARGIN * float(np.tan(np.radians(fov_deg) / 2))
    across, towards = points @ axes[:2].T, points @ back
    # On each axis, the two points that touch the rim from either side determine the middle, and how far
    # away the camera has to be: |across - middle| <= wide * (distance - towards) for all of them.
    high, low = (across + wide * towards[:, None]).max(axis=0), (across - wide * towards[:, None]).min(axis=0)
    distance = float(((high - low) / (2 * wide)).max())
    middle = 0.5 * (high + low)
    depth = float(towards.mean())
    eye = middle @ axes[:2] + distance * back
    return np.round(eye, 3), np.round(middle @ axes[:2] + depth * back, 3)


FOR_CONTACT = 100  # postures to find the parts that always touch
KEEPS_ORIENTATION = 6  # joints: with fewer only the tip's position is controlled
FASTEST, PER_REACH = 0.4, 0.45  # m/s, and m/s per m of reach: speed of the tip along an axis
FOV_DEG = 40.0
# Where the URDF has none: careful values for (revolute joints, prismatic joints), in rad and m.
CAREFUL: Mapping[str, tuple[float, float]] = {
    "lower": (-1.57, -0.1),
    "upper": (1.57, 0.1),
    "velocity": (1.0, 0.1),
    "acceleration": (5.0, 1.0),
    "jerk": (100.0, 20.0),
    "effort": (50.0, 100.0),
}
IN_NO_URDF = ("acceleration", "jerk")


@dataclass(frozen=True, eq=False)
class Survey:
    """The findings about an arm.

    Attributes:
        urdf: the file.
        chain: joints and tip.
        units: of each joint (J,): rad or m.
        given: limits in the URDF.
        limits: of all joints (J,), by name: those of the URDF, completed by careful values.
        held_position: of the chain's held joints (H,): 0, or as near to it as their limits allow.
        home: posture.
        orientation: of the tip: kept, or free where there are too few joints.
        workspace: (2, 3) m.
        speed: of the tip along each axis at most, m/s.
        table: height of the surface under the arm, m.
        eye: (3,) position from which a camera sees arm and workspace, m.
        look_at: (3,) m.
    """

    urdf: Path
    chain: Chain
    units: tuple[str, ...]
    given: UrdfLimits
    limits: Mapping[str, Sequence[float | None] | None]
    held_position: Sequence[float]
    home: Home
    orientation: str
    workspace: FloatArray
    speed: float
    table: float
    eye: FloatArray
    look_at: FloatArray


def survey(urdf: Path, tip: str, generator: np.random.Generator) -> Survey:
    """Survey an arm.

    Args:
        urdf: the file.
        tip: link to move; empty: the likeliest.
        generator: draws postures; the same seed gives the same survey.

    Raises:
        KinematicsError: the URDF is missing, unreadable, no tree or without an arm, or a mesh is missing.
        EmbodimentError: its limits make no sense.
    """
    _refuse_xacro(urdf)
    root = read_urdf(urdf)
    chain = find_chain(urdf, root, tip)
    kinds = {str(joint.get("name")): joint.get("type") for joint in root.findall("joint")}
    units = tuple("m" if kinds[name] == "prismatic" else "rad" for name in chain.joints)
    given = limits_of_urdf(urdf, chain.joints)
    limits = _completed(given, units)
    spec = _draft(urdf, chain, units, limits)
    contact = SelfContact(spec, random_postures(spec, FOR_CONTACT, generator))
    table = min(0.0, contact.lowest_of_base())
    search = HomeSearch(spec, chain.outward, table, contact, generator)
    spec, home, workspace = max(
        (_at_home(spec, home, search, contact) for home in search.find()),
        key=lambda choice: float(np.prod(choice[2][1] - choice[2][0])),
    )
    eye, look_at = camera_view(_seen(spec, search.shapes, workspace, table), FOV_DEG)
    speed = math.floor(min(FASTEST, PER_REACH * home.reach) * 100) / 100
    return Survey(
        urdf=urdf,
        chain=chain,
        units=units,
        given=given,
        limits=limits,
        held_position=_held_position(limits_of_urdf(urdf, chain.held)),
        home=home,
        orientation=spec.orientation,
        workspace=workspace,
        speed=speed,
        table=table,
        eye=eye,
        look_at=look_at,
    )


def _refuse_xacro(urdf: Path) -> None:
    with contextlib.suppress(OSError):  # reported by its reader
        if "<xacro:" in re.sub("<!--.*?-->", "", urdf.read_text(errors="replace"), flags=re.DOTALL):
            made = f"xacro {urdf.name} > {urdf.name.partition('.')[0]}.urdf"
            raise KinematicsError(f"{urdf}: got a xacro file, expected a URDF: {made}")


def _at_home(
    spec: RobotSpec, home: Home, search: HomeSearch, contact: SelfContact
) -> tuple[RobotSpec, Home, FloatArray]:
    """Return the robot with a home, and the workspace (2, 3) that it has from there."""
    spec = spec.with_group(arm=dataclasses.replace(spec.arm, home=home.joints))
    contact.allow(home.joints)
    return spec, home, reachable_box(spec, search)


def _held_position(limits: UrdfLimits) -> list[float]:
    pairs = zip(limits.values.get("lower", []), limits.values.get("upper", []), strict=True)
    return [min(max(0.0, lower or 0.0), upper or 0.0) if lower != upper else 0.0 for lower, upper in pairs]


def _completed(given: UrdfLimits, units: Sequence[str]) -> dict[str, list[float | None] | None]:
    """Return every limit: None for a joint that turns forever, and for all of them where each does."""
    completed: dict[str, list[float | None] | None] = {}
    for name, careful in CAREFUL.items():
        values = given.values.get(name, [None] * len(units))
        filled = [careful[unit == "m"] if v is None else v for v, unit in zip(values, units, strict=True)]
        limited = [None if math.isinf(value) else value for value in filled]
        completed[name] = None if set(limited) == {None} else limited
    return completed


def _draft(
    urdf: Path, chain: Chain, units: Sequence[str], limits: Mapping[str, Sequence[float | None] | None]
) -> RobotSpec:
    """Return the robot as known before the survey: what kinematics and shapes need."""
    count = len(chain.joints)
    values = tuple(zip(chain.joints, units, strict=True))
    joints = VectorSensor("joints", "joint_states", "JointState", values, 100.0, 1.0, None, USERS)
    everywhere = np.array([[-np.inf] * 3, [np.inf] * 3])
    arm = Arm(
        joints.name,
        joints.names,
        ChannelLimits.from_mapping(limits, count, str(urdf)),
        np.zeros(count),
        urdf,
        chain.tip,
        everywhere,
        orientation="kept" if count >= KEEPS_ORIENTATION else "free",
    )
    output = Output("trajectory", INTERFACES["trajectory"].topic, 0.0)
    channels = tuple(Channel(axis, "m/s", -FASTEST, FASTEST) for axis in AXES)
    return RobotSpec(
        name=urdf.stem,
        sensors={joints.name: joints},
        groups=(ArmGroup("arm", ActionSpec("cartesian_velocity", 10.0, 1, channels), output, arm=arm),),
        simulation=NoSimulation(()),
        source=str(urdf),
    )


def _seen(spec: RobotSpec, shapes: LinkShapes, workspace: FloatArray, table: float) -> FloatArray:
    """Return points (N, 3) that a picture must show, base frame, m.

    They are the arm's foot, and all of it at home and with its tip at the corners of its workspace.
    """
    kinematics, postures = Kinematics(spec), [spec.home]
    for corner in itertools.product(*workspace.T):
        with contextlib.suppress(KinematicsError):  # a corner of the box may be slightly out of reach
            postures.append(kinematics.solve(np.array(corner)))
    centres = shapes.centres(np.array(postures))
    upward = shapes.radii[:, None] * [0.0, 0.0, 1.0]
    ends = [centres + upward, centres - upward, np.array([[[0.0, 0.0, table]]])]
    return np.concatenate([points.reshape(-1, 3) for points in ends])
