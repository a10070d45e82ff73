# SPDX-License-Identifier: Apache-2.0
"""The keys of a robot's and of a task's YAML file."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

from ami_ros.body.actions import Channel, _ActionSection
from ami_ros.body.arm import ToolSpec, _ArmSection
from ami_ros.body.base import _BaseSection
from ami_ros.body.drive_simulation import Drive, _DriveSection
from ami_ros.body.fingers import _FingersSection
from ami_ros.body.gripper import _GripperSection
from ami_ros.body.groups import _GroupSection
from ami_ros.body.limits import ChannelLimits
from ami_ros.body.outputs import Output
from ami_ros.body.robot_spec import _RobotFile
from ami_ros.body.scenery import Box
from ami_ros.body.sensors import ImageSensor, VectorSensor, _BandSection, _VectorSection
from ami_ros.body.simulation import ArmSimulation, NoSimulation, _ProcessSection, _ProcessValue
from ami_ros.body.simulators import SIMULATORS
from ami_ros.settings.task_file import SECTIONS, TaskFile
from ami_ros.sim.tasks.blocks import Block, Tray, Variety
from ami_ros.sim.tasks.by_name import KINDS
from generate.markdown import code, plain, table
from generate.settings import first_line, keys_of


def attributes(cls: type[Any]) -> dict[str, str]:
    """Return what a docstring says of the attributes of a class."""
    _, _, text = inspect.cleandoc(cls.__doc__ or "").partition("Attributes:\n")
    entries = re.findall(r"^    (\w+): (.+(?:\n        .+)*)", text, re.MULTILINE)
    return {name: " ".join(told.split()).rstrip(".").replace("None", "null") for name, told in entries}


def _of(body: str) -> str:
    """Return the kinds of simulators of an arm or a base."""
    return " or ".join(kind for kind, simulator in SIMULATORS.items() if getattr(simulator, body))


NOT_KEYS = ("name", "low", "high")  # the key of the section itself, and the ends of `range`
# Section of a robot's file -> what reads it, and keys that it reads besides its settings.
ROBOT: dict[str, tuple[type[Any], dict[str, str]]] = {
    "The file": (
        _RobotFile,
        {
            "like": "another robot, by name or path: this file then has only the differences",
            "tasks": "task name -> what that task changes in this file",
        },
    ),
    "sensors.<name>, kind: image": (ImageSensor, {"kind": "`image`"}),
    "sensors.<name>, kind: vector": (
        _VectorSection,
        {"kind": "`vector`", **{key: attributes(VectorSensor)[key] for key in ("freeze_s", "envelope")}},
    ),
    "sensors.<name>.envelope.<value>": (_BandSection, {}),
    "actions": (_ActionSection, {}),
    "actions.channels.<name>": (
        Channel,
        {"range": "[smallest, largest] value that the planner may request, or one number for both ways"},
    ),
    "output, and outputs.<name>": (Output, {}),
    "groups.<name>": (_GroupSection, {}),
    "arm": (_ArmSection, {}),
    "arm.limits": (ChannelLimits, {}),
    "arm.tool": (ToolSpec, {}),
    "base": (_BaseSection, {}),
    "gripper": (_GripperSection, {}),
    f"simulation, kind: {_of('arm')}, of an arm": (
        ArmSimulation,
        {"scenery": "boxes by name that stand around it", "fingers": "joints of its grippers"},
    ),
    "simulation.fingers": (_FingersSection, {}),
    f"simulation, kind: {_of('base')}, of a base": (_DriveSection, {}),
    "simulation.drive": (Drive, {}),
    "simulation.scenery.<name>, simulation.payload.<name>": (Box, {}),
    "simulation, kind: process": (_ProcessSection, {}),
    "simulation.sensors.<sensor>.<value>": (_ProcessValue, {}),
    "simulation, kind: none": (NoSimulation, {}),
}


def robot_file() -> str:
    """Return the keys of config/robots/<name>.yaml, section by section."""
    return "\n\n".join(f"## {plain(title)}\n\n{_section(*of)}" for title, of in ROBOT.items())


def task_file() -> str:
    """Return the keys of config/tasks/<name>.yaml: those of every task, then of each kind."""
    told = attributes(TaskFile)
    rows = [("kind", told["kind"]), *((name, told[name]) for name in SECTIONS)]
    parts = ["## Every task", table(("name", "what it does"), [(code(k), plain(v)) for k, v in rows])]
    for kind in KINDS.ours():
        settings = KINDS.settings_of(kind)
        parts += [f"## kind: {kind}", plain(first_line(settings)), keys_of(settings)]
    for title, section in (("blocks.<name>", Block), ("tray", Tray), ("variety", Variety)):
        parts += [f"## {plain(title)}, of tasks with a hand", keys_of(section)]
    return "\n\n".join(parts)


def _section(cls: type[Any], more: dict[str, str]) -> str:
    if any("doc" in field.metadata for field in dataclasses.fields(cls)):
        return keys_of(cls, more)
    told = {key: doc for key, doc in attributes(cls).items() if key not in NOT_KEYS} | more
    return table(("name", "what it does"), [(code(key), plain(doc)) for key, doc in told.items()])
