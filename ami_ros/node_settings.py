# SPDX-License-Identifier: Apache-2.0
"""Settings that only the nodes have; each class names its file in config/."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.body.outputs import INTERFACES
from ami_ros.safety.restrictions import BOX_NUMBERS, MOST_BOXES
from ami_ros.settings.fields import setting

RELIABILITIES = ("auto", "best_effort", "reliable")


@dataclass(frozen=True)
class NodeSettings:
    """What all nodes share: config/node.yaml."""

    robot: str = setting("name of a file in config/robots, or a path")
    task: str = setting("name of a file in config/tasks: equips the robot and selects the model")
    sensor_topics: str = setting("name:=topic of sensors whose topics differ from the robot's YAML")
    command_interface: str = setting(
        "interface of the robot's controller; empty: the output of its YAML", choices=("", *INTERFACES)
    )
    camera_reliability: str = setting("QoS of received images", choices=RELIABILITIES)
    camera_depth: int = setting("images kept while the node is busy", ge=1, le=100)
    max_image_pixels: int = setting("width times height of the largest image that is decoded", ge=1, le=2**30)


@dataclass(frozen=True)
class RestrictionSettings:
    """Limits that may be tightened while the gate runs: config/restrictions.yaml. Empty: the robot's own."""

    limit_lower: tuple[float, ...] = setting("lowest position per joint", unit="rad|m", live=True)
    limit_upper: tuple[float, ...] = setting("highest position per joint", unit="rad|m", live=True)
    limit_velocity: tuple[float, ...] = setting(
        "per joint, before speed_scale", gt=0.0, unit="rad/s|m/s", live=True
    )
    limit_acceleration: tuple[float, ...] = setting("per joint", gt=0.0, unit="rad/s^2|m/s^2", live=True)
    limit_jerk: tuple[float, ...] = setting("per joint", gt=0.0, unit="rad/s^3|m/s^3", live=True)
    workspace_lower: tuple[float, ...] = setting(
        "lower corner x, y, z of the box for the tip; set with workspace_upper", unit="m", live=True
    )
    workspace_upper: tuple[float, ...] = setting("upper corner of that box", unit="m", live=True)
    forbidden_boxes: tuple[float, ...] = setting(
        "boxes that tip and links never enter: x, y, z of lower corner, then of upper, box after box",
        most=BOX_NUMBERS * MOST_BOXES,
        unit="m",
        live=True,
    )


@dataclass(frozen=True)
class ProposingSettings:
    """Every node that proposes, planner and explorer: config/proposing_node.yaml."""

    autostart: bool = setting("configure and activate at start; an error then ends the process")
    pair_gap_s: float = setting(
        "joint states may be this much newer than the image", gt=0.0, le=5.0, unit="s"
    )


@dataclass(frozen=True)
class ExplorerNodeSettings:
    """The explorer as a node: config/explorer_node.yaml."""

    state: str = setting("file that stores the coverage; empty: none")
    state_s: float = setting("interval between two writes of it", gt=0.0, le=3600.0, unit="s")
    resume: bool = setting("continue from that file")


@dataclass(frozen=True)
class PlannerNodeSettings:
    """The planner as a node: config/planner_node.yaml."""

    model: str = setting("path of a model.pt; empty for models/<robot>_<task>/model.pt")
    patience_s: float = setting(
        "after this long without progress, the state is STUCK", gt=0.0, le=600.0, unit="s"
    )
    memory: str = setting("file of the memory; auto: the robot's own in the user's data folder; empty: none")
    alternatives: int = setting(
        "paths that the planner turned down and ~/plan_markers shows, if somebody listens", ge=0, le=100
    )


@dataclass(frozen=True)
class RecorderSettings:
    """The recorder as a node: config/recorder.yaml."""

    out: str = setting("folder of the recording; new or empty")
    max_gb: float = setting(
        "size of all files; above it, the oldest tenth is deleted", ge=0.001, le=1e6, unit="GB"
    )
    compression: str = setting("compression of chunks", choices=("none", "lz4", "zstd"))
    flush_s: float = setting("longest time until a message is on the disk", ge=0.05, le=10.0, unit="s")
    thoughts: bool = setting("also record what the planner shows to those who watch it")
    queue_mb: float = setting("messages that may wait for the disk", ge=1.0, le=65536.0, unit="MB")
