# SPDX-License-Identifier: Apache-2.0
"""The YAML of a robot from its survey; comments mark what is unknown, and where to look it up."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ami_ros.body.resources import PACKAGE
from ami_ros.body.survey.first_of import first_of
from ami_ros.body.survey.found_hand import FoundHand
from ami_ros.body.survey.survey import FOV_DEG, IN_NO_URDF, Survey
from ami_ros.body.survey.yaml_text import as_line, as_numbers, as_text

MARK = "CHECK"  # before values that only the robot, or its data sheet, can give
FAST = 6.0  # rad/s: few arms turn that fast; as the limit of every joint it stands for "not known"
UNITS = {
    "lower": ("rad", "m"),
    "upper": ("rad", "m"),
    "velocity": ("rad/s", "m/s"),
    "acceleration": ("rad/s^2", "m/s^2"),
    "jerk": ("rad/s^3", "m/s^3"),
    "effort": ("N m", "N"),
}


def robot_yaml(name: str, given: str, found: Survey, folder: Path, hand: FoundHand | None = None) -> str:
    """Return the text of a robot's YAML.

    Args:
        name: of the robot, for people.
        given: the user's name of the URDF: a path or ``package://``.
        found: the survey of the robot.
        folder: of the YAML: paths are relative to it.
        hand: the gripper, for a group of its own; None holds its joints still.
    """
    chain, home = found.chain, found.home
    pairs = zip(chain.joints, found.units, strict=True)
    values = "\n".join(f"      {as_text(joint)}: {unit}" for joint, unit in pairs)
    title = f"{as_line(name)}, written by `ami-ros new-robot` from {as_line(Path(given).name)}"
    free = "\n  orientation: free # of the tip: too few joints to keep it; steps are by position alone"
    tip = as_text(chain.tip)
    orientation = free if found.orientation == "free" else ""
    arm = f"""\
arm:
  joints: joints # the sensor that measures them
  urdf: {as_text(_urdf(given, found.urdf, folder))} # kinematics, meshes of the links, limits
{_limits(found)}
  home: {as_numbers(home.joints)} # {_about_home(found)}
  tip_frame: {tip} # CHECK: the point that shall reach goals{_others(chain.others)}{orientation}
  workspace: # box that the tip stays in, base frame, m: reached in sampling. CHECK for what stands around
    lower: {as_numbers(found.workspace[0])}
    upper: {as_numbers(found.workspace[1])}
  tool: {{}} # held by the hand; {{}}: none"""
    return f"""\
# {title}. Values that it could not know are marked: CHECK.
sensors:
  camera: # CHECK topic, size and rate: ami-ros doctor --live, once the robot runs
    kind: image
    topic: camera/image_raw
    frame_id: camera_optical_frame
    width: 128
    height: 128
    rate_hz: 10.0
    max_age_s: 0.5 # an older image holds the robot
    # CHECK where the real camera stands, if the simulator shall see the same: measure, or its calibration.
    # This view shows all of the arm, wherever in the workspace its tip is.
    vertical_fov_deg: {FOV_DEG}
    eye: {as_numbers(found.eye)} # m, base frame
    look_at: {as_numbers(found.look_at)} # m, base frame
  joints:
    kind: vector
    message: JointState # of each joint its position, then of each its velocity
    topic: joint_states # CHECK: ami-ros doctor --live
    values: # CHECK names and units: ami-ros doctor --live
{values}
    rate_hz: 100.0 # CHECK: ami-ros doctor --live
    max_age_s: 0.25 # older joint states hold the robot
{_sensor_of(hand)}{_moved(found, arm, hand)}
{_simulation(found, hand)}
tasks: {{}} # what a task changes in this file, for example another workspace and view for push
safety: {{}} # changes to config/safety.yaml that this robot needs, for example start_error: 0.2
source: >-
  Position, velocity and effort: {as_line(found.urdf.name)}, not compared with a data sheet. Acceleration and
  jerk: cautious values of `ami-ros new-robot`. CHECK: name the data sheet here.
"""


OUTPUT = "# CHECK: ami-ros doctor --live, ros2 control list_controllers; other interfaces: docs/your_robot.md"
TRAJECTORY = "joint_trajectory_controller/joint_trajectory"


def _moved(found: Survey, arm: str, hand: FoundHand | None) -> str:
    """Return the sections of what moves: an arm, or an arm and a gripper as groups."""
    meaning = "meaning: cartesian_velocity # one action = linear velocity of the tip"
    rhythm = "rate_hz: 10.0\n  block: 1 # control steps per action block"
    axes = "\n".join(f"  {axis}: {{unit: m/s, range: {found.speed}}}" for axis in "xyz")
    channels = f"channels: # axes of the base frame\n{axes}"
    if hand is None:
        return f"""\
actions:
  {meaning}
  {rhythm}
{_indented(channels, 2)}
output: {OUTPUT}
  interface: trajectory
  topic: {TRAJECTORY}
{arm}"""
    return f"""\
actions:
  {rhythm}
groups:
  arm:
    {meaning}
{_indented(channels, 4)}
    output: arm
{_indented(arm, 4)}
  gripper:
    meaning: setpoint
    channels: # CHECK that the largest value is the widest opening
      {hand.channel}: {_channel(hand)}
    output: gripper
    stands_still: keep # a hold, a stop or a dead planner leaves the grip as it is
    gripper:
      sensor: fingers # measures the channel
      force: {hand.force:g} # {_force_unit(hand)}. CHECK: {_said(hand, "effort")}; set the controller's
      press: {hand.press:g} # {hand.unit} below the measured value: commands that grip. CHECK on a soft object
outputs: {OUTPUT}
  arm: {{interface: trajectory, topic: {TRAJECTORY}}}
  gripper: {{interface: float_array, topic: gripper/commands}}"""


def _sensor_of(hand: FoundHand | None) -> str:
    """Return the sensor of a gripper, as lines of their own; empty without one."""
    if hand is None:
        return ""
    what = "between the fingers: the sum of their ways" if hand.unit == "m" else "angle of the jaw"
    return f"""\
  fingers:
    kind: vector
    message: Float64MultiArray
    topic: gripper/opening # CHECK: a node of yours that publishes it, from the gripper's driver
    values: {{{hand.channel}: {hand.unit}}} # {what}
    rate_hz: 100.0 # CHECK: ami-ros doctor --live
    max_age_s: 0.25
"""


def _channel(hand: FoundHand) -> str:
    span = f"[{hand.low:g}, {hand.high:g}]"
    speed = f"{hand.unit}/s. CHECK: {_said(hand, 'velocity')}"
    return f"{{unit: {hand.unit}, range: {span}, rest: {hand.high:g}, velocity: {hand.velocity:g}}} # {speed}"


def _force_unit(hand: FoundHand) -> str:
    return "N, of each finger" if hand.unit == "m" else "N m, of the jaw"


def _said(hand: FoundHand, limit: str) -> str:
    return "the URDF has none, and this is cautious" if limit in hand.lacks else "the URDF's, often made up"


def _indented(text: str, by: int) -> str:
    return "\n".join(f"{' ' * by}{line}" for line in text.splitlines())


def _limits(found: Survey) -> str:
    """Return the section of limits that the URDF lacks, with those that it gives in comments."""
    said = [
        f"    # {name}: {as_numbers(found.limits[name])}{_doubt(found, name)}" for name in _from_urdf(found)
    ]
    lines = ["  limits: # null = not limited; limits left out are the URDF's:", *said]
    for name, (turning, sliding) in UNITS.items():
        if name in _from_urdf(found):
            continue
        unit = " or ".join(dict.fromkeys(sliding if one == "m" else turning for one in found.units))
        why = "no URDF has it" if name in IN_NO_URDF else "the URDF has none"
        value = f"    {name}: {as_numbers(found.limits[name])} # {unit}."
        lines.append(f"{value} CHECK the data sheet: {why}, and these are cautious")
    return "\n".join(lines)


def _from_urdf(found: Survey) -> list[str]:
    """Return the names of the limits that the URDF gives for every joint."""
    return [name for name in UNITS if None not in found.given.values.get(name, [None])]


def _doubt(found: Survey, name: str) -> str:
    values = {value for value in found.limits[name] or () if value is not None}
    if name == "velocity" and len(values) == 1 and values.pop() >= FAST:
        return ". CHECK the data sheet: high and equal for all joints; enter the true ones below"
    return ""


def _about_home(found: Survey) -> str:
    home, units = found.home, " or ".join(dict.fromkeys(found.units))
    how = "the middle of the limits" if home.is_middle else "found by sampling"
    pairs = " and ".join(f"{one} with {other}" for one, other in home.touching[:2])
    contact = f"CHECK whether they touch: hulls of {as_line(pairs)}" if pairs else "free of self-collision"
    return f"{units}: {how}; the tip is {home.tilt_deg:.0f} degrees off straight down; {contact}"


def _others(others: Sequence[str]) -> str:
    return f"; or {as_line(first_of(others))} (--tip)" if others else ""


def _simulation(found: Survey, hand: FoundHand | None) -> str:
    reach, table = found.home.reach, found.table
    names, positions = (found.chain.held, found.held_position) if hand is None else ((), ())
    held = f"[{', '.join(map(as_text, names))}]"
    shares = {} if hand is None else hand.joints
    moved = ", ".join(f"{as_text(joint)}: {share:g}" for joint, share in shares.items())
    fingers = (
        ""
        if hand is None
        else f"""
  fingers:
    friction: 1.0 # CHECK: of rubber on most things; of bare metal about 0.3
    channels: {{{hand.channel}: {{{moved}}}}} # joint -> its position per unit of the channel"""
    )
    return f"""\
simulation:
  kind: bullet
  tool_parent: {as_text(found.chain.tip)} # its frame is the tip
  scenery: # surroundings; while collecting, the first two get painted patterns
    table: # top just below the arm's foot
      half_size: {as_numbers([round(0.7 * reach, 2), round(0.9 * reach, 2), 0.05])} # m
      centre: {as_numbers([round(0.45 * reach, 2), 0.0, round(table - 0.055, 3)])} # m
      colour: [0.55, 0.42, 0.30, 1.0]
    wall:
      half_size: [0.02, 6.0, 3.0]
      centre: {as_numbers([round(-1.3 * reach, 2), 0.0, 0.5])}
      colour: [0.62, 0.70, 0.72, 1.0]
  hold_joints: {held} # joints of the URDF that are not the arm's, such as a gripper's
  hold_position: {as_numbers(positions)} # rad or m{fingers}"""


def _urdf(given: str, urdf: Path, folder: Path) -> str:
    """Return the name of the URDF in a YAML: ``package://`` as given, else relative where it lies below."""
    if given.startswith(PACKAGE):
        return given
    relative = os.path.relpath(urdf, folder.resolve())
    return str(urdf) if relative.startswith(os.pardir) else relative
