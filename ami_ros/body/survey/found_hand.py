# SPDX-License-Identifier: Apache-2.0
"""Whether the joints beyond an arm are a gripper of one channel: fingers that slide together, or one jaw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ami_ros.body.limits import limits_of_urdf
from ami_ros.body.survey.first_of import first_of
from ami_ros.errors import KinematicsError

# Where the URDF has none: careful values for (jaws, fingers), in rad/s and m/s, N m and N.
CAREFUL: Mapping[str, tuple[float, float]] = {"velocity": (1.0, 0.05), "effort": (0.5, 20.0)}
PRESS_SHARE = 0.1  # of the range
EXPECTED = "expected fingers that slide, two alike or one that others mimic, or one jaw that turns"


@dataclass(frozen=True)
class FoundHand:
    """A gripper in a URDF.

    Attributes:
        channel: name of its channel.
        unit: m of opening between fingers, or rad of a jaw.
        low: least value: closed, if 0 is.
        high: largest value.
        velocity: largest speed of the channel, units/s.
        force: largest force of a finger, N, or torque of a jaw, N m.
        joints: joint -> its position per unit of the channel.
        lacks: limits that the URDF lacks, of which careful values were taken.
    """

    channel: str
    unit: str
    low: float
    high: float
    velocity: float
    force: float
    joints: Mapping[str, float]
    lacks: tuple[str, ...]

    @property
    def press(self) -> float:
        """How far below the measured value commands press, in `unit`."""
        return float(f"{PRESS_SHARE * (self.high - self.low):.2g}")


def find_hand(urdf: Path, root: ElementTree.Element, held: Sequence[str]) -> FoundHand:
    """Return the gripper that the joints beyond an arm make.

    Args:
        urdf: the file.
        root: result of `read_urdf`.
        held: names of the joints that are not the arm's.

    Raises:
        KinematicsError: they are none, or more than one channel moves; names them.
        EmbodimentError: a limit is not a finite number.
    """
    elements = {str(joint.get("name")): joint for joint in root.findall("joint")}
    laws = {name: elements[name].find("mimic") for name in held}
    leaders = [name for name, law in laws.items() if law is None]
    limits = limits_of_urdf(urdf, leaders).values
    slides = [elements[name].get("type") == "prismatic" for name in leaders]
    ends = {
        (lower, upper) for lower, upper in zip(limits.get("lower", []), limits.get("upper", []), strict=True)
    }
    alike = len(leaders) == 2 and all(slides) and len(ends) == 1 and len(held) == 2
    if (len(leaders) != 1 and not alike) or len(ends) != 1:
        raise KinematicsError(f"{urdf}: gripper: got joints {first_of(held) or 'none'}, {EXPECTED}")
    ways = {name: 1.0 for name in leaders}
    for name, law in laws.items():
        if law is None:
            continue
        if law.get("joint") not in leaders or float(law.get("offset", "0")) != 0.0:
            raise KinematicsError(
                f"{urdf}: gripper: got {name}, which mimics {law.get('joint')} with an offset or through "
                f"another joint, {EXPECTED}"
            )
        ways[name] = float(law.get("multiplier", "1"))
    ((lower, upper),) = ends
    if lower is None or upper is None or not lower < upper:
        raise KinematicsError(f"{urdf}: gripper: got {leaders[0]} without limits of position, {EXPECTED}")
    is_sliding = slides[0]
    # Of fingers the ways add up to the opening. Joints that open toward negative values are turned around.
    whole = sum(map(abs, ways.values())) if is_sliding else 1.0
    sign = -1.0 if upper <= 0.0 else 1.0
    low, high = sorted((sign * whole * lower, sign * whole * upper))
    numbers, lacks = {}, []
    for name, careful in CAREFUL.items():
        given = limits.get(name, [None])[0]
        numbers[name] = careful[is_sliding] if given is None else given
        lacks += [] if given is not None else [name]
    return FoundHand(
        channel="opening" if is_sliding else "jaw",
        unit="m" if is_sliding else "rad",
        low=low,
        high=high,
        velocity=numbers["velocity"] * whole,
        force=numbers["effort"],
        joints={name: sign * way / whole for name, way in ways.items()},
        lacks=tuple(lacks),
    )
