# SPDX-License-Identifier: Apache-2.0
"""The YAML of a plant from its list of tags: sensors with bands, and set points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ami_ros.body.survey.yaml_text import as_line, as_number, as_text
from ami_ros.recordings.tables.tag_list import Tag

STEP_S = 60.0  # control step where no set point says how often it may change
OLDEST = 3.0  # periods after which a value is too old
TURN_STEPS = 5.0  # control steps that a value is taken to need until it turns around
MOST_AGE_S = 3600.0


def proposed_plant(name: str, source: Path, tags: Sequence[Tag]) -> str:
    """Return the text of a plant's YAML.

    Args:
        name: of the plant, for people.
        source: file of the tags.
        tags: of it.
    """
    measured, set_points = [tag for tag in tags if not tag.is_set], [tag for tag in tags if tag.is_set]
    step_s = max((tag.period_s for tag in set_points if tag.period_s is not None), default=STEP_S)
    rests = all(tag.rest is not None for tag in set_points)
    sure = "" if any(tag.period_s for tag in set_points) else " CHECK"
    still = "rest" if rests else "keep"
    why = (
        "a hold or a stop leads every set point to its rest, within its rate"
        if rests
        else "CHECK: a hold or a stop keeps the set points; with a rest for each of them, it could lead there"
    )
    file = as_line(source.name)
    return f"""\
# {as_line(name)}, written by `ami-ros new-robot` from {file}. Unsure values are marked: CHECK.
sensors: # band: values that are allowed; turn_s: time in which the plant turns a value around
{"".join(_sensor(tag, step_s) for tag in measured)}\
actions:
  meaning: setpoint
  rate_hz: {as_number(1.0 / step_s)} # a control step is {step_s:g} s{sure}
  block: 1 # control steps per action block
  channels: # range: what may be set; velocity: largest change per second; rest: where a hold may lead
{"".join(_channel(tag, step_s) for tag in set_points)}\
stands_still: {still} # {why}
output:
  interface: float_array
  topic: set_points # CHECK
simulation:
  kind: none # nothing stands in for it: a model is judged on held-out recordings
source: "the list of tags {file.replace(chr(34), "").replace(chr(92), "")}"
"""


def _sensor(tag: Tag, step_s: float) -> str:
    period_s = tag.period_s or step_s
    told = "" if tag.told else " # CHECK: measured?"
    rate = "" if tag.rate is None else f", rate: {as_number(tag.rate)}"
    band = (
        f"band: [{as_number(tag.low)}, {as_number(tag.high)}], turn_s: {as_number(TURN_STEPS * step_s)}{rate}"
    )
    return f"""\
  {tag.identifier}: # {as_line(tag.name)}
    kind: vector
    message: Float64MultiArray # CHECK
    topic: {tag.identifier} # CHECK
    values: {{{tag.identifier}: {as_text(tag.unit)}}}{told}
    rate_hz: {as_number(1.0 / period_s)}
    max_age_s: {as_number(min(OLDEST * period_s, MOST_AGE_S))} # an older value holds the plant
    envelope: {{{tag.identifier}: {{{band}}}}} # CHECK turn_s
"""


def _channel(tag: Tag, step_s: float) -> str:
    rest = 0.5 * (tag.low + tag.high) if tag.rest is None else tag.rest
    rate = (tag.high - tag.low) / (10.0 * step_s) if tag.rate is None else tag.rate
    unsure = [what for what, value in (("rest", tag.rest), ("velocity", tag.rate)) if value is None]
    unsure += [] if tag.told else ["whether it is a set point"]
    check = f" CHECK {' and '.join(unsure)}" if unsure else ""
    numbers = f"range: [{as_number(tag.low)}, {as_number(tag.high)}], velocity: {as_number(rate)}"
    numbers = f"unit: {as_text(tag.unit)}, {numbers}, rest: {as_number(rest)}"
    return f"    {tag.identifier}: {{{numbers}}} # {as_line(tag.name)}{check}\n"
