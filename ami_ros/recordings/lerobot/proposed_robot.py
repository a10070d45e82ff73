# SPDX-License-Identifier: Apache-2.0
"""The YAML of a robot from a survey of its data set: set points by name, which need no URDF."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from ami_ros.body.survey.yaml_text import as_line, as_number, as_text
from ami_ros.recordings.lerobot.robot_survey import Camera, Column, RobotSurvey

DIGITS = 4  # of a range
JOINTS, STATE = "joints", "state"  # the sensor's name, and another one where a camera has it
OLDEST_S, OLDEST_FRAMES = 0.5, 3.0  # age at which the robot holds


def proposed_robot(name: str, dataset: Path, found: RobotSurvey) -> str:
    """Return the text of a robot's YAML.

    Args:
        name: of the robot, for people.
        dataset: its folder.
        found: the survey of it.
    """
    title = f"{as_line(name)}, written by `ami-ros new-robot` from the data set {as_line(dataset.name)}"
    sensor = STATE if any(camera.name == JOINTS for camera in found.cameras) else JOINTS
    values = "\n".join(f"      {as_text(column.name)}: {as_text(column.unit)}" for column in found.values)
    channels = "\n".join(map(_channel, found.channels))
    left_out = ""
    if found.left_out:
        left_out = f"# Left out, because they do not move, or hardly: {as_line(', '.join(found.left_out))}.\n"
    return f"""\
# {title}. Values that it could not know are marked: CHECK.
{left_out}sensors:
{"".join(_camera(camera, found.fps) for camera in found.cameras)}\
  {sensor}: # {as_line(found.state)}
    kind: vector
    message: Float64MultiArray # CHECK: it carries these values in this order
    topic: {sensor}
    values: # CHECK units: guessed from the values. They are for people: import takes the numbers as they are
{values}
    rate_hz: {as_number(found.fps)}
    max_age_s: {_oldest(found.fps)} # older values hold the robot
actions: # {as_line(found.action)}
  meaning: setpoint
  rate_hz: {as_number(_rounded(found.rate_hz))} # set points per second: the frame rate is a multiple of it
  block: 1 # control steps per action block
  channels: # range: of the data, and a little more; velocity: change per second; rest: at the start
{channels}
output:
  interface: float_array
  topic: set_points # CHECK
simulation:
  kind: none # nothing stands in for it: a model is judged on held-out recordings
source: "the data set {as_line(dataset.name).replace(chr(34), "").replace(chr(92), "")}"
"""


def _camera(camera: Camera, fps: float) -> str:
    return f"""\
  {camera.name}: # {as_line(camera.feature)}
    kind: image
    topic: {camera.name}/image_raw # CHECK
    frame_id: {camera.name}_optical_frame # CHECK
    width: {camera.width}
    height: {camera.height}
    rate_hz: {as_number(min(fps, 120.0))}
    max_age_s: {_oldest(fps)} # an older image holds the robot
    vertical_fov_deg: 45.0 # this and the next two are for a simulator only
    eye: [1.0, 0.0, 1.0] # m
    look_at: [0.0, 0.0, 0.0] # m
"""


def _channel(column: Column) -> str:
    low, high = _rounded(column.low, math.floor), _rounded(column.high, math.ceil)
    rest = min(max(_rounded(column.rest), low), high)
    numbers = f"range: [{as_number(low)}, {as_number(high)}], rest: {as_number(rest)}"
    speed = _rounded(column.speed, math.ceil)
    limit = f", velocity: {as_number(speed)}" if speed > 0.0 else ""
    return f"    {as_text(column.name)}: {{unit: {as_text(column.unit)}, {numbers}{limit}}} # CHECK"


def _oldest(fps: float) -> str:
    return as_number(min(max(OLDEST_S, OLDEST_FRAMES / fps), 10.0))


def _rounded(value: float, how: object = round) -> float:
    """Return a number with a few digits, by `round`, `math.floor` or `math.ceil`."""
    if value == 0.0:
        return 0.0
    scale = 10.0 ** (DIGITS - 1 - math.floor(math.log10(abs(value))))
    return float(how(value * scale) / scale)  # type: ignore[operator]


def summary(found: RobotSurvey) -> Sequence[tuple[str, str]]:
    """Return what people read at once: rows of a table."""
    cameras = ", ".join(f"{camera.name} {camera.width}x{camera.height}" for camera in found.cameras) or "none"
    others = f"; others: {', '.join(found.other_cameras)} (--camera)" if found.other_cameras else ""
    units = dict.fromkeys(column.unit for column in found.channels)
    listed = [
        f"{', '.join(column.name for column in found.channels if column.unit == unit)} in {unit}"
        for unit in units
    ]
    rows = [
        ("cameras", cameras + others),
        ("set points", f"{len(found.channels)}: {'; '.join(listed)}"),
        ("rate", f"{found.rate_hz:.4g} Hz, of {found.fps:g} frames per second"),
    ]
    if found.left_out:
        rows.append(("left out", f"{len(found.left_out)} that hardly move: {', '.join(found.left_out)}"))
    return rows
