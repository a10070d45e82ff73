# SPDX-License-Identifier: Apache-2.0
"""Topics and services of every node with their QoS, from the nodes themselves.

Each node is made in a process of its own, as the Panda's: `python -m generate.topics NODE` prints its uses.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ProcessError
from ami_ros.launching.arguments import TOPICS
from ami_ros.system.domain import own_domain
from ami_ros.system.processes import node_environment
from generate.markdown import code, plain, table

NODES = {
    "planner": ("planner.node", "PlannerNode"),
    "explorer": ("explorer.node", "ExplorerNode"),
    "safety": ("gate.node", "SafetyNode"),
    "sim": ("simulator.sim_node", "SimNode"),
    "recorder": ("recorder.node", "RecorderNode"),
}
# What every ROS node has, or every lifecycle node: topics, and packages of services.
EVERY_NODE = ("/rosout", "/parameter_events")
EVERY_PACKAGE = ("rcl_interfaces", "lifecycle_msgs", "type_description_interfaces")
SERVICES = {
    "planner/cancel": "drops the goal: the robot holds",
    "planner/pause": "true: proposes nothing until false",
    "explorer/pause": "true: proposes nothing until false",
    "safety/estop": "true presses the emergency stop and latches a STOP, false releases it",
    "safety/rearm": "leaves a STOP, or says why not",
    "sim/reset": "begins another episode",
    "sim/pause": "true: time stands still until false",
}
GIVEN = {"recorder": "out:={folder}/recording", "planner": "memory:={folder}/memory.sqlite"}
Uses = dict[str, list[tuple[str, str, str]]]


def node_tables() -> str:
    """Return the subscriptions, publications and services of each node."""
    return "\n\n".join(part for node in NODES for part in _of_node(node, uses(node)))


def _of_node(node: str, found: Uses) -> list[str]:
    parts = [f"## {node.capitalize()}"]
    for way in ("subscribes", "publishes"):
        rows = [(f"{code(t)}<br>{code(kind)}", plain(described(t)), qos) for t, kind, qos in found[way]]
        parts.append(table((way, "what it is", "QoS"), rows))
    served = [(f"{code(name)}<br>{code(kind)}", plain(SERVICES[name])) for name, kind, _ in found["serves"]]
    return parts + ([table(("serves", "what it does"), served)] if served else [])


def described(topic: str) -> str:
    """Return what a topic carries. Raises KeyError: no description."""
    name = topic.removesuffix("/compressed")
    return descriptions()[name] + (", compressed" if name != topic else "")


@functools.cache
def descriptions() -> dict[str, str]:
    """Return topic -> what it carries; those of the Panda's sensors by their names."""
    sensors = load_robot("panda").sensors.values()
    of_sensors = {sensor.topic: f"sensor `{sensor.name}` of the robot's YAML" for sensor in sensors}
    return of_sensors | {found.name: found.description for found in TOPICS}


@functools.cache
def uses(node: str) -> Uses:
    """Return (name, type, QoS) of everything that a node subscribes to, publishes and serves."""
    with own_domain() as domain, tempfile.TemporaryDirectory() as folder:
        environment = node_environment(domain)
        paths = [str(Path(__file__).resolve().parents[level]) for level in (1, 2)]
        environment["PYTHONPATH"] = os.pathsep.join([*paths, environment.get("PYTHONPATH", "")])
        command = [sys.executable, "-m", "generate.topics", node, folder]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise ProcessError(f"{node}: got exit code {run.returncode}, expected its topics:\n{run.stderr}")
    found: Uses = json.loads(run.stdout.splitlines()[-1])
    return found


def made(node: str, folder: str) -> Any:
    """Return a node as its process makes it, configured; it records into `folder`."""
    import rclpy

    given = [GIVEN[node].format(folder=folder)] if node in GIVEN else []
    rclpy.init(args=["--ros-args", "-p", *given] if given else [])
    module, kind = NODES[node]
    make = getattr(importlib.import_module(f"ami_ros.ros.{module}"), kind)
    if node == "planner":
        from ami_ros.planning.factory import world_model_planner

        make = functools.partial(make, world_model_planner(time.perf_counter_ns))
    one = make()
    if hasattr(one, "trigger_configure"):
        one.trigger_configure()
    return one


def uses_of(node: Any) -> Uses:
    """Return what a node of this process subscribes to, publishes and serves."""
    ways = {"subscribes": node.subscriptions, "publishes": node.publishers}
    found = {
        way: {(_name(one.topic_name), _type(one.msg_type), _qos(one.qos_profile)) for one in ends}
        for way, ends in ways.items()
    }
    found["serves"] = {(_name(one.service_name), _type(one.srv_type), "") for one in node.services}
    usual = {way: [one for one in ends if not _of_every_node(*one)] for way, ends in found.items()}
    return {way: sorted(ends) for way, ends in usual.items()}


def _of_every_node(name: str, kind: str, _: str) -> bool:
    return f"/{name}" in EVERY_NODE or kind.partition("/")[0] in EVERY_PACKAGE


def _name(whole: str) -> str:
    """Return a topic's name as the node has it: relative, but for the few that all robots share."""
    absolute = any(topic.name == whole for topic in TOPICS)
    return whole if absolute else whole.removeprefix("/")


def _type(kind: Any) -> str:
    return "/".join((kind.__module__.partition(".")[0], kind.__name__))


def _qos(profile: Any) -> str:
    words = [profile.reliability.name, "latched" if profile.durability.name == "TRANSIENT_LOCAL" else ""]
    words.append("keep all" if profile.history.name == "KEEP_ALL" else f"depth {profile.depth}")
    return ", ".join(word.lower().replace("_", " ") for word in words if word)


if __name__ == "__main__":
    print(json.dumps(uses_of(made(*sys.argv[1:3]))), flush=True)
    os._exit(0)  # threads of the node may still wait for messages
