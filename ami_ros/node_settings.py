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
    attempts: int = setting(
        "attempts to reach a goal; after as many setbacks the state is STUCK, until the goal is reached",
        ge=1,
        le=1000,
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


@dataclass(frozen=True)
class So101Settings:
    """The driver of an arm of bus servos: config/so101_node.yaml."""

    port: str = setting("serial device of the arm, such as /dev/ttyACM0 or one of /dev/serial/by-id")
    calibration: str = setting("file that lerobot-calibrate wrote for this arm")
    baud_rate: int = setting("of the servos", choices=(1_000_000, 500_000, 250_000, 115_200), unit="bit/s")
    speed: float = setting(
        "largest speed of each joint, next to the limits of the robot's YAML", gt=0.0, le=6.0, unit="rad/s"
    )
    answer_s: float = setting("how long a servo may take to answer", ge=0.002, le=0.2, unit="s")
    command_age_s: float = setting("a command with an older stamp is refused", gt=0.0, le=10.0, unit="s")
    reconnect_s: float = setting("interval between attempts to connect to the arm", ge=0.1, le=60.0, unit="s")
    hot: int = setting("a servo at this temperature is reported", ge=30, le=100, unit="degrees C")
    release_on_exit: bool = setting("switch the torque off when the node is asked to end: the arm falls")


@dataclass(frozen=True)
class CameraSettings:
    """The driver of a USB camera: config/camera_node.yaml."""

    device: str = setting("camera, such as /dev/video0 or one of /dev/v4l/by-id; or a video file")
    sensor: str = setting("camera of the robot's YAML that it is; empty: the first one")
    width: int = setting("width that the camera is asked for", ge=16, le=4096, unit="px")
    height: int = setting("height that the camera is asked for", ge=16, le=4096, unit="px")
    fps: float = setting("rate that the camera is asked for", gt=0.0, le=240.0, unit="Hz")
    pixel_format: str = setting("how the camera sends its pictures", choices=("MJPG", "YUYV"))
    exposure: int = setting(
        "exposure time in the camera's own units, for most 0.1 ms; 0: automatic", ge=0, le=100_000
    )
    silent_s: float = setting("a camera without a picture for longer is reported", ge=0.1, le=60.0, unit="s")
    reopen_s: float = setting("interval between attempts to open the camera", ge=0.1, le=60.0, unit="s")
