# SPDX-License-Identifier: Apache-2.0
"""Shared parts of the launch files: their arguments, and those of each node.

Plain Python, so that it is tested where `launch` is not installed; the files in launch/ only wrap it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ami_ros.body.goals.kinds import KINDS
from ami_ros.errors import ConfigError

LOOP = ("sim", "planner", "safety")
_OURS = (*LOOP, "explorer", "recorder")
DRIVERS = ("so101", "camera")
NODES = (*_OURS, *DRIVERS)


class Argument(NamedTuple):
    """One launch argument, in the words of `launch.actions.DeclareLaunchArgument`."""

    name: str
    default_value: str
    description: str


class Topic(NamedTuple):
    """A topic, the launch argument that renames it, and the nodes that use it."""

    argument: str
    name: str
    description: str
    nodes: tuple[str, ...]


# Nodes that use the goals, the gate's own topics, and the commands.
_GOALS, _GATE, _COMMANDED = (
    ("planner", "recorder"),
    ("safety", "recorder"),
    ("safety", "explorer", "recorder"),
)
# What the planner shows to those who watch it.
_SHOWN = ("planner", "recorder")
TOPICS = (
    Topic(
        "clock_topic",
        "/clock",
        "simulated time: clock for a separate one per namespace, where simulators publish their own",
        NODES,
    ),
    Topic("camera_info_topic", "camera/camera_info", "camera calibration", ("sim",)),
    Topic(
        "command_topic",
        "joint_trajectory_controller/joint_trajectory",
        "commands to the robot's controller; only the gate publishes here",
        ("sim", "so101", *_COMMANDED),
    ),
    Topic(
        "position_command_topic",
        "forward_position_controller/commands",
        "positions only",
        ("so101", *_COMMANDED),
    ),
    Topic(
        "velocity_command_topic",
        "forward_velocity_controller/commands",
        "velocities only",
        ("so101", *_COMMANDED),
    ),
    Topic("proposed_topic", "planner/proposed", "the planner's proposals", _OURS[1:]),
    *(
        Topic(f"goal_{kind.name}_topic", f"planner/goal_{kind.name}", kind.description, _GOALS)
        for kind in KINDS
    ),
    Topic("remember_topic", "planner/remember", "name for the current view", ("planner",)),
    Topic("goal_status_topic", "planner/goal_status", "whether the robot moves, and why not", _OURS[1:]),
    Topic("plan_markers_topic", "planner/plan_markers", "the plan and paths turned down", _SHOWN),
    Topic("imagination_topic", "planner/imagination", "what the planner expects to see next", _SHOWN),
    Topic("estop_topic", "estop", "an emergency stop button: std_msgs/Bool, true: pressed", _GATE),
    Topic("estop_relay_topic", "estop_relay", "topic on which a stopped gate stops the others", _GATE),
    Topic("estop_pressed_topic", "safety/estop_pressed", "whether an emergency stop is pressed", _GATE),
    Topic("restrictions_topic", "safety/restrictions", "limits in force next to the robot's own", _GATE),
    Topic("verdict_topic", "safety/verdict", "what the gate decided, and why", _OURS),
    Topic("sim_goal_image_topic", "sim/goal_image", "the simulated task's goal image", ("sim",)),
    Topic("sim_truth_topic", "sim/truth", "the simulator's true state, for scoring only", ("sim",)),
    Topic("diagnostics_topic", "/diagnostics", "health and timing of the nodes", NODES[1:]),
)

# Empty: the node chooses, from config/; a default lives in one place.
_COMMON = (
    Argument("namespace", "", "namespace of all nodes and relative topics"),
    Argument("use_sim_time", "false", "take the time from /clock; the simulator then runs in lock-step"),
    Argument("params_file", "", "YAML file of ROS parameters for all nodes; empty: those of config/"),
    Argument(
        "discovery_range",
        "localhost",
        "who discovers these nodes and can command the robot: localhost: this machine only; subnet: also a "
        "camera or controller elsewhere; off or system_default: as in ROS_AUTOMATIC_DISCOVERY_RANGE",
    ),
    Argument(
        "use_respawn",
        "false",
        "restart a node that dies, except the recorder and the gate, which would forget its STOP",
    ),
    Argument(
        "enclaves",
        "",
        "with SROS2: parent of each node's enclave, such as /ami_ros; empty: ROS' own choice",
    ),
    Argument("log_level", "info", "debug, info, warn, error or fatal"),
    Argument("robot", "", "name of a file in config/robots; empty: the default"),
    Argument("task", "", "name of a file in config/tasks; empty: the default"),
    Argument(
        "sensor_topics",
        "",
        "topics of sensors that differ from the robot's YAML: 'camera:=/front/image joints:=/states'",
    ),
    Argument("command_interface", "", "interface of the controller; empty: the one in the robot's YAML"),
)
_AUTOSTART = Argument("autostart", "true", "configure and activate the planner or explorer at start")
_OF_NODE = {
    "sim": (),
    "planner": (
        Argument("model", "", "path of a model.pt; empty: the one in models/ for this robot and task"),
        Argument("memory", "", "file of the memory; auto: the robot's own; empty: config/"),
        Argument(
            "goals_from", "", "node that publishes the planner's goals, such as sim; empty: its own topics"
        ),
        _AUTOSTART,
    ),
    "safety": (
        Argument("speed_scale", "", "share of the velocity limits in use, 0 to 1; empty: config/"),
        Argument("realtime_priority", "", "SCHED_FIFO priority of the gate, 0: none; empty: config/"),
    ),
    "explorer": (
        Argument("minutes", "", "longest time in motion; empty: config/"),
        Argument("explored", "", "file that stores the coverage; empty: none"),
        Argument("resume", "false", "continue from that file"),
        _AUTOSTART,
    ),
    "recorder": (
        Argument("record", "", "folder of a recording of all the robot's topics; empty: no recording"),
    ),
    "so101": (
        Argument("port", "", "serial device of the arm; empty: config/"),
        Argument("calibration", "", "file that lerobot-calibrate wrote for this arm"),
    ),
    "camera": (Argument("device", "", "camera such as /dev/video0, or a video file; empty: config/"),),
}
# Launch arguments passed to the node as parameters, unless empty; under the same name, or the one in _CALLED.
_OF_ALL = ("robot", "task", "sensor_topics", "command_interface")
_PARAMETERS = {
    "sim": _OF_ALL,
    "planner": (*_OF_ALL, "model", "memory"),
    "safety": (*_OF_ALL, "speed_scale", "realtime_priority"),
    "explorer": (*_OF_ALL, "minutes", "explored"),
    "recorder": (*_OF_ALL, "record"),
    "so101": (*_OF_ALL, "port", "calibration"),
    "camera": (*_OF_ALL, "device"),
}
_CALLED = {"explored": "state", "record": "out"}
_NUMBERS = {"speed_scale": float, "realtime_priority": int, "minutes": float}
_SWITCHES = {"planner": ("autostart",), "explorer": ("autostart", "resume")}
# A restarted gate does not know an earlier STOP; a recorder finds its own recording in the way.
_STAY_DOWN = ("safety", "recorder")


def arguments(*nodes: str, **defaults: str) -> tuple[Argument, ...]:
    """List the arguments of a launch file that starts `nodes`.

    Args:
        *nodes: names out of NODES.
        **defaults: other defaults, by argument name.

    Raises:
        ConfigError: an unknown node, or a default for an unknown argument.
    """
    found = {argument.name: argument for argument in _COMMON}
    for node in nodes:
        found.update({argument.name: argument for argument in _OF_NODE[_known(node)]})
    for topic in TOPICS:
        if not set(nodes).isdisjoint(topic.nodes):
            found[topic.argument] = Argument(topic.argument, topic.name, topic.description)
    for name, default in defaults.items():
        if name not in found:
            raise ConfigError(f"got unknown launch argument {name!r}, expected one of {', '.join(found)}")
        found[name] = found[name]._replace(default_value=default)
    return tuple(found.values())


def node_arguments(node: str, values: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the keyword arguments of the launch_ros Node (or LifecycleNode) that starts `node`.

    Args:
        node: one of NODES.
        values: the resolved launch arguments, by name; those of `arguments(node)` at least.
        environment: variables to add to the process, as from `launch_environment`.

    Raises:
        ConfigError: an unknown node, a switch that is neither true nor false, or an invalid number.
    """
    given = [name for name in _PARAMETERS[_known(node)] if values[name]]
    parameters: dict[str, Any] = {_CALLED.get(name, name): _value(name, values[name]) for name in given}
    # The simulator publishes the time, so it cannot take it from /clock.
    clock = "lock_step" if node == "sim" else "use_sim_time"
    parameters[clock] = switch("use_sim_time", values)
    parameters.update({name: switch(name, values) for name in _SWITCHES.get(node, ())})
    files = [values["params_file"]] if values["params_file"] else []
    return {
        "package": "ami_ros",
        "executable": f"{node}_node",
        "name": node,
        "namespace": values["namespace"],
        "parameters": [*files, parameters],
        "remappings": remappings(node, values),
        "ros_arguments": ["--log-level", values["log_level"], *_enclave(node, values["enclaves"])],
        "respawn": switch("use_respawn", values) and node not in _STAY_DOWN,
        "respawn_delay": 2.0,
        "output": "screen",
        "additional_env": dict(environment),
    }


def started(
    nodes: Sequence[str], values: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Return `node_arguments` of the nodes that a launch file starts; a recorder only for a recording.

    Raises:
        ConfigError: as for `node_arguments`.
    """
    wanted = (node for node in nodes if node != "recorder" or values["record"])
    return {node: node_arguments(node, values, environment) for node in wanted}


def _value(name: str, text: str) -> str | float:
    kind = _NUMBERS.get(name, str)  # launch_ros passes text on as text, also "0.5"
    try:
        value: str | float = kind(text)
    except ValueError:
        raise ConfigError(f"launch argument {name}: got {text!r}, expected {kind.__name__}") from None
    return value


def _enclave(node: str, above: str) -> list[str]:
    return ["--enclave", f"{above.rstrip('/')}/{node}"] if above else []


def remappings(node: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """List (name in the code, requested name) for every topic of `node`."""
    return [(topic.name, values[topic.argument]) for topic in TOPICS if _known(node) in topic.nodes]


def switch(name: str, values: Mapping[str, str]) -> bool:
    """Read the launch argument `name` as a boolean.

    Raises:
        ConfigError: it is neither true nor false.
    """
    known = {"true": True, "1": True, "false": False, "0": False}
    text = values[name].strip().lower()
    if text not in known:
        raise ConfigError(f"launch argument {name}: got {values[name]!r}, expected true or false")
    return known[text]


def _known(node: str) -> str:
    if node not in NODES:
        raise ConfigError(f"got unknown node {node!r}, expected one of {', '.join(NODES)}")
    return node
