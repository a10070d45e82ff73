# SPDX-License-Identifier: Apache-2.0
"""Settings as tables: name, type, default, range and description, from their dataclasses and config/."""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Mapping
from typing import Any

from ami_ros.augmentation.settings import AugmentationSettings
from ami_ros.commissioning.core.settings import CommissionSettings
from ami_ros.exploration.settings import ExplorerSettings
from ami_ros.memory.settings import MemorySettings
from ami_ros.model.networks.settings import ModelSettings
from ami_ros.node_settings import (
    CameraSettings,
    ExplorerNodeSettings,
    NodeSettings,
    PlannerNodeSettings,
    ProposingSettings,
    RecorderSettings,
    RestrictionSettings,
    So101Settings,
)
from ami_ros.planning.settings import PlannerSettings
from ami_ros.safety.settings import GateNodeSettings, SafetySettings
from ami_ros.settings.fields import Flat, flattened, load_settings
from ami_ros.settings.share import config_path
from ami_ros.sim.settings import SimSettings
from ami_ros.sim.tasks.collect_settings import CollectSettings
from ami_ros.training.settings import TrainingSettings
from generate.markdown import code, plain, table

# File in config/ -> its settings.
FILES: dict[str, type[Any]] = {
    "node": NodeSettings,
    "proposing_node": ProposingSettings,
    "planner_node": PlannerNodeSettings,
    "planner": PlannerSettings,
    "explorer_node": ExplorerNodeSettings,
    "explorer": ExplorerSettings,
    "safety_node": GateNodeSettings,
    "restrictions": RestrictionSettings,
    "safety": SafetySettings,
    "sim": SimSettings,
    "recorder": RecorderSettings,
    "so101_node": So101Settings,
    "camera_node": CameraSettings,
    "collect": CollectSettings,
    "augmentation": AugmentationSettings,
    "model": ModelSettings,
    "training": TrainingSettings,
    "memory": MemorySettings,
    "commission": CommissionSettings,
}
# Node -> the files that are its parameters, next to `node`.
NODES = {
    "planner": ("proposing_node", "planner_node", "planner"),
    "explorer": ("proposing_node", "explorer_node", "explorer"),
    "safety": ("safety_node", "restrictions", "safety"),
    "sim": ("sim",),
    "recorder": ("recorder",),
}
# Nodes that drive devices: no part of the loop.
DRIVERS = {"so101": ("so101_node",), "camera": ("camera_node",)}
SIGNS = {"gt": ">", "ge": "≥", "le": "≤", "lt": "<"}
COLUMNS = ("name and type", "default", "what it does, and what it accepts")


@functools.cache  # the first one imports torch, of which terms are made
def settings_of(file: str) -> list[Flat]:
    """Return the settings of config/<file>.yaml by their full names."""
    return flattened(load_settings(FILES[file], config_path(f"{file}.yaml")))


def parameters(node: str) -> list[Flat]:
    """Return the parameters of a node, next to `use_sim_time`."""
    return [it for file in ("node", *NODES[node]) for it in settings_of(file)]


def parameter_tables() -> str:
    """Return all parameters: first those of every node, then each node's own."""
    parts = ["## Every node", of_file("node")]
    shared = [file for file in NODES["planner"] if file in NODES["explorer"]]
    parts += ["## Planner and explorer", *map(of_file, shared)]
    for node, files in {**NODES, **DRIVERS}.items():
        parts += [f"## {node.capitalize()}", *(of_file(file) for file in files if file not in shared)]
    return "\n\n".join(parts)


def file_tables() -> str:
    """Return the settings that are no parameters of a node."""
    used = {"node", *(file for files in {**NODES, **DRIVERS}.values() for file in files)}
    return "\n\n".join(f"## {file.capitalize()}\n\n{of_file(file)}" for file in FILES if file not in used)


def of_file(file: str) -> str:
    """Return the table of config/<file>.yaml."""
    doc, _, _ = first_line(FILES[file]).rstrip(".").partition("config/")
    rows = [row(it.name, it.kind, it.rules, shown(it.value)) for it in settings_of(file)]
    about = f"{plain(doc.rstrip(': '))}, from" if doc else "From"
    return f"{about} `config/{file}.yaml`:\n\n{table(COLUMNS, rows)}"


def keys_of(cls: type[Any], more: Mapping[str, str] | None = None) -> str:
    """Return the table of the keys that a settings dataclass reads, and `more`; config/ has no defaults."""
    hints = typing.get_type_hints(cls)
    rows = [
        row(field.name, hints[field.name], field.metadata, None)
        for field in dataclasses.fields(cls)
        if "doc" in field.metadata
    ]
    return table(
        (COLUMNS[0], COLUMNS[2]), [*rows, *((code(key), plain(doc)) for key, doc in (more or {}).items())]
    )


def row(name: str, kind: Any, rules: Mapping[str, Any], default: str | None) -> tuple[str, ...]:
    """Return one setting; without default, if that is None."""
    unit = f" ({rules['unit'].replace('|', ' or ')})" if "unit" in rules else ""
    live = " **May change while the node runs.**" if rules.get("live") else ""
    accepts = f"<br>{found}" if (found := range_of(rules)) else ""
    first, last = f"{code(name)}<br>{type_of(kind)}", plain(rules["doc"]) + unit + live + accepts
    return (first, last) if default is None else (first, default, last)


def range_of(rules: Mapping[str, Any]) -> str:
    """Return what a setting accepts; nothing, if that is all of its type."""
    if "choices" in rules:
        choices = ", ".join(code(choice) if choice != "" else "empty" for choice in rules["choices"])
        return f"one of {choices}"
    bounds = [f"{plain(SIGNS[rule])} {number(rules[rule])}" for rule in SIGNS if rule in rules]
    most = [f"at most {rules['most']} entries"] if "most" in rules else []
    return ", ".join([*bounds, *most])


def type_of(kind: Any) -> str:
    """Return the type as YAML knows it."""
    if typing.get_origin(kind) is tuple:
        return f"list of {type_of(typing.get_args(kind)[0])}"
    return {dict: "mapping", list: "list", str: "text"}.get(kind, getattr(kind, "__name__", "mapping"))


def shown(value: Any) -> str:
    """Return a default as the YAML has it."""
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, tuple):
        return code(f"[{', '.join(map(number, value))}]")
    return code(number(value)) or "empty"


def number(value: Any) -> str:
    """Return a number, or anything else, as people write it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def first_line(of: Any) -> str:
    """Return the first line of a docstring."""
    return (of.__doc__ or "").strip().splitlines()[0]
