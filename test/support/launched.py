# SPDX-License-Identifier: Apache-2.0
"""What a launch file of ours starts, as processes: with the real `launch`, or with a stand-in where there is none."""

from __future__ import annotations

import importlib
import importlib.util
import runpy
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import ami_ros.configuration  # noqa: F401 - before the stand-ins: what is imported next to them is forgotten with them
from ami_ros.system.processes import NODE_PROGRAMS, NodeProcess

FOLDER = Path(__file__).resolve().parents[2] / "launch"


class LaunchConfiguration:
    """The value of a launch argument; of `launch.substitutions` all that our files need while they start nodes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def perform(self, context: Any) -> str:
        return context.launch_configurations[self._name]


def nodes_of(file: str, **given: str) -> list[dict[str, Any]]:
    """Return the keyword arguments of each `launch_ros.actions.Node` that a launch file starts by itself."""
    modules = {}
    if importlib.util.find_spec("launch_ros") is None:
        names = ("launch", "launch.actions", "launch.launch_description_sources", "launch.substitutions")
        names += ("launch_ros", "launch_ros.actions")
        modules = {name: mock.MagicMock() for name in names}
        modules["launch.substitutions"].LaunchConfiguration = LaunchConfiguration
        modules["launch"].LaunchContext = lambda: mock.Mock(launch_configurations={})
    with mock.patch.dict(sys.modules, modules):
        actions = importlib.import_module("launch_ros.actions")
        with mock.patch.object(actions, "Node", lambda **node: node):
            launched = runpy.run_path(str(FOLDER / file))
        context = importlib.import_module("launch").LaunchContext()
        defaults = {argument.name: argument.default_value for argument in launched["ARGUMENTS"]}
        context.launch_configurations.update(defaults | given)
        return (launched.get("start") or launched["drive"])(context)


def process_of(node: dict[str, Any], environment: dict[str, str], logs: Path) -> NodeProcess:
    """Start a node as `launch_ros` would, but for its log level."""
    name, namespace = node["name"], node["namespace"]
    (parameters,) = node["parameters"]
    remappings = {**dict(node["remappings"]), "__node": name, "__ns": f"/{namespace}"}
    log = logs / f"{namespace}_{name}.log"
    return NodeProcess(
        NODE_PROGRAMS[name], log, {**environment, **node["additional_env"]}, parameters, remappings
    )
